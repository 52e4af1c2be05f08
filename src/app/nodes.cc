#include "app/nodes.h"

#include <unistd.h>

#include "app/log.h"

namespace barracuda::app {

namespace {

// Others may be killed while a goal is switched: they are out of it after 15 s, and what they sent
// last after GoalRules::kMayLand more.
constexpr std::chrono::milliseconds kSwitchPatience{120'000};

nodes::MembershipOptions MembershipOptionsOf(bool alone) {
    nodes::MembershipOptions options;
    options.alone = alone;
    // Nobody watches: an idle server need not write to its disk every 2 s.
    if (alone) options.heartbeat = std::chrono::minutes(1);
    char host[256] = {};
    if (gethostname(host, sizeof host - 1) == 0) options.host = host;
    options.pid = getpid();
    options.version = BARRACUDA_VERSION;
    return options;
}

}  // namespace

Nodes::Nodes(store::Engine& engine, const config::Config& config)
    : engine_(engine),
      config_(config),
      alone_(!config.store.IsMongo()),
      membership_(engine, MembershipOptionsOf(alone_)),
      goals_(engine, membership_, alone_) {}

Result<bool> Nodes::Join(ledger::Ledger& ledger) {
    if (auto joined = membership_.Join(ledger); !joined) return joined;
    std::vector<nodes::GoalRules::Configured> goals;
    for (const auto& goal : config_.goals) goals.push_back({goal.id, goal.repeatable});
    auto begun = goals_.Begin(ledger, goals, kSwitchPatience);
    if (!begun) return begun;
    if (!alone_) Log(Level::kInfo, "joined", {{"node", membership_.node().value}});
    return true;
}

void Nodes::Start(auth::KeyRing& keys, auth::AdminAuth& admin) {
    membership_.Start([this] {
        if (!alone_) goals_.Step();
    });
    if (alone_) return;
    admin.CountLoginsInStore();
    shared_.Add([this, &keys] { return keys.LoadFrom(engine_); });
    shared_.Add([this, &admin] { return admin.LoadFrom(engine_); });
    shared_.Start();
}

}  // namespace barracuda::app
