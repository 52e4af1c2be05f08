#include "auth/login_failures.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <sstream>
#include <tuple>

#include "base/check.h"
#include "domain/bson.h"

namespace barracuda::auth {

static_assert(LoginFailures::kIntervalMs < LoginFailures::kForgetMs);  // else nobody would wait
static_assert(LoginFailures::kForgetMs < LoginFailures::kKnownMs);
static_assert(LoginFailures::kFreeFailures < LoginFailures::kFreeOfNetwork);

namespace {

bool IsOver(const LoginFailures::Entry& entry, std::int64_t now_ms) {
    const auto kept = entry.known ? LoginFailures::kKnownMs : LoginFailures::kForgetMs;
    return now_ms - entry.last_ms >= kept;
}

int FreeOf(LoginKind kind) {
    return kind == LoginKind::kNetwork ? LoginFailures::kFreeOfNetwork
                                       : LoginFailures::kFreeFailures;
}

std::vector<std::string> WordsOf(const std::string& text) {
    std::istringstream words(text);
    return {std::istream_iterator<std::string>(words), {}};
}

LoginKind KindOf(std::int64_t stored) {
    const bool ours = stored > 0 && stored <= static_cast<std::int64_t>(LoginKind::kDevice);
    return ours ? static_cast<LoginKind>(stored) : LoginKind::kAddress;
}

}  // namespace

std::optional<int> LoginFailures::WaitOf(const LoginKey& key, std::int64_t now_ms) const {
    auto at = entries_.find(key.text);
    if (at == entries_.end()) return std::nullopt;
    const std::int64_t since = now_ms - at->second.last_ms;
    if (since >= kIntervalMs || at->second.failures < FreeOf(key.kind)) return std::nullopt;
    return static_cast<int>((kIntervalMs - since + 999) / 1000);
}

bool LoginFailures::Knows(const LoginKey& device, std::int64_t now_ms) const {
    auto at = entries_.find(device.text);
    return at != entries_.end() && at->second.known && !IsOver(at->second, now_ms);
}

bool LoginFailures::SetBack(const LoginKey& key, std::int64_t now_ms) {
    auto at = entries_.find(key.text);
    if (at == entries_.end() || at->second.last_ms <= now_ms + kSkewMs) return false;
    at->second.last_ms = now_ms;
    return true;
}

// A look at every entry, which is nothing beside the argon2id that each attempt costs.
LoginFailures::Entry& LoginFailures::Take(
    const LoginKey& key, std::int64_t now_ms, std::size_t keys_max
) {
    BARRACUDA_CHECK(keys_max > 0);
    std::erase_if(entries_, [&](const auto& entry) { return IsOver(entry.second, now_ms); });
    auto found = entries_.find(key.text);
    if (found != entries_.end()) return found->second;
    auto least = entries_.end();
    std::size_t same = 0;
    auto rank = [](const Entry& entry) { return std::tuple(entry.failures, entry.last_ms); };
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
        if (at->second.kind != key.kind) continue;
        ++same;
        if (least == entries_.end() || rank(at->second) < rank(least->second)) least = at;
    }
    if (same >= keys_max) entries_.erase(least);
    return entries_[key.text] = Entry{.kind = key.kind};
}

void LoginFailures::Count(
    const LoginKey& key, std::int64_t now_ms, std::size_t keys_max, std::string_view address
) {
    Entry& entry = Take(key, now_ms, keys_max);
    if (now_ms - entry.last_ms >= kForgetMs) entry.failures = 0;
    ++entry.failures;
    entry.last_ms = std::max(entry.last_ms, now_ms);
    if (address.empty()) return;
    std::erase(entry.addresses, address);
    if (entry.addresses.size() >= kAddressesKept) entry.addresses.erase(entry.addresses.begin());
    entry.addresses.emplace_back(address);
}

void LoginFailures::TakeBack(const LoginKey& key) {
    auto at = entries_.find(key.text);
    if (at != entries_.end() && --at->second.failures <= 0) entries_.erase(at);
}

void LoginFailures::Know(const LoginKey& device, std::int64_t now_ms, std::size_t keys_max) {
    Entry& entry = Take(device, now_ms, keys_max);
    entry.failures = 0;
    entry.last_ms = now_ms;
    entry.known = true;
}

std::vector<std::string> LoginFailures::ForgetAccount(const LoginKey& key) {
    auto gone = entries_.extract(key.text);
    return gone ? std::move(gone.mapped().addresses) : std::vector<std::string>();
}

std::string EncodeFailures(const std::string& id, const LoginFailures& failures, std::int64_t rev) {
    domain::BsonWriter entries;
    size_t i = 0;
    for (const auto& [key, entry] : failures.entries()) {
        domain::BsonWriter one;
        one.Text("key", key);
        one.Int("kind", static_cast<std::int64_t>(entry.kind));
        one.Int("failures", entry.failures);
        one.Date("last", Time{entry.last_ms});
        if (entry.known) one.Bool("known", true);
        if (!entry.addresses.empty()) {
            one.Text("addresses", fmt::format("{}", fmt::join(entry.addresses, " ")));
        }
        entries.Document(std::to_string(i++), one.Take());
    }
    domain::BsonWriter to;
    to.Text("_id", id);
    to.Array("keys", entries);
    to.Int("rev", rev);
    return to.Take();
}

LoginFailures DecodeFailures(std::string_view bson) {
    LoginFailures failures;
    bson_iter_t at, element;
    if (!domain::OpenBson(at, bson) || !bson_iter_find(&at, "keys") ||
        !BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &element)) {
        return failures;
    }
    while (bson_iter_next(&element)) {
        const domain::TopFields fields(domain::BytesOf(element));
        failures.entries_[fields.TextOr("key")] = {
            .kind = KindOf(fields.Number("kind")),
            .failures = static_cast<int>(fields.Number("failures")),
            .last_ms = fields.Number("last"),
            .known = fields.TextOr("known") == "true",
            .addresses = WordsOf(fields.TextOr("addresses"))};
    }
    return failures;
}

}  // namespace barracuda::auth
