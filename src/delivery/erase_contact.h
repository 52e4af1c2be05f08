// Erases a person: the contact, and what deliveries were told of them. Their conversions stay, and
// so does which click their hash belongs to, so that one sale keeps one key; the e-mail is free.
//
//     EraseContact({engine, ledger, flows, run}, id, [](Result<bool> erased) { … });
//
// In this order, so that after a crash in between there is still a contact to erase again: its flow
// is stopped and what it has begun is waited for; the person goes out of the deliveries; the click
// of the hash is kept; the contact goes. A flow that another node runs cleans up behind itself
// (flow.h).
//
// Threads: from any. `done` runs once, on whichever thread comes last, and must be short.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/object_id.h"
#include "domain/contact.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

class FlowRunner;

struct EraseParts {
    store::Engine& engine;
    ledger::Ledger& ledger;
    FlowRunner& flows;
    // Where reading the store may block; false: too much waits there already.
    std::function<bool(std::function<void()>)> run;
};

// false: there is no such contact. kUnavailable: not everything is erased, try again.
void EraseContact(EraseParts parts, const ObjectId& id, std::function<void(Result<bool>)> done);

// The step of it about conversions. `done` once, on the ledger's thread or here.
void ErasePersonFrom(
    ledger::Ledger& ledger,
    const std::vector<domain::Conversion>& conversions,
    const std::string& email,
    std::function<void(Result<bool>)> done
);

// The click id of a hash whose contact was erased: a document `click_of:HASH` of the settings.
inline constexpr const char* kErasedClicks = "click_of:";
store::Ref ErasedClickRef(std::string_view hash);
struct ErasedClick {
    std::string hash, click_id;
};
ErasedClick DecodeErasedClick(std::string_view bson);

}  // namespace barracuda::delivery
