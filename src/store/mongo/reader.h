// Majority reads by primary key, repeated over failovers until a deadline; and the waits between.
//
// After a lost write the winner is stored but perhaps not yet on a majority. The reader remembers
// the cluster's moment of that loss, and later reads wait (in the server) until the majority has
// reached it: so a `duplicate` is only ever answered from a document that cannot be rolled back.
//
// Threads: thread-safe.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/mongo/mongo_client.h"

namespace barracuda::store {

// Tries at growing, jittered distances until a moment on the monotonic clock.
class Deadline {
public:
    using Clock = std::chrono::steady_clock;
    explicit Deadline(std::chrono::milliseconds from_now) : at_(Clock::now() + from_now) {}

    bool Passed() const { return Clock::now() >= at_; }
    // Sleeps 1–20 ms at first, up to 250 ms later; false: the deadline would pass meanwhile.
    bool Wait();

private:
    Clock::time_point at_;
    int tries_ = 0;
};

class Reader {
public:
    explicit Reader(MongoClient& client) : client_(client) {}

    using Documents = std::vector<std::optional<std::string>>;

    // Documents in the order of `refs`. Errors: kUnavailable at the deadline.
    Result<Documents> Load(std::span<const Ref> refs, Deadline deadline);

    // From now on every read sees at least `moment`.
    void SeeAtLeast(ClusterMoment moment);

    MongoClient& client() { return client_; }

private:
    // What of one collection stands in `refs` at `wanted`, into `found`. Errors: the server's, with
    // kUnavailable where trying again may help.
    Result<bool> Find(
        Collection collection,
        std::span<const Ref> refs,
        const std::vector<size_t>& wanted,
        Documents& found
    );

    MongoClient& client_;
    std::mutex mutex_;  // guards what follows
    ClusterMoment seen_;
};

}  // namespace barracuda::store
