// Threads for lists and statistics, so that they never block the ledger or an io thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/thread_name.h"

namespace barracuda::api {

class QueryPool {
public:
    QueryPool(unsigned threads, size_t queue_max) : queue_max_(queue_max) {
        for (unsigned i = 0; i < threads; ++i) {
            threads_.emplace_back([this](std::stop_token stop) { Work(stop); });
        }
    }

    // false: too many wait already (answer 503).
    [[nodiscard]] bool Run(std::function<void()> query) {
        {
            std::lock_guard lock(mutex_);
            if (queue_.size() >= queue_max_) return false;
            queue_.push_back(std::move(query));
        }
        wake_.notify_one();
        return true;
    }

private:
    void Work(std::stop_token stop) {
        NameThread("query");
        for (;;) {
            std::function<void()> query;
            {
                std::unique_lock lock(mutex_);
                if (!wake_.wait(lock, stop, [this] { return !queue_.empty(); })) return;
                query = std::move(queue_.front());
                queue_.pop_front();
            }
            query();
        }
    }

    const size_t queue_max_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<std::function<void()>> queue_;
    std::vector<std::jthread> threads_;  // last: stops before what it uses goes
};

}  // namespace barracuda::api
