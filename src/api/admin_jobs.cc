// /api/admin/jobs and /api/admin/conversions/bulk: many conversions approved, rejected or sent
// again as a job, its progress, its end and its undoing. Jobs over deliveries are listed too.
#include <fmt/format.h>

#include "api/job_input.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/respond.h"
#include "api/routes.h"
#include "delivery/replay_jobs.h"

namespace barracuda::api {

using delivery::JobAction;
using delivery::JobState;
using delivery::ReplayJob;
using delivery::ReplayOptions;

namespace {

constexpr size_t kLookedMax = 1'000'000;  // to count what fits

JsonObject JobJson(const ReplayJob& job) {
    JsonObject to;
    to.Text("id", job.id).Text("kind", delivery::NameOf(job.action));
    to.Text("state", delivery::NameOf(job.state)).Text("by", job.by);
    if (job.counted && job.matched) {
        to.Int("matched", *job.matched);
    } else {
        to.Raw("matched", "null");
    }
    JsonList skipped;
    for (const auto& skip : job.skipped) {
        skipped.Object(JsonObject().Text("id", skip.id).Text("why", skip.why));
    }
    to.Int("done", job.replayed).List("skipped", skipped).Int("skippedCount", job.skips);
    to.TextOrNull("reason", job.bulk.reason).TextOrNull("undoes", job.bulk.undoes);
    const bool ended = job.state != JobState::kRunning;
    to.Bool("undoable", ended && job.replayed > 0 && delivery::MayBeUndone(job.action));
    to.TextOrNull("error", job.error);
    return to.Text("createdAt", job.created.Iso()).Text("updatedAt", job.updated.Iso());
}

void AnswerJob(const Call& call, const Result<ReplayJob>& job, int status = 200) {
    if (!job) return call.respond(ErrorResponse(job.error()));
    JsonObject body;
    call.respond(JsonResponse(status, body.Bool("success", true).Object("data", JobJson(*job))));
}

delivery::ReplayJobs::Made Answering(const std::shared_ptr<Call>& call) {
    return [call](Result<ReplayJob> job) { AnswerJob(*call, job, 201); };
}

JsonObject CountJson(const delivery::ReplayJobs::Count& count) {
    JsonObject to;
    to.Int("count", static_cast<int64_t>(count.matched));
    return to.Bool("complete", count.complete);
}

http::Response OtherCount(const delivery::ReplayJobs::Count& count) {
    JsonObject body;
    body.Bool("success", false);
    body.Text("message", fmt::format("expect: {} fit now, count them anew", count.matched));
    body.Text("field", "expect").Object("data", CountJson(count));
    return JsonResponse(409, body, "another count");
}

Result<bool> IsDryRun(const http::Request& request) {
    auto query = Input::OfQuery(request);
    if (!query) return Fail(query.error());
    Reader reader(*query);
    const bool dry = ReadSwitch(*query, reader, "dry_run");
    RefuseUnread(*query, reader, "is no parameter of a job: what it is over is its body");
    if (reader.error()) return Fail(*reader.error());
    return dry;
}

// Counted on a query thread, by the very reading that the job does.
void Begin(Conversions& conversions, const std::shared_ptr<Call>& call, BulkAsked asked, bool dry) {
    auto count = conversions.jobs.DryRun(asked.bulk, kLookedMax);
    if (!count) return call->respond(ErrorResponse(count.error()));
    if (dry) return call->respond(DataAnswer(CountJson(*count)));
    if (asked.expect && *asked.expect != count->matched) return call->respond(OtherCount(*count));
    const size_t all = asked.bulk.ids.empty() ? count->matched : asked.bulk.ids.size();
    const auto matched = static_cast<int64_t>(all);
    const bool resend = asked.action == JobAction::kResend;
    conversions.jobs.CreateBulk(
        asked.action,
        std::move(asked.bulk),
        resend ? ReplayOptions::kRateUsual : ReplayOptions::kBulkRate,
        call->caller.name,
        count->complete ? std::optional(matched) : std::nullopt,
        Answering(call)
    );
}

void Undo(Conversions& conversions, const std::shared_ptr<Call>& call, const std::string& reason) {
    auto job = conversions.jobs.Find(call->id);
    if (!job) return call->respond(ErrorResponse(job.error()));
    if (!delivery::MayBeUndone(job->action)) {
        return call->respond(Conflict("what was sent cannot be taken back"));
    }
    if (job->state == JobState::kRunning) {
        return call->respond(Conflict("it runs: end it first, then what it did can be taken back"));
    }
    auto bulk = delivery::UndoOf(*job);
    bulk.reason = reason;
    conversions.jobs.CreateBulk(
        JobAction::kUndo,
        std::move(bulk),
        ReplayOptions::kBulkRate,
        call->caller.name,
        job->replayed,
        Answering(call)
    );
}

}  // namespace

void PostBulk(Conversions& conversions, std::shared_ptr<Call> call) {
    auto dry = IsDryRun(call->request);
    if (!dry) return call->respond(BadRequest(dry.error()));
    auto asked = ReadBulkAsked(call->request, *dry);
    if (!asked) return call->respond(BadRequest(asked.error()));
    RunQuery(conversions.queries, call, [&conversions, call, asked = *asked, dry = *dry] {
        Begin(conversions, call, asked, dry);
    });
}

void ListJobs(Conversions& conversions, std::shared_ptr<Call> call) {
    RunQuery(conversions.queries, call, [&conversions, call] {
        auto jobs = conversions.jobs.List();
        if (!jobs) return call->respond(ErrorResponse(jobs.error()));
        JsonList data;
        for (const auto& job : *jobs) data.Object(JobJson(job));
        call->respond(DataAnswer(data));
    });
}

void GetJob(Conversions& conversions, std::shared_ptr<Call> call) {
    RunQuery(conversions.queries, call, [&conversions, call] {
        AnswerJob(*call, conversions.jobs.Find(call->id));
    });
}

void CancelJob(Conversions& conversions, std::shared_ptr<Call> call) {
    conversions.jobs.Cancel(call->id, [call](Result<ReplayJob> job) { AnswerJob(*call, job); });
}

void UndoJob(Conversions& conversions, std::shared_ptr<Call> call) {
    auto input = call->request.body.empty() ? Result<Input>(Input()) : Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    const std::string reason = ReadReason(reader, false);
    RefuseUnread(*input, reader, "is nothing that taking back takes");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(conversions.queries, call, [&conversions, call, reason] {
        Undo(conversions, call, reason);
    });
}

}  // namespace barracuda::api
