#include "app/import_lines.h"

#include <fmt/format.h>

#include "api/built_in.h"
#include "api/json_line.h"
#include "app/operation_parts.h"
#include "app/secrets.h"
#include "base/check.h"
#include "delivery/catalog_store.h"

namespace barracuda::app {

namespace {

using Fate = LineResult::Fate;

// Beside a server: half a batch of the ledger, so that whoever reports waits behind no more. A full
// queue is waited for; then the lines come again.
constexpr ledger::ManyOptions kBesideOthers{
    .under_way_max = 512, .patience = std::chrono::milliseconds(2'000)};

LineResult ResultOf(const Result<domain::Decision>& decision) {
    if (!decision) return {Fate::kLater, {}, decision.error().message};
    switch (decision->verdict) {
        case domain::Verdict::kRecorded:
            return {Fate::kRecorded};
        case domain::Verdict::kUpdated:
            return {Fate::kUpdated};
        default:
            return {Fate::kDuplicate};
    }
}

}  // namespace

std::vector<LineResult> RecordLines(
    ledger::Ledger& ledger,
    const api::ImportRules& rules,
    std::span<const std::string> lines,
    const LinesOptions& options
) {
    std::vector<LineResult> results(lines.size());
    ledger::Many many(ledger, options.many, [&results](size_t at, const auto& decision) {
        results[at] = ResultOf(decision);
    });
    for (size_t i = 0; i < lines.size(); ++i) {
        auto input = api::ParseJsonLine(lines[i]);
        auto report = input ? api::ReadImported(rules, *input, options.notify)
                            : Result<domain::Report>(Fail(input.error()));
        if (!report) {
            results[i] = {Fate::kRefused, report.error().where, report.error().message};
        } else if (options.dry_run) {
            results[i] = {Fate::kSound};
        } else {
            many.Add(std::move(*report), i);
        }
    }
    many.Wait();
    return results;
}

Answer ImportLines(Workplace& at, const Ask& ask) {
    if (!at.import) return Refused("import.lines: ask a server, or open the store");
    Answer answer;
    answer.lines = RecordLines(
        at.ledger,
        *at.import,
        ask.lines,
        {.notify = ask.notify, .dry_run = ask.dry_run, .many = kBesideOthers}
    );
    return answer;
}

Result<api::ImportRules> RulesOfStore(store::Engine& engine, const config::Config& config) {
    delivery::CatalogOptions options;
    options.built_in = api::BuiltInOf(config);
    options.read_secret = [&config](std::string_view reference) {
        return ReadSecret(config, reference);
    };
    delivery::CatalogStore catalogs(engine, std::move(options));
    if (auto loaded = catalogs.Load(); !loaded) return Fail(loaded.error());
    const store::Ref ref{store::Collection::kSettings, "goal_rules"};
    auto stored = engine.Load(std::span(&ref, 1));
    if (!stored) return Fail(stored.error());
    const auto& bytes = stored->front();
    const auto record = bytes ? nodes::DecodeGoalRecord(*bytes) : nodes::GoalRecord{};
    for (const auto& goal : config.goals) {
        const bool settled = record.repeatable.contains(goal.id) == goal.repeatable;
        if (settled && record.announced.empty()) continue;
        return Fail(
            ErrorCode::kConflict,
            fmt::format("goal {} is becoming repeatable: start the server once", goal.id)
        );
    }
    auto catalog = catalogs.catalog();
    return api::ImportRules{
        .catalog = [catalog] { return catalog; },
        .rule = [record](const std::string& goal) -> nodes::GoalRules::Rule {
            return {record.epoch, record.repeatable.contains(goal)};
        },
        .offer = config.network.offer};
}

}  // namespace barracuda::app
