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
    AddLog(text, service.received);
    AddLog(text, service.attempts);
    http::Response response;
    response.content_type = "text/plain; version=0.0.4";
    response.body = std::move(text);
    call->respond(std::move(response));
}

}  // namespace barracuda::api
