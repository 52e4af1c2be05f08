#include "delivery/job.h"

#include <utility>

#include "base/check.h"
#include "base/text.h"

namespace barracuda::delivery {

namespace {
constexpr size_t kErrorBytesMax = 1'024;
}  // namespace

const domain::Delivery* Job::delivery() const {
    for (const auto& one : conversion.deliveries) {
        if (one.id == delivery_id) return &one;
    }
    return nullptr;
}

bool Job::Renew(const std::optional<std::string>& document, Time now) {
    if (!document) return false;
    auto read = domain::DecodeConversion(*document);
    if (!read) return false;
    conversion = std::move(*read);
    const domain::Delivery* one = delivery();
    return one && one->Due(now);
}

AttemptRecord RecordOf(const Job& job, Attempt attempt, bool retried, Time began) {
    const domain::Delivery* delivery = job.delivery();
    BARRACUDA_CHECK(delivery);  // Send found it
    return {
        .delivery_id = job.delivery_id,
        .key = job.conversion.key,
        .network = delivery->network,
        .kind = delivery->kind,
        .number = delivery->attempts + 1,
        .at = began,
        .retried = retried,
        .erased = delivery->erased,
        .attempt = std::move(attempt)};
}

domain::Outcome OutcomeOf(const Job& job, const Attempt& attempt, Parameters sent) {
    domain::Outcome outcome;
    outcome.key = job.conversion.key;
    outcome.delivery_id = job.delivery_id;
    outcome.accepted = attempt.accepted;
    outcome.status = attempt.status;
    outcome.error = std::string(CutUtf8(attempt.error, kErrorBytesMax));
    outcome.response = attempt.response;
    outcome.parameters = std::move(sent);
    outcome.command_id = ObjectId::New();
    return outcome;
}

}  // namespace barracuda::delivery
