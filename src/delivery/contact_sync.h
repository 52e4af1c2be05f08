// Keeps contact flags a cache of the ledger: whenever a conversion of a contact's click is written,
// the flags of every contact with this click are computed anew from all conversions of the click,
// and a flow that waits for its registration is woken when that was taken.
//
// Alone on its store it knows in memory which clicks have a contact (a hash of each), so a
// conversion without one costs one look-up and no second write. With other nodes (`shared`) it
// cannot know: the worker asks the store's index after the commit, many clicks at a time.
//
// Threads: Written, Again, Add, Waits and Cached from any thread; Load, Run and Resolve from one
// worker, or after it has ended. What stands outside the class blocks its caller on the store.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "domain/contact.h"
#include "ledger/ledger.h"
#include "store/engine.h"

namespace barracuda::delivery {

// All conversions that count for this contact: those of its click id, and of its hash.
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
// the contact is still the one read: so of several that compare it, here or on other nodes, nobody
// writes by an older reading than another.
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
    // True when there is work for Run. Cheap: the ledger's thread calls it.
    bool Written(const domain::Conversion& conversion);

    // The click id of a click that a contact knows by this hash, or knew before it was erased
    // (erase_contact.h), when they differ. What `Cached` does not know is asked of the store,
    // unless memory knows them all: alone, once Load is through.
    std::optional<std::string> Cached(std::string_view hash) const;
    bool KnowsAll() const;
    // The other way round: the own hash of a contact's click, as far as memory knows it (with other
    // nodes: of those that this one has seen).
    std::optional<std::string> HashOfClick(const std::string& click) const;
    Result<std::unordered_map<std::string, std::string>> Resolve(std::span<const std::string> hashes
    );

    // Does what is waiting; asked after every query, `go_on` may leave the rest waiting. What it
    // writes is with the ledger afterwards, not yet durable.
    void Run(ledger::Ledger& ledger, const std::function<bool()>& go_on);
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
    Result<bool> LoadErased();
    bool Enqueue(const std::string& click);
    void SyncClicks(ledger::Ledger& ledger, std::span<const std::string> clicks);
    void SyncContact(ledger::Ledger& ledger, const domain::Contact& contact);

    store::Engine& engine_;
    const std::function<Time()> now_;
    const bool shared_;
    mutable std::shared_mutex mutex_;
    bool loaded_ = false;                // before: every click may have a contact
    std::unordered_set<size_t> clicks_;  // hashes; a false hit costs two index reads
    std::unordered_map<std::string, std::string> click_of_hash_, hash_of_click_;
    mutable std::mutex waiting_mutex_;
    std::unordered_set<std::string> waiting_;
    std::atomic<uint64_t> dropped_ = 0;
};

}  // namespace barracuda::delivery
