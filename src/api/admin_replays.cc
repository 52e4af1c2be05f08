// /api/admin/replays: send again every dead delivery that fits a filter, or cancel every waiting or
// dead one, as a job.
#include "api/delivery_json.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/routes.h"
#include "delivery/replay_jobs.h"

namespace barracuda::api {

using delivery::JobAction;
using domain::DeliveryState;

namespace {

constexpr size_t kCountedMax = 2'000'000;

JsonObject FilterJson(const delivery::DeliveryFilter& filter) {
    JsonObject to;
    if (filter.state && filter.state != DeliveryState::kDead) {
        to.Text("state", NameOf(*filter.state));
    }
    delivery::DeliveryFilter::EachText(filter, [&](const char* name, const std::string& value) {
        if (!value.empty()) to.Text(name, value);
    });
    if (filter.code) to.Int("code", *filter.code);
    if (filter.from) to.Text("from", filter.from->Iso());
    if (filter.to) to.Text("to", filter.to->Iso());
    return to;
}

void PutOutcomes(JsonObject& to, const delivery::ReplayJob& job) {
    const auto put = [&](const char* name, int64_t delivery::Outcomes::*count) {
        to.Raw(name, job.outcomes ? std::to_string((*job.outcomes).*count) : "null");
    };
    put("accepted", &delivery::Outcomes::accepted);
    put("waiting", &delivery::Outcomes::waiting);
    put("dead_again", &delivery::Outcomes::dead_again);
    to.TextOrNull("outcomesAt", job.outcomes ? job.outcomes_at.Iso() : "");
}

JsonObject JobJson(const delivery::ReplayJob& job) {
    JsonObject to;
    to.Text("id", job.id).Text("action", NameOf(job.action));
    to.Text("state", NameOf(job.state)).Text("by", job.by).Int("rate", job.rate);
    if (job.counted && job.matched) {
        to.Int("matched", *job.matched);
    } else {
        to.Raw("matched", "null");
    }
    to.Int(job.action == JobAction::kCancel ? "cancelled" : "replayed", job.replayed);
    if (job.action == JobAction::kReplay) PutOutcomes(to, job);
    to.TextOrNull("error", job.error);
    to.Object("filter", FilterJson(job.filter));
    to.Text("createdAt", job.created.Iso()).Text("updatedAt", job.updated.Iso());
    return to;
}

void AnswerJob(const Call& call, const Result<delivery::ReplayJob>& job, int status = 200) {
    if (!job) return call.respond(ErrorResponse(job.error()));
    JsonObject body;
    call.respond(JsonResponse(status, body.Bool("success", true).Object("data", JobJson(*job))));
}

// A job over deliveries; those over conversions are admin_jobs.cc's.
Result<delivery::ReplayJob> FindReplay(Deliveries& deliveries, const std::string& id) {
    auto job = deliveries.replays.Find(id);
    if (job && delivery::IsBulk(job->action)) {
        return Fail(ErrorCode::kNotFound, "there is no such job", "id");
    }
    return job;
}

// A slip in this one would send everything, too.
Result<bool> IsDryRun(const http::Request& request) {
    auto query = Input::OfQuery(request);
    if (!query) return Fail(query.error());
    Reader reader(*query);
    const bool dry = ReadSwitch(*query, reader, "dry_run");
    RefuseUnread(*query, reader, "is no parameter of a job: filters are its body");
    if (reader.error()) return Fail(*reader.error());
    return dry;
}

// One state alone can be sent. What is cancelled is named by its state and its network: there is no
// job that takes it back.
JobAction ReadAction(Reader& reader, delivery::DeliveryFilter& filter) {
    const std::string action = reader.Text("action"), state = reader.Text("state");
    filter.state = DeliveryState::kDead;
    if (action == "cancel") {
        if (state == "waiting") filter.state = DeliveryState::kWaiting;
        if (state != "waiting" && state != "dead") {
            reader.Refuse("state", "must be waiting or dead: which of them shall be cancelled?");
        }
        if (filter.network.empty()) reader.Refuse("network", "is required to cancel");
        return JobAction::kCancel;
    }
    if (!action.empty() && action != "replay") {
        reader.Refuse("action", "must be replay or cancel");
    }
    if (!state.empty() && state != "dead") {
        reader.Refuse("state", "must be dead: a job sends no others");
    }
    return JobAction::kReplay;
}

void Count(
    Deliveries& deliveries, const std::shared_ptr<Call>& call, delivery::DeliveryFilter filter
) {
    RunQuery(deliveries.queries, call, [&deliveries, call, filter = std::move(filter)] {
        auto count = deliveries.replays.DryRun(filter, kCountedMax);
        if (!count) return call->respond(ErrorResponse(count.error()));
        JsonObject data, body;
        data.Int("count", static_cast<int64_t>(count->matched));
        data.Bool("complete", count->complete);
        call->respond(JsonResponse(200, body.Bool("success", true).Object("data", data)));
    });
}

}  // namespace

void PostReplay(Deliveries& deliveries, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto filter = ReadDeliveryFilter(reader);
    const auto action = ReadAction(reader, filter);
    auto rate = ReadNumber(reader, "rate", 1, delivery::ReplayOptions::kRateMax);
    RefuseUnread(*input, reader, "is no filter of a job");  // a slip would send everything again
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    auto dry = IsDryRun(call->request);
    if (!dry) return call->respond(BadRequest(dry.error()));
    if (*dry) return Count(deliveries, call, std::move(filter));
    deliveries.replays.Create(
        action,
        std::move(filter),
        rate.value_or(delivery::ReplayOptions::kRateUsual),
        call->caller.name,
        [call](Result<delivery::ReplayJob> job) { AnswerJob(*call, job, 201); }
    );
}

void ListReplays(Deliveries& deliveries, std::shared_ptr<Call> call) {
    RunQuery(deliveries.queries, call, [&deliveries, call] {
        auto jobs = deliveries.replays.List();
        if (!jobs) return call->respond(ErrorResponse(jobs.error()));
        JsonList data;
        for (const auto& job : *jobs) {
            if (!delivery::IsBulk(job.action)) data.Object(JobJson(job));
        }
        call->respond(DataAnswer(data));
    });
}

void GetReplay(Deliveries& deliveries, std::shared_ptr<Call> call) {
    RunQuery(deliveries.queries, call, [&deliveries, call] {
        AnswerJob(*call, FindReplay(deliveries, call->id));
    });
}

void CancelReplay(Deliveries& deliveries, std::shared_ptr<Call> call) {
    RunQuery(deliveries.queries, call, [&deliveries, call] {
        auto job = FindReplay(deliveries, call->id);
        if (!job) return call->respond(ErrorResponse(job.error()));
        deliveries.replays.Cancel(call->id, [call](Result<delivery::ReplayJob> ended) {
            AnswerJob(*call, ended);
        });
    });
}

}  // namespace barracuda::api
