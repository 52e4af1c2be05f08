#include "api/shared_state.h"

#include "base/thread_name.h"

namespace barracuda::api {

void SharedState::Start() {
    thread_ = std::thread([this] {
        NameThread("shared");
        std::unique_lock lock(mutex_);
        while (!wake_.wait_for(lock, kEvery, [this] { return stopping_; })) {
            lock.unlock();
            Step();
            lock.lock();
        }
    });
}

void SharedState::Stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

// What was read is as old as the beginning of the reading.
void SharedState::Step() {
    const auto began = now_();
    bool all = true;
    for (const auto& read : reads_) all = read().has_value() && all;
    look_ups_ = 0;
    std::lock_guard lock(mutex_);
    if (all) read_at_ = began;
}

bool SharedState::Stale() const { return Age() > kStaleAfter; }

std::chrono::milliseconds SharedState::Age() const {
    std::lock_guard lock(mutex_);
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_() - read_at_);
}

}  // namespace barracuda::api
