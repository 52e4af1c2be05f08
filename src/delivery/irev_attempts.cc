#include "delivery/irev_attempts.h"

#include <fmt/format.h>

#include <optional>
#include <utility>

#include "base/check.h"
#include "delivery/network_text.h"
#include "domain/given_id.h"
#include "net/url.h"

namespace barracuda::delivery {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kLookUpBytesMax = 1024 * 1024;
constexpr size_t kClickedUrlBytesMax = 4096;  // no stored text is longer
constexpr int kRedirectsMax = 5;

// Names a missing setting: `unset` of the program's settings, else `field` of the stored network.
std::string Missing(const IrevSettings& settings, const char* unset, const char* field) {
    if (settings.stored.empty()) return unset;
    return fmt::format("the stored network \"{}\" has no {}", settings.stored, field);
}

std::string MissingSecret(const IrevSettings& settings, const char* unset, const char* field) {
    if (!settings.secret_trouble.empty()) return settings.secret_trouble;
    return Missing(settings, unset, field);
}

std::string_view Get(const Parameters& parameters, std::string_view name) {
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

// "." and ".." in a path would name another resource.
bool IsPathSegment(std::string_view id) { return !id.empty() && id != "." && id != ".."; }

void AddDelivery(const IrevSettings& settings, const DeliveryId& id, Parameters& query) {
    if (settings.delivery_parameter.empty()) return;
    query.emplace_back(settings.delivery_parameter, id.value);
}

// One attempt; a subclass a kind. It lives in the callbacks of its calls.
class Running : public std::enable_shared_from_this<Running> {
public:
    Running(net::Client& client, IrevOrder order)
        : client_(client),
          order_(std::move(order)),
          deadline_(Clock::now() + order_.settings->attempt_timeout) {}
    virtual ~Running() = default;
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    virtual void Begin() = 0;

protected:
    const IrevSettings& settings() const { return *order_.settings; }
    std::string_view parameter(std::string_view name) const { return Get(order_.parameters, name); }
    Attempt Judge(const net::HttpReply& reply) const {
        return AttemptOf(reply, SecretsOf(settings()));
    }

    void End(Attempt attempt) {
        BARRACUDA_CHECK(order_.done != nullptr);  // an attempt ends once
        attempt.call = std::move(last_);
        std::exchange(order_.done, nullptr)(std::move(attempt));
    }
    // Without a call: `done` runs inside the client's Step() all the same.
    void FailLater(AttemptClass cls, std::string error) {
        client_.Post([self = shared_from_this(), attempt = FailedAttempt(cls, std::move(error))] {
            self->End(attempt);
        });
    }

    // `next` runs with the reply; this object lives until then.
    void Call(net::HttpCall call, std::function<void(net::HttpReply)> next) {
        const auto secrets = SecretsOf(settings());
        call.id = order_.delivery_id.value;
        call.headers.push_back("Barracuda-Delivery: " + order_.delivery_id.value);
        call.may_send = order_.may_send;
        call.guard = settings().guard;
        call.timeout = std::chrono::duration_cast<milliseconds>(deadline_ - Clock::now());
        last_ = {.method = call.method, .url = net::MaskSecrets(call.url, secrets)};
        client_.Start(
            std::move(call),
            [self = shared_from_this(), next = std::move(next)](net::HttpReply reply) {
                NoteReply(self->last_, reply, SecretsOf(self->settings()));
                next(std::move(reply));
            }
        );
    }

    net::Client& client_;
    IrevOrder order_;
    const Clock::time_point deadline_;
    CallTrace last_;
};

class GoalAttempt final : public Running {
public:
    using Running::Running;

    void Begin() override {
        if (settings().base_url.empty()) {
            const auto why = Missing(settings(), "network.base_url is not set", "base_url");
            return FailLater(AttemptClass::kAlarm, why);
        }
        const std::string_view goal_id = parameter("goal_id");
        if (!IsPathSegment(goal_id)) {
            return FailLater(AttemptClass::kFinal, "goal_id is not usable");
        }
        const std::string_view own = parameter("hash");
        const std::string hash(own.empty() ? settings().hash : own);
        if (hash.empty()) {
            const auto why = MissingSecret(settings(), "network.hash is not set", "secrets");
            return FailLater(AttemptClass::kAlarm, why);
        }
        Parameters query{{"hash", hash}};
        for (auto& one : FilledPairs(order_.parameters, "goal_id")) {
            if (one.first != "hash") query.push_back(std::move(one));
        }
        AddDelivery(settings(), order_.delivery_id, query);
        Call(
            {.url = NetworkUrl(settings().base_url, "goal/" + net::PercentEncode(goal_id), query)},
            [this](net::HttpReply reply) { End(Judge(reply)); }
        );
    }
};

class ClickAttempt final : public Running {
public:
    using Running::Running;

    void Begin() override {
        if (settings().base_url.empty()) {
            const auto why = Missing(settings(), "network.base_url is not set", "base_url");
            return FailLater(AttemptClass::kAlarm, why);
        }
        tracking_link_ = OfferUrlOf(settings(), order_.delivery_id, order_.parameters);
        if (tracking_link_.empty()) {
            return FailLater(AttemptClass::kFinal, "offer_id is not usable");
        }
        Visit(tracking_link_);
    }

private:
    void Visit(std::string url) {
        Call({.url = std::move(url)}, [this](net::HttpReply reply) { OnReply(reply); });
    }

    void OnReply(const net::HttpReply& reply) {
        const bool redirect = reply.status / 100 == 3 && !reply.location.empty();
        if (!redirect) return EndWithoutHash(Judge(reply));
        if (auto click = ReadClick(reply.location)) {
            Attempt attempt = Judge(reply);
            attempt.accepted = true;
            attempt.cls = AttemptClass::kAccepted;
            attempt.error.clear();
            attempt.click = std::move(click);
            return End(std::move(attempt));
        }
        if (++redirects_ > kRedirectsMax) {
            Attempt attempt = Judge(reply);
            attempt.error = fmt::format("more than {} redirects without a hash", kRedirectsMax);
            return EndWithoutHash(std::move(attempt));
        }
        Visit(reply.location);
    }

    void EndWithoutHash(Attempt attempt) {
        if (attempt.accepted) attempt.error = "the final URL carries no hash (sub1 or sub)";
        // Behind a redirect stands a landing page: its verdict is not the network's on our call.
        if (attempt.accepted || redirects_ > 0) attempt.cls = AttemptClass::kRetry;
        attempt.accepted = false;
        End(std::move(attempt));
    }

    std::optional<Click> ReadClick(const std::string& url) const {
        const auto query = net::ParseQuery(url);
        if (!query) return std::nullopt;
        // A macro that the network did not replace is no hash: all its clicks would be one.
        const auto usable = [&](const char* name) {
            const std::string given(Get(*query, name));
            const auto id = domain::JudgeId(given);
            return id.problem.empty() ? std::string(id.text) : std::string();
        };
        Click click{.hash = usable("sub1")};
        if (click.hash.empty()) click.hash = usable("sub");
        if (click.hash.empty()) return std::nullopt;
        click.id = usable("click_id");
        if (click.id.empty()) click.id = click.hash;
        click.tracking_link = tracking_link_;
        click.clicked_url = KeptText(url, kClickedUrlBytesMax, SecretsOf(settings()));
        return click;
    }

    std::string tracking_link_;
    int redirects_ = 0;
};

class ConversionAttempt final : public Running {
public:
    ConversionAttempt(net::Client& client, std::shared_ptr<Creations> creations, IrevOrder order)
        : Running(client, std::move(order)), creations_(std::move(creations)) {}

    void Begin() override {
        if (auto problem = ProblemOfPrivateApi(settings()); !problem.empty()) {
            return FailLater(AttemptClass::kAlarm, std::move(problem));
        }
        for (const char* needed : {"hash", "goal_type_id"}) {
            if (!parameter(needed).empty()) continue;
            return FailLater(AttemptClass::kFinal, fmt::format("{} is missing", needed));
        }
        // A look-up finds the click's other deposits, and cannot tell this one from them: it would
        // never be created. So it is, at every attempt, with the same id.
        if (!parameter(kOccurrence).empty()) return Create();
        LookUp();
    }

private:
    void LookUp() {
        Parameters query{
            {"hash", std::string(parameter("hash"))},
            {"goal_type_id", std::string(parameter("goal_type_id"))},
        };
        AddDelivery(settings(), order_.delivery_id, query);
        Call(
            {.url = NetworkUrl(settings().private_api_url, "users/conversions", query),
             .headers = PrivateApiHeaders(settings().private_api_token),
             .response_bytes_max = kLookUpBytesMax},
            [this](net::HttpReply reply) { OnLookUp(reply); }
        );
    }

    void OnLookUp(const net::HttpReply& reply) {
        Attempt attempt = Judge(reply);
        if (!attempt.accepted) {
            attempt.error = "look-up: " + attempt.error;
            return End(std::move(attempt));
        }
        auto answer = ReadLookup(reply.body, parameter("hash"), parameter("goal_type_id"));
        if (!answer.valid) {
            attempt.accepted = false;
            attempt.cls = AttemptClass::kRetry;
            attempt.error = "look-up: the answer is not JSON with an array `data`";
            return End(std::move(attempt));
        }
        if (!answer.found) return Create();
        const bool whole = reply.body.size() <= Attempt::kResponseBytesMax;
        if (!whole && !answer.answer.empty()) {
            attempt.response =
                KeptText(answer.answer, Attempt::kResponseBytesMax, SecretsOf(settings()));
        }
        End(std::move(attempt));
    }

    void Create() {
        IrevOrder order = order_;
        order.done = [self = shared_from_this(), this](Attempt attempt) {
            if (!attempt.call.url.empty()) last_ = std::move(attempt.call);
            End(std::move(attempt));
        };
        // Handed over: what waits there must not keep what it waits in.
        std::exchange(creations_, nullptr)->Add({std::move(order), deadline_});
    }

    std::shared_ptr<Creations> creations_;  // null once the order is handed over
};

}  // namespace

void StartGoalPostback(net::Client& client, IrevOrder order) {
    std::make_shared<GoalAttempt>(client, std::move(order))->Begin();
}

void StartClick(net::Client& client, IrevOrder order) {
    std::make_shared<ClickAttempt>(client, std::move(order))->Begin();
}

void StartConversion(net::Client& client, std::shared_ptr<Creations> creations, IrevOrder order) {
    std::make_shared<ConversionAttempt>(client, std::move(creations), std::move(order))->Begin();
}

std::string OfferUrlOf(
    const IrevSettings& settings, const DeliveryId& delivery_id, const Parameters& parameters
) {
    const std::string_view offer_id = Get(parameters, "offer_id");
    if (settings.base_url.empty() || !IsPathSegment(offer_id)) return {};
    Parameters query = FilledPairs(parameters, "offer_id");
    if (Get(query, "unique").empty()) query.emplace_back("unique", "1");
    AddDelivery(settings, delivery_id, query);
    return NetworkUrl(settings.base_url, "offer/" + net::PercentEncode(offer_id), query);
}

std::string ProblemOfPrivateApi(const IrevSettings& settings) {
    if (settings.private_api_url.empty()) {
        return Missing(settings, "network.private_api_url is not set", "private_api_url");
    }
    if (!settings.private_api_token.empty()) return {};
    // A network that is nothing but a private API has its token among its secrets.
    const char* field = settings.base_url.empty() ? "secrets" : "private_secret";
    return MissingSecret(settings, "network.private_api_token is not set", field);
}

}  // namespace barracuda::delivery
