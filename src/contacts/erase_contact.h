// Erases a person: the contact, and what conversions of their click and its deliveries say of them
// (domain/person.h). Of a click that they merely named in the form only what says their e-mail: it
// may be another visitor's. The conversions stay, and so does which click their hash belongs to, so
// that one sale keeps one key; the e-mail is free.
//
//     EraseContact({engine, ledger, &flows, run}, id, [](Result<bool> erased) { … });
//
// In this order, so that after a crash in between there is still a contact to erase again: its flow
// is stopped and what it has begun is waited for; the person goes out of the conversions; the click
// of the hash is kept; a mark for what is done behind the answer (erasure_sweep.h); the contact
// goes. A flow that another node runs cleans up behind itself (flow.h).
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

namespace barracuda::contacts {

class FlowRunner;

struct EraseParts {
    store::Engine& engine;
    ledger::Ledger& ledger;
    FlowRunner* flows;  // null: no flow runs in this process
    // Where reading the store may block; false: too much waits there already.
    std::function<bool(std::function<void()>)> run;
    bool mark = true;  // false: whoever asks has written one that covers this contact
    std::function<void()> marked = {};  // the mark is written and the contact is gone
};

// Takes something out of a conversion; true when it changed.
using EraseFunction = std::function<bool(domain::Conversion&)>;

// Writes those of `conversions` that `erase` changes, as they are by then. `done` once, on the
// ledger's thread or here; kUnavailable: not everything is erased, try again.
void EraseFrom(
    ledger::Ledger& ledger,
    const std::vector<domain::Conversion>& conversions,
    EraseFunction erase,
    std::function<void(Result<bool>)> done
);

// Erases the person of this contact. False: there is no such contact. kUnavailable: not everything
// is erased, try again.
void EraseContact(EraseParts parts, const ObjectId& id, std::function<void(Result<bool>)> done);

// What an erasure of this contact takes out of a conversion.
EraseFunction PersonOf(const domain::Contact& contact);

// The step of it about conversions; `done` as EraseFrom's.
void ErasePersonFrom(
    ledger::Ledger& ledger,
    const std::vector<domain::Conversion>& conversions,
    const domain::Contact& contact,
    std::function<void(Result<bool>)> done
);

}  // namespace barracuda::contacts
