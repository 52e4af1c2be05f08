#include "domain/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/text.h"
#include "domain/postback_template.h"
#include "domain/web_address.h"

namespace barracuda::domain {

namespace {

constexpr const char* kKinds[] = {"irev_v3", "irev_private", "template"};
static_assert(std::size(kKinds) == static_cast<size_t>(NetworkKind::kTemplate) + 1);
static_assert(StatusSet().bits == (1u << (static_cast<int>(Status::kRejected) + 1)) - 1);

constexpr int kConcurrencyMax = 4096;
constexpr int kRateMax = 100'000;
constexpr int64_t kTimeoutMsMin = 10, kTimeoutMsMax = 9'000;  // a clean stop has 10 s
constexpr size_t kRetriesMax = 20;
constexpr int64_t kRetryMsMax = int64_t{7} * 24 * 3600 * 1000;
constexpr size_t kListMax = 64;
constexpr size_t kSecretsMax = 2;
constexpr size_t kUrlBytesMax = 2048;

using Fault = std::optional<Problem>;

Fault Wrong(std::string field, std::string reason) {
    return Problem{std::move(field), std::move(reason), std::nullopt};
}

Fault CheckRange(const char* field, int64_t value, int64_t least, int64_t most) {
    if (value == 0 || (value >= least && value <= most)) return std::nullopt;
    return Wrong(field, fmt::format("expected {} to {}, or 0 for the program's own", least, most));
}

Fault CheckLimits(const NetworkLimits& limits) {
    if (auto p = CheckRange("limits.concurrency", limits.concurrency, 1, kConcurrencyMax)) return p;
    if (auto p = CheckRange("limits.rate_per_second", limits.rate_per_second, 1, kRateMax)) {
        return p;
    }
    if (auto p = CheckRange(
            "limits.attempt_timeout_ms", limits.attempt_timeout_ms, kTimeoutMsMin, kTimeoutMsMax
        )) {
        return p;
    }
    if (limits.retry_ms.size() > kRetriesMax) {
        return Wrong("limits.retry_ms", fmt::format("at most {} attempts", kRetriesMax));
    }
    for (size_t i = 0; i < limits.retry_ms.size(); ++i) {
        if (limits.retry_ms[i] >= 0 && limits.retry_ms[i] <= kRetryMsMax) continue;
        return Wrong(fmt::format("limits.retry_ms[{}]", i), "expected 0 to 604800000 (seven days)");
    }
    for (size_t i = 0; i < limits.ports.size(); ++i) {
        if (limits.ports[i] >= 1 && limits.ports[i] <= 65535) continue;
        return Wrong(fmt::format("limits.ports[{}]", i), "expected a port from 1 to 65535");
    }
    if (limits.ports.size() > kListMax) return Wrong("limits.ports", "at most 64");
    if (limits.allowed_addresses.size() > kListMax) {
        return Wrong("limits.allowed_addresses", "at most 64");
    }
    return std::nullopt;
}

Fault CheckSecret(std::string field, const std::string& ref) {
    if (IsSecretRef(ref)) return std::nullopt;
    return Wrong(
        std::move(field),
        "expected the name of a secret: env:BARRACUDA_SECRET_X, file:NAME (in DATA/secrets), "
        "setting:network.hash or setting:network.private_api_token"
    );
}

Fault CheckSecrets(const Network& network) {
    if (network.secrets.size() > kSecretsMax) {
        return Wrong("secrets", "at most two: the new one and the one it replaces");
    }
    for (size_t i = 0; i < network.secrets.size(); ++i) {
        if (auto p = CheckSecret(fmt::format("secrets[{}]", i), network.secrets[i])) return p;
    }
    if (!network.private_secret.empty()) {
        return CheckSecret("private_secret", network.private_secret);
    }
    return std::nullopt;
}

Fault CheckIrev(const Network& network) {
    if (auto p = CheckBaseUrl("base_url", network.base_url)) return p;
    bool v3 = network.kind == NetworkKind::kIrevV3;
    if (!network.private_api_url.empty()) {
        if (!v3) return Wrong("private_api_url", "base_url is this kind's private API");
        if (auto p = CheckBaseUrl("private_api_url", network.private_api_url)) return p;
    }
    if (!v3 && network.secrets.empty()) {
        return Wrong("secrets", "the private API needs its token: name the secret that holds it");
    }
    if (network.secrets.size() > 1) return Wrong("secrets", "this kind has one secret");
    if (network.updates) {
        return Wrong("updates", "this kind of network has no call for a change; use a template");
    }
    if (!network.delivery_parameter.empty() && !IsEntityName(network.delivery_parameter)) {
        return Wrong("delivery_parameter", "expected letters, digits, _ - . (at most 64)");
    }
    if (network.postback != PostbackText{}) {
        return Wrong("postback", "only a network of kind template has one");
    }
    return std::nullopt;
}

Fault CheckTemplate(const Network& network) {
    for (auto [field, value] :
         {std::pair("base_url", &network.base_url),
          std::pair("private_api_url", &network.private_api_url),
          std::pair("private_secret", &network.private_secret),
          std::pair("delivery_parameter", &network.delivery_parameter)}) {
        if (!value->empty()) return Wrong(field, "a template says everything in `postback`");
    }
    auto compiled = PostbackTemplate::Compile(network.postback);
    if (!compiled) return compiled.error();
    StatusSet sent = network.statuses;
    // A conversion that is rejected from the start is told to nobody (contract.md).
    if (!network.updates) sent.bits &= static_cast<uint8_t>(~(1u << int(Status::kRejected)));
    if (auto p = compiled->Unmapped(sent)) return p;
    if (network.secrets.empty() && (compiled->uses_sig() || compiled->uses_secret())) {
        return Wrong("secrets", "{sig} and {secret} need a secret to be named");
    }
    return std::nullopt;
}

std::string StatusNames(StatusSet set) {
    std::vector<std::string> names;
    for (auto status : {Status::kPending, Status::kApproved, Status::kRejected}) {
        if (set.Has(status)) names.push_back(NameOf(status));
    }
    return JoinTexts(names);
}

}  // namespace

const char* NameOf(NetworkKind kind) { return kKinds[static_cast<int>(kind)]; }

std::optional<NetworkKind> NetworkKindNamed(std::string_view name) {
    for (auto kind : {NetworkKind::kIrevV3, NetworkKind::kIrevPrivate, NetworkKind::kTemplate}) {
        if (name == NameOf(kind)) return kind;
    }
    return std::nullopt;
}

const char* DeliveryKindOf(NetworkKind kind) {
    static constexpr const char* kNames[] = {kGoalPostback, kPrivateApi, "postback"};
    static_assert(std::size(kNames) == std::size(kKinds));
    return kNames[static_cast<int>(kind)];
}

bool IsSecretRef(std::string_view text) {
    constexpr std::string_view kEnv = "env:BARRACUDA_SECRET_", kFile = "file:";
    if (text.starts_with(kEnv)) {
        text.remove_prefix(kEnv.size());
        return !text.empty() && text.size() <= 64 &&
               std::all_of(text.begin(), text.end(), [](char c) {
                   return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
               });
    }
    if (text.starts_with(kFile)) {
        text.remove_prefix(kFile.size());
        return IsEntityName(text) && !text.starts_with('.');
    }
    return text == "setting:network.hash" || text == "setting:network.private_api_token";
}

Fault CheckBaseUrl(std::string_view field, std::string_view url) {
    auto fault = [&](Problem problem) {
        problem.field = field;
        return problem;
    };
    if (url.empty()) return fault({{}, "is required", std::nullopt});
    if (url.size() > kUrlBytesMax) return fault({{}, "longer than 2048 bytes", std::nullopt});
    auto address = ReadWebAddress(url);
    if (!address) return fault(address.error());
    for (size_t i = address->end; i < url.size(); ++i) {
        char c = url[i];
        bool plain = c > ' ' && c < 127 && std::string_view("\"<>\\^`{|}").find(c) == url.npos;
        if (c == '?' || c == '#') return fault({{}, "expected no query and no fragment", i});
        if (!plain) return fault({{}, "a character that no URL has (write it as %XX)", i});
    }
    return std::nullopt;
}

Fault Check(const Network& network) {
    if (!IsEntityName(network.name.value)) {
        return Wrong("name", "expected 1 to 64 letters, digits, _ - .");
    }
    if (network.name == kDefaultNetwork && network.kind != NetworkKind::kIrevV3) {
        return Wrong("kind", "the network \"default\" is the one of the routes: irev_v3");
    }
    if (auto p = CheckLimits(network.limits)) return p;
    if (auto p = CheckSecrets(network)) return p;
    if (!network.statuses.Has(Status::kPending) && !network.statuses.Has(Status::kApproved)) {
        return Wrong(
            "statuses", "expected pending or approved: what is rejected at once is told to nobody"
        );
    }
    if (network.goals.size() > kListMax) return Wrong("goals", "at most 64");
    return network.kind == NetworkKind::kTemplate ? CheckTemplate(network) : CheckIrev(network);
}

FlatFields Flat(const Network& network) {
    const auto& limits = network.limits;
    auto yes = [](bool value) { return std::string(value ? "true" : "false"); };
    return {
        {"kind", NameOf(network.kind)},
        {"active", yes(network.active)},
        {"every_offer", yes(network.every_offer)},
        {"base_url", network.base_url},
        {"private_api_url", network.private_api_url},
        {"delivery_parameter", network.delivery_parameter},
        {"secrets", JoinTexts(network.secrets)},
        {"private_secret", network.private_secret},
        {"limits.concurrency", fmt::format("{}", limits.concurrency)},
        {"limits.rate_per_second", fmt::format("{}", limits.rate_per_second)},
        {"limits.attempt_timeout_ms", fmt::format("{}", limits.attempt_timeout_ms)},
        {"limits.retry_ms", fmt::format("{}", fmt::join(limits.retry_ms, ", "))},
        {"limits.allowed_addresses", JoinTexts(limits.allowed_addresses)},
        {"limits.ports", fmt::format("{}", fmt::join(limits.ports, ", "))},
        {"statuses", StatusNames(network.statuses)},
        {"goals", JoinTexts(network.goals)},
        {"updates", yes(network.updates)},
        {"postback.method", network.postback.method},
        {"postback.url", network.postback.url},
        {"postback.headers", JoinTexts(network.postback.headers)},
        {"postback.body_type", network.postback.body_type},
        {"postback.body", network.postback.body},
    };
}

}  // namespace barracuda::domain
