#include "api/shared_state.h"

namespace barracuda::api {

void SharedState::Start() {
    reader_.Start(
        "shared", kEvery, [this] { Step(); }, Repeater::First::kAfterPause
    );
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
