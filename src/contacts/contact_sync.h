// Keeps contact flags a cache of the ledger: whenever a conversion of a contact's click is written,
// the flags of every contact with this click are computed anew from all conversions of the click,
// and a flow that waits for its registration is woken when that was taken.
//
// Alone on its store it knows in memory which clicks have a contact (a hash of each), so a
// conversion without one costs one look-up and no second write. With other nodes (`shared`) it
// cannot know: the worker asks the store's index after the commit, many clicks at a time.
//
// Threads: Written, Again, Add, Waits and Cached from any thread; Load, Run and Resolve from one
// worker, or after it has ended. The functions outside the class block their callers on the store.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "base/thread_safety.h"
#include "domain/contact.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::contacts {

// All conversions of these clicks. Errors: the store's.
Result<std::vector<domain::Conversion>> ConversionsUnder(
    store::Engine& engine, const std::set<std::string, std::less<>>& clicks
);

// All conversions that count for this contact: those of its click id, and of its hash. Errors: the
// store's.
Result<std::vector<domain::Conversion>> ConversionsOf(
    store::Engine& engine, const domain::Contact& contact
);

// A contact that is not what its conversions say.
struct Following {
    domain::Contact after;      // as it should be
    ledger::EditFunction edit;  // makes it so, while it is still the one that was compared
    std::shared_ptr<std::atomic<bool>> moved;  // set by the edit: it is another one, compare anew
};

// Compares a contact with the ledger: its flags, and whether its flow may go on; nullopt: it is
// what its conversions say. They are read here, after the contact, and the edit holds only while
// the contact is still the one read: so of several that compare it, here or on other nodes, none
// writes by an older reading than another. Errors: the store's.
Result<std::optional<Following>> FollowLedger(
    store::Engine& engine, const domain::Contact& contact, Time now
);

class ContactSync {
public:
    ContactSync(store::Engine& engine, std::function<Time()> now, bool shared)
        : engine_(engine), now_(std::move(now)), shared_(shared) {}

    // Alone: reads every contact's click. Has the flags of the first contacts computed anew: a
    // crash may have come between a conversion and its contact. And of all whose registration is
    // dead: a replay may have been the last thing done. False: `go_on` said no between two pages.
    Result<bool> Load(const std::function<bool()>& go_on);

    // Before the contact with this click is written, so that no conversion slips between.
    void Add(const domain::Contact& contact);
    // After it is written, with other nodes: a conversion of theirs may have slipped between.
    void Again(const domain::Contact& contact);
    // Notes that a conversion was written. True when there is work for Run. Cheap: the ledger's
    // thread calls it.
    bool Written(const domain::Conversion& conversion);

    // The click id of a click whose hash the network gave (click_hash.h), when they differ; also of
    // a contact that was erased. A hash that `Cached` does not know is asked of the store, unless
    // memory knows them all: alone, once Load is through.
    std::optional<std::string> Cached(std::string_view hash) const;
    bool KnowsAll() const;
    // The other way round: the hash that the network gave with a click, as far as memory knows it
    // (with other nodes: of those that this one has seen).
    std::optional<std::string> HashOfClick(const std::string& click) const;
    Result<std::unordered_map<std::string, std::string>> Resolve(std::span<const std::string> hashes
    );

    // Works on the clicks that wait; asked after every query, `go_on` may leave the rest waiting.
    // Its writes are with the ledger afterwards, not yet durable. False: the store did not answer,
    // and the rest waits.
    bool Run(ledger::Ledger& ledger, const std::function<bool()>& go_on);
    bool Waits() const;
    uint64_t dropped() const { return dropped_; }

    // Bound of what Load has computed anew; more contacts follow their next conversion, or a read.
    static constexpr size_t kSyncAtLoadMax = 20'000;
    // Bound of clicks that wait; beyond it a contact follows its next conversion, or a read.
    static constexpr size_t kWaitingMax = 200'000;
    // Clicks asked of the store in one query.
    static constexpr size_t kClicksPerQuery = 500;
    // Hashes remembered with other nodes; a contact's click never changes once it has one.
    static constexpr size_t kHashesMax = 100'000;

private:
    Result<bool> LoadClicksOf();
    void AddPair(const std::string& hash, const std::string& click_id) REQUIRES(mutex_);
    bool Enqueue(const std::string& click);
    bool SyncClicks(ledger::Ledger& ledger, std::span<const std::string> clicks);
    bool SyncContact(ledger::Ledger& ledger, const domain::Contact& contact);

    store::Engine& engine_;
    const std::function<Time()> now_;
    const bool shared_;
    mutable SharedMutex mutex_;
    bool loaded_ GUARDED_BY(mutex_) = false;  // before: every click may have a contact
    // Hashes: a false hit costs two index reads, no more.
    std::unordered_set<size_t> clicks_ GUARDED_BY(mutex_);
    std::unordered_map<std::string, std::string> click_of_hash_ GUARDED_BY(mutex_);
    std::unordered_map<std::string, std::string> hash_of_click_ GUARDED_BY(mutex_);
    mutable Mutex waiting_mutex_;
    std::unordered_set<std::string> waiting_ GUARDED_BY(waiting_mutex_);
    std::atomic<uint64_t> dropped_ = 0;
};

}  // namespace barracuda::contacts
