// Creations: conversions that wait to be created at one network's private API, up to a hundred in
// one `POST /users/conversions` (docs/network-api.md, B), each answered on its own.
//
// Natural batching: a conversion goes out at once while fewer than kCallsMax calls are under way;
// what comes meanwhile waits together. Nothing waits for more to come. A batch that is refused as a
// whole (400, 413, 422) may be so for one bad item: it is halved and sent again, down to one.
//
// Look-ups come before (irev_api.h): what an attempt looked up and did not find is added here.
// Threads: net::Client's Step alone, also `done`, exactly once each.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "delivery/irev_settings.h"
#include "net/client.h"

namespace barracuda::delivery {

class Creations : public std::enable_shared_from_this<Creations> {
public:
    static constexpr size_t kBatchMax = 100;  // docs/network-api.md
    static constexpr size_t kCallsMax = 2;    // at a time

    struct Item {
        IrevOrder order;
        std::chrono::steady_clock::time_point deadline;
    };

    // `client` must outlive it.
    explicit Creations(net::Client& client) : client_(client) {}
    void Add(Item item);

private:
    using Batch = std::vector<Item>;

    void Pump();
    Batch Take();
    void Send(Batch batch);
    void Answered(Batch batch, CallTrace trace, net::HttpReply reply);

    net::Client& client_;
    std::deque<Item> waiting_;
    std::deque<Batch> halves_;  // of refused batches: sent as they are
    size_t calls_ = 0;
};

}  // namespace barracuda::delivery
