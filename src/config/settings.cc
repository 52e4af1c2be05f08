#include "config/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>
#include <type_traits>

#include "base/cidr.h"
#include "base/colour.h"
#include "base/text.h"
#include "config/values.h"

namespace barracuda::config {
namespace {

using Text = std::string_view;

// Assigns what a parser made of the text; false when it made nothing.
template <typename Field, typename Parsed>
bool Take(Field& field, Parsed parsed) {
    if (!parsed) return false;
    field = static_cast<Field>(*parsed);
    return true;
}

bool TakeWord(std::string& field, Text text, std::initializer_list<Text> words) {
    field = text;
    return std::find(words.begin(), words.end(), text) != words.end();
}

bool TakeUrl(std::string& field, Text text) {
    if (text.empty()) return field.clear(), true;
    return Take(field, ParseUrl(text));
}

bool TakeCidrs(std::vector<std::string>& field, Text text) {
    field = ParseList(text);
    return std::all_of(field.begin(), field.end(), [](auto& item) {
        return Cidr::Parse(item).has_value();
    });
}

bool TakeId(std::string& field, Text text) { return field = text, IsId(text); }

// A secret that goes into a URL or a header: a stray line break would split it.
bool TakeToken(std::string& field, Text text) {
    field = text;
    return text.size() <= 4096 &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

bool TakeListen(Config& c, Text text) {
    const auto parsed = ParseListen(text);
    if (!parsed) return false;
    std::tie(c.server.listen_host, c.server.listen_port) = *parsed;
    return true;
}

// A second @ would make a part of the password the host's name, which errors show.
bool TakeStoreUrl(std::string& field, Text text) {
    field = text;
    if (text == "rocksdb") return true;
    for (Text scheme : {"mongodb://", "mongodb+srv://"}) {
        if (!text.starts_with(scheme)) continue;
        const auto rest = text.substr(scheme.size());
        const auto authority = rest.substr(0, rest.find_first_of("/?"));
        return !rest.empty() && std::count(authority.begin(), authority.end(), '@') <= 1;
    }
    return false;
}

bool TakeWait(std::chrono::milliseconds& field, Text text, int64_t least_ms, int64_t most_ms) {
    return Take(field, ParseDuration(text)) && field.count() >= least_ms &&
           field.count() <= most_ms;
}

// 0: it is off.
bool TakeAge(std::chrono::milliseconds& field, Text text) {
    constexpr int64_t kDayMs = int64_t{24} * 3'600'000, kMostMs = 30 * 365 * kDayMs;
    return TakeWait(field, text, 0, kMostMs) && (field.count() == 0 || field.count() >= kDayMs);
}

bool TakeSchedule(std::vector<std::chrono::milliseconds>& field, Text text) {
    constexpr std::size_t kAttemptsMax = 32;
    constexpr std::chrono::hours kLongest{24 * 7};
    field.clear();
    for (const auto& item : ParseList(text)) {
        const auto delay = ParseDuration(item);
        if (!delay || *delay > kLongest || delay->count() < 0) return false;
        field.push_back(*delay);
    }
    return !field.empty() && field.size() <= kAttemptsMax && field.front().count() == 0;
}

bool TakeSize(std::size_t& field, Text text, std::size_t least, std::size_t most) {
    return Take(field, ParseSize(text)) && field >= least && field <= most;
}

bool TakeName(std::string& field, Text text) {
    field = text;
    return text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                      c == '_' || c == '-' || c == '.';
           });
}

bool TakeDatabase(std::string& field, Text text) {
    field = text;
    return text.size() <= 63 && text.find_first_of("/\\. \"$*<>:|?%") == text.npos;
}

bool TakeHosts(std::vector<std::string>& field, Text text) {
    field = ParseList(text);
    return std::all_of(field.begin(), field.end(), [](auto& item) { return IsAuthority(item); });
}

bool TakeOrigins(std::vector<std::string>& field, Text text) {
    field = ParseList(text);
    return std::all_of(field.begin(), field.end(), [](auto& item) { return IsOrigin(item); });
}

bool TakeWords(std::string& field, Text text) {
    constexpr std::size_t kWordsMax = 1024;
    field = text;
    return text.size() <= kWordsMax && IsUtf8(text) && !HasControl(text);
}

bool TakeColours(std::vector<std::string>& field, Text text) {
    constexpr std::size_t kGrounds = 2;
    field = ParseList(text);
    return field.size() <= kGrounds && std::all_of(field.begin(), field.end(), [](auto& item) {
               return Colour::Parse(item).has_value();
           });
}

std::string ShowListen(const Config& c) {
    const bool v6 = c.server.listen_host.find(':') != std::string::npos;
    const std::string host = v6 ? "[" + c.server.listen_host + "]" : c.server.listen_host;
    return fmt::format("{}:{}", host, c.server.listen_port);
}

// A MongoDB address without its password, which may itself contain an '@', and without its options,
// some of which are secrets as well.
std::string ShowStoreUrl(const Config& c) {
    const std::string& url = c.store.url;
    const auto scheme = url.find("://");
    if (scheme == std::string::npos) return url;
    const auto at = url.rfind('@', url.find('?'));
    const std::string shown =
        at == std::string::npos ? url : url.substr(0, scheme + 3) + "***" + url.substr(at);
    const auto query = shown.find('?');
    return query == std::string::npos ? shown : shown.substr(0, query) + "?***";
}

template <typename Value>
std::string Show(const Value& value) {
    if constexpr (std::is_same_v<Value, std::vector<std::string>>) {
        return Join(value);
    } else if constexpr (std::is_same_v<Value, std::chrono::milliseconds>) {
        return ShowDuration(value);
    } else if constexpr (std::is_same_v<Value, std::vector<std::chrono::milliseconds>>) {
        std::vector<std::string> shown;
        for (const auto delay : value) shown.push_back(ShowDuration(delay));
        return Join(shown);
    } else {
        return fmt::format("{}", value);
    }
}

#define SET(call) [](Config& c, Text t) -> bool { return call; }
#define SHOW(field) [](const Config& c) { return Show(c.field); }
constexpr bool kPlain = false, kSecret = true;
constexpr Text kUrl = "an address such as https://host/path, without user, query or fragment";
constexpr Text kCidrs = "address ranges such as 10.0.0.0/8 or 2001:db8::/32";
constexpr Text kStore =
    "\"rocksdb\", mongodb://... or mongodb+srv://... (an @ in the password is %40)";
constexpr Text kToken = "printable characters without blanks, at most 4096";
constexpr Text kWords = "text of at most 1024 bytes, without line breaks";
constexpr Text kFile = "a file's path as text of at most 1024 bytes, without line breaks";
constexpr Text kAge = "0s (off) or a duration from 24h to 262800h";
constexpr Text kLogSize = "whole MiB, 0 (off) to 1048576";
constexpr Text kLogAge = "a duration from 1m to 8784h";
constexpr int64_t kYearMs = int64_t{366} * 24 * 3'600'000;
constexpr Text kListen = "ADDRESS:PORT in digits, such as 127.0.0.1:8080 or [::1]:8080";

// clang-format off
constexpr Setting kSettings[] = {
    {"server.listen", Kind::kText, kPlain, "", "127.0.0.1:8080", kListen,
     "address to serve on", SET(TakeListen(c, t)), ShowListen},
    {"server.trusted_proxies", Kind::kList, kPlain, "", "", kCidrs,
     "proxies whose X-Forwarded-For is believed", SET(TakeCidrs(c.server.trusted_proxies, t)), SHOW(server.trusted_proxies)},
    {"server.hosts", Kind::kList, kPlain, "", "", "names such as ledger.example or ledger.example:8443",
     "names this server is asked by where no key is needed", SET(TakeHosts(c.server.hosts, t)), SHOW(server.hosts)},
    {"server.ops_listen", Kind::kText, kPlain, "", "", kListen,
     "own address for metrics and health; empty: the main one",
     SET((c.server.ops_listen = t, t.empty() || ParseListen(t))), SHOW(server.ops_listen)},
    {"server.threads", Kind::kNumber, kPlain, "", "0", "a whole number, 0 (one a core) to 1024",
     "threads that serve requests", SET(Take(c.server.threads, ParseNumber(t, 0, 1024))), SHOW(server.threads)},
    {"server.idle_timeout", Kind::kDuration, kPlain, "", "75s", "a duration from 1s to 1h",
     "how long a connection may wait for its next request", SET(TakeWait(c.server.idle_timeout, t, 1'000, 3'600'000)), SHOW(server.idle_timeout)},
    {"store.url", Kind::kText, kPlain, "MONGODB_URI", "rocksdb", kStore,
     "where conversions are kept", SET(TakeStoreUrl(c.store.url, t)), ShowStoreUrl},
    {"store.data", Kind::kText, kPlain, "", "./data", "a directory",
     "directory of this server's own files", SET((c.store.data = t, !t.empty() && t.find('\0') == t.npos)), SHOW(store.data)},
    {"store.database", Kind::kText, kPlain, "DB_NAME", "", "a MongoDB database name",
     "database; empty: the one in store.url, else barracuda", SET(TakeDatabase(c.store.database, t)), SHOW(store.database)},
    {"store.adopt_on_start", Kind::kSwitch, kPlain, "", "false", "true or false",
     "take over a database of the old application at start", SET(Take(c.store.adopt_on_start, ParseSwitch(t))), SHOW(store.adopt_on_start)},
    {"store.allow_standalone", Kind::kSwitch, kPlain, "", "false", "true or false",
     "use a MongoDB server that is no replica set", SET(Take(c.store.allow_standalone, ParseSwitch(t))), SHOW(store.allow_standalone)},
    {"auth.ingest", Kind::kText, kPlain, "", "key", "\"key\" or \"open\"",
     "whether writes from servers need a key", SET(TakeWord(c.auth.ingest, t, {"key", "open"})), SHOW(auth.ingest)},
    {"forms.origins", Kind::kList, kPlain, "", "", "origins such as https://example.com, or *",
     "sites whose pages may post the forms (CORS)", SET(TakeOrigins(c.forms.origins, t)), SHOW(forms.origins)},
    {"forms.trust_amounts", Kind::kSwitch, kPlain, "", "false", "true or false",
     "whether a visitor may name the deposit's sum", SET(Take(c.forms.trust_amounts, ParseSwitch(t))), SHOW(forms.trust_amounts)},
    {"forms.affiliate_message", Kind::kText, kPlain, "", "Your application has been submitted", kWords,
     "what an affiliate reads after the form", SET(TakeWords(c.forms.affiliate_message, t)), SHOW(forms.affiliate_message)},
    {"forms.affiliate_note", Kind::kText, kPlain, "", "It is under review, and we will contact you", kWords,
     "the note below it", SET(TakeWords(c.forms.affiliate_note, t)), SHOW(forms.affiliate_note)},
    {"forms.message", Kind::kText, kPlain, "", "Your registration is complete", kWords,
     "what everybody else reads after the form", SET(TakeWords(c.forms.message, t)), SHOW(forms.message)},
    {"forms.note", Kind::kText, kPlain, "", "We will contact you", kWords,
     "the note below it", SET(TakeWords(c.forms.note, t)), SHOW(forms.note)},
    {"landing.page", Kind::kSwitch, kPlain, "", "true", "true or false",
     "whether strangers find a page with the contact form at /", SET(Take(c.landing.page, ParseSwitch(t))), SHOW(landing.page)},
    {"landing.language", Kind::kText, kPlain, "", "", "\"en\", \"de\" or empty",
     "its language; empty: the visitor's", SET(TakeWord(c.landing.language, t, {"", "en", "de"})), SHOW(landing.language)},
    {"landing.name", Kind::kText, kPlain, "", "Barracuda", kWords,
     "whose page it is", SET(TakeWords(c.landing.name, t)), SHOW(landing.name)},
    {"landing.title", Kind::kText, kPlain, "", "", kWords,
     "its headline; empty: the page's own", SET(TakeWords(c.landing.title, t)), SHOW(landing.title)},
    {"landing.lead", Kind::kText, kPlain, "", "", kWords,
     "the sentences below it; empty: the page's own", SET(TakeWords(c.landing.lead, t)), SHOW(landing.lead)},
    {"landing.promise", Kind::kText, kPlain, "", "", kWords,
     "the line above the form; empty: the page's own", SET(TakeWords(c.landing.promise, t)), SHOW(landing.promise)},
    {"landing.logo", Kind::kText, kPlain, "", "", kFile,
     "its logo, .svg, .png, .webp or .jpg; empty: Barracuda's", SET(TakeWords(c.landing.logo, t)), SHOW(landing.logo)},
    {"landing.colours", Kind::kList, kPlain, "", "", "one or two colours such as #2446c7",
     "its accent, and the one on dark ground; empty: Barracuda's", SET(TakeColours(c.landing.colours, t)), SHOW(landing.colours)},
    {"landing.privacy_url", Kind::kText, kPlain, "", "", kUrl,
     "what it links as privacy", SET(TakeUrl(c.landing.privacy_url, t)), SHOW(landing.privacy_url)},
    {"landing.imprint_url", Kind::kText, kPlain, "", "", kUrl,
     "what it links as imprint", SET(TakeUrl(c.landing.imprint_url, t)), SHOW(landing.imprint_url)},
    {"network.base_url", Kind::kText, kPlain, "", "", kUrl,
     "the network's public API", SET(TakeUrl(c.network.base_url, t)), SHOW(network.base_url)},
    {"network.hash", Kind::kText, kSecret, "HOOPLASEFT_HASH", "", kToken,
     "hash for goal calls whose click has none", SET(TakeToken(c.network.hash, t)), SHOW(network.hash)},
    {"network.private_api_url", Kind::kText, kPlain, "PRIVATE_API_BASE_URL", "", kUrl,
     "the network's private API", SET(TakeUrl(c.network.private_api_url, t)), SHOW(network.private_api_url)},
    {"network.private_api_token", Kind::kText, kSecret, "PRIVATE_API_TOKEN", "", kToken,
     "its bearer token", SET(TakeToken(c.network.private_api_token, t)), SHOW(network.private_api_token)},
    {"network.delivery_parameter", Kind::kText, kPlain, "", "", "a parameter name of letters, digits, _ - . (at most 64)",
     "query parameter that carries the delivery's id", SET(TakeName(c.network.delivery_parameter, t)), SHOW(network.delivery_parameter)},
    {"network.allow_addresses", Kind::kList, kPlain, "", "", kCidrs,
     "private ranges that deliveries may reach", SET(TakeCidrs(c.network.allow_addresses, t)), SHOW(network.allow_addresses)},
    {"network.deny_addresses", Kind::kList, kPlain, "", "", kCidrs,
     "ranges that deliveries may never reach", SET(TakeCidrs(c.network.deny_addresses, t)), SHOW(network.deny_addresses)},
    {"network.offer", Kind::kText, kPlain, "", "2", "an id of 1 to 64 characters",
     "offer of the call that acquires a click, and of a report of the forms and routes 1 and 6 without one", SET(TakeId(c.network.offer.value, t)), SHOW(network.offer.value)},
    {"network.url_id", Kind::kText, kPlain, "", "2", "an id of 1 to 64 characters",
     "its url_id unless the form names one", SET(TakeId(c.network.url_id, t)), SHOW(network.url_id)},
    {"network.dashboard_url", Kind::kText, kPlain, "", "", kUrl,
     "shown to a new affiliate", SET(TakeUrl(c.network.dashboard_url, t)), SHOW(network.dashboard_url)},
    {"delivery.inline_wait", Kind::kDuration, kPlain, "", "5s", "a duration from 0s to 60s",
     "how long an answer waits for the network", SET(TakeWait(c.delivery.inline_wait, t, 0, 60'000)), SHOW(delivery.inline_wait)},
    // A clean stop has 10 s: an attempt must end within it, else its outcome is unknown.
    {"delivery.attempt_timeout", Kind::kDuration, kPlain, "", "8s", "a duration from 10ms to 9s",
     "total time of one attempt", SET(TakeWait(c.delivery.attempt_timeout, t, 10, 9'000)), SHOW(delivery.attempt_timeout)},
    {"delivery.concurrency", Kind::kNumber, kPlain, "", "64", "a whole number, 1 to 4096",
     "calls to the network at a time", SET(Take(c.delivery.concurrency, ParseNumber(t, 1, 4096))), SHOW(delivery.concurrency)},
    {"delivery.retry_schedule", Kind::kList, kPlain, "", "0s, 5s, 5m, 30m, 2h, 5h, 10h, 14h, 20h, 24h",
     "1 to 32 durations of at most 168h, the first 0s",
     "delay before each attempt, +-20 %; as many attempts as entries",
     SET(TakeSchedule(c.delivery.retry_schedule, t)), SHOW(delivery.retry_schedule)},
    {"limits.forms_per_minute", Kind::kNumber, kPlain, "", "60", "a whole number, 0 (off) to 1000000",
     "form posts per client address", SET(Take(c.limits.forms_per_minute, ParseNumber(t, 0, 1'000'000))), SHOW(limits.forms_per_minute)},
    {"limits.connections", Kind::kNumber, kPlain, "", "10000", "a whole number, 1 to 1000000",
     "clients' connections at a time, as far as the limit on open files allows", SET(Take(c.limits.connections, ParseNumber(t, 1, 1'000'000))), SHOW(limits.connections)},
    {"limits.forms_total_per_minute", Kind::kNumber, kPlain, "", "6000", "a whole number, 0 (off) to 1000000",
     "form posts of all addresses together", SET(Take(c.limits.forms_total_per_minute, ParseNumber(t, 0, 1'000'000))), SHOW(limits.forms_total_per_minute)},
    {"limits.body_bytes", Kind::kSize, kPlain, "", "1MiB", "a size from 1KiB to 64MiB",
     "longest request body", SET(TakeSize(c.limits.body_bytes, t, 1 << 10, 64 << 20)), SHOW(limits.body_bytes)},
    {"limits.queue", Kind::kNumber, kPlain, "", "65536", "a whole number, 1 to 16777216",
     "reports and forms that may wait for the ledger", SET(Take(c.limits.queue, ParseNumber(t, 1, 1 << 24))), SHOW(limits.queue)},
    {"log.requests", Kind::kSwitch, kPlain, "", "false", "true or false",
     "a line in the log for every request", SET(Take(c.log.requests, ParseSwitch(t))), SHOW(log.requests)},
    {"log.received_max_mb", Kind::kNumber, kPlain, "", "256", kLogSize,
     "size of the log of what came in", SET(Take(c.log.received_max_mb, ParseNumber(t, 0, 1 << 20))), SHOW(log.received_max_mb)},
    {"log.received_max_age", Kind::kDuration, kPlain, "", "168h", kLogAge,
     "how long it keeps a request", SET(TakeWait(c.log.received_max_age, t, 60'000, kYearMs)), SHOW(log.received_max_age)},
    {"log.attempts_max_mb", Kind::kNumber, kPlain, "", "512", kLogSize,
     "size of the log of attempts to deliver", SET(Take(c.log.attempts_max_mb, ParseNumber(t, 0, 1 << 20))), SHOW(log.attempts_max_mb)},
    {"log.attempts_max_age", Kind::kDuration, kPlain, "", "720h", kLogAge,
     "how long it keeps an attempt", SET(TakeWait(c.log.attempts_max_age, t, 60'000, kYearMs)), SHOW(log.attempts_max_age)},
    {"retention.contacts_max_age", Kind::kDuration, kPlain, "", "0s", kAge,
     "contacts older than this are erased", SET(TakeAge(c.retention.contacts_max_age, t)), SHOW(retention.contacts_max_age)},
    {"retention.conversions_personal_max_age", Kind::kDuration, kPlain, "", "0s", kAge,
     "conversions older than this lose address, browser and metadata", SET(TakeAge(c.retention.conversions_personal_max_age, t)), SHOW(retention.conversions_personal_max_age)},
};
// clang-format on
#undef SET
#undef SHOW

constexpr bool PathsAreDistinct() {
    for (size_t i = 0; i < std::size(kSettings); ++i) {
        for (size_t j = 0; j < i; ++j) {
            if (kSettings[i].path == kSettings[j].path) return false;
        }
    }
    return true;
}
static_assert(PathsAreDistinct());  // FindSetting would never find the second

constexpr bool EachHasItsSection() {
    for (const auto& one : kSettings) {
        const size_t dot = one.path.find('.');
        if (dot == Text::npos || dot == 0 || dot != one.path.rfind('.')) return false;
    }
    return true;
}
static_assert(EachHasItsSection());  // [section] in TOML, BARRACUDA_SECTION_KEY in the environment

constexpr bool SecretsHaveNoDefault() {
    for (const auto& one : kSettings) {
        if (one.secret && !one.fallback.empty() && one.path != "store.url") return false;
    }
    return true;
}
static_assert(SecretsHaveNoDefault());

}  // namespace

std::span<const Setting> Settings() { return kSettings; }

const Setting* FindSetting(std::string_view path) {
    for (const Setting& setting : kSettings) {
        if (setting.path == path) return &setting;
    }
    return nullptr;
}

std::string EnvironmentName(const Setting& setting) {
    std::string name = "BARRACUDA_";
    for (char c : setting.path) {
        name += c == '.' ? '_' : (c >= 'a' && c <= 'z') ? static_cast<char>(c - 'a' + 'A') : c;
    }
    return name;
}

}  // namespace barracuda::config
