#include "base/repeater.h"

#include <algorithm>

#include "base/thread_name.h"

namespace barracuda {

void Repeater::Start(
    const char* name, std::chrono::milliseconds every, std::function<void()> step, First first
) {
    thread_ = std::thread([this, name, every, step = std::move(step), first] {
        NameThread(name);
        bool now = first == First::kAtOnce;
        std::unique_lock lock(mutex_);
        while (!stopping_) {
            const auto next = std::min(by_, Clock::now() + every);
            if (!now) wake_.wait_until(lock, next, [this] { return stopping_ || woken_; });
            if (stopping_) return;
            now = woken_ = false;
            by_ = Clock::time_point::max();
            lock.unlock();
            step();
            lock.lock();
        }
    });
}

void Repeater::Stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
}

void Repeater::Wake() {
    {
        std::lock_guard lock(mutex_);
        woken_ = true;
    }
    wake_.notify_all();
}

bool Repeater::stopping() const {
    std::lock_guard lock(mutex_);
    return stopping_;
}

void Repeater::ComeBy(Clock::time_point at) {
    std::lock_guard lock(mutex_);
    by_ = at;
}

}  // namespace barracuda
