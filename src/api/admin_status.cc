// GET /api/admin/status: how the server, its store and its nodes are, with what the doctor finds.
#include <sys/statvfs.h>

#include "api/finding.h"
#include "api/health.h"
#include "api/query_pool.h"
#include "api/respond.h"
#include "api/routes.h"
#include "nodes/membership.h"

namespace barracuda::api {

const char* NameOf(Health health) {
    switch (health) {
        case Health::kOk:
            return "ok";
        case Health::kWarn:
            return "warn";
        case Health::kFail:
            break;
    }
    return "fail";
}

namespace {

JsonObject& PutTime(JsonObject& to, const char* name, const std::optional<Time>& time) {
    return to.TextOrNull(name, time ? time->Iso() : std::string());
}

JsonObject StoreJson(const Vitals& vitals) {
    JsonObject store;
    const auto trouble = TroubleOf(vitals);
    store.Text("kind", vitals.config.store.IsMongo() ? "mongodb" : "rocksdb");
    store.Bool("writable", !trouble).TextOrNull("trouble", trouble.value_or(""));
    return store.Int("accepted_loss", static_cast<int64_t>(vitals.engine.Accepted().writes));
}

JsonList NodesJson(const nodes::Membership& membership) {
    JsonList list;
    for (const auto& node : membership.Nodes()) {
        JsonObject one;
        one.Text("id", node.id.value).Text("state", NameOf(node.state));
        one.Text("host", node.host).Int("pid", node.pid).Text("version", node.version);
        one.Text("startedAt", node.started.Iso()).Text("seenAt", node.seen.Iso());
        list.Object(one.Bool("here", node.id == membership.node()));
    }
    return list;
}

template <typename Log>
void AddLog(JsonList& to, const char* name, const Log* log) {
    JsonObject one;
    one.Text("name", name).Bool("on", log != nullptr);
    if (log) {
        const auto stats = log->stats();
        one.Int("records", static_cast<int64_t>(stats.records));
        one.Int("bytes", static_cast<int64_t>(stats.bytes));
        one.Int("dropped", static_cast<int64_t>(log->counters().dropped));
        PutTime(one, "oldest_at", stats.oldest);
    }
    to.Object(one);
}

JsonList FindingsJson(const std::vector<Finding>& findings) {
    JsonList list;
    for (const auto& finding : findings) {
        JsonObject one;
        one.Text("health", NameOf(finding.health)).Text("about", finding.about);
        list.Object(one.Text("text", finding.text).TextOrNull("todo", finding.todo));
    }
    return list;
}

http::Response StatusAnswer(const Vitals& vitals) {
    JsonObject data;
    data.Text("version", vitals.version).Bool("demo", vitals.config.demo);
    data.Object("store", StoreJson(vitals));
    struct statvfs room {};
    const bool known = statvfs(vitals.data.c_str(), &room) == 0;
    const uint64_t free = uint64_t{room.f_bavail} * room.f_frsize;
    data.Raw("free_bytes", known ? std::to_string(free) : "null");
    data.Int("queue", static_cast<int64_t>(vitals.ledger.depth()));
    data.Int("queue_max", static_cast<int64_t>(vitals.config.limits.queue));
    PutTime(data, "oldest_due_at", vitals.dispatcher.counters().oldest_due);
    data.List("nodes", NodesJson(vitals.membership));
    JsonList logs;
    AddLog(logs, "received", vitals.received);
    AddLog(logs, "attempts", vitals.attempts);
    data.List("logs", logs).List("findings", FindingsJson(vitals.examine()));
    return DataAnswer(data);
}

}  // namespace

void GetStatus(Vitals& vitals, std::shared_ptr<Call> call) {
    // Names are resolved on the way, which may take its time.
    RunQuery(vitals.reaches, call, [&vitals, call] { call->respond(StatusAnswer(vitals)); });
}

}  // namespace barracuda::api
