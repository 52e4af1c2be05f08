// The doctor's findings about a MongoDB store, from outside: nothing is built, nothing is written.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>

#include "app/doctor.h"
#include "app/mongo_options.h"
#include "domain/entity.h"
#include "store/mongo/ask.h"
#include "store/mongo/privileges.h"
#include "store/mongo/scan.h"
#include "store/mongo/setup.h"
#include "store/mongo/state.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::seconds kPrimaryPatience{4};
constexpr int64_t kClockWarnMs = 2'000;
constexpr int64_t kClockFailMs = 60'000;  // login attempts are counted by the nodes' clocks
static_assert(kClockWarnMs < kClockFailMs);

struct Hello {
    std::string set, message;
    std::vector<std::string> members, arbiters;
    std::optional<int64_t> ahead_ms;  // of our clock
};

Result<Hello> SayHello(store::MongoClient::Lease& lease) {
    int64_t before = Time::Now().ms;
    auto reply = lease.Command(store::Bson::Json(R"({"isMaster":1})"), true);
    int64_t after = Time::Now().ms;
    if (!reply) return Fail(reply.error());
    const std::string bytes = reply->Bytes();
    const domain::TopFields fields(bytes);
    Hello hello;
    hello.set = fields.TextOr("setName");
    hello.message = fields.TextOr("msg");
    hello.members = domain::TextsIn(fields, "hosts");
    hello.arbiters = domain::TextsIn(fields, "arbiters");
    if (auto theirs = fields.Date("localTime")) {
        int64_t least = theirs->ms - after, most = theirs->ms - before;
        hello.ahead_ms = least > 0 ? least : most < 0 ? most : 0;
    }
    return hello;
}

void ExamineServer(store::MongoClient::Lease& lease, Findings& to) {
    auto hello = SayHello(lease);
    if (!hello) return to.Fail("store", hello.error().message, "is the server well?");
    auto info = lease.Command(store::Bson::Json(R"({"buildInfo":1})"), true);
    std::string version = "unknown";
    if (info) version = domain::TopText(info->Bytes(), "version").value_or(version);
    if (hello->message == "isdbgrid") {
        to.Ok("store", fmt::format("MongoDB {}, a sharded cluster", version));
    } else if (hello->set.empty()) {
        to.Warn(
            "store",
            fmt::format("MongoDB {}, a standalone: it can take back what it confirmed", version),
            "use a replica set"
        );
    } else {
        size_t members = hello->members.size();
        std::string text =
            fmt::format("MongoDB {}, set {} of {} members", version, hello->set, members);
        if (!hello->arbiters.empty()) {
            to.Warn("store", text + " and an arbiter", "a third data-bearing member in its place");
        } else if (members < 3) {
            to.Warn("store", text + ": none may be lost", "three members");
        } else {
            to.Ok("store", text);
        }
    }
    if (!hello->ahead_ms) return;
    int64_t off = std::llabs(*hello->ahead_ms);
    std::string text = fmt::format("{} ms from the server's", off);
    if (off > kClockFailMs) return to.Fail("clock", text, "NTP on both machines");
    if (off > kClockWarnMs) return to.Warn("clock", text, "NTP on both machines");
    to.Ok("clock", text);
}

void ExamineMembers(store::MongoClient::Lease& lease, Findings& to) {
    auto reply = lease.Command(store::Bson::Json(R"({"replSetGetStatus":1})"), true);
    if (!reply) return;  // a set's state is not for every user to see
    const std::string bytes = reply->Bytes();
    const domain::TopFields fields(bytes);
    const auto* list = fields.Find("members");
    bson_iter_t entry;
    if (!list || !BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &entry)) return;
    std::string ill;
    while (bson_iter_next(&entry)) {
        const domain::TopFields member(domain::BytesOf(entry));
        auto state = member.Number("state");
        if (state == 1 || state == 2 || state == 7) continue;
        ill += fmt::format(
            "{}{} is {}", ill.empty() ? "" : ", ", member.TextOr("name"), member.TextOr("stateStr")
        );
    }
    if (ill.empty()) return to.Ok("members", "all are primary or secondary");
    to.Warn("members", ill, "bring them back: the next loss stops writes");
}

