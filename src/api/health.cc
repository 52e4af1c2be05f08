// /livez, /readyz and /metrics (Prometheus text).
#include <fmt/format.h>

#include "api/respond.h"
#include "api/routes.h"
#include "delivery/membership.h"

namespace barracuda::api {

namespace {

// Written, dropped, size and age of one log.
template <typename Log>
void AddLog(std::string& text, const Log* log) {
    if (!log) return;
    auto counters = log->counters();
    auto stats = log->stats();
    int64_t age = stats.oldest ? (Time::Now().ms - stats.oldest->ms) / 1000 : 0;
    auto add = [&](const char* name, auto value) {
        text += fmt::format("barracuda_log_{}{{log=\"{}\"}} {}\n", name, NameOf(log->log()), value);
    };
    add("written_total", counters.written);
    add("dropped_total", counters.dropped);
    add("records", stats.records);
    add("bytes", stats.bytes);
    add("oldest_seconds", age);
}

struct DestinationMetric {
    const char* name;
    const char* type;
    const char* help;
    double (*value)(const delivery::DestinationStats&);
};

constexpr DestinationMetric kOfDestinations[] = {
    {"attempts_total",
     "counter",
     "Attempts made.",
     [](const auto& d) -> double { return d.attempts; }},
    {"accepted_total", "counter", "Accepted.", [](const auto& d) -> double { return d.accepted; }},
    {"retried_total",
     "counter",
     "To be tried again.",
     [](const auto& d) -> double { return d.retried; }},
    {"dead_total", "counter", "Given up.", [](const auto& d) -> double { return d.dead; }},
    {"under_way",
     "gauge",
     "Attempts at the moment.",
     [](const auto& d) -> double { return d.under_way; }},
    {"waiting",
     "gauge",
     "In memory, to be sent next.",
     [](const auto& d) -> double { return d.waiting; }},
    {"rate",
     "gauge",
     "Attempts a second it gets at most; 0: not bounded.",
     [](const auto& d) -> double { return d.rate; }},
    {"breaker_open",
     "gauge",
     "1 while its breaker lets nothing but probes pass.",
     [](const auto& d) -> double { return d.breaker != delivery::Breaker::State::kClosed; }},
    {"breaker_opened_total",
     "counter",
     "How often its breaker opened.",
     [](const auto& d) -> double { return d.times_opened; }},
    {"stopped",
     "gauge",
     "1 until an operator resumes it.",
     [](const auto& d) -> double { return !d.stopped.empty(); }},
};

void AddAttemptTimes(std::string& text, const delivery::DestinationStats& stats) {
    const std::string label = "destination=" + JsonText(stats.name);
    auto line = [&](std::string_view suffix, std::string_view more, auto value) {
        text += fmt::format(
            "barracuda_destination_attempt_seconds{}{{{}{}}} {}\n", suffix, label, more, value
        );
    };
    const auto& times = stats.times;
    uint64_t below = 0;
    for (size_t i = 0; i < times.kSeconds.size(); ++i) {
        below += times.counts[i];
        line("_bucket", fmt::format(",le=\"{}\"", times.kSeconds[i]), below);
    }
    below += times.counts.back();
    line("_bucket", ",le=\"+Inf\"", below);
    line("_sum", "", times.seconds_sum);
    line("_count", "", below);
}

// Of every network that this node has sent to since it started.
void AddDestinations(std::string& text, const std::vector<delivery::DestinationStats>& all) {
    for (const auto& metric : kOfDestinations) {
        text += fmt::format(
            "# HELP barracuda_destination_{0} {1}\n# TYPE barracuda_destination_{0} {2}\n",
            metric.name,
            metric.help,
            metric.type
        );
        for (const auto& stats : all) {
            text += fmt::format(
                "barracuda_destination_{}{{destination={}}} {}\n",
                metric.name,
                JsonText(stats.name),
                metric.value(stats)
            );
        }
    }
    text +=
        "# HELP barracuda_destination_attempt_seconds How long attempts took.\n"
        "# TYPE barracuda_destination_attempt_seconds histogram\n";
    for (const auto& stats : all) AddAttemptTimes(text, stats);
}

}  // namespace

void Livez(Service&, std::shared_ptr<Call> call) {
    JsonObject body;
    call->respond(JsonResponse(200, body.Bool("success", true).Text("message", "alive")));
}

void Readyz(Service& service, std::shared_ptr<Call> call) {
    auto trouble = service.engine.Trouble();
    if (!trouble && service.nodes) trouble = service.nodes->Fenced();
    JsonObject body;
    body.Bool("success", !trouble).Text("message", trouble.value_or("ready"));
    auto response = JsonResponse(trouble ? 503 : 200, body);
    if (trouble) response.headers.emplace_back("Retry-After", "5");
    call->respond(std::move(response));
}

void Metrics(Service& service, std::shared_ptr<Call> call) {
    auto ledger = service.ledger.counters();
    auto deliveries = service.dispatcher.counters();
    std::string text;
    auto add = [&](const char* name, const char* type, const char* help, int64_t value) {
        text += fmt::format(
            "# HELP barracuda_{0} {1}\n# TYPE barracuda_{0} {2}\nbarracuda_{0} {3}\n",
            name,
            help,
            type,
            value
        );
    };
    add("ledger_batches_total", "counter", "Committed batches.", ledger.batches);
    add("ledger_commands_total", "counter", "Commands decided.", ledger.commands);
    add("ledger_lost_writes_total", "counter", "Writes decided again.", ledger.lost);
    add("ledger_failed_total", "counter", "Commands answered 503.", ledger.failed);
    add("ledger_refused_total", "counter", "Commands refused: lane full.", ledger.refused);
    add("ledger_queue", "gauge", "Commands that wait.", service.ledger.depth());
    add("reports_recorded_total", "counter", "Verdict recorded.", ledger.recorded);
    add("reports_duplicate_total", "counter", "Verdict duplicate.", ledger.duplicate);
    add("reports_updated_total", "counter", "Verdict updated.", ledger.updated);
    add("reports_conflict_total",
        "counter",
        "Reports that differ from what is stored.",
        ledger.conflicts);
    add("deliveries_attempts_total", "counter", "Attempts made.", deliveries.attempts);
    add("deliveries_accepted_total", "counter", "Attempts accepted.", deliveries.accepted);
    add("deliveries_retried_total", "counter", "Attempts to be tried again.", deliveries.retried);
    add("deliveries_alarms_total",
        "counter",
        "Answers that point at our configuration.",
        deliveries.alarms);
    add("deliveries_dead_total", "counter", "Deliveries given up.", deliveries.dead);
    add("deliveries_in_flight", "gauge", "Deliveries in memory.", deliveries.in_flight);
    int64_t age = deliveries.oldest_due ? (Time::Now().ms - deliveries.oldest_due->ms) / 1000 : 0;
    add("deliveries_oldest_seconds", "gauge", "Age of the oldest due delivery.", age);
    add("store_writable", "gauge", "1 while the store takes writes.", !service.engine.Trouble());
    if (service.nodes) {
        const auto nodes = service.nodes->status();
        add("nodes_alive", "gauge", "Living nodes on this store, this one included.", nodes.alive);
        add("nodes_dead", "gauge", "Nodes that died or left, not forgotten yet.", nodes.dead);
        add("nodes_takeable", "gauge", "Dead owners with work left to take over.", nodes.takeable);
        add("node_fenced", "gauge", "1 while this node sends nothing.", nodes.fenced);
        add("node_births_total",
            "counter",
            "Joined again after being declared dead.",
            nodes.rebirths);
        add("node_heartbeat_age_seconds",
            "gauge",
            "Age of the last acknowledged heartbeat.",
            nodes.heartbeat_age.count() / 1000);
    }
    AddDestinations(text, service.dispatcher.destinations());
    AddLog(text, service.received);
    AddLog(text, service.attempts);
    http::Response response;
    response.content_type = "text/plain; version=0.0.4";
    response.body = std::move(text);
    call->respond(std::move(response));
}

}  // namespace barracuda::api
