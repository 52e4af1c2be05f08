#include "delivery/ending.h"

namespace barracuda::delivery {

Ending Ending::Of(
    const Attempt& attempt, std::optional<std::chrono::milliseconds> retry_after, bool retried
) {
    const bool called = attempt.status != 0 || !attempt.call.url.empty();
    const bool ours = attempt.refused_address || attempt.own_fault || !called;
    const bool told_to_wait = attempt.status == 429;
    Ending ending;
    if (!told_to_wait && !ours) {
        ending.health = IsOutage(attempt.status) ? Health::kOutage : Health::kAlive;
    }
    ending.slow_down = AsksToSlowDown(attempt.status);
    ending.gone = IsGone(attempt.status);
    if (told_to_wait) ending.hold = retry_after;
    ending.took = attempt.call.timings.total;
    ending.accepted = attempt.accepted;
    ending.retried = retried;
    ending.code = attempt.status;
    ending.error = attempt.error;
    return ending;
}

}  // namespace barracuda::delivery
