#include "delivery/bulk.h"

#include <algorithm>
#include <charconv>

#include "base/check.h"
#include "delivery/replay_job.h"
#include "ledger/submit_and_wait.h"
#include "report/conversions.h"
#include "store/index.h"

namespace barracuda::delivery {

namespace {

constexpr std::chrono::seconds kLedgerPatience{30};

// The cursor of ids is how many of them went before.
Result<BulkPage> ReadIds(
    store::Engine& engine, const Bulk& bulk, const std::string& cursor, size_t limit
) {
    const size_t all = bulk.ids.size();
    size_t begin = 0;
    std::from_chars(cursor.data(), cursor.data() + cursor.size(), begin);
    begin = std::min(begin, all);
    const size_t end = std::min(all, begin + limit);
    BulkPage page;
    if (end < all) page.cursor = std::to_string(end);
    for (size_t i = begin; i < end; ++i) {
        store::ScanRequest request;
        request.index = store::IndexId::kConversionId;
        request.equal = {bulk.ids[i]};
        request.limit = 1;
        auto found = engine.Scan(request);
        if (!found) return Fail(found.error());
        if (found->documents.empty()) {
            page.missing.push_back({bulk.ids[i], "there is no such conversion"});
            continue;
        }
        auto row = domain::DecodeConversion(found->documents.front());
        if (row) page.rows.push_back(std::move(*row));  // else verify names it
    }
    return page;
}

bool WroteIn(const domain::Conversion& row, const std::string& command) {
    return std::any_of(row.history.begin(), row.history.end(), [&](const auto& entry) {
        return entry.command == command;
    });
}

domain::Command CommandFor(
    const ReplayJob& job, const domain::Conversion& row, const ObjectId& id, const AsksFor& asks
) {
    if (job.action == JobAction::kResend) {
        return domain::Replay{.key = row.key, .command_id = id, .by = job.Who(), .job = job.id};
    }
    domain::Report report;
    report.speaker = domain::Speaker::kAdmin;
    report.key = row.key;
    report.command_id = id;
    report.by = job.Who();
    report.correction = {.reason = job.bulk.reason, .undoes = job.bulk.undoes};
    if (job.action == JobAction::kApprove) report.status = domain::Status::kApproved;
    if (job.action == JobAction::kReject) report.status = domain::Status::kRejected;
    if (asks) report.deliveries = asks(row.key.goal.value);
    return report;
}

// Why it was left; empty: it was done, now or in an earlier try of the same page.
std::string WhyLeft(const ReplayJob& job, const domain::Decision& decision) {
    using domain::Corrected;
    if (!decision.document) return "it was erased meanwhile";
    if (decision.changed || decision.corrected == Corrected::kBefore) return "";
    if (job.action == JobAction::kResend) {
        const auto& all = decision.document->deliveries;
        const bool woken = std::any_of(all.begin(), all.end(), [&](const auto& one) {
            return one.replayed_by == job.id;
        });
        return woken ? "" : "nothing of it is dead";
    }
    if (decision.corrected == Corrected::kMeanwhile) return "its status was changed since";
    return std::string("it is ") + domain::NameOf(decision.document->status) + " already";
}

}  // namespace

Result<BulkPage> ReadBulk(
    store::Engine& engine,
    const Bulk& bulk,
    const std::string& cursor,
    size_t limit,
    size_t looked_max
) {
    BARRACUDA_CHECK(limit > 0 && looked_max > 0);
    if (!bulk.ids.empty()) return ReadIds(engine, bulk, cursor, limit);
    report::ConversionQuery query;
    query.filter = bulk.filter;
    query.descending = false;
    query.cursor = cursor;
    query.limit = limit;
    query.looked_max = looked_max;
    query.gathered_max = std::min(query.gathered_max, looked_max);
    query.fitting = report::Fitting{};  // not asked for
    auto page = report::SelectConversions(engine, query);
    if (!page) return Fail(page.error());
    std::erase_if(page->rows, [&](const auto& row) {
        return !bulk.undoes.empty() && !WroteIn(row, bulk.undoes);
    });
    return BulkPage{.rows = std::move(page->rows), .cursor = std::move(page->next_cursor)};
}

// What a job or somebody after it may have changed is not asked for.
Bulk UndoOf(const ReplayJob& job) {
    const report::Filter& met = job.bulk.filter;
    Bulk bulk;
    bulk.ids = job.bulk.ids;
    bulk.undoes = job.id;
    bulk.filter.clicks = met.clicks;
    bulk.filter.click_prefix = met.click_prefix;
    bulk.filter.goals = met.goals;
    bulk.filter.from = met.from;
    bulk.filter.to = met.to;
    bulk.filter.changed_from = job.created;
    return bulk;
}

Result<BulkDone> HandleBulk(
    ledger::Ledger& ledger,
    const ReplayJob& job,
    const std::vector<domain::Conversion>& rows,
    const AsksFor& asks
) {
    BulkDone handled;
    const auto id = ObjectId::Parse(job.id);
    if (!id) return Fail(ErrorCode::kInternal, "a stored job has no id");
    std::vector<domain::Command> commands;
    for (const auto& row : rows) commands.push_back(CommandFor(job, row, *id, asks));
    if (commands.empty()) return handled;
    auto decisions = ledger::SubmitAndWait(ledger, std::move(commands), kLedgerPatience);
    if (!decisions) return Fail(decisions.error());
    BARRACUDA_CHECK(decisions->size() == rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
        const std::string why = WhyLeft(job, (*decisions)[i]);
        if (why.empty()) {
            ++handled.done;
        } else {
            handled.skipped.push_back({rows[i].id.Hex(), why});
        }
    }
    return handled;
}

}  // namespace barracuda::delivery
