// What a network answers: a stranger's bytes, kept, shown and decided upon.
#include <algorithm>

#include "base/check.h"
#include "base/said_words.h"
#include "base/text.h"
#include "delivery/network_text.h"
#include "delivery/retry.h"
#include "net/http_date.h"
#include "net/url.h"
#include "runs.h"

namespace barracuda::fuzz {

namespace {

constexpr size_t kKeptBytes = 256;

void CheckText(std::string_view text, size_t bytes_max) {
    BARRACUDA_CHECK(text.size() <= bytes_max && IsUtf8(text));
    BARRACUDA_CHECK(text.find('\0') == std::string_view::npos);
}

// Where a redirect leads is a URL of one line, or nothing.
void CheckLocation(std::string_view reference) {
    const auto url = net::ResolveUrl("https://network.example/a/b?c=d", reference);
    if (!url) return;
    const auto harms = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    BARRACUDA_CHECK(std::none_of(url->begin(), url->end(), harms));
    (void)net::HostOf(*url);
    (void)net::ParseQuery(*url);
}

// Of one asked for it says one thing; of several it says something of each.
void CheckBody(std::string_view body) {
    const auto looked = delivery::ReadLookup(body, "hash-1", "6");
    BARRACUDA_CHECK(looked.valid || !looked.found);
    if (looked.found) BARRACUDA_CHECK(IsUtf8(looked.answer));
    const delivery::TextPairs one{{"hash", "hash-1"}, {"goal_type_id", "6"}};
    const delivery::TextPairs other{{"hash", "hash-2"}, {"goal_type_id", "6"}};
    const std::vector sent{one, other};
    const auto created = delivery::ReadCreated(body, sent);
    BARRACUDA_CHECK(created.size() == sent.size());
    for (const auto& item : created) {
        BARRACUDA_CHECK(IsUtf8(item.error) && IsUtf8(item.answer));
        const bool refused = item.state == delivery::CreatedItem::State::kRefused;
        BARRACUDA_CHECK(refused || item.error.empty());
    }
}

}  // namespace

// A secret of ours, Location, Retry-After and the body, a line each but the last.
void RunReply(std::string_view bytes) {
    const auto [secret, rest] = FirstLine(bytes);
    const auto [location, more] = FirstLine(rest);
    const auto [wait, body] = FirstLine(more);
    CheckLocation(location);
    const Time now{1'700'000'000'000};
    if (const auto pause = delivery::ParseRetryAfter(wait, now)) {
        BARRACUDA_CHECK(pause->count() >= 0 && *pause <= delivery::kRetryAfterMax);
    }
    (void)net::ParseHttpDate(wait);
    CheckText(delivery::ToUtf8(body, kKeptBytes), kKeptBytes);
    std::vector<std::string> secrets;
    if (secret.size() >= 8 && IsUtf8(secret) && secret.find('*') == std::string_view::npos) {
        secrets.emplace_back(secret);
    }
    const std::string kept = delivery::KeptText(body, kKeptBytes, secrets);
    CheckText(kept, kKeptBytes);
    for (const auto& one : secrets) BARRACUDA_CHECK(!Says(kept, one));
    CheckBody(body);
}

}  // namespace barracuda::fuzz
