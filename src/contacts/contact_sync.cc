#include "contacts/contact_sync.h"

#include <algorithm>

#include "contacts/click_hash.h"
#include "contacts/registration.h"
#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::contacts {

namespace {

size_t HashOf(std::string_view click) { return std::hash<std::string_view>()(click); }

// Brings a contact to what the conversions of its click say; true when something changed.
bool Follow(domain::Contact& contact, const std::vector<domain::Conversion>& found, Time now) {
    const bool flags = domain::SyncFlags(contact, found);
    const bool woken = WakeFlow(contact, found, now);
    return flags || woken;
}

}  // namespace

Result<std::vector<domain::Conversion>> ConversionsUnder(
    store::Engine& engine, const std::set<std::string, std::less<>>& clicks
) {
    std::vector<domain::Conversion> conversions;
    for (const auto& click : clicks) {
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

Result<std::vector<domain::Conversion>> ConversionsOf(
    store::Engine& engine, const domain::Contact& contact
) {
    std::set<std::string, std::less<>> clicks{contact.click_id, contact.sub1};
    clicks.erase("");
    return ConversionsUnder(engine, clicks);
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
        if (auto read = LoadClicksOf(); !read) return read;
    }
    WriteLock lock(mutex_);
    loaded_ = true;
    return true;
}

// Of contacts that were erased, or show what a visitor brought in the hash's place.
Result<bool> ContactSync::LoadClicksOf() {
    store::ScanRequest request;
    request.collection = store::Collection::kSettings;
    request.key_prefix = kClicksOfHashes;
    request.limit = 1000;
    return store::EachDocument(engine_, request, [this](const std::string& document) {
        const ClickOf one = DecodeClickOf(document);
        WriteLock lock(mutex_);
        AddPair(one.hash, one.click_id);
    });
}

void ContactSync::Add(const domain::Contact& contact) {
    const std::string hash = NetworkHashOf(contact);
    WriteLock lock(mutex_);
    if (!shared_) {
        for (const auto* click : {&contact.sub1, &contact.click_id}) {
            if (!click->empty()) clicks_.insert(HashOf(*click));
        }
    }
    if (!hash.empty()) AddPair(hash, contact.click_id);
}

// The first one stays: a click's hash does not change.
void ContactSync::AddPair(const std::string& hash, const std::string& click_id) {
    if (shared_ && hash_of_click_.size() >= kHashesMax) {
        click_of_hash_.clear();
        hash_of_click_.clear();
    }
    if (hash != click_id) click_of_hash_.try_emplace(hash, click_id);
    hash_of_click_.try_emplace(click_id, hash);
}

void ContactSync::Again(const domain::Contact& contact) {
    if (shared_ && !contact.Click().empty()) Enqueue(contact.Click());
}

bool ContactSync::Enqueue(const std::string& click) {
    MutexLock lock(waiting_mutex_);
    if (waiting_.size() < kWaitingMax) return waiting_.insert(click).second;
    ++dropped_;
    return false;
}

bool ContactSync::Written(const domain::Conversion& conversion) {
    if (!shared_) {
        ReadLock lock(mutex_);
        if (loaded_ && !clicks_.contains(HashOf(conversion.key.click.value))) return false;
    }
    return Enqueue(conversion.key.click.value);
}

bool ContactSync::Waits() const {
    MutexLock lock(waiting_mutex_);
    return !waiting_.empty();
}

std::optional<std::string> ContactSync::HashOfClick(const std::string& click) const {
    ReadLock lock(mutex_);
    auto at = hash_of_click_.find(click);
    return at == hash_of_click_.end() ? std::nullopt : std::optional(at->second);
}

bool ContactSync::KnowsAll() const {
    ReadLock lock(mutex_);
    return !shared_ && loaded_;
}

std::optional<std::string> ContactSync::Cached(std::string_view hash) const {
    ReadLock lock(mutex_);
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
        if (!contact) continue;
        const std::string hash = NetworkHashOf(*contact);
        if (hash.empty() || hash == contact->click_id) continue;
        Add(*contact);
        clicks.try_emplace(hash, contact->click_id);
    }
    std::vector<store::Ref> others;
    for (const auto& hash : hashes) {
        if (!clicks.contains(hash)) others.push_back(ClickOfRef(hash));
    }
    if (others.empty()) return clicks;
    auto kept = engine_.Load(others);
    if (!kept) return Fail(kept.error());
    for (const auto& document : *kept) {
        if (!document) continue;
        auto one = DecodeClickOf(*document);
        clicks[one.hash] = one.click_id;
    }
    return clicks;
}

bool ContactSync::Run(ledger::Ledger& ledger, const std::function<bool()>& go_on) {
    std::vector<std::string> clicks;
    {
        MutexLock lock(waiting_mutex_);
        clicks.assign(waiting_.begin(), waiting_.end());
        waiting_.clear();
    }
    for (size_t from = 0; from < clicks.size(); from += kClicksPerQuery) {
        const bool stop = from > 0 && !go_on();
        const auto some =
            std::span(clicks).subspan(from, std::min(kClicksPerQuery, clicks.size() - from));
        if (!stop && SyncClicks(ledger, some)) continue;
        // A store in trouble did not answer: these clicks are asked again, not forgotten.
        for (; from < clicks.size(); ++from) Enqueue(clicks[from]);
        return stop;
    }
    return true;
}

bool ContactSync::SyncClicks(ledger::Ledger& ledger, std::span<const std::string> clicks) {
    std::set<std::string> keys;
    for (auto index : {store::IndexId::kContactClick, store::IndexId::kContactSub1}) {
        auto found = engine_.FindAny(index, clicks);
        if (!found) return false;
        for (const auto& document : *found) {
            auto contact = domain::DecodeContact(document);
            if (!contact || !keys.insert(contact->id.Hex()).second) continue;
            if (!SyncContact(ledger, *contact)) return false;
        }
    }
    return true;
}

bool ContactSync::SyncContact(ledger::Ledger& ledger, const domain::Contact& contact) {
    auto following = FollowLedger(engine_, contact, now_());
    if (!following) return false;
    if (!*following) return true;
    ledger.Edit(
        {store::Collection::kContacts, contact.id.Hex()},
        std::move((*following)->edit),
        [this, moved = (*following)->moved, click = contact.Click()](auto state) {
            if (*moved || !state) Enqueue(click);
        }
    );
    return true;
}

}  // namespace barracuda::contacts
