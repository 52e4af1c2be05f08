// GET /api/admin/received and /api/admin/attempts: the two logs, newest first, with filters.
#include "api/delivery_json.h"
#include "api/list_input.h"
#include "api/log_json.h"
#include "api/query_pool.h"
#include "api/routes.h"

namespace barracuda::api {

namespace {

http::Response NotKept() {
    return http::JsonError(404, "this log is off: see [log] in the configuration");
}

void AddText(store::LogRequest& to, Reader& reader, const char* name) {
    std::string value = reader.Text(name);
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
    request.to = ReadTime(reader, "to");
    return request;
}

void Answer(const Call& call, store::LogStore& logs, const store::LogRequest& request) {
    auto page = logs.Read(request);
    if (!page && page.error().code == ErrorCode::kInvalid) {
        return call.respond(http::JsonError(400, "cursor: " + page.error().message));
    }
    if (!page) return call.respond(ErrorResponse(page.error()));
    call.respond(LogAnswerPage(*page, request.limit));
}

}  // namespace

void ListReceived(Service& service, std::shared_ptr<Call> call) {
    if (!service.received) return call->respond(NotKept());
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto request = RequestOf(reader, store::LogId::kReceived);
    AddWord(
        request,
        reader,
        "route",
        {"private_conversions",
         "contact",
         "register",
         "ftd",
         "postback",
         "goals_postback",
         "admin_conversions"}
    );
    for (const char* name : {"click_id", "goal_id", "by", "address", "command"}) {
        AddText(request, reader, name);
    }
    AddWord(request, reader, "verdict", {"recorded", "duplicate", "updated"});
    AddNumber(request, reader, "status");
    for (const char* name : {"conflict", "isDuplicate"}) {
        if (auto flag = ReadFlag(reader, name)) request.where.push_back({name, *flag});
    }
    RefuseOthers(
        *input,
        reader,
        {"route",
         "click_id",
         "goal_id",
         "by",
         "address",
         "command",
         "verdict",
         "status",
         "conflict",
         "isDuplicate",
         "from",
         "to",
         "limit",
         "cursor"},
        kNoFilter
    );
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(service, call, [&service, call, request] {
        service.received->Flush();
        Answer(*call, *service.logs, request);
    });
}

void ListAttempts(Service& service, std::shared_ptr<Call> call) {
    if (!service.attempts) return call->respond(NotKept());
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto request = RequestOf(reader, store::LogId::kAttempts);
    request.about = reader.Text("delivery_id");
    for (const char* name : {"network", "click_id", "goal_id", "host"}) {
        AddText(request, reader, name);
    }
    AddWord(request, reader, "kind", kDeliveryKinds);
    AddWord(request, reader, "outcome", {"accepted", "retried", "dead"});
    AddNumber(request, reader, "code");
    RefuseOthers(
        *input,
        reader,
        {"delivery_id",
         "network",
         "kind",
         "click_id",
         "goal_id",
         "host",
         "outcome",
         "code",
         "from",
         "to",
         "limit",
         "cursor"},
        kNoFilter
    );
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(service, call, [&service, call, request] {
        service.attempts->Flush();
        Answer(*call, *service.logs, request);
    });
}

}  // namespace barracuda::api
