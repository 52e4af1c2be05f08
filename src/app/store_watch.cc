#include "app/store_watch.h"

namespace barracuda::app {

void StoreWatch::Look(Clock::time_point now) {
    const auto trouble = trouble_();
    if (trouble.has_value() == since_.has_value()) return;
    if (trouble) {
        since_ = now;
        log_(Level::kError, "nothing can be written", {{"why", *trouble}});
        return;
    }
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now - *since_).count();
    since_.reset();
    log_(Level::kInfo, "writes are taken again", {{"after_s", std::to_string(seconds)}});
}

}  // namespace barracuda::app
