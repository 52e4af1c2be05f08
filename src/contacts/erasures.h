// Erases by what somebody who asks for it knows of themselves: an e-mail, or a click id. It finds
// the contacts that are meant, and lets erase_contact.h erase each; of a click it then takes out of
// the conversions what may say a visitor whom no contact names (domain/person.h).
//
//     auto plan = PlanErasure(engine, {.email = "ann@example.com"});  // what would go; a dry run
//     CarryOut({engine, ledger, &flows, run, marked}, *plan, [](Result<bool> erased) { … });
//
// An e-mail leads to contacts alone: no conversion is found by one. Every contact is looked at, as
// of an adopted database several may have one e-mail. A click leads to the contacts whose own it is
// (click_hash.h), under its id and under its hash, whichever of the two was named.
//
// Threads: PlanErasure blocks on the store: a thread of one's own, or a query thread. CarryOut from
// any; `done` runs once, on whichever thread comes last, and must be short.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "contacts/erase_contact.h"

namespace barracuda::contacts {

// Exactly one of them is set.
struct Whom {
    std::string email = {};
    std::string click = {};
};

struct ErasurePlan {
    std::vector<ObjectId> contacts = {};             // which go
    std::set<std::string, std::less<>> clicks = {};  // erased as a whole; none for an e-mail
    size_t conversions = 0;                          // that lose something, and stay
    size_t deliveries = 0;                           // of them, that do
};

// What would go now. Errors: kNotFound, there is nobody to erase, with the field in `where`; the
// store's.
Result<ErasurePlan> PlanErasure(store::Engine& engine, const Whom& whom);

// Does it, with what came to the clicks meanwhile. Errors: kUnavailable, not everything is erased,
// try again.
void CarryOut(EraseParts parts, ErasurePlan plan, std::function<void(Result<bool>)> done);

}  // namespace barracuda::contacts
