#include "auth/login_challenge.h"

#include <fmt/format.h>

#include <charconv>

#include "auth/credentials.h"
#include "domain/postback_template.h"

namespace barracuda::auth {

namespace {

constexpr std::string_view kPrefix = "bkc_";

std::string Signed(const Admin& admin, std::string_view until) {
    const std::string plain = fmt::format("{}{}.{}", kPrefix, admin.PublicId(), until);
    return fmt::format("{}.{}", plain, domain::SignHex(admin.password, "challenge\n" + plain));
}

}  // namespace

std::string NewChallenge(const Admin& admin, Time now) {
    return Signed(admin, std::to_string(now.ms + kChallengeMs));
}

std::optional<Admin> ChallengedBy(const Admins& admins, std::string_view challenge, Time now) {
    if (!challenge.starts_with(kPrefix)) return std::nullopt;
    const auto parts = challenge.substr(kPrefix.size());
    const size_t first = parts.find('.'), second = parts.find('.', first + 1);
    if (first == parts.npos || second == parts.npos) return std::nullopt;
    const auto until = parts.substr(first + 1, second - first - 1);
    std::int64_t until_ms = 0;
    const auto read = std::from_chars(until.data(), until.data() + until.size(), until_ms);
    if (read.ec != std::errc() || now.ms >= until_ms) return std::nullopt;
    auto admin = admins.FindById(parts.substr(0, first));
    if (!admin || !admin->CanLogIn()) return std::nullopt;
    if (!ConstantTimeEquals(challenge, Signed(*admin, until))) return std::nullopt;
    return admin;
}

}  // namespace barracuda::auth
