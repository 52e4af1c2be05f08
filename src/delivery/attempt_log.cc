#include "delivery/attempt_log.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "domain/bson.h"
#include "domain/person.h"
#include "domain/said_words.h"

namespace barracuda::delivery {

namespace {

constexpr std::string_view kMask = "***";

// The URL without what it says of a person; `values` gets what was taken out.
std::string MaskPersonal(std::string_view url, std::vector<std::string>& values) {
    size_t query = url.find('?');
    if (query == std::string_view::npos) return std::string(url);
    std::string out(url.substr(0, query + 1));
    for (std::string_view rest = url.substr(query + 1); !rest.empty();) {
        size_t end = std::min(rest.find('&'), rest.size());
        std::string_view pair = rest.substr(0, end);
        size_t equals = std::min(pair.find('='), pair.size());
        if (equals < pair.size() && domain::IsPersonal(pair.substr(0, equals))) {
            values.emplace_back(pair.substr(equals + 1));
            out.append(pair.substr(0, equals + 1)).append(kMask);
        } else {
            out.append(pair);
        }
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (!rest.empty()) out.push_back('&');
    }
    return out;
}

std::string EncodeTimings(const net::Timings& timings) {
    domain::BsonWriter to;
    to.Int("dns_us", timings.dns.count());
    to.Int("connect_us", timings.connect.count());
    to.Int("tls_us", timings.tls.count());
    to.Int("first_byte_us", timings.first_byte.count());
    to.Int("total_us", timings.total.count());
    return to.Take();
}

}  // namespace

std::string_view HostOf(std::string_view url) {
    size_t scheme = url.find("://");
    if (scheme == std::string_view::npos) return {};
    url.remove_prefix(scheme + 3);
    url = url.substr(0, url.find_first_of("/?#"));
    size_t port = url.rfind(':');
    bool v6 = url.starts_with('[') && url.find(']') > port;
    return port == std::string_view::npos || v6 ? url : url.substr(0, port);
}

store::LogEntry EncodeAttempt(const AttemptRecord& record) {
    std::vector<std::string> personal;
    std::string url = MaskPersonal(record.call.url, personal);
    domain::BsonWriter to;
    to.Date("at", record.at);
    to.Text("delivery_id", record.delivery_id);
    to.Text("click_id", record.key.click.value);
    to.Text("goal_id", record.key.goal.value);
    if (!record.key.occurrence.empty()) to.Text("occurrence", record.key.occurrence);
    to.Text("network", record.destination);
    to.Text("kind", record.kind);
    to.Int("number", record.number);
    to.Text("outcome", record.accepted ? "accepted" : record.retried ? "retried" : "dead");
    to.Int("code", record.status);
    std::string error = domain::WithoutWords(record.error, personal, kMask);
    if (!error.empty()) to.Text("error", error);
    if (!url.empty()) {
        to.Text("method", record.call.method);
        to.Text("url", url);
        to.Text("host", HostOf(url));
        to.Document("timings", EncodeTimings(record.call.timings));
    }
    if (!record.call.address.empty()) to.Text("address", record.call.address);
    if (record.call.reused) to.Bool("reused", true);
    std::string response = domain::WithoutWords(record.call.response, personal, kMask);
    if (!response.empty()) to.Text("response", CutUtf8(response, CallTrace::kResponseBytesMax));
    return {.at = record.at, .about = record.delivery_id, .bson = to.Take()};
}

}  // namespace barracuda::delivery
