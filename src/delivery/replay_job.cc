#include "delivery/replay_job.h"

#include <algorithm>

#include "base/text.h"
#include "domain/bson.h"
#include "domain/entity.h"
#include "report/filter_bson.h"

namespace barracuda::delivery {

namespace {

constexpr const char* kActions[] = {"replay", "cancel", "approve", "reject", "resend", "undo"};

JobAction ActionNamed(std::string_view name) {
    const auto at = std::find(std::begin(kActions), std::end(kActions), name);
    if (at == std::end(kActions)) return JobAction::kReplay;  // before there were others
    return static_cast<JobAction>(at - std::begin(kActions));
}

std::string EncodeFilter(const DeliveryFilter& filter) {
    domain::BsonWriter to;
    if (filter.state && filter.state != domain::DeliveryState::kDead) {
        to.Text("state", domain::NameOf(*filter.state));
    }
    DeliveryFilter::EachText(filter, [&](const char* name, const std::string& value) {
        if (!value.empty()) to.Text(name, value);
    });
    if (filter.code) to.Int("code", *filter.code);
    if (filter.from) to.Date("from", *filter.from);
    if (filter.to) to.Date("to", *filter.to);
    return to.Take();
}

DeliveryFilter DecodeFilter(std::string_view bson) {
    const domain::TopFields fields(bson);
    DeliveryFilter filter;
    filter.state = DeliveryStateNamed(fields.TextOr("state"));
    if (!filter.state) filter.state = domain::DeliveryState::kDead;
    DeliveryFilter::EachText(filter, [&](const char* name, std::string& value) {
        value = fields.TextOr(name);
    });
    if (fields.Find("code")) filter.code = static_cast<int>(fields.Number("code"));
    filter.from = fields.Date("from");
    filter.to = fields.Date("to");
    return filter;
}

void PutBulk(domain::BsonWriter& to, const ReplayJob& job) {
    to.Document("filter", report::Encode(job.bulk.filter));
    domain::PutTexts(to, "ids", job.bulk.ids);
    if (!job.bulk.reason.empty()) to.Text("reason", job.bulk.reason);
    if (!job.bulk.undoes.empty()) to.Text("undoes", job.bulk.undoes);
    if (job.skips == 0) return;
    std::vector<std::string> ids, whys;
    for (const auto& skip : job.skipped) {
        ids.push_back(skip.id);
        whys.push_back(skip.why);
    }
    to.Int("skips", job.skips);
    domain::PutTexts(to, "skipped", ids);
    domain::PutTexts(to, "skipped_why", whys);
}

void TakeBulk(ReplayJob& to, const domain::TopFields& fields) {
    to.bulk.filter = report::DecodeFilter(fields.Bytes("filter"));
    to.bulk.ids = domain::TextsIn(fields, "ids");
    to.bulk.reason = fields.TextOr("reason");
    to.bulk.undoes = fields.TextOr("undoes");
    to.skips = fields.Number("skips");
    const auto ids = domain::TextsIn(fields, "skipped");
    auto whys = domain::TextsIn(fields, "skipped_why");
    whys.resize(ids.size());
    for (size_t i = 0; i < ids.size(); ++i) to.skipped.push_back({ids[i], whys[i]});
}

}  // namespace

void ReplayJob::Skip(const std::vector<BulkSkip>& more) {
    skips += static_cast<int64_t>(more.size());
    for (const auto& skip : more) {
        if (skipped.size() < kSkippedMax) skipped.push_back(skip);
    }
}

store::Ref RefOf(const ReplayJob& job) {
    const auto prefix = kJobPrefixes[IsBulk(job.action) ? 1 : 0];
    return {store::Collection::kSettings, std::string(prefix) + job.id};
}

const char* NameOf(JobAction action) { return kActions[static_cast<size_t>(action)]; }

bool IsBulk(JobAction action) {
    return action != JobAction::kReplay && action != JobAction::kCancel;
}

// What was sent cannot be called back.
bool MayBeUndone(JobAction action) { return IsBulk(action) && action != JobAction::kResend; }

const char* NameOf(JobState state) {
    static constexpr const char* kNames[] = {"running", "done", "cancelled"};
    return kNames[static_cast<int>(state)];
}

std::string EncodeJob(const ReplayJob& job) {
    domain::BsonWriter to;
    to.Text("_id", RefOf(job).key);
    to.Text("action", NameOf(job.action));
    to.Text("state", NameOf(job.state));
    to.Text("by", job.by);
    to.Text("node", job.node.value);
    to.Int("rate", job.rate);
    if (IsBulk(job.action)) {
        PutBulk(to, job);
    } else {
        to.Document("filter", EncodeFilter(job.filter));
    }
    if (!job.cursor.empty()) to.Text("cursor", HexOf(job.cursor));
    if (job.counted) to.Bool("counted", true);
    if (job.again) to.Bool("again", true);
    if (job.passes > 0) to.Int("passes", job.passes);
    if (job.matched) to.Int("matched", *job.matched);
    to.Int("replayed", job.replayed);
    if (job.follows) to.Bool("follows", true);
    if (job.outcomes) {
        to.Int("accepted", job.outcomes->accepted);
        to.Int("waiting", job.outcomes->waiting);
        to.Int("dead_again", job.outcomes->dead_again);
        to.Date("outcomes_at", job.outcomes_at);
    }
    if (!job.error.empty()) to.Text("error", job.error);
    to.Int("rev", job.rev);
    to.Date("createdAt", job.created);
    to.Date("updatedAt", job.updated);
    return to.Take();
}

ReplayJob DecodeJob(std::string_view bson) {
    const domain::TopFields fields(bson);
    ReplayJob job;
    std::string id = fields.TextOr("_id");
    job.id = id.substr(id.find(':') + 1);
    job.action = ActionNamed(fields.TextOr("action"));
    std::string state = fields.TextOr("state");
    job.state = state == "done"        ? JobState::kDone
                : state == "cancelled" ? JobState::kCancelled
                                       : JobState::kRunning;
    job.by = fields.TextOr("by");
    job.node = NodeId(fields.TextOr("node"));
    job.rate = static_cast<int>(fields.Number("rate"));
    if (IsBulk(job.action)) {
        TakeBulk(job, fields);
    } else {
        job.filter = DecodeFilter(fields.Bytes("filter"));
    }
    job.cursor = BytesOfHex(fields.TextOr("cursor")).value_or("");
    // Jobs had no action before they counted: the cursor of such a one is the replay's.
    job.counted = fields.Find("counted") || !fields.Find("action");
    job.again = fields.Find("again") != nullptr;
    job.passes = fields.Number("passes");
    job.matched.reset();
    if (fields.Find("matched")) job.matched = fields.Number("matched");
    job.replayed = fields.Number("replayed");
    job.follows = fields.Find("follows") != nullptr;
    if (fields.Find("outcomes_at")) {
        job.outcomes = {
            fields.Number("accepted"), fields.Number("waiting"), fields.Number("dead_again")};
        job.outcomes_at = Time{fields.Number("outcomes_at")};
    }
    job.error = fields.TextOr("error");
    job.rev = fields.Number("rev");
    job.created = Time{fields.Number("createdAt")};
    job.updated = Time{fields.Number("updatedAt")};
    return job;
}

}  // namespace barracuda::delivery
