#include "delivery/contact_sync.h"

#include <algorithm>
#include <set>

#include "delivery/erase_contact.h"
#include "delivery/registration.h"
#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::delivery {

namespace {

size_t HashOf(std::string_view click) { return std::hash<std::string_view>()(click); }

// What of a contact follows the conversions of its click; true when something changed.
bool Follow(domain::Contact& contact, const std::vector<domain::Conversion>& found, Time now) {
    const bool flags = domain::SyncFlags(contact, found);
    const bool woken = WakeFlow(contact, found, now);
    return flags || woken;
}

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

Result<std::optional<Following>> FollowLedger(
    store::Engine& engine, const domain::Contact& contact, Time now
) {
    auto conversions = ConversionsOf(engine, contact);
    if (!conversions) return Fail(conversions.error());
    Following following{.after = contact, .edit = {}, .moved = {}};
    if (!Follow(following.after, *conversions, now)) return std::nullopt;
    following.moved = std::make_shared<std::atomic<bool>>(false);
    following.edit = [found = std::move(*conversions),
                      rev = contact.rev,
                      moved = following.moved,
                      now](const std::optional<std::string>& stored) {
        auto fresh = domain::DecodeContact(stored.value_or(""));
        if (!stored || !fresh) return ledger::EditPlan{};
        *moved = fresh->rev != rev;
        if (*moved || !Follow(*fresh, found, now)) return ledger::EditPlan{};
        ++fresh->rev;
        fresh->updated = now;
        return ledger::EditPlan{true, domain::Encode(*fresh)};
    };
    return following;
}

Result<bool> ContactSync::Load(const std::function<bool()>& go_on) {
    store::ScanRequest request;
    request.collection = store::Collection::kContacts;
    request.limit = 1000;
    size_t synced = 0;
    do {
        if (!go_on()) return false;
        auto page = engine_.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) {
            auto contact = domain::DecodeContact(document);
            if (!contact) continue;
            Add(*contact);
            const bool waits = contact->flow.step == domain::FlowStep::kRefused;
            if (contact->Click().empty()) continue;
            if (++synced <= kSyncAtLoadMax || waits) Enqueue(contact->Click());
        }
        request.cursor = page->cursor;
        if (shared_ && synced >= kSyncAtLoadMax) break;  // the rest is not kept in memory
    } while (!request.cursor.empty());
    if (!shared_) {
        if (auto read = LoadErased(); !read) return read;
    }
    std::unique_lock lock(mutex_);
    loaded_ = true;
    return true;
}

Result<bool> ContactSync::LoadErased() {
    store::ScanRequest request;
    request.collection = store::Collection::kSettings;
    request.key_prefix = kErasedClicks;
    request.limit = 1000;
    return store::EachDocument(engine_, request, [this](const std::string& document) {
        auto erased = DecodeErasedClick(document);
        std::unique_lock lock(mutex_);
        hash_of_click_.try_emplace(erased.click_id, erased.hash);
        click_of_hash_.try_emplace(std::move(erased.hash), std::move(erased.click_id));
    });
}

void ContactSync::Add(const domain::Contact& contact) {
    std::unique_lock lock(mutex_);
    if (!shared_ && !contact.sub1.empty()) clicks_.insert(HashOf(contact.sub1));
    if (contact.click_id.empty()) return;
    if (!shared_) clicks_.insert(HashOf(contact.click_id));
    if (contact.sub1.empty()) return;
    const bool differ = contact.sub1 != contact.click_id;
    if (!differ && !shared_) return;  // `clicks_` says as much
    if (shared_ && hash_of_click_.size() >= kHashesMax) {
        click_of_hash_.clear();
        hash_of_click_.clear();
    }
    if (differ) click_of_hash_[contact.sub1] = contact.click_id;
    hash_of_click_[contact.click_id] = contact.sub1;
}

void ContactSync::Again(const domain::Contact& contact) {
    if (shared_ && !contact.Click().empty()) Enqueue(contact.Click());
}

bool ContactSync::Enqueue(const std::string& click) {
    std::lock_guard lock(waiting_mutex_);
    if (waiting_.size() < kWaitingMax) return waiting_.insert(click).second;
    ++dropped_;
    return false;
}

