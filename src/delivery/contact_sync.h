// Keeps contact flags a cache of the ledger: whenever a conversion of a contact's click is written,
// the flags of every contact with this click are computed anew from all conversions of the click.
//
// Which clicks have a contact is known in memory (a hash of each), so a conversion without one
// costs one look-up and no second write.
//
// Threads: Written, Add and ClickOfHash from any thread; Load and Run from one worker.
#pragma once

#include <deque>
#include <functional>
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

class ContactSync {
public:
    explicit ContactSync(store::Engine& engine, std::function<Time()> now)
        : engine_(engine), now_(std::move(now)) {}

    // Reads every contact's click, and has the flags of the first of them computed anew: a crash
    // may have come between a conversion and its contact.
    Result<bool> Load();

    // Before the contact with this click is written, so that no conversion slips between.
    void Add(const domain::Contact& contact);
    // True when there is work for Run. Cheap: the ledger's thread calls it.
    bool Written(const domain::Conversion& conversion);
    // The click id of a click that a contact knows by this hash, when they differ.
    std::optional<std::string> ClickOfHash(std::string_view hash) const;

    // Does what is waiting.
    void Run(ledger::Ledger& ledger);

    // Bound of what Load has computed anew; more contacts follow their next conversion, or a read.
    static constexpr size_t kSyncAtLoadMax = 20'000;

private:
    void SyncClick(ledger::Ledger& ledger, const std::string& click);

    store::Engine& engine_;
    const std::function<Time()> now_;
    mutable std::shared_mutex mutex_;
    bool loaded_ = false;                // before: every click may have a contact
    std::unordered_set<size_t> clicks_;  // hashes; a false hit costs two index reads
    std::unordered_map<std::string, std::string> click_of_hash_;
    std::mutex waiting_mutex_;
    std::unordered_set<std::string> waiting_;
};

}  // namespace barracuda::delivery
