// /metrics: Prometheus text, docs/operating/metrics.md.
#include "api/metrics.h"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <algorithm>

#include "api/process_metrics.h"
#include "api/respond.h"
#include "api/router.h"
#include "api/routes.h"
#include "delivery/catalog_store.h"
#include "delivery/destination.h"
#include "nodes/membership.h"

namespace barracuda::api {

namespace {

// A family is its two lines of description, then all its values, and nothing of another between.
class MetricsText {
public:
    void Family(std::string_view name, std::string_view type, std::string_view help) {
        text_ +=
            fmt::format("# HELP barracuda_{0} {1}\n# TYPE barracuda_{0} {2}\n", name, help, type);
    }
    // `labels` as they stand between the braces; empty: none.
    template <typename Number>
    void Value(std::string_view name, std::string_view labels, Number value) {
        const std::string braces = labels.empty() ? std::string() : fmt::format("{{{}}}", labels);
        text_ += fmt::format("barracuda_{}{} {}\n", name, braces, value);
    }
    void Add(std::string_view name, std::string_view type, std::string_view help, int64_t value) {
        Family(name, type, help);
        Value(name, {}, value);
    }
    void Append(std::string_view families) { text_ += families; }
    std::string Take() { return std::move(text_); }

private:
    std::string text_;
};

int64_t SecondsSince(const std::optional<Time>& moment) {
    return moment ? (Time::Now().ms - moment->ms) / 1000 : 0;
}

void AddLedger(MetricsText& text, const Vitals& vitals) {
    const auto ledger = vitals.ledger.counters();
    text.Add("ledger_batches_total", "counter", "Committed batches.", ledger.batches);
    text.Add("ledger_commands_total", "counter", "Commands decided.", ledger.commands);
    text.Add("ledger_lost_writes_total", "counter", "Writes decided again.", ledger.lost);
    text.Add(
        "ledger_outcomes_again_total",
        "counter",
        "Outcomes of attempts that the store did not take and that are tried again.",
        ledger.again
    );
    text.Add(
        "deliveries_without_room_total",
        "counter",
        "Deliveries that a conversion had no room for: dead until replayed.",
        ledger.no_room
    );
    text.Add("ledger_failed_total", "counter", "Commands answered 503.", ledger.failed);
    text.Add("ledger_refused_total", "counter", "Commands refused: lane full.", ledger.refused);
    text.Add("ledger_queue", "gauge", "Commands that wait.", vitals.ledger.depth());
    text.Add("reports_recorded_total", "counter", "Verdict recorded.", ledger.recorded);
    text.Add("reports_duplicate_total", "counter", "Verdict duplicate.", ledger.duplicate);
    text.Add("reports_updated_total", "counter", "Verdict updated.", ledger.updated);
    text.Add(
        "reports_conflict_total",
        "counter",
        "Reports that differ from what is stored.",
        ledger.conflicts
    );
}

void AddInput(MetricsText& text, const Vitals& vitals) {
    text.Add(
        "ignored_values_total",
        "counter",
        "Macros and placeholders taken as absent.",
        vitals.ignored_values.load(std::memory_order_relaxed)
    );
}

void AddDeliveries(MetricsText& text, const Vitals& vitals) {
    const auto deliveries = vitals.dispatcher.counters();
    text.Add("deliveries_attempts_total", "counter", "Attempts made.", deliveries.attempts);
    text.Add("deliveries_accepted_total", "counter", "Attempts accepted.", deliveries.accepted);
    text.Add(
        "deliveries_retried_total", "counter", "Attempts to be tried again.", deliveries.retried
    );
    text.Add(
        "deliveries_alarms_total",
        "counter",
        "Answers that point at our configuration.",
        deliveries.alarms
    );
    text.Add("deliveries_dead_total", "counter", "Deliveries given up.", deliveries.dead);
    text.Add("deliveries_in_flight", "gauge", "Deliveries in memory.", deliveries.in_flight);
    text.Add(
        "deliveries_oldest_seconds",
        "gauge",
        "Age of the oldest due delivery.",
        SecondsSince(deliveries.oldest_due)
    );
}

void AddNodes(MetricsText& text, const Vitals& vitals) {
    const auto nodes = vitals.membership.status();
    text.Add("nodes_alive", "gauge", "Living nodes on this store, this one included.", nodes.alive);
    text.Add("nodes_dead", "gauge", "Nodes that died or left, not forgotten yet.", nodes.dead);
    text.Add("nodes_takeable", "gauge", "Dead owners with work left to take over.", nodes.takeable);
    text.Add("node_fenced", "gauge", "1 while this node sends nothing.", nodes.fenced);
    text.Add(
        "node_births_total", "counter", "Joined again after being declared dead.", nodes.rebirths
    );
    text.Add(
        "node_heartbeat_age_seconds",
        "gauge",
        "Age of the last acknowledged heartbeat.",
        nodes.heartbeat_age.count() / 1000
    );
}

struct DestinationMetric {
    const char* name;
    const char* type;
    const char* help;
    double (*value)(const delivery::QueueStats&);
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
    {"due",
     "gauge",
     "Due in the store, as of the last round over it.",
     [](const auto& d) -> double { return d.due.count; }},
    {"oldest_seconds",
     "gauge",
     "Age of its oldest due delivery.",
     [](const auto& d) -> double { return SecondsSince(d.due.oldest); }},
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

// One histogram of a family. `times.counts` has each bucket alone, the last for what took longer.
template <typename Bounds, typename Times>
void AddTimes(
    MetricsText& text,
    const std::string& name,
    const std::string& labels,
    const Bounds& bounds,
    const Times& times
) {
    uint64_t below = 0;
    for (size_t i = 0; i < bounds.size(); ++i) {
        below += times.counts[i];
        text.Value(name + "_bucket", fmt::format("{},le=\"{}\"", labels, bounds[i]), below);
    }
    below += times.counts.back();
    text.Value(name + "_bucket", labels + ",le=\"+Inf\"", below);
    text.Value(name + "_sum", labels, times.seconds_sum);
    text.Value(name + "_count", labels, below);
}

// Of every network that this node has sent to since it started, and of those that it may send to:
// a counter that is born at its first increase has had none.
std::vector<delivery::QueueStats> DestinationsOf(const Vitals& vitals) {
    auto all = vitals.dispatcher.queues();
    const auto snapshot = vitals.catalog.snapshot();
    const auto add = [&](const delivery::QueueKey& queue, double rate) {
        const auto is_it = [&](const auto& stats) { return stats.queue == queue; };
        if (std::any_of(all.begin(), all.end(), is_it)) return;
        delivery::QueueStats stats;
        stats.queue = queue;
        stats.rate = rate;
        const auto stop = snapshot->stops.find(queue.network);
        if (stop != snapshot->stops.end()) stats.stopped = stop->second.why;
        all.push_back(std::move(stats));
    };
    for (const auto& [name, network] : snapshot->catalog->networks()) {
        for (const auto& queue : delivery::QueuesOf(network)) {
            add(queue, network.limits.rate_per_second);
        }
    }
    return all;
}

void AddDestinations(MetricsText& text, const std::vector<delivery::QueueStats>& all) {
    for (const auto& metric : kOfDestinations) {
        const std::string name = fmt::format("destination_{}", metric.name);
        text.Family(name, metric.type, metric.help);
        for (const auto& stats : all) {
            text.Value(name, "destination=" + JsonText(stats.queue.Text()), metric.value(stats));
        }
    }
    text.Family("destination_attempt_seconds", "histogram", "How long attempts took.");
    for (const auto& stats : all) {
        const std::string labels = "destination=" + JsonText(stats.queue.Text());
        AddTimes(text, "destination_attempt_seconds", labels, stats.times.kSeconds, stats.times);
    }
}

struct LogNumbers {
    std::string label;
    store::LogCounters counters;
    store::LogStats stats;
};

template <typename Log>
void Note(std::vector<LogNumbers>& to, const Log* log) {
    if (!log) return;
    to.push_back({fmt::format("log=\"{}\"", NameOf(log->log())), log->counters(), log->stats()});
}

struct LogMetric {
    const char* name;
    const char* type;
    const char* help;
    int64_t (*value)(const LogNumbers&);
};

constexpr LogMetric kOfLogs[] = {
    {"log_written_total",
     "counter",
     "Records written.",
     [](const auto& log) -> int64_t { return log.counters.written; }},
    {"log_dropped_total",
     "counter",
     "Records lost to a full queue or a failed write.",
     [](const auto& log) -> int64_t { return log.counters.dropped; }},
    {"log_refusals_dropped_total",
     "counter",
     "Refusals of strangers beyond their share.",
     [](const auto& log) -> int64_t { return log.counters.minor_dropped; }},
    {"log_records",
     "gauge",
     "Records kept.",
     [](const auto& log) -> int64_t { return log.stats.records; }},
    {"log_bytes",
     "gauge",
     "Their size, before compression.",
     [](const auto& log) -> int64_t { return log.stats.bytes; }},
    {"log_oldest_seconds",
     "gauge",
     "Age of the oldest record.",
     [](const auto& log) -> int64_t { return SecondsSince(log.stats.oldest); }},
};

// A log that is off has no values.
void AddLogs(MetricsText& text, const Vitals& vitals) {
    std::vector<LogNumbers> logs;
    Note(logs, vitals.received);
    Note(logs, vitals.attempts);
    for (const auto& metric : kOfLogs) {
        text.Family(metric.name, metric.type, metric.help);
        for (const auto& log : logs) text.Value(metric.name, log.label, metric.value(log));
    }
}

std::string LabelsOf(const RouteRow& route) {
    return fmt::format("route={},method={}", JsonText(route.path), JsonText(route.method));
}

void AddAnswers(MetricsText& text, const Vitals& vitals) {
    const auto& counts = vitals.answers.counts();
    text.Family("answers_total", "counter", "Requests answered, by route and class of status.");
    EachRoute([&](const RouteRow& route) {
        for (size_t of = 1; of < AnswerCounts::kClasses; ++of) {  // nothing answers 1xx
            const auto labels = fmt::format("{},status=\"{}xx\"", LabelsOf(route), of + 1);
            text.Value("answers_total", labels, counts.Of(route.row, of));
        }
    });
    text.Family("answer_seconds", "histogram", "From a whole request to its answer.");
    EachRoute([&](const RouteRow& route) {
        const auto times = counts.TimesOf(route.row);
        AddTimes(text, "answer_seconds", LabelsOf(route), AnswerCounts::kSeconds, times);
    });
}

void AddOperators(MetricsText& text, const OperatorNumbers& numbers) {
    const auto& server = numbers.server;
    text.Add("connections", "gauge", "Clients' connections.", server.connections);
    text.Add("connections_max", "gauge", "As many are let in.", server.connections_max);
    text.Add("connections_refused_total", "counter", "Connections too many.", server.refused);
    text.Add(
        "accept_failures_total",
        "counter",
        "Connections that could not be taken.",
        server.accept_failures
    );
    text.Family("faults_total", "counter", "Faults of ours, by kind.");
    for (size_t i = 0; i < kFaults; ++i) {
        text.Value("faults_total", fmt::format("kind=\"{}\"", kFaultNames[i]), numbers.faults[i]);
    }
    text.Add(
        "log_lines_dropped_total",
        "counter",
        "Lines that nobody took from stderr.",
        numbers.log_lines_dropped
    );
    text.Add(
        "retention_contacts_total", "counter", "Contacts erased by age.", numbers.contacts_aged
    );
    text.Add(
        "retention_conversions_total",
        "counter",
        "Conversions that lost by age what says a visitor.",
        numbers.conversions_aged
    );
}

// Metrics that are there from the first moment on.
void AddProcess(
    MetricsText& text, std::string_view version, const std::string& data, bool writable
) {
    text.Family("build_info", "gauge", "1, with the program's version.");
    text.Value("build_info", "version=" + JsonText(version), 1);
    struct statvfs room {};
    text.Family("data_free_bytes", "gauge", "Room on the data directory's disk.");
    if (statvfs(data.c_str(), &room) == 0) {
        text.Value("data_free_bytes", {}, uint64_t{room.f_bavail} * room.f_frsize);
    }
    text.Add("store_writable", "gauge", "1 while the store takes writes.", writable);
    text.Append(ProcessMetrics());
}

http::Response AnswerOf(MetricsText text) {
    http::Response response;
    response.content_type = "text/plain; version=0.0.4; charset=utf-8";
    response.body = text.Take();
    return response;
}

}  // namespace

http::Response WaitingMetrics(std::string_view version, const std::string& data) {
    MetricsText text;
    AddProcess(text, version, data, false);
    return AnswerOf(std::move(text));
}

void Metrics(Vitals& vitals, std::shared_ptr<Call> call) {
    MetricsText text;
    AddProcess(text, vitals.version, vitals.data, !vitals.engine.Trouble());
    text.Add(
        "store_accepted_loss_writes",
        "gauge",
        "Writes of this store that an operator accepted as lost.",
        vitals.engine.Accepted().writes
    );
    AddAnswers(text, vitals);
    AddInput(text, vitals);
    AddLedger(text, vitals);
    AddDeliveries(text, vitals);
    AddNodes(text, vitals);
    AddDestinations(text, DestinationsOf(vitals));
    AddLogs(text, vitals);
    AddOperators(text, vitals.numbers());
    call->respond(AnswerOf(std::move(text)));
}

}  // namespace barracuda::api