bool ContactSync::Written(const domain::Conversion& conversion) {
    if (!shared_) {
        std::shared_lock lock(mutex_);
        if (loaded_ && !clicks_.contains(HashOf(conversion.key.click.value))) return false;
    }
    return Enqueue(conversion.key.click.value);
}

bool ContactSync::Waits() const {
    std::lock_guard lock(waiting_mutex_);
    return !waiting_.empty();
}

std::optional<std::string> ContactSync::HashOfClick(const std::string& click) const {
    std::shared_lock lock(mutex_);
    auto at = hash_of_click_.find(click);
    if (at != hash_of_click_.end()) return at->second;
    // A contact's click with one name is its own hash.
    return clicks_.contains(HashOf(click)) ? std::optional(click) : std::nullopt;
}

bool ContactSync::KnowsAll() const {
    std::shared_lock lock(mutex_);
    return !shared_ && loaded_;
}

std::optional<std::string> ContactSync::Cached(std::string_view hash) const {
    std::shared_lock lock(mutex_);
    auto at = click_of_hash_.find(std::string(hash));
    return at == click_of_hash_.end() ? std::nullopt : std::optional(at->second);
}

Result<std::unordered_map<std::string, std::string>> ContactSync::Resolve(
    std::span<const std::string> hashes
) {
    std::unordered_map<std::string, std::string> clicks;
    auto found = engine_.FindAny(store::IndexId::kContactSub1, hashes);
    if (!found) return Fail(found.error());
    for (const auto& document : *found) {
        auto contact = domain::DecodeContact(document);
        if (!contact || contact->click_id.empty() || contact->click_id == contact->sub1) continue;
        Add(*contact);
        clicks[contact->sub1] = contact->click_id;
    }
    std::vector<store::Ref> others;
    for (const auto& hash : hashes) {
        if (!clicks.contains(hash)) others.push_back(ErasedClickRef(hash));
    }
    if (others.empty()) return clicks;
    auto erased = engine_.Load(others);
    if (!erased) return Fail(erased.error());
    for (const auto& document : *erased) {
        if (!document) continue;
        auto one = DecodeErasedClick(*document);
        clicks[one.hash] = one.click_id;
    }
    return clicks;
}

void ContactSync::Run(ledger::Ledger& ledger, const std::function<bool()>& go_on) {
    std::vector<std::string> clicks;
    {
        std::lock_guard lock(waiting_mutex_);
        clicks.assign(waiting_.begin(), waiting_.end());
        waiting_.clear();
    }
    for (size_t from = 0; from < clicks.size(); from += kClicksPerQuery) {
        if (from > 0 && !go_on()) {
            for (; from < clicks.size(); ++from) Enqueue(clicks[from]);
            return;
        }
        const size_t count = std::min(kClicksPerQuery, clicks.size() - from);
        SyncClicks(ledger, std::span(clicks).subspan(from, count));
    }
}

void ContactSync::SyncClicks(ledger::Ledger& ledger, std::span<const std::string> clicks) {
    std::set<std::string> keys;
    for (auto index : {store::IndexId::kContactClick, store::IndexId::kContactSub1}) {
        auto found = engine_.FindAny(index, clicks);
        if (!found) return;  // computed anew at the next start, or on a read
        for (const auto& document : *found) {
            auto contact = domain::DecodeContact(document);
            if (contact && keys.insert(contact->id.Hex()).second) {
                SyncContact(ledger, *contact);
            }
        }
    }
}

void ContactSync::SyncContact(ledger::Ledger& ledger, const domain::Contact& contact) {
    auto following = FollowLedger(engine_, contact, now_());
    if (!following || !*following) return;
    // Lost with the store: computed anew at the next start.
    ledger.Edit(
        {store::Collection::kContacts, contact.id.Hex()},
        std::move((*following)->edit),
        [this, moved = (*following)->moved, click = contact.Click()](Result<ledger::EditState>) {
            if (*moved) Enqueue(click);
        }
    );
}

}  // namespace barracuda::delivery
