// Threads for what blocks, so that it never does so on the ledger's or an io thread: lists and
// statistics, and apart from them the look-ups of names, which hang as long as somebody's DNS does.
//
// Threads: Run from any; Stop from one that is none of the pool's.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/thread_name.h"
#include "base/thread_safety.h"

namespace barracuda::api {

class QueryPool {
public:
    QueryPool(unsigned threads, size_t queue_max, const char* name = "query")
        : queue_max_(queue_max), name_(name) {
        for (unsigned i = 0; i < threads; ++i) {
            threads_.emplace_back([this](std::stop_token stop) { Work(stop); });
        }
    }

    ~QueryPool() { Stop(); }

    // Takes nothing more, does what waits, and joins. Who still holds on to it may ask Run.
    void Stop() {
        {
            MutexLock lock(mutex_);
            stopped_ = true;
        }
        for (auto& thread : threads_) thread.request_stop();
        for (auto& thread : threads_) {
            if (thread.joinable()) thread.join();
        }
    }

    // Hands `query` to a thread of the pool. False: too many wait already, or it has stopped
    // (answer 503).
    [[nodiscard]] bool Run(std::function<void()> query) {
        {
            MutexLock lock(mutex_);
            if (stopped_ || queue_.size() >= queue_max_) return false;
            queue_.push_back(std::move(query));
        }
        wake_.notify_one();
        return true;
    }

private:
    void Work(std::stop_token stop) {
        NameThread(name_);
        for (;;) {
            std::function<void()> query;
            {
                MutexLock lock(mutex_);
                if (!wake_.wait(lock, stop, [this]() REQUIRES(mutex_) { return !queue_.empty(); }))
                    return;
                query = std::move(queue_.front());
                queue_.pop_front();
            }
            query();
        }
    }

    const size_t queue_max_;
    const char* const name_;
    Mutex mutex_;
    std::condition_variable_any wake_;
    std::deque<std::function<void()>> queue_ GUARDED_BY(mutex_);
    bool stopped_ GUARDED_BY(mutex_) = false;
    std::vector<std::jthread> threads_;  // last: stops before what it uses goes
};

}  // namespace barracuda::api
