// LogWriter: takes records off the hot path. Putting one is a move under a mutex, never a wait; a
// thread encodes and appends them a tenth of a second later. Full means dropped, and counted.
//
// Records that anybody can cause may have a share of their own: they get a quarter of the queue and
// a bounded part of the log, so that they cannot push the others out.
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
#include <functional>
#include <thread>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/fault.h"
#include "base/thread_name.h"
#include "base/thread_safety.h"
#include "store/log.h"

namespace barracuda::store {

struct LogCounters {
    uint64_t written = 0, dropped = 0;  // records
    uint64_t minor_dropped = 0;         // of them beyond their share; not in `dropped`
};

// Which records have a share of their own, and how large it is: a token bucket of bytes.
template <typename Record>
struct MinorShare {
    std::function<bool(const Record&)> is_minor{};  // empty: none
    double bytes_burst = 0;
    double bytes_per_second = 0;
};

template <typename Record>
class LogWriter {
public:
    using Encode = std::function<LogEntry(const Record&)>;

    LogWriter(
        LogStore& store,
        LogId log,
        Encode encode,
        MinorShare<Record> share = {},
        FaultSink& faults = NoFaults(),
        size_t queue_max = 32'768
    )
        : store_(store),
          log_(log),
          encode_(std::move(encode)),
          share_(std::move(share)),
          faults_(faults),
          queue_max_(queue_max),
          share_left_(share_.bytes_burst) {
        thread_ = std::thread([this] {
            NameThread("log");
            Run();
        });
    }
    ~LogWriter() {
        {
            MutexLock lock(mutex_);
            stopping_ = true;
        }
        wake_.notify_one();
        thread_.join();
    }
    LogWriter(const LogWriter&) = delete;
    LogWriter& operator=(const LogWriter&) = delete;

    void Put(Record&& record) {
        const bool minor = share_.is_minor && share_.is_minor(record);
        MutexLock lock(mutex_);
        if (minor && minor_queued_ >= queue_max_ / 4) {
            minor_dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        if (queue_.size() >= queue_max_) {
            dropped_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        minor_queued_ += minor;
        queue_.push_back(std::move(record));
        // Those with a share of their own are some of them, and none waits beyond the bound.
        BARRACUDA_CHECK(minor_queued_ <= queue_.size() && queue_.size() <= queue_max_);
        if (queue_.size() == queue_max_ / 2) wake_.notify_one();
    }

    // Waits until what was put before is written, at most two seconds.
    void Flush() {
        MutexLock lock(mutex_);
        uint64_t wanted = ++flush_asked_;
        wake_.notify_one();
        flushed_.wait_for(lock, kFlushPatience, [&]() REQUIRES(mutex_) {
            return flush_done_ >= wanted;
        });
    }

    LogId log() const { return log_; }
    LogStats stats() const { return store_.stats(log_); }
    LogCounters counters() const {
        return {written_.load(), dropped_.load(), minor_dropped_.load()};
    }

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
                MutexLock lock(mutex_);
                wake_.wait_for(lock, kPause, [this]() REQUIRES(mutex_) {
                    return stopping_ || flush_asked_ > flush_done_ ||
                           queue_.size() >= queue_max_ / 2;
                });
                taken.clear();
                std::swap(taken, queue_);
                minor_queued_ = 0;
                asked = flush_asked_;
                if (taken.empty() && stopping_) return;
            }
            Write(taken);
            {
                MutexLock lock(mutex_);
                BARRACUDA_CHECK(flush_done_ <= asked && asked <= flush_asked_);
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
        RenewShare();
        for (const auto& record : records) {
            LogEntry entry = encode_(record);
            if (share_.is_minor && share_.is_minor(record)) {
                if (share_left_ < static_cast<double>(entry.bson.size())) {
                    minor_dropped_.fetch_add(1, std::memory_order_relaxed);
                    continue;
                }
                share_left_ -= static_cast<double>(entry.bson.size());
            }
            batch.push_back(std::move(entry));
            bytes += batch.back().bson.size();
            if (bytes < kBatchBytesMax) continue;
            Append(batch);
            bytes = 0;
        }
        Append(batch);
    }

    void RenewShare() {
        const auto now = std::chrono::steady_clock::now();
        const std::chrono::duration<double> since = now - share_at_;
        share_at_ = now;
        const double grown = share_left_ + since.count() * share_.bytes_per_second;
        share_left_ = std::min(share_.bytes_burst, grown);
    }

    void Append(std::vector<LogEntry>& batch) {
        if (batch.empty()) return;
        const auto done = store_.Append(log_, batch);
        if (!done) faults_.Report(Fault::kLog, NameOf(log_), WithCause(done.error()));
        (done ? written_ : dropped_).fetch_add(batch.size(), std::memory_order_relaxed);
        batch.clear();
    }

    LogStore& store_;
    const LogId log_;
    const Encode encode_;
    const MinorShare<Record> share_;
    FaultSink& faults_;  // hears why records could not be written
    const size_t queue_max_;
    double share_left_;  // bytes; the thread's alone, like the next
    std::chrono::steady_clock::time_point share_at_ = std::chrono::steady_clock::now();
    std::atomic<uint64_t> written_ = 0, dropped_ = 0, minor_dropped_ = 0;

    Mutex mutex_;
    Condition wake_, flushed_;
    std::vector<Record> queue_ GUARDED_BY(mutex_);
    size_t minor_queued_ GUARDED_BY(mutex_) = 0;
    uint64_t flush_asked_ GUARDED_BY(mutex_) = 0, flush_done_ GUARDED_BY(mutex_) = 0;
    bool stopping_ GUARDED_BY(mutex_) = false;
    std::thread thread_;  // last: it uses everything above
};

}  // namespace barracuda::store
