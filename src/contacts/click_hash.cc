#include "contacts/click_hash.h"

#include <algorithm>

#include "domain/bson.h"
#include "domain/given_id.h"
#include "net/url.h"

namespace barracuda::contacts {

namespace {

std::string EncodeClickOf(const std::string& hash, const std::string& click_id) {
    domain::BsonWriter to;
    to.Text("_id", kClicksOfHashes + hash);
    to.Text("click_id", click_id);
    to.Int("rev", 1);
    return to.Take();
}

// Whether the final URL of a click carries this hash.
bool Carries(const std::string& clicked_url, const std::string& hash) {
    const auto query = net::ParseQuery(clicked_url);
    return query && std::any_of(query->begin(), query->end(), [&](const auto& one) {
               return (one.first == "sub1" || one.first == "sub") && one.second == hash;
           });
}

}  // namespace

std::string NetworkHashOf(const domain::Contact& contact) {
    if (contact.click_id.empty()) return {};
    if (contact.hash_given) return contact.Hash();
    if (contact.clicked_url.empty() || contact.sub1.empty()) return {};
    // 0.1.0 replaced what the visitor had brought; the old application did not always.
    const bool ours = !contact.flow.route.empty();
    return ours || Carries(contact.clicked_url, contact.sub1) ? contact.sub1 : std::string();
}

bool IsClickHash(std::string_view sub1) {
    return sub1.size() >= 32 && sub1.size() <= domain::kIdBytesMax &&
           sub1.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

std::set<std::string> OwnClicks(const domain::Contact& contact) {
    std::set<std::string> clicks{contact.click_id, NetworkHashOf(contact)};
    if (IsClickHash(contact.sub1)) clicks.insert(contact.sub1);
    clicks.erase("");
    return clicks;
}

store::Ref ClickOfRef(std::string_view hash) {
    return {store::Collection::kSettings, std::string(kClicksOfHashes).append(hash)};
}

ClickOf DecodeClickOf(std::string_view bson) {
    const domain::TopFields fields(bson);
    ClickOf click{fields.TextOr("_id"), fields.TextOr("click_id")};
    click.hash.erase(0, std::min(click.hash.size(), std::string_view(kClicksOfHashes).size()));
    return click;
}

void KeepClickOf(
    ledger::Ledger& ledger,
    const std::string& hash,
    const std::string& click_id,
    ledger::EditDone done
) {
    auto keep = [document =
                     EncodeClickOf(hash, click_id)](const std::optional<std::string>& stored) {
        return stored ? ledger::EditPlan{} : ledger::EditPlan{true, document};
    };
    ledger.Edit(ClickOfRef(hash), std::move(keep), std::move(done));
}

}  // namespace barracuda::contacts
