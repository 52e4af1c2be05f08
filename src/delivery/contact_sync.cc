#include "delivery/contact_sync.h"

#include <set>

#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::delivery {

namespace {

size_t HashOf(std::string_view click) { return std::hash<std::string_view>()(click); }

}  // namespace

Result<std::vector<domain::Conversion>> ConversionsOf(
    store::Engine& engine, const domain::Contact& contact
) {
    std::vector<domain::Conversion> conversions;
    for (const auto& click : std::set<std::string>{contact.click_id, contact.sub1}) {
        if (click.empty()) continue;
        store::ScanRequest request;
        store::AppendText(request.key_prefix, click);
        auto read = store::EachDocument(engine, request, [&](const std::string& document) {
            auto conversion = domain::DecodeConversion(document);
            if (conversion) conversions.push_back(std::move(*conversion));
        });
        if (!read) return Fail(read.error());
    }
    return conversions;
}

Result<bool> ContactSync::Load() {
    store::ScanRequest request;
    request.collection = store::Collection::kContacts;
    request.limit = 1000;
    size_t synced = 0;
    auto read = store::EachDocument(engine_, request, [&](const std::string& document) {
        auto contact = domain::DecodeContact(document);
        if (!contact) return;
        Add(*contact);
        if (contact->Click().empty() || ++synced > kSyncAtLoadMax) return;
        std::lock_guard lock(waiting_mutex_);
        waiting_.insert(contact->Click());
    });
    if (!read) return read;
    std::unique_lock lock(mutex_);
    loaded_ = true;
    return true;
}

void ContactSync::Add(const domain::Contact& contact) {
    std::unique_lock lock(mutex_);
    if (!contact.sub1.empty()) clicks_.insert(HashOf(contact.sub1));
    if (contact.click_id.empty()) return;
    clicks_.insert(HashOf(contact.click_id));
    if (!contact.sub1.empty() && contact.sub1 != contact.click_id) {
        click_of_hash_[contact.sub1] = contact.click_id;
    }
}

bool ContactSync::Written(const domain::Conversion& conversion) {
    {
        std::shared_lock lock(mutex_);
        if (loaded_ && !clicks_.contains(HashOf(conversion.key.click.value))) return false;
    }
    std::lock_guard lock(waiting_mutex_);
    return waiting_.insert(conversion.key.click.value).second;
}

std::optional<std::string> ContactSync::ClickOfHash(std::string_view hash) const {
    std::shared_lock lock(mutex_);
    auto at = click_of_hash_.find(std::string(hash));
    return at == click_of_hash_.end() ? std::nullopt : std::optional(at->second);
}

void ContactSync::Run(ledger::Ledger& ledger) {
    std::unordered_set<std::string> clicks;
    {
        std::lock_guard lock(waiting_mutex_);
        clicks.swap(waiting_);
    }
    for (const auto& click : clicks) SyncClick(ledger, click);
}

// Reads first and writes by what it read. A conversion written in between has put the click on the
// list again, and edits are applied in the order of their reading, so the last one is right.
void ContactSync::SyncClick(ledger::Ledger& ledger, const std::string& click) {
    std::set<std::string> keys;
    for (auto index : {store::IndexId::kContactClick, store::IndexId::kContactSub1}) {
        store::ScanRequest request;
        request.collection = store::Collection::kContacts;
        request.index = index;
        request.equal = {click};
        auto read = store::EachDocument(engine_, request, [&](const std::string& document) {
            auto contact = domain::DecodeContact(document);
            if (!contact || !keys.insert(contact->id.Hex()).second) return;
            auto conversions = ConversionsOf(engine_, *contact);
            if (!conversions || !domain::SyncFlags(*contact, *conversions)) return;
            auto edit = [found = std::move(*conversions),
                         now = now_()](const std::optional<std::string>& stored) {
                auto fresh = domain::DecodeContact(stored.value_or(""));
                if (!stored || !fresh || !domain::SyncFlags(*fresh, found)) {
                    return ledger::EditPlan{};
                }
                ++fresh->rev;
                fresh->updated = now;
                return ledger::EditPlan{true, domain::Encode(*fresh)};
            };
            // Lost with the store: computed anew at the next start.
            ledger.Edit(
                {store::Collection::kContacts, contact->id.Hex()},
                std::move(edit),
                [](Result<ledger::EditState>) {}
            );
        });
        if (!read) return;
    }
}

}  // namespace barracuda::delivery
