// GET /api/admin/received and /api/admin/attempts: the two logs, newest first, with filters; what
// came in also counted, and one record by its id.
#include "api/delivery_json.h"
#include "api/list_input.h"
#include "api/log_json.h"
#include "api/query_pool.h"
#include "api/received_counts.h"
#include "api/routes.h"

namespace barracuda::api {

namespace {

http::Response NotKept() {
    return http::JsonError(404, "this log is off: see [log] in the configuration");
}

void AddText(store::LogRequest& to, Reader& reader, const char* name) {
    std::string value = reader.Sought(name);
    if (!value.empty()) to.where.push_back({name, std::move(value)});
}

void AddWord(store::LogRequest& to, Reader& reader, const char* name, const Words& words) {
    std::string value = ReadWord(reader, name, words);
    if (!value.empty()) to.where.push_back({name, std::move(value)});
}

void AddNumber(store::LogRequest& to, Reader& reader, const char* name) {
    if (auto value = ReadNumber(reader, name, 0, 999)) to.where.push_back({name, int64_t{*value}});
}

store::LogRequest RequestOf(Reader& reader, store::LogId log) {
    store::LogRequest request;
    request.log = log;
    request.limit = ReadLimit(reader);
    request.cursor = ReadCursor(reader);
    request.from = ReadTime(reader, "from");
    request.to = ReadEnd(reader, "to");
    return request;
}

// The filters of what came in; the list, its counts and nothing else read them.
store::LogRequest ReadReceived(Reader& reader) {
    auto request = RequestOf(reader, store::LogId::kReceived);
    AddWord(
        request,
        reader,
        "route",
        {"private_conversions",
         "conversions_batch",
         "contact",
         "register",
         "ftd",
         "postback",
         "goals_postback",
         "admin_conversions",
         "-"}
    );
    for (const char* name :
         {"click_id", "goal_id", "affiliate_id", "by", "address", "command", "reason"}) {
        AddText(request, reader, name);
    }
    AddWord(request, reader, "verdict", {"recorded", "duplicate", "updated"});
    AddNumber(request, reader, "status");
    for (const char* name : {"conflict", "isDuplicate"}) {
        if (auto flag = ReadFlag(reader, name)) request.where.push_back({name, *flag});
    }
    if (auto refused = ReadFlag(reader, "refused")) {
        using enum store::LogFilter::Test;
        request.where.push_back({"status", kRefusedFrom, *refused ? kAtLeast : kBelow});
    }
    return request;
}

// Runs on a query thread with what the URL asks for; answers itself where that is wrong.
void WithReceived(
    Logs& logs,
    const std::shared_ptr<Call>& call,
    std::function<void(const store::LogRequest&)> then
) {
    if (!logs.received) return call->respond(NotKept());
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto request = ReadReceived(reader);
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(logs.queries, call, [&logs, request, then] {
        logs.received->Flush();
        then(request);
    });
}

JsonObject CountsJson(const ReceivedCounts& counts) {
    JsonObject verdicts, data;
    for (const auto& [verdict, count] : counts.verdicts) verdicts.Int(verdict, count);
    JsonList reasons;
    for (const auto& one : counts.reasons) {
        JsonObject item;
        item.Text("reason", one.reason).Text("by", one.by).Int("count", one.count);
        reasons.Object(item);
    }
    data.Int("total", counts.total).Object("verdicts", verdicts).Int("refused", counts.refused);
    data.Int("conflicts", counts.conflicts).List("reasons", reasons);
    data.TextOrNull("oldest_at", counts.oldest ? counts.oldest->Iso() : "");
    return data.Bool("complete", counts.complete);
}

}  // namespace

void ListReceived(Logs& logs, std::shared_ptr<Call> call) {
    WithReceived(logs, call, [&logs, call](const store::LogRequest& request) {
        auto page = logs.store->Read(request);
        if (!page) return call->respond(ErrorResponse(page.error()));
        call->respond(ReceivedAnswerPage(*page, request.limit));
    });
}

void CountReceived(Logs& logs, std::shared_ptr<Call> call) {
    WithReceived(logs, call, [&logs, call](const store::LogRequest& request) {
        auto counts = CountReceivedIn(*logs.store, request);
        call->respond(counts ? DataAnswer(CountsJson(*counts)) : ErrorResponse(counts.error()));
    });
}

// A record's id is the place of it: whoever has it needs no search.
void GetReceived(Logs& logs, std::shared_ptr<Call> call) {
    if (!logs.received) return call->respond(NotKept());
    const auto place = CursorBytes(call->id);
    if (!place) return call->respond(NotFound("request"));
    RunQuery(logs.queries, call, [&logs, call, place = *place] {
        logs.received->Flush();
        auto page = logs.store->Read({.cursor = place, .limit = 1, .scanned_max = 1});
        const bool elsewhere = !page && page.error().code == ErrorCode::kInvalid;  // another list's
        if (elsewhere) return call->respond(NotFound("request"));
        if (!page) return call->respond(ErrorResponse(page.error()));
        // Where it is gone an older one stands first.
        const bool there = !page->places.empty() && page->places.front() == place;
        if (!there) return call->respond(NotFound("request in the log any more"));
        const std::string record = ReceivedJson(page->documents.front(), place);
        call->respond(JsonResponse(200, JsonObject().Bool("success", true).Raw("data", record)));
    });
}

void ListAttempts(Logs& logs, std::shared_ptr<Call> call) {
    if (!logs.attempts) return call->respond(NotKept());
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto request = RequestOf(reader, store::LogId::kAttempts);
    request.about = reader.Sought("delivery_id");
    for (const char* name : {"network", "click_id", "goal_id", "host"}) {
        AddText(request, reader, name);
    }
    AddWord(request, reader, "kind", kDeliveryKinds);
    AddWord(request, reader, "outcome", {"accepted", "retried", "dead"});
    AddNumber(request, reader, "code");
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(logs.queries, call, [&logs, call, request] {
        logs.attempts->Flush();
        auto page = logs.store->Read(request);
        if (!page) return call->respond(ErrorResponse(page.error()));
        call->respond(LogAnswerPage(*page, request.limit));
    });
}

}  // namespace barracuda::api
