// Cells of reports over MongoDB: a document a quarter of an hour and one a day, counted anew where
// a conversion was recorded or changed (docs/formats/cells.md).
//
//     CellKeeper keeper(client, seen);
//     keeper.Sweep(Time::Now());     // every few seconds, on some node
//     keeper.Read(CellView::kTime, from, to, take);
//
// Threads: thread-safe; Sweep is meant for one caller in a process, and may run on several nodes:
// a document is replaced only where it is still the one that was read before counting. Errors:
// kUnavailable, also while the first sweep is under way.
#pragma once

#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/thread_safety.h"
#include "store/cells.h"
#include "store/mongo/mongo_client.h"
#include "store/mongo/seen.h"

namespace barracuda::store {

class CellKeeper {
public:
    CellKeeper(MongoClient& client, Seen& seen);

    // Counts anew what moved since the last one; at first everything. `stop` ends it between two
    // quarters.
    Result<bool> Sweep(Time now, std::stop_token stop = {});
    // The same where no other node does it: a node sweeps while it holds the lease.
    Result<bool> SweepInTurn(Time now, std::stop_token stop);

    Result<bool> Read(CellView view, Time from, Time to, const TakeCell& take);
    Result<Time> AsOf();
    // Which days are wrong, as readable lines. A day that moved since the last sweep is not
    // judged; `repair` counts it anew too.
    Result<std::vector<std::string>> Verify(bool repair);

private:
    struct Stored {
        int64_t rev = 0;  // 0: there is none
        std::string document;
    };
    using Blocks = std::vector<std::pair<const char*, std::string>>;  // by field
    using Quarters = std::set<Time>;

    Result<std::vector<std::string>> Find(
        const char* collection, const Bson& filter, const Bson& options
    );
    Result<bool> Leased(Time now);
    Result<std::optional<Time>> State();
    Result<bool> SetState(Time as_of);
    Result<bool> Forget();

    Result<Quarters> Moved(Time since);
    // The first quarter from `from` on with a conversion.
    Result<std::optional<Time>> NextQuarter(Time from);
    Result<bool> Build(std::stop_token stop);
    Result<bool> Recount(const Quarters& quarters, std::stop_token stop);

    Result<std::string> CountQuarter(Time begin);
    Result<Blocks> CountDay(Time begin);
    Result<Stored> Load(const char* grain, Time at);
    Result<bool> RecountQuarter(Time begin);
    Result<bool> RecountDay(Time begin);
    // False: another one came between.
    Result<bool> Replace(const char* grain, Time at, int64_t rev, const Blocks& blocks);

    Result<CellRead> ReadChunk(CellView view, Time from, Time to, const TakeCell& take);
    Result<std::string> CountBlock(CellView view, Time begin);
    Result<bool> IsRight(const char* grain, Time begin);
    Result<bool> MovedSince(Time since, Time from, Time to);
    Result<Quarters> AllQuarters();

    MongoClient& client_;
    Seen& seen_;
    const std::string owner_;
    Mutex mutex_;
    Time wide_ GUARDED_BY(mutex_);  // when a sweep last looked far back
};

}  // namespace barracuda::store
