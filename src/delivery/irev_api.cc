#include "delivery/irev_api.h"

#include <fmt/format.h>

#include <utility>

#include "delivery/creations.h"
#include "delivery/irev_attempts.h"
#include "delivery/network_text.h"
#include "net/url.h"

namespace barracuda::delivery {
namespace {

constexpr size_t kListBytesMax = 4 * 1024 * 1024;

Result<std::string> ListResult(
    const net::HttpReply& reply, const std::vector<std::string>& secrets
) {
    if (reply.status == 0) return Fail(ErrorCode::kUpstream, reply.error);
    if (reply.status / 100 != 2) {
        return Fail(ErrorCode::kUpstream, fmt::format("the network answered {}", reply.status));
    }
    if (reply.truncated) return Fail(ErrorCode::kUpstream, "the network's answer is too long");
    return net::MaskSecrets(reply.body, secrets);
}

}  // namespace

IrevApi::IrevApi(net::Client& client, IrevSettings settings)
    : client_(client),
      creations_(std::make_shared<Creations>(client)),
      settings_(std::make_shared<const IrevSettings>(std::move(settings))) {}

void IrevApi::Use(IrevSettings settings) {
    auto next = std::make_shared<const IrevSettings>(std::move(settings));
    MutexLock lock(mutex_);
    settings_ = std::move(next);
}

std::shared_ptr<const IrevSettings> IrevApi::settings() const {
    MutexLock lock(mutex_);
    return settings_;
}

void IrevApi::Send(
    const domain::Delivery& delivery,
    const Parameters& parameters,
    AttemptDone done,
    MaySend may_send
) {
    if (delivery.kind == domain::kPrivateApi) {
        PrivateConversion(delivery.id, parameters, std::move(done), std::move(may_send));
    } else {
        GoalPostback(delivery.id, parameters, std::move(done), std::move(may_send));
    }
}

void IrevApi::GoalPostback(
    const DeliveryId& delivery_id, const Parameters& parameters, AttemptDone done, MaySend may_send
) {
    StartGoalPostback(
        client_, {settings(), delivery_id, parameters, std::move(done), std::move(may_send)}
    );
}

void IrevApi::AcquireClick(
    const DeliveryId& delivery_id, const Parameters& parameters, AttemptDone done, MaySend may_send
) {
    StartClick(
        client_, {settings(), delivery_id, parameters, std::move(done), std::move(may_send)}
    );
}

std::string IrevApi::OfferUrl(const DeliveryId& delivery_id, const Parameters& parameters) const {
    return OfferUrlOf(*settings(), delivery_id, parameters);
}

void IrevApi::PrivateConversion(
    const DeliveryId& delivery_id, const Parameters& parameters, AttemptDone done, MaySend may_send
) {
    StartConversion(
        client_,
        creations_,
        {settings(), delivery_id, parameters, std::move(done), std::move(may_send)}
    );
}

void IrevApi::ListPrivateConversions(const Parameters& query, ListDone done) {
    const auto used = settings();
    if (auto problem = ProblemOfPrivateApi(*used); !problem.empty()) {
        client_.Post([done = std::move(done), problem] {
            done(Fail(ErrorCode::kUnavailable, problem));
        });
        return;
    }
    net::HttpCall call{
        .url = NetworkUrl(used->private_api_url, "users/conversions", FilledPairs(query, {})),
        .headers = PrivateApiHeaders(used->private_api_token),
        .timeout = used->attempt_timeout,
        .response_bytes_max = kListBytesMax,
        .guard = used->guard,
    };
    client_.Start(std::move(call), [used, done = std::move(done)](net::HttpReply reply) {
        done(ListResult(reply, SecretsOf(*used)));
    });
}

}  // namespace barracuda::delivery
