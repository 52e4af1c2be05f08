#include "delivery/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "delivery/creations.h"
#include "delivery/network_text.h"
#include "domain/given_id.h"
#include "net/url.h"

namespace barracuda::delivery {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr size_t kLookUpBytesMax = 1024 * 1024;
constexpr size_t kListBytesMax = 4 * 1024 * 1024;
constexpr size_t kClickedUrlBytesMax = 4096;  // no stored text is longer
constexpr int kRedirectsMax = 5;

// What is missing: `unset` of the settings, else `field` of the network that is stored.
std::string Missing(const NetworkSettings& settings, const char* unset, const char* field) {
    if (settings.stored.empty()) return unset;
    return fmt::format("the stored network \"{}\" has no {}", settings.stored, field);
}

std::string MissingSecret(const NetworkSettings& settings, const char* unset, const char* field) {
    if (!settings.secret_trouble.empty()) return settings.secret_trouble;
    return Missing(settings, unset, field);
}

std::string_view Get(const Parameters& parameters, std::string_view name) {
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

// `parameters` without `left_out` and without the empty ones.
Parameters Filled(const Parameters& parameters, std::string_view left_out) {
    Parameters filled;
    for (const auto& one : parameters) {
        if (!one.second.empty() && one.first != left_out) filled.push_back(one);
    }
    return filled;
}

// An id that a path cannot carry: "." and ".." would name another resource.
bool IsPathSegment(std::string_view id) { return !id.empty() && id != "." && id != ".."; }

Attempt Failed(AttemptClass cls, std::string error) {
    return {.cls = cls, .error = std::move(error)};
}

// The fields that every kind of attempt needs; each kind is a subclass that lives in its callbacks.
struct Running : std::enable_shared_from_this<Running> {
    net::Client* client = nullptr;
    std::shared_ptr<const NetworkSettings> settings;
    std::string delivery_id;
    Parameters parameters;
    Network::Done done;
    Network::MaySend may_send;
    Clock::time_point deadline;
    CallTrace last;

    virtual ~Running() = default;
    virtual void Begin() = 0;

    std::vector<std::string> Secrets() const { return SecretsOf(*settings); }

    void End(Attempt attempt) {
        attempt.call = std::move(last);
        done(std::move(attempt));
    }

    Attempt Judge(const net::HttpReply& reply) const { return AttemptOf(reply, Secrets()); }

    // For answers known without a call.
    void EndLater(Attempt attempt) {
        client->Post([self = shared_from_this(), attempt = std::move(attempt)] {
            self->End(attempt);
        });
    }

    void AddDeliveryParameter(Parameters& query) const {
        if (!settings->delivery_parameter.empty()) {
            query.emplace_back(settings->delivery_parameter, delivery_id);
        }
    }

    // `next` runs with the reply and keeps this alive until then.
    void Call(net::HttpCall call, std::function<void(net::HttpReply)> next) {
        call.id = delivery_id;
        call.headers.push_back("Barracuda-Delivery: " + delivery_id);
        call.may_send = may_send;
        call.guard = settings->guard;
        call.timeout = std::chrono::duration_cast<milliseconds>(deadline - Clock::now());
        last = {.method = call.method};
        last.url = net::MaskSecrets(call.url, Secrets());
        client->Start(
            std::move(call),
            [self = shared_from_this(), next = std::move(next)](net::HttpReply r) {
                NoteReply(self->last, r, self->Secrets());
                next(std::move(r));
            }
        );
    }
};

struct GoalAttempt : Running {
    void Begin() override {
        if (settings->base_url.empty()) {
            const auto why = Missing(*settings, "network.base_url is not set", "base_url");
            return EndLater(Failed(AttemptClass::kAlarm, why));
        }
        const std::string_view goal_id = Get(parameters, "goal_id");
        if (!IsPathSegment(goal_id)) {
            return EndLater(Failed(AttemptClass::kFinal, "goal_id is not usable"));
        }
        const std::string_view own = Get(parameters, "hash");
        const std::string hash(own.empty() ? settings->hash : own);
        if (hash.empty()) {
            const auto why = MissingSecret(*settings, "network.hash is not set", "secrets");
            return EndLater(Failed(AttemptClass::kAlarm, why));
        }
        Parameters query{{"hash", hash}};
        for (auto& one : Filled(parameters, "goal_id")) {
            if (one.first != "hash") query.push_back(std::move(one));
        }
        AddDeliveryParameter(query);
        Call(
            {.url = NetworkUrl(settings->base_url, "goal/" + net::PercentEncode(goal_id), query)},
            [this](net::HttpReply reply) { End(Judge(reply)); }
        );
    }
};

struct ClickAttempt : Running {
    std::string tracking_link;
    int redirects = 0;

    void Begin() override {
        if (settings->base_url.empty()) {
            const auto why = Missing(*settings, "network.base_url is not set", "base_url");
            return EndLater(Failed(AttemptClass::kAlarm, why));
        }
        const std::string_view offer_id = Get(parameters, "offer_id");
        if (!IsPathSegment(offer_id)) {
            return EndLater(Failed(AttemptClass::kFinal, "offer_id is not usable"));
        }
        Parameters query = Filled(parameters, "offer_id");
        if (Get(query, "unique").empty()) query.emplace_back("unique", "1");
        AddDeliveryParameter(query);
        tracking_link =
            NetworkUrl(settings->base_url, "offer/" + net::PercentEncode(offer_id), query);
        Visit(tracking_link);
    }

    void Visit(std::string url) {
        Call({.url = std::move(url)}, [this](net::HttpReply reply) { OnReply(reply); });
    }

    void OnReply(const net::HttpReply& reply) {
        const bool redirect = reply.status / 100 == 3 && !reply.location.empty();
        if (!redirect) return EndWithoutHash(Judge(reply));
        if (auto found = ReadClick(reply.location)) {
            Attempt attempt = Judge(reply);
            attempt.accepted = true;
            attempt.cls = AttemptClass::kAccepted;
            attempt.error.clear();
            attempt.result = std::move(*found);
            return End(std::move(attempt));
        }
        if (++redirects > kRedirectsMax) {
            Attempt attempt = Judge(reply);
            attempt.error = fmt::format("more than {} redirects without a hash", kRedirectsMax);
            return EndWithoutHash(std::move(attempt));
        }
        Visit(reply.location);
    }

    void EndWithoutHash(Attempt attempt) {
        if (attempt.accepted) attempt.error = "the final URL carries no hash (sub1 or sub)";
        // What stands behind a redirect is not the network's verdict on our call.
        if (attempt.accepted || redirects > 0) attempt.cls = AttemptClass::kRetry;
        attempt.accepted = false;
        End(std::move(attempt));
    }

    std::optional<Parameters> ReadClick(const std::string& url) const {
        const auto query = net::ParseQuery(url);
        if (!query) return std::nullopt;
        // A macro that the network did not replace is no hash: all its clicks would be one.
        const auto usable = [&](const char* name) {
            std::string id(Get(*query, name));
            return domain::ProblemOfId(id).empty() ? id : std::string();
        };
        std::string hash = usable("sub1");
        if (hash.empty()) hash = usable("sub");
        if (hash.empty()) return std::nullopt;
        std::string click_id = usable("click_id");
        if (click_id.empty()) click_id = hash;
        return Parameters{
            {"hash", hash},
            {"click_id", click_id},
            {"tracking_link", tracking_link},
            {"clicked_url", ToUtf8(url, kClickedUrlBytesMax)},
        };
    }
};

std::string ProblemOfPrivateApi(const NetworkSettings& settings) {
    if (settings.private_api_url.empty()) {
        return Missing(settings, "network.private_api_url is not set", "private_api_url");
    }
    if (!settings.private_api_token.empty()) return {};
    // A network that is nothing but a private API has its token among its secrets.
    const char* field = settings.base_url.empty() ? "secrets" : "private_secret";
    return MissingSecret(settings, "network.private_api_token is not set", field);
}

struct ConversionAttempt : Running {
    std::shared_ptr<Creations> creations;  // until it is handed over

    explicit ConversionAttempt(std::shared_ptr<Creations> to) : creations(std::move(to)) {}

    void Begin() override {
        if (auto problem = ProblemOfPrivateApi(*settings); !problem.empty()) {
            return EndLater(Failed(AttemptClass::kAlarm, std::move(problem)));
        }
        for (const char* needed : {"hash", "goal_type_id"}) {
            if (Get(parameters, needed).empty()) {
                const auto error = fmt::format("{} is missing", needed);
                return EndLater(Failed(AttemptClass::kFinal, error));
            }
        }
        // A look-up finds the click's other deposits, and cannot tell this one from them: it would
        // never be created. So it is, at every attempt, with the same id.
        if (!Get(parameters, kOccurrence).empty()) return Create();
        LookUp();
    }

    std::string Url(Parameters query) const {
        AddDeliveryParameter(query);
        return NetworkUrl(settings->private_api_url, "users/conversions", query);
    }

    void LookUp() {
        Parameters query{
            {"hash", std::string(Get(parameters, "hash"))},
            {"goal_type_id", std::string(Get(parameters, "goal_type_id"))},
        };
        Call(
            {.url = Url(std::move(query)),
             .headers = PrivateApiHeaders(settings->private_api_token),
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
        auto answer =
            ReadLookup(reply.body, Get(parameters, "hash"), Get(parameters, "goal_type_id"));
        if (!answer.valid) {
            attempt.accepted = false;
            attempt.cls = AttemptClass::kRetry;
            attempt.error = "look-up: the answer is not JSON with an array `data`";
            return End(std::move(attempt));
        }
        if (!answer.found) return Create();
        const bool whole = reply.body.size() <= Attempt::kResponseBytesMax;
        if (!whole && !answer.answer.empty()) {
            attempt.response = KeptText(answer.answer, Attempt::kResponseBytesMax, Secrets());
        }
        attempt.result = {{"found", "1"}};
        if (!answer.id.empty()) attempt.result.emplace_back("id", std::move(answer.id));
        End(std::move(attempt));
    }

    void Create() {
        std::exchange(creations, nullptr)
            ->Add({
                .settings = settings,
                .delivery_id = delivery_id,
                .parameters = parameters,
                .deadline = deadline,
                .may_send = may_send,
                .done =
                    [self = shared_from_this()](Attempt attempt) {
                        if (!attempt.call.url.empty()) self->last = std::move(attempt.call);
                        self->End(std::move(attempt));
                    },
            });
    }
};

void StartAttempt(
    std::shared_ptr<Running> running,
    net::Client& client,
    const std::shared_ptr<const NetworkSettings>& settings,
    std::string_view delivery_id,
    const Parameters& parameters,
    Network::Done done,
    Network::MaySend may_send
) {
    running->client = &client;
    running->settings = settings;
    running->delivery_id = delivery_id;
    running->parameters = parameters;
    running->done = std::move(done);
    running->may_send = std::move(may_send);
    running->deadline = Clock::now() + settings->attempt_timeout;
    running->Begin();
}

Result<std::string> ListResult(net::HttpReply reply) {
    if (reply.status == 0) return Fail(ErrorCode::kUpstream, reply.error);
    if (reply.status / 100 != 2) {
        return Fail(ErrorCode::kUpstream, fmt::format("the network answered {}", reply.status));
    }
    if (reply.truncated) return Fail(ErrorCode::kUpstream, "the network's answer is too long");
    return std::move(reply.body);
}

}  // namespace

Network::Network(net::Client& client, NetworkSettings settings)
    : client_(client),
      creations_(std::make_shared<Creations>(client)),
      settings_(std::make_shared<const NetworkSettings>(std::move(settings))) {}

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
    // The guard refuses the same address tomorrow: somebody has to look at the settings.
    attempt.refused_address = reply.refused_address;
    if (reply.refused_address) attempt.cls = AttemptClass::kAlarm;
    return attempt;
}

void NoteReply(
    CallTrace& trace, const net::HttpReply& reply, const std::vector<std::string>& secrets
) {
    trace.address = reply.address;
    trace.reused = reply.reused;
    trace.timings = reply.timings;
    trace.response = KeptText(reply.body, CallTrace::kResponseBytesMax, secrets);
}

void Network::Use(NetworkSettings settings) {
    auto next = std::make_shared<const NetworkSettings>(std::move(settings));
    std::lock_guard lock(mutex_);
    settings_ = std::move(next);
}

std::shared_ptr<const NetworkSettings> Network::settings() const {
    std::lock_guard lock(mutex_);
    return settings_;
}

void Network::Send(
    const domain::Delivery& delivery, const Parameters& parameters, Done done, MaySend may_send
) {
    const bool is_private = delivery.kind == domain::kPrivateApi;
    const auto call = is_private ? &Network::PrivateConversion : &Network::GoalPostback;
    (this->*call)(delivery.id, parameters, std::move(done), std::move(may_send));
}

void Network::GoalPostback(
    std::string_view delivery_id, const Parameters& parameters, Done done, MaySend may_send
) {
    auto attempt = std::make_shared<GoalAttempt>();
    StartAttempt(
        attempt, client_, settings(), delivery_id, parameters, std::move(done), std::move(may_send)
    );
}

void Network::AcquireClick(
    std::string_view delivery_id, const Parameters& parameters, Done done, MaySend may_send
) {
    auto attempt = std::make_shared<ClickAttempt>();
    StartAttempt(
        attempt, client_, settings(), delivery_id, parameters, std::move(done), std::move(may_send)
    );
}

void Network::PrivateConversion(
    std::string_view delivery_id, const Parameters& parameters, Done done, MaySend may_send
) {
    auto attempt = std::make_shared<ConversionAttempt>(creations_);
    StartAttempt(
        attempt, client_, settings(), delivery_id, parameters, std::move(done), std::move(may_send)
    );
}

void Network::ListPrivateConversions(const Parameters& query, ListDone done) {
    const auto used = settings();
    if (auto problem = ProblemOfPrivateApi(*used); !problem.empty()) {
        client_.Post([done = std::move(done), problem] {
            done(Fail(ErrorCode::kUnavailable, problem));
        });
        return;
    }
    net::HttpCall call{
        .url = NetworkUrl(used->private_api_url, "users/conversions", Filled(query, {})),
        .headers = PrivateApiHeaders(used->private_api_token),
        .timeout = used->attempt_timeout,
        .response_bytes_max = kListBytesMax,
        .guard = used->guard,
    };
    client_.Start(std::move(call), [done = std::move(done)](net::HttpReply reply) {
        done(ListResult(std::move(reply)));
    });
}

}  // namespace barracuda::delivery
