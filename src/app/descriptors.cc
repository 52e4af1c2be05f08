#include "app/descriptors.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "contacts/flow.h"

namespace barracuda::app {

namespace {

// Descriptors open whatever happens: streams, epolls, timers and listeners of each thread, the
// control socket and its four clients, the stores' logs, locks and directories, a compaction's
// outputs.
constexpr size_t kAlways = 44, kOfEachThread = 4;
constexpr size_t kOfOperators = 16;  // connections on their own address
constexpr size_t kOfLogs = 20;       // tables of the logs' store (rocks_log.cc)
constexpr size_t kTablesLeast = 20;  // RocksDB takes no less
constexpr size_t kTablesMost = 16'384, kTablesWanted = 1'024;
constexpr size_t kOfEachCall = 2;  // a name is looked up on a socket of its own
constexpr size_t kRefusedMost = 256;
constexpr size_t kLimitMost = 1'048'576;  // "unlimited", and what RocksDB takes as an int

size_t Always(const config::Config& config) {
    const size_t threads = config.server.threads > 0
                               ? static_cast<size_t>(config.server.threads)
                               : std::max(1u, std::thread::hardware_concurrency());
    const size_t operators = config.server.ops_listen.empty() ? 0 : kOfOperators;
    return kAlways + kOfEachThread * threads + operators;
}

size_t RefusedOf(size_t connections) {
    return std::clamp<size_t>(connections / 16, 4, kRefusedMost);
}

// The part of `rest` that the store, and the calls, get at most.
constexpr size_t kTablesPart = 4, kCallsPart = 8;
static_assert(kTablesPart > 1);  // something is left for connections
static_assert(kTablesLeast <= kTablesWanted && kTablesWanted <= kTablesMost);
static_assert(kTablesMost < kLimitMost);

size_t Wanted(const config::Config& config) {
    const size_t calls = CallsAsked(config), connections = config.limits.connections;
    const size_t others = kOfLogs + connections + RefusedOf(connections);
    const size_t rest = std::max(
        {kTablesWanted * kTablesPart,
         calls * kCallsPart,
         (others + kOfEachCall * calls) * kTablesPart / (kTablesPart - 1) + kTablesPart}
    );
    return Always(config) + rest;
}

}  // namespace

size_t CallsAsked(const config::Config& config) {
    const size_t attempts = 2 * static_cast<size_t>(config.delivery.concurrency);
    return std::max<size_t>(256, attempts) + contacts::FlowRunner::kAcquiresMax;
}

size_t RaiseDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
    if (limit.rlim_cur < limit.rlim_max) {
        rlimit raised{limit.rlim_max, limit.rlim_max};
        if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
    }
    return std::min<size_t>(limit.rlim_cur, kLimitMost);
}

size_t HardDescriptorLimit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1'024;
    return std::min<size_t>(limit.rlim_max, kLimitMost);
}

DescriptorPlan PlanDescriptors(size_t limit, const config::Config& config) {
    DescriptorPlan plan{.limit = limit, .operators = kOfOperators, .wanted = Wanted(config)};
    const size_t always = Always(config);
    const size_t rest = limit > always ? limit - always : 0;
    plan.tables = std::clamp(rest / kTablesPart, kTablesLeast, kTablesMost);
    plan.calls = std::clamp<size_t>(rest / kCallsPart, 8, CallsAsked(config));
    const size_t taken = plan.tables + kOfLogs + kOfEachCall * plan.calls;
    const size_t left = rest > taken ? rest - taken : 0;
    plan.refused = RefusedOf(std::min(left, config.limits.connections));
    const size_t most = left > plan.refused ? left - plan.refused : 0;
    plan.connections = std::clamp<size_t>(most, 4, std::max<size_t>(config.limits.connections, 4));
    BARRACUDA_CHECK(plan.calls >= 8 && plan.tables >= kTablesLeast);
    return plan;
}

std::string DescriptorPlan::Shortage(const config::Config& config) const {
    return fmt::format(
        "{} open files allowed, the settings ask for {}: {} connections of {}, {} calls to "
        "networks of {}",
        limit,
        wanted,
        connections,
        config.limits.connections,
        calls,
        CallsAsked(config)
    );
}

}  // namespace barracuda::app
