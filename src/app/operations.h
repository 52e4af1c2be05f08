// What an operator can ask: each command once, over an open store. A running server answers it
// through its control socket (control.h), with none running the command opens the store itself
// (offline.h).
//
// Threads: Execute may block (it waits for the ledger), so neither io threads nor the ledger call
// it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "api/key_ring.h"
#include "api/sessions.h"
#include "base/result.h"
#include "config/config.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::app {

// One request: plain values, and as one line of JSON on the control socket.
struct Ask {
    std::string command;  // "key.create", "deliveries.retry", …
    std::string name = {};
    std::string scope = {};
    std::string affiliate = {};
    std::string directory = {};         // absolute
    std::vector<std::string> ids = {};  // keys or deliveries
    bool repair = false;
    std::string email = {};
    std::string password_hash = {};  // never the password

    bool operator==(const Ask&) const = default;
};

struct Answer {
    int exit = 0;      // of the command: 0 done, 1 not done or something was found
    std::string out;   // for stdout, as it is
    std::string note;  // for stderr

    bool operator==(const Answer&) const = default;
};

// Without a line's end; decoding fails with kInvalid.
std::string Encode(const Ask& ask);
std::string Encode(const Answer& answer);
Result<Ask> DecodeAsk(std::string_view line);
Result<Answer> DecodeAnswer(std::string_view line);

struct Workplace {
    store::Engine& engine;
    ledger::Ledger& ledger;
    api::KeyRing& keys;
    api::Admins& admins;
    api::Sessions& sessions;
    bool serving = false;                    // a server runs on this store: no index may be rebuilt
    const config::Config* config = nullptr;  // of the server that answers: for the doctor
    // Where somebody writes meanwhile: how long contact flags may trail their conversions.
    std::chrono::milliseconds flags_trail{0};
};
// What a server, or a command beside nodes over MongoDB, allows them. It ends within the time that
// a stop has: the control socket finishes the command under way.
inline constexpr std::chrono::seconds kFlagsTrail{5};

// What is wrong with the arguments, whatever the store holds: a readable line, or empty.
std::string ProblemOf(const Ask& ask);

Answer Execute(Workplace& at, const Ask& ask);

}  // namespace barracuda::app
