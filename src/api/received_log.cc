#include "api/received_log.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cstring>

#include "api/auth.h"
#include "api/service.h"
#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::api {

namespace {

// Fields that say something of the visitor, whoever reports them.
bool IsVisitors(std::string_view field) { return field == "ip_address" || field == "user_agent"; }

bool IsForm(const char* route) {
    return std::strcmp(route, "contact") == 0 || std::strcmp(route, "register") == 0;
}

// The `message` of a JSON answer.
std::string MessageIn(const std::string& body) {
    boost::system::error_code ec;
    auto value = boost::json::parse(body, ec);
    if (ec || !value.is_object()) return {};
    const auto* message = value.as_object().if_contains("message");
    return message && message->is_string() ? std::string(message->as_string()) : std::string();
}

template <typename List, typename Add>
void EncodeList(domain::BsonWriter& to, const char* name, const List& list, Add add) {
    if (list.empty()) return;
    domain::BsonWriter items;
    size_t i = 0;
    for (const auto& item : list) add(items, fmt::format_int(i++).c_str(), item);
    to.Array(name, items);
}

std::string EncodeConflict(const domain::Conflict& conflict) {
    domain::BsonWriter to;
    to.Text("field", conflict.field);
    if (!IsVisitors(conflict.field)) {
        to.Text("stored", CutUtf8(conflict.stored, 256));
        to.Text("given", CutUtf8(conflict.given, 256));
    }
    return to.Take();
}

}  // namespace

store::LogEntry EncodeReceived(const Received& received) {
    domain::BsonWriter to;
    to.Date("at", received.at);
    to.Text("route", received.route);
    to.Text("method", received.method);
    if (!received.address.empty()) to.Text("address", received.address);
    to.Int("status", received.status);
    to.Int("took_ms", received.took_ms);
    if (!received.refusal.empty()) {
        std::string reason = MessageIn(received.refusal);
        if (!reason.empty()) to.Text("reason", reason);
    }
    if (*received.verdict != '\0') {
        to.Text("verdict", received.verdict);
        to.Bool("isDuplicate", received.is_duplicate);
    }
    const auto& key = received.key;
    if (!key.click.value.empty()) to.Text("click_id", key.click.value);
    if (!key.goal.value.empty()) to.Text("goal_id", key.goal.value);
    if (!key.occurrence.empty()) to.Text("occurrence", key.occurrence);
    if (received.command) to.Text("command", received.command->Hex());
    if (!received.by.empty()) to.Text("by", received.by);
    EncodeList(to, "trace", received.trace, [](auto& items, const char* at, const auto& step) {
        items.Text(at, step);
    });
    if (!received.conflicts.empty()) to.Bool("conflict", true);
    EncodeList(
        to,
        "conflicts",
        received.conflicts,
        [](auto& items, const char* at, const auto& conflict) {
            items.Document(at, EncodeConflict(conflict));
        }
    );
    return {.at = received.at, .about = {}, .bson = to.Take()};
}

void LogAnswer(Service& service, Call& call, const char* route) {
    Received& note = call.received;
    note.route = route;
    note.at = Time::Now();
    note.method = call.request.method;
    note.by = call.caller.name;
    if (!IsForm(route)) {
        bool direct = service.config.server.trusted_proxies.empty();
        note.address = direct ? call.request.peer_address : ClientOf(service, call.request);
    }
    call.answer = std::move(call.respond);
    // The call outlives its answer, and two pointers fit into the function itself.
    call.respond = [&service, &call](http::Response response) {
        if (!call.received.route) return call.answer(std::move(response));  // a second answer
        Received done = std::move(call.received);
        call.received.route = nullptr;
        done.status = response.status;
        done.took_ms = std::max<int64_t>(0, Time::Now().ms - done.at.ms);
        bool refused = response.status >= 300 && response.body.size() <= Received::kBodyBytesMax;
        if (refused) done.refusal = response.body;
        // First, so that whoever has the answer finds the request in the log.
        service.received->Put(std::move(done));
        call.answer(std::move(response));
    };
}

void NoteDecision(Call& call, domain::Decision& decision) {
    Received& note = call.received;
    if (!note.route) return;
    note.verdict = domain::NameOf(decision.verdict);
    note.is_duplicate = decision.is_duplicate;
    if (call.explain) {
        note.trace = decision.trace;
        note.conflicts = decision.conflicts;
    } else {
        note.trace = std::move(decision.trace);
        note.conflicts = std::move(decision.conflicts);
    }
}

}  // namespace barracuda::api
