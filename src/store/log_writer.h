// LogWriter: takes records off the hot path. Putting one is a move under a mutex, never a wait; a
// thread encodes and appends them a tenth of a second later. Full means dropped, and counted.
//
//     LogWriter<Received> log(store, LogId::kReceived, EncodeReceived);
//     log.Put(std::move(received));
//     log.Flush();   // what was put before can be read now
//
// Threads: Put, Flush and counters() from any; `encode` runs on the writer's own thread. The
// destructor writes what is queued.
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "base/thread_name.h"
#include "store/log.h"

namespace barracuda::store {

struct LogCounters {
    uint64_t written = 0, dropped = 0;  // records
};

template <typename Record>
class LogWriter {
public:
    using Encode = std::function<LogEntry(const Record&)>;

    LogWriter(LogStore& store, LogId log, Encode encode, size_t queue_max = 32'768)
        : store_(store), log_(log), encode_(std::move(encode)), queue_max_(queue_max) {
        thread_ = std::thread([this] {
            NameThread("log");
            Run();
        });
    }
    ~LogWriter() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void Put(Record&& record) {
        std::lock_guard lock(mutex_);
        if (queue_.size() >= queue_max_) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        queue_.push_back(std::move(record));
        if (queue_.size() == queue_max_ / 2) wake_.notify_one();
    }

    // Waits until what was put before is written, at most two seconds.
    void Flush() {
        std::unique_lock lock(mutex_);
        uint64_t wanted = ++flush_asked_;
        wake_.notify_one();
        flushed_.wait_for(lock, kFlushPatience, [&] { return flush_done_ >= wanted; });
    }

    LogId log() const { return log_; }
    LogStats stats() const { return store_.stats(log_); }
    LogCounters counters() const { return {written_.load(), dropped_.load()}; }

private:
    static constexpr std::chrono::milliseconds kPause{100};
    static constexpr std::chrono::seconds kFlushPatience{2};
    static constexpr std::chrono::seconds kTrimPause{1};
    static constexpr size_t kBatchBytesMax = 256 * 1024;
    static constexpr size_t kBatchRecords = 1'024;  // about so many have this size

    void Run() {
        std::vector<Record> taken;
        auto trim_at = std::chrono::steady_clock::now();
        for (;;) {
            uint64_t asked;
            {
                std::unique_lock lock(mutex_);
                wake_.wait_for(lock, kPause, [this] {
                    return stopping_ || flush_asked_ > flush_done_ ||
                           queue_.size() >= queue_max_ / 2;
                });
                taken.clear();
                std::swap(taken, queue_);
                asked = flush_asked_;
                if (taken.empty() && stopping_) return;
            }
            Write(taken);
            {
                std::lock_guard lock(mutex_);
                flush_done_ = asked;
            }
            flushed_.notify_all();
            if (auto now = std::chrono::steady_clock::now(); now >= trim_at) {
                trim_at = now + kTrimPause;
                (void)store_.Trim(log_, Time::Now());  // what cannot be trimmed now is later
            }
        }
    }

    void Write(const std::vector<Record>& records) {
        std::vector<LogEntry> batch;
        batch.reserve(std::min(records.size(), kBatchRecords));
        size_t bytes = 0;
        for (const auto& record : records) {
            batch.push_back(encode_(record));
            bytes += batch.back().bson.size();
            if (bytes < kBatchBytesMax) continue;
            Append(batch);
            bytes = 0;
        }
        Append(batch);
    }

    void Append(std::vector<LogEntry>& batch) {
        if (batch.empty()) return;
        bool done = store_.Append(log_, batch).has_value();
        (done ? written_ : dropped_).fetch_add(batch.size(), std::memory_order_relaxed);
        batch.clear();
    }

    LogStore& store_;
    const LogId log_;
    const Encode encode_;
    const size_t queue_max_;
    std::atomic<uint64_t> written_ = 0, dropped_ = 0;

    std::mutex mutex_;
    std::condition_variable wake_, flushed_;
    std::vector<Record> queue_;
    uint64_t flush_asked_ = 0, flush_done_ = 0;
    bool stopping_ = false;
    std::thread thread_;  // last: it uses everything above
};

}  // namespace barracuda::store
