// Reads that never show less than what was already told, over failovers.
//
// A majority read at a fresh primary shows what that one knew to be committed while it was a
// secondary: a write acknowledged just before the old primary died may be missing for seconds, and
// an outcome that is missing is sent again. Two rules keep that from being seen:
//   - every read sees at least what any answer to this process has seen, of writes and reads alike;
//   - at a primary whose election is new nothing is read before a majority has confirmed an (empty)
//     write of ours there: then it shows whatever other nodes and earlier boots were told.
// Behind mongos no election is seen: there the first rule stands alone.
//
//     auto documents = seen.Find(lease, "conversions", filter, options);
//     auto session = lease->Session(); …a write in it…; seen.Note(session.get());
//
// Threads: thread-safe. Errors: kUnavailable where the same again may succeed, else kInternal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/fault.h"
#include "base/thread_safety.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::store {

class Seen {
public:
    // kAny: for who only looks, and may have no right to write: the second rule does not hold.
    enum class Primaries { kConfirmed, kAny };
    // `faults` hears of every question and write that failed, by collection.
    explicit Seen(FaultSink& faults, Primaries primaries = Primaries::kConfirmed)
        : faults_(faults), primaries_(primaries) {}

    // Every later read sees at least what this session's answer has seen.
    void Note(const mongoc_client_session_t* session);

    // A find of the primary, whole: every document that it gives.
    Result<std::vector<std::string>> Find(
        MongoClient::Lease& lease, const char* collection, const Bson& filter, const Bson& options
    );

    // Whether the primary of this moment may be read: true at once where its election is known,
    // else after a majority confirmed a write there.
    Result<bool> Confirm(MongoClient::Lease& lease);

    FaultSink& faults() { return faults_; }

private:
    // The primary's host and election; empty: unknown, or of a kind that has none.
    using Election = std::string;

    MongoSession Session(MongoClient::Lease& lease);
    bool IsConfirmed(const Election& election) const;
    // nullopt: another primary answered than the one that was confirmed.
    Result<std::optional<std::vector<std::string>>> FindOnce(
        MongoClient::Lease& lease, const char* collection, const Bson& filter, const Bson& options
    );

    FaultSink& faults_;
    const Primaries primaries_;
    mutable Mutex mutex_;
    ClusterMoment moment_ GUARDED_BY(mutex_);
    // The signed time that goes with it, for another pool's servers.
    std::string cluster_time_ GUARDED_BY(mutex_);
    Election confirmed_ GUARDED_BY(mutex_);
};

}  // namespace barracuda::store
