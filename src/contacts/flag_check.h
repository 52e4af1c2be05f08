// Compares every contact with the ledger (FollowLedger): its flags, and that its flow goes on once
// the registration was taken. Both follow a conversion a moment after its commit, here or on
// another node: beside a writer, a contact that differs is read again for a while, and is wrong
// only if it still differs then. Mending goes through the ledger, which judges the contact again.
//
// Memory: one page, one contact's conversions, and the addresses of at most `suspects_max`
// contacts.
//
// Threads: CheckFlags blocks on the store, on `pause` and on `mend`: never an io thread, never the
// ledger's.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "delivery/schedule_check.h"
#include "store/engine.h"

namespace barracuda::contacts {

struct FlagCheckOptions {
    // How long flags may trail their conversions: zero without another writer. The pauses between
    // two readings sum up to it, once for every `suspects_max` contacts that differ.
    std::chrono::milliseconds trail{0};
    std::function<void(std::chrono::milliseconds)> pause = {};  // empty: sleeps
    size_t suspects_max = 10'000;
};

// How many contacts are wrong. Adds them to `findings` by their ids and the fields that differ, as
// many as Engine::Verify names: the rest is counted. With `mend` each is mended, named or not.
// Errors: the store's.
Result<size_t> CheckFlags(
    store::Engine& engine,
    const FlagCheckOptions& options,
    const delivery::Mend& mend,
    std::vector<std::string>& findings
);

}  // namespace barracuda::contacts
