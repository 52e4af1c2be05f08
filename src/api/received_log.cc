#include "api/received_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "api/auth.h"
#include "api/service.h"
#include "base/check.h"
#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::api {

namespace {

// Fields that say something of the visitor, whoever reports them.
bool IsVisitors(std::string_view field) { return field == "ip_address" || field == "user_agent"; }

bool IsForm(const char* route) {
    return std::strcmp(route, "contact") == 0 || std::strcmp(route, "register") == 0;
}

template <typename List, typename Add>
void EncodeList(domain::BsonWriter& to, const char* name, const List& list, Add add) {
    if (list.empty()) return;
    to.BeginArray(name);
    size_t i = 0;
    for (const auto& item : list) add(to, fmt::format_int(i++).c_str(), item);
    to.End();
}

void EncodeConflict(domain::BsonWriter& to, const domain::Conflict& conflict) {
    to.Text("field", conflict.field);
    if (!IsVisitors(conflict.field)) {
        to.Text("stored", CutUtf8(conflict.stored, 256));
        to.Text("given", CutUtf8(conflict.given, 256));
    }
}

}  // namespace

store::LogEntry EncodeReceived(const Received& received) {
    BARRACUDA_CHECK(received.route);
    domain::BsonWriter to;
    to.Date("at", received.at);
    to.Text("route", received.route);
    to.Text("method", received.method);
    if (!received.address.empty()) to.Text("address", received.address);
    to.Int("status", received.status);
    to.Int("took_ms", received.took_ms);
    if (!received.path.empty()) to.Text("path", received.path);
    if (!received.reason.empty()) to.Text("reason", CleanUtf8(received.reason));
    if (*received.verdict != '\0') {
        to.Text("verdict", received.verdict);
        to.Bool("isDuplicate", received.is_duplicate);
    }
    const auto& key = received.key;
    if (!key.click.value.empty()) to.Text("click_id", key.click.value);
    if (!key.goal.value.empty()) to.Text("goal_id", key.goal.value);
    if (!key.occurrence.empty()) to.Text("occurrence", key.occurrence);
    if (!received.affiliate.empty()) to.Text("affiliate_id", received.affiliate.value);
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
            items.BeginDocument(at);
            EncodeConflict(items, conflict);
            items.End();
        }
    );
    EncodeList(to, "ignored", received.ignored, [](auto& items, const char* at, const auto& name) {
        items.Text(at, name);
    });
    return {.at = received.at, .about = {}, .bson = to.Take()};
}

store::MinorShare<Received> ShareOfStrangers(size_t log_bytes_max, std::chrono::milliseconds age) {
    const double burst = static_cast<double>(log_bytes_max) / 8;
    return {
        .is_minor = [](const Received& r
                    ) { return r.stranger && r.status >= 400 && r.status < 500; },
        .bytes_burst = burst,
        .bytes_per_second = burst * 1000 / static_cast<double>(std::max<int64_t>(age.count(), 1)),
    };
}

void NoteReceived(const Accounts& accounts, Call& call, const char* route) {
    BARRACUDA_CHECK(route && !call.answered);
    Received& note = call.received;
    note.route = route;
    note.at = Time::Now();
    note.method = call.request.method;
    note.by = call.caller.name;
    note.stranger = call.caller.scope == auth::Scope::kNone;
    if (!IsForm(route)) {
        bool direct = accounts.settings.trusted_proxies.empty();
        note.address = direct ? call.request.peer_address : ClientOf(accounts, call.request);
    }
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
