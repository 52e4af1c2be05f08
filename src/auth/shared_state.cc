#include "auth/shared_state.h"

namespace barracuda::auth {

void SharedState::Start() {
    reader_.Start(
        "shared", kEvery, [this] { Step(); }, Repeater::First::kAfterPause
    );
}

// A reading is as old as its beginning.
void SharedState::Step() {
    static_assert(kEvery * 5 <= kStaleAfter);  // a few readings may fail before nobody is let in
    const auto began = now_();
    bool all = true;
    for (const auto& read : reads_) all = read().has_value() && all;
    look_ups_ = 0;
    MutexLock lock(mutex_);
    if (all) read_at_ = began;
}

bool SharedState::Stale() const { return Age() > kStaleAfter; }

std::chrono::milliseconds SharedState::Age() const {
    MutexLock lock(mutex_);
    return std::chrono::duration_cast<std::chrono::milliseconds>(now_() - read_at_);
}

}  // namespace barracuda::auth
