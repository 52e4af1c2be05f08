#include "base/repeater.h"

#include <algorithm>

#include "base/check.h"
#include "base/thread_name.h"

namespace barracuda {

void Repeater::Start(
    const char* name, std::chrono::milliseconds every, std::function<void()> step, First first
) {
    BARRACUDA_CHECK(!thread_.joinable());  // started once
    BARRACUDA_CHECK(step && every.count() > 0);
    thread_ = std::thread([this, name, every, step = std::move(step), first] {
        NameThread(name);
        bool now = first == First::kAtOnce;
        MutexLock lock(mutex_);
        while (!stopping_) {
            const auto next = std::min(by_, Clock::now() + every);
            if (!now)
                wake_.wait_until(lock, next, [this]() REQUIRES(mutex_) {
                    return stopping_ || woken_;
                });
            if (stopping_) return;
            now = woken_ = false;
            by_ = Clock::time_point::max();
            // A step may take long, and may call Wake, ComeBy or stopping.
            lock.unlock();
            step();
            lock.lock();
        }
    });
}

void Repeater::Stop() {
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    BARRACUDA_CHECK(thread_.get_id() != std::this_thread::get_id());
    if (thread_.joinable()) thread_.join();
}

void Repeater::Wake() {
    {
        MutexLock lock(mutex_);
        woken_ = true;
    }
    wake_.notify_all();
}

bool Repeater::stopping() const {
    MutexLock lock(mutex_);
    return stopping_;
}

void Repeater::ComeBy(Clock::time_point at) {
    MutexLock lock(mutex_);
    by_ = at;
}

}  // namespace barracuda
