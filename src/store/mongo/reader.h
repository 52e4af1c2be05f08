// Majority reads by primary key, repeated over failovers until a deadline; and the waits between.
//
// After a lost write the winner is stored but perhaps not yet on a majority. The moment of that
// loss is noted (seen.h), and later reads wait (in the server) until the majority has reached it:
// so a `duplicate` is only ever answered from a document that cannot be rolled back.
//
// Threads: thread-safe.
#pragma once

#include <chrono>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "store/engine.h"
#include "store/mongo/mongo_client.h"
#include "store/mongo/seen.h"

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
    Reader(MongoClient& client, Seen& seen) : client_(client), seen_(seen) {}

    using Documents = std::vector<std::optional<std::string>>;

    // Documents in the order of `refs`. Errors: kUnavailable at the deadline.
    Result<Documents> Load(std::span<const Ref> refs, Deadline deadline);

    MongoClient& client() { return client_; }
    Seen& seen() { return seen_; }

private:
    // Reads the documents of one collection among `refs`, at `wanted`, into `found`. Errors: the
    // server's, with kUnavailable where trying again may help.
    Result<bool> Find(
        Collection collection,
        std::span<const Ref> refs,
        const std::vector<size_t>& wanted,
        Documents& found
    );

    MongoClient& client_;
    Seen& seen_;
};

}  // namespace barracuda::store
