#include "delivery/attempt.h"

#include <fmt/format.h>

#include <utility>

#include "delivery/network_text.h"

namespace barracuda::delivery {

Attempt AttemptOf(const net::HttpReply& reply, const std::vector<std::string>& secrets) {
    Attempt attempt{.status = reply.status};
    attempt.withheld = reply.withheld;
    attempt.response = KeptText(reply.body, Attempt::kResponseBytesMax, secrets);
    attempt.retry_after = reply.retry_after;
    attempt.cls = Classify(reply.status, reply.status == 0);
    attempt.accepted = attempt.cls == AttemptClass::kAccepted;
    if (reply.status == 0) {
        attempt.error = reply.error;
    } else if (!attempt.accepted) {
        attempt.error = fmt::format("the network answered {}", reply.status);
    }
    attempt.refused_address = reply.refused_address;
    attempt.own_fault = reply.own_fault;
    // The guard refuses the same address tomorrow: somebody has to look at the settings.
    if (reply.refused_address) attempt.cls = AttemptClass::kAlarm;
    return attempt;
}

Attempt FailedAttempt(AttemptClass cls, std::string error) {
    return {.cls = cls, .error = std::move(error)};
}

void NoteReply(
    CallTrace& trace, const net::HttpReply& reply, const std::vector<std::string>& secrets
) {
    trace.address = reply.address;
    trace.reused = reply.reused;
    trace.timings = reply.timings;
    trace.response = KeptText(reply.body, CallTrace::kResponseBytesMax, secrets);
}

}  // namespace barracuda::delivery
