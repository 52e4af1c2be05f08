// /api/admin/deliveries: the list with its filters, one delivery with its attempts, and what an
// operator may do to one: send again, cancel, mark as done.
#include <fmt/format.h>

#include "api/delivery_json.h"
#include "api/list_input.h"
#include "api/log_json.h"
#include "api/query_pool.h"
#include "api/routes.h"
#include "delivery/delivery_counts.h"
#include "domain/bson.h"

namespace barracuda::api {

using domain::DeliveryState;

namespace {

constexpr size_t kAttemptsShown = 50;
constexpr size_t kCountLooks = 50'000;  // conversions; those that are done alone have no index

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

JsonObject CountsJson(const delivery::DeliveryCounts& counts) {
    JsonObject states, data;
    JsonList at_least, networks, codes;
    for (const auto& [state, count] : counts.states) states.Int(domain::NameOf(state), count);
    for (auto state : counts.at_least) at_least.Text(domain::NameOf(state));
    for (const auto& [name, network] : counts.networks) {
        JsonObject item;
        item.Text("name", name).Int("waiting", network.waiting).Int("dead", network.dead);
        networks.Object(item.TextOrNull("oldest_at", network.oldest ? network.oldest->Iso() : ""));
    }
    for (const auto& [code, count] : counts.codes) {
        codes.Object(JsonObject().Int("code", code).Int("count", count));
    }
    data.Object("states", states).List("atLeast", at_least);
    return data.List("networks", networks).List("codes", codes);
}

// Runs on a query thread with what the URL asks for: the list and its counts mean the same ones.
// Answers itself where that is wrong.
void WithQuery(
    Deliveries& deliveries,
    const std::shared_ptr<Call>& call,
    std::function<void(const delivery::DeliveryQuery&)> then
) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto query = ReadQuery(reader);
    const std::string host = reader.Sought("host");
    RefuseUnread(*input, reader, kNoFilter);
    if (!host.empty() && !deliveries.attempts) reader.Refuse("host", "needs the log of attempts");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(deliveries.queries, call, [&deliveries, query, host, then]() mutable {
        if (!host.empty()) {
            deliveries.attempts->Flush();
            query.also = [&deliveries, host](const domain::Delivery& one) {
                return LastHostIs(*deliveries.logs, one.id.value, host);
            };
        }
        then(query);
    });
}

using Found = std::function<void(delivery::DeliveryRow)>;

// On a query thread; answers 404 itself.
void WithDelivery(Deliveries& deliveries, const std::shared_ptr<Call>& call, Found found) {
    RunQuery(deliveries.queries, call, [&deliveries, call, found = std::move(found)] {
        if (deliveries.attempts) deliveries.attempts->Flush();
        auto row = delivery::FindDelivery(deliveries.engine, deliveries.logs, call->id);
        if (!row) return call->respond(ErrorResponse(row.error()));
        if (!*row) return call->respond(http::JsonError(404, "there is no such delivery"));
        found(std::move(**row));
    });
}

http::Response NotAllowed(const domain::Decision& decision, const DeliveryId& id) {
    if (!decision.document) return http::JsonError(404, "there is no such delivery");
    const delivery::DeliveryRow row{*decision.document, id};
    const char* state = domain::NameOf(row.delivery().state);
    return http::JsonError(
        409, fmt::format("the delivery is {}, and that state does not allow it", state)
    );
}

void Act(
    Deliveries& deliveries,
    const std::shared_ptr<Call>& call,
    std::function<domain::Command(const delivery::DeliveryRow&)> command,
    const char* message
) {
    WithDelivery(
        deliveries,
        call,
        [&deliveries, call, command, message](delivery::DeliveryRow row) {
            auto answer = [&deliveries, call, id = row.delivery_id, message](
                              Result<domain::Decision> decision
                          ) {
                if (!decision) return call->respond(ErrorResponse(decision.error()));
                if (!decision->changed) return call->respond(NotAllowed(*decision, id));
                delivery::DeliveryRow after{*decision->document, id};
                const auto& one = after.delivery();
                if (one.state != DeliveryState::kWaiting) deliveries.dispatcher.Drop(one);
                JsonObject body;
                body.Bool("success", true).Text("message", message);
                call->respond(JsonResponse(200, body.Object("data", DeliveryRowJson(after))));
            };
            if (!deliveries.ledger.Submit(
                    command(row), call->request.io_thread, std::move(answer)
                )) {
                call->respond(Overloaded());
            }
        }
    );
}

void End(
    Deliveries& deliveries,
    const std::shared_ptr<Call>& call,
    DeliveryState state,
    const char* message
) {
    auto command = [state, by = call->caller.name](const delivery::DeliveryRow& row) {
        return domain::EndDelivery{row.conversion.key, row.delivery_id, state, ObjectId::New(), by};
    };
    Act(deliveries, call, command, message);
}

}  // namespace

void ListDeliveries(Deliveries& deliveries, std::shared_ptr<Call> call) {
    WithQuery(deliveries, call, [&deliveries, call](const delivery::DeliveryQuery& query) {
        auto page = delivery::ListDeliveries(deliveries.engine, query);
        if (!page) return call->respond(ErrorResponse(page.error()));
        call->respond(AnswerList(*page, query.limit));
    });
}

void CountDeliveries(Deliveries& deliveries, std::shared_ptr<Call> call) {
    WithQuery(deliveries, call, [&deliveries, call](const delivery::DeliveryQuery& query) {
        auto counts = delivery::CountDeliveries(deliveries.engine, query, kCountLooks);
        if (!counts) return call->respond(ErrorResponse(counts.error()));
        call->respond(DataAnswer(CountsJson(*counts)));
    });
}

void GetDelivery(Deliveries& deliveries, std::shared_ptr<Call> call) {
    WithDelivery(deliveries, call, [&deliveries, call](delivery::DeliveryRow row) {
        auto data = DeliveryRowJson(row);
        JsonList attempts;
        bool complete = true;
        if (deliveries.logs) {
            auto page = deliveries.logs->Read(
                {.log = store::LogId::kAttempts,
                 .about = row.delivery_id.value,
                 .limit = kAttemptsShown}
            );
            if (!page) return call->respond(ErrorResponse(page.error()));
            for (const auto& document : page->documents) {
                attempts.Raw(BsonJson(document));
            }
            complete = page->cursor.empty();
        }
        JsonObject body;
        body.Bool("success", true).Object("data", data.List("log", attempts));
        if (!complete) body.Bool("complete", false);  // older ones: the list of attempts
        call->respond(JsonResponse(200, body));
    });
}

void ReplayDelivery(Deliveries& deliveries, std::shared_ptr<Call> call) {
    auto command = [by = call->caller.name](const delivery::DeliveryRow& row) {
        return domain::Replay{row.conversion.key, row.delivery_id, ObjectId::New(), by};
    };
    Act(deliveries, call, command, "Delivery is sent again");
}

void CancelDelivery(Deliveries& deliveries, std::shared_ptr<Call> call) {
    End(deliveries, call, DeliveryState::kCancelled, "Delivery cancelled");
}

void MarkDeliveryDone(Deliveries& deliveries, std::shared_ptr<Call> call) {
    End(deliveries, call, DeliveryState::kDone, "Delivery marked as done");
}

}  // namespace barracuda::api