void ExaminePrivileges(store::MongoClient::Lease& lease, Findings& to) {
    auto found = store::LookAtPrivileges(lease, true);
    if (!found) return to.Fail("privileges", found.error().message, "check the credentials");
    if (found->wants_a_user) {
        return to.Fail("privileges", store::kWantsAUser, "put them into store.url");
    }
    if (!found->known) {
        return to.Warn(
            "privileges",
            "nobody is logged in: whoever reaches the server may do anything",
            "turn access control on and give the address a user"
        );
    }
    if (found->missing.empty()) return to.Ok("privileges", "all that a node needs");
    to.Fail(
        "privileges",
        fmt::format("the user lacks {}", fmt::join(found->missing, ", ")),
        fmt::format("give it readWrite on the database {}", lease.database())
    );
}

void ExamineIndexes(const config::Config& config, store::MongoClient& client, Findings& to) {
    auto findings = store::IndexFindings(client);
    auto narrow = store::NarrowIndex(client);
    auto goals = store::RepeatableGoals(client);
    for (const auto* error :
         {findings ? nullptr : &findings.error(),
          narrow ? nullptr : &narrow.error(),
          goals ? nullptr : &goals.error()}) {
        if (error) return to.Fail("indexes", error->message, "see the store's own lines");
    }
    for (const auto& finding : *findings) {
        bool lacks = finding.find(" lacks ") != finding.npos;
        to.Fail(
            "indexes",
            finding,
            lacks ? "start a node, or barracuda verify --repair: they build it"
                  : "drop it (dropIndex), then start a node: it builds its own"
        );
    }
    if (!narrow->empty() && !goals->empty()) {
        to.Fail("indexes", store::TwoUniqueIndexes(*narrow, goals->front()), "as it says");
    } else if (findings->empty()) {
        to.Ok(
            "indexes",
            narrow->empty() ? "all are there and right"
                            : "all are there and right, " + *narrow + " of the old application too"
        );
    }
    if (!narrow->empty() && goals->empty() && SeveralPerClick(config)) {
        to.Ok("indexes", *narrow + " goes at the next start: a goal is configured as repeatable");
    }
}

// The kind of the database; kForeign also where it cannot be told.
store::DatabaseKind ExamineState(store::MongoClient& client, Findings& to) {
    auto state = store::LookAt(client);
    if (!state) {
        to.Fail("database", state.error().message, "see the store's own lines");
        return store::DatabaseKind::kForeign;
    }
    const std::string& name = client.options().database;
    switch (state->kind) {
        case store::DatabaseKind::kOurs:
            to.Ok("database", name + " is ours");
            break;
        case store::DatabaseKind::kEmpty:
            to.Ok("database", name + " is empty: serve makes what it needs");
            if (auto others = store::OthersWithConversions(client); others && !others->empty()) {
                to.Warn(
                    "database",
                    others->front() + " on the same server holds conversions",
                    "is that the one? store.database (DB_NAME) chooses"
                );
            }
            break;
        case store::DatabaseKind::kSeed:
            to.Fail("database", state->why, "docs/operating/adopt.md");
            break;
        case store::DatabaseKind::kBeingAdopted:
            to.Fail("database", state->why, "barracuda adopt");
            break;
        case store::DatabaseKind::kForeign:
            to.Fail("database", state->why, "store.database (DB_NAME)");
            break;
    }
    return state->kind;
}

}  // namespace

void ExamineMongo(const config::Config& config, Findings& to) {
    auto client = store::MongoClient::Open(MongoOptionsOf(config));
    if (!client) return to.Fail("store", client.error().message, "correct store.url");
    auto usable = store::CheckServer(**client, config.store.allow_standalone, kPrimaryPatience);
    if (!usable) {
        return to.Fail(
            "store",
            usable.error().message,
            "the address, the network between, the members; docs/operating/mongodb.md"
        );
    }
    {
        auto lease = (*client)->Take();
        if (!lease) return to.Fail("store", lease.error().message, "try again");
        ExamineServer(*lease, to);
        ExamineMembers(*lease, to);
        ExaminePrivileges(*lease, to);
    }
    auto kind = ExamineState(**client, to);
    if (kind == store::DatabaseKind::kEmpty) return ExamineContent(config, NothingThere, to);
    if (kind != store::DatabaseKind::kOurs) return;
    ExamineIndexes(config, **client, to);
    store::Seen seen(NoFaults(), store::Seen::Primaries::kAny);
    auto scan = [&](const store::ScanRequest& request) {
        return ScanPage(**client, seen, request);
    };
    ExamineContent(config, scan, to);
}

}  // namespace barracuda::app
