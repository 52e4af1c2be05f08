#include "delivery/attempt_log.h"

#include <algorithm>
#include <vector>

#include "base/said_words.h"
#include "base/text.h"
#include "domain/bson.h"
#include "domain/person.h"
#include "net/url.h"

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

store::LogEntry EncodeAttempt(const AttemptRecord& record) {
    std::vector<std::string> personal;
    std::string url = MaskPersonal(record.attempt.call.url, personal);
    domain::BsonWriter to;
    to.Date("at", record.at);
    to.Text("delivery_id", record.delivery_id.value);
    to.Text("click_id", record.key.click.value);
    to.Text("goal_id", record.key.goal.value);
    if (!record.key.occurrence.empty()) to.Text("occurrence", record.key.occurrence);
    to.Text("network", record.network.value);
    to.Text("kind", record.kind);
    to.Int("number", record.number);
    to.Text("outcome", record.attempt.accepted ? "accepted" : record.retried ? "retried" : "dead");
    to.Int("code", record.attempt.status);
    // Of a person who was erased a network may tell what this call did not: nothing of it is kept.
    std::string error = record.erased ? "" : WithoutWords(record.attempt.error, personal, kMask);
    if (!error.empty()) to.Text("error", error);
    if (!url.empty()) {
        to.Text("method", record.attempt.call.method);
        to.Text("url", url);
        to.Text("host", net::HostOf(url));
        to.Document("timings", EncodeTimings(record.attempt.call.timings));
    }
    if (!record.attempt.call.address.empty()) to.Text("address", record.attempt.call.address);
    if (record.attempt.call.reused) to.Bool("reused", true);
    std::string response =
        record.erased ? "" : WithoutWords(record.attempt.call.response, personal, kMask);
    if (!response.empty()) to.Text("response", CutUtf8(response, CallTrace::kResponseBytesMax));
    return {.at = record.at, .about = record.delivery_id.value, .bson = to.Take()};
}

}  // namespace barracuda::delivery
