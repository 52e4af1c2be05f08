// Which hash belongs to which click, and whose word that is. Only a pair that the network itself
// gave, with a click it was asked for, is one: what a form typed never decides what a network is
// told of a click, nor under which click a report by a hash is recorded.
//
// A pair is known by its contact; where that is gone (erased), or shows the sub1 that a visitor
// brought in the hash's place, by a document `click_of:HASH` of the settings. Pure but for
// KeepClickOf, which is for any thread.
#pragma once

#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "domain/contact.h"
#include "ledger/ledger.h"

namespace barracuda::contacts {

// The hash that the network gave with this contact's click; empty: it gave none. Contacts that
// 0.1.0 or the old application wrote have it as sub1.
std::string NetworkHashOf(const domain::Contact& contact);

// Whether `sub1` is a click the network has given out: 32 hex digits or more, at most an id. Nobody
// guesses one, so who names it is taken for its visitor.
bool IsClickHash(std::string_view sub1);

// The clicks whose conversions tell of this person: their click id, and a sub1 that is its hash.
// Any other sub1 is a name that they typed: it may be anybody's click.
std::set<std::string> OwnClicks(const domain::Contact& contact);

// The document that keeps such a pair without the contact. Nothing of the person is in it.
inline constexpr const char* kClicksOfHashes = "click_of:";
store::Ref ClickOfRef(std::string_view hash);
struct ClickOf {
    std::string hash, click_id;
};
ClickOf DecodeClickOf(std::string_view bson);

// Writes that document, unless it is there; `done` on the ledger's thread.
void KeepClickOf(
    ledger::Ledger& ledger,
    const std::string& hash,
    const std::string& click_id,
    ledger::EditDone done
);

}  // namespace barracuda::contacts
