// /api/admin/deliveries: the list with its filters, one delivery with its attempts, and what an
// operator may do to one: send again, cancel, mark as done.
#include "api/delivery_json.h"
#include "api/list_input.h"
#include "api/log_json.h"
#include "api/query_pool.h"
#include "api/routes.h"
#include "domain/bson.h"

namespace barracuda::api {

using domain::DeliveryState;

namespace {

constexpr size_t kAttemptsShown = 50;

delivery::DeliveryQuery ReadQuery(Reader& reader) {
    delivery::DeliveryQuery query;
    query.filter = ReadDeliveryFilter(reader);
    std::string state = reader.Text("state");
    query.filter.state = delivery::DeliveryStateNamed(state);
    if (!state.empty() && !query.filter.state) {
        reader.Refuse("state", "must be waiting, done, dead or cancelled");
    }
    query.limit = ReadLimit(reader);
    query.cursor = ReadCursor(reader);
    return query;
}

// The host of a delivery's last attempt is the log's knowledge, not the document's.
bool LastHostIs(store::LogStore& logs, const std::string& id, const std::string& host) {
    auto page = logs.Read({.log = store::LogId::kAttempts, .about = id, .limit = 1});
    return page && !page->documents.empty() &&
           domain::TopText(page->documents.front(), "host") == host;
}

http::Response AnswerList(const delivery::DeliveryPage& page, size_t limit) {
    JsonList data;
    for (const auto& row : page.rows) data.Object(DeliveryRowJson(row));
    return CursorPage(data, limit, page.cursor);
}

// The part of "/api/admin/deliveries/{id}" or "/api/admin/deliveries/{id}/action".
std::string IdIn(const std::string& path) {
    constexpr std::string_view kBefore = "/api/admin/deliveries/";
    std::string id = path.substr(kBefore.size());
    return id.substr(0, id.find('/'));
}

using Found = std::function<void(delivery::DeliveryRow)>;

// On a query thread; answers 404 itself.
void WithDelivery(Service& service, const std::shared_ptr<Call>& call, Found found) {
    RunQuery(service, call, [&service, call, found = std::move(found)] {
        if (service.attempts) service.attempts->Flush();
        auto row = delivery::FindDelivery(service.engine, service.logs, IdIn(call->request.path));
        if (!row) return call->respond(ErrorResponse(row.error()));
        if (!*row) return call->respond(http::JsonError(404, "there is no such delivery"));
        found(std::move(**row));
    });
}

void Act(
    Service& service,
    const std::shared_ptr<Call>& call,
    std::function<domain::Command(const delivery::DeliveryRow&)> command,
    const char* message
) {
    WithDelivery(service, call, [&service, call, command, message](delivery::DeliveryRow row) {
        auto answer =
            [&service, call, id = row.delivery_id, message](Result<domain::Decision> decision) {
                if (!decision) return call->respond(ErrorResponse(decision.error()));
                if (!decision->changed) {
                    return call->respond(
                        http::JsonError(409, "the delivery's state does not allow it, see its list")
                    );
                }
                delivery::DeliveryRow after{*decision->document, id};
                const auto& one = after.delivery();
                if (one.state != DeliveryState::kWaiting) service.dispatcher.Drop(one);
                JsonObject body;
                body.Bool("success", true).Text("message", message);
                call->respond(JsonResponse(200, body.Object("data", DeliveryRowJson(after))));
            };
        if (!service.ledger.Submit(command(row), call->request.io_thread, std::move(answer))) {
            call->respond(Overloaded());
        }
    });
}

void Settle(
    Service& service, const std::shared_ptr<Call>& call, DeliveryState state, const char* message
) {
    auto command = [state, by = call->caller.name](const delivery::DeliveryRow& row) {
        return domain::Settle{row.conversion.key, row.delivery_id, state, ObjectId::New(), by};
    };
    Act(service, call, command, message);
}

}  // namespace

void ListDeliveries(Service& service, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto query = ReadQuery(reader);
    std::string host = reader.Text("host");
    RefuseOthers(
        *input,
        reader,
        {"state",
         "network",
         "kind",
         "goal_id",
         "affiliate_id",
         "click_id",
         "code",
         "host",
         "from",
         "to",
         "limit",
         "cursor"},
        kNoFilter
    );
    if (!host.empty() && !service.attempts) reader.Refuse("host", "needs the log of attempts");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(service, call, [&service, call, query, host]() mutable {
        if (!host.empty()) {
            service.attempts->Flush();
            query.also = [&service, host](const domain::Delivery& one) {
                return LastHostIs(*service.logs, one.id, host);
            };
        }
        auto page = delivery::ListDeliveries(service.engine, query);
        if (!page) return call->respond(ErrorResponse(page.error()));
        call->respond(AnswerList(*page, query.limit));
    });
}

void GetDelivery(Service& service, std::shared_ptr<Call> call) {
    WithDelivery(service, call, [&service, call](delivery::DeliveryRow row) {
        auto data = DeliveryRowJson(row);
        JsonList attempts;
        if (service.logs) {
            auto page = service.logs->Read(
                {.log = store::LogId::kAttempts, .about = row.delivery_id, .limit = kAttemptsShown}
            );
            if (!page) return call->respond(ErrorResponse(page.error()));
            for (const auto& document : page->documents) {
                attempts.Raw(BsonJson(document));
            }
        }
        call->respond(DataAnswer(data.List("log", attempts)));
    });
}

void ReplayDelivery(Service& service, std::shared_ptr<Call> call) {
    auto command = [by = call->caller.name](const delivery::DeliveryRow& row) {
        return domain::Replay{row.conversion.key, row.delivery_id, ObjectId::New(), by};
    };
    Act(service, call, command, "Delivery is sent again");
}

void CancelDelivery(Service& service, std::shared_ptr<Call> call) {
    Settle(service, call, DeliveryState::kCancelled, "Delivery cancelled");
}

void MarkDeliveryDone(Service& service, std::shared_ptr<Call> call) {
    Settle(service, call, DeliveryState::kDone, "Delivery marked as done");
}

}  // namespace barracuda::api
