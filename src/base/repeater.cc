#include "base/repeater.h"

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
            if (!now) wake_.wait_for(lock, every, [this] { return stopping_ || woken_; });
            if (stopping_) return;
            now = woken_ = false;
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

bool Repeater::PauseUntil(std::chrono::steady_clock::time_point until) {
    std::unique_lock lock(mutex_);
    wake_.wait_until(lock, until, [this] { return stopping_; });
    return !stopping_;
}

}  // namespace barracuda
