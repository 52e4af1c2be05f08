#include "app/open_logs.h"

#include <algorithm>

#include "app/log.h"
#include "store/memory/memory_log.h"
#include "store/rocks/rocks_log.h"

namespace barracuda::app {

namespace {

constexpr size_t kInMemoryMax = 16 << 20;

store::LogBounds BoundsOf(int megabytes, std::chrono::milliseconds age) {
    return {.bytes_max = static_cast<size_t>(megabytes) << 20, .age_max = age};
}

}  // namespace

Logs OpenLogs(const config::Config& config, FaultSink& faults) {
    using store::LogId;
    Logs logs;
    std::map<LogId, store::LogBounds> bounds{
        {LogId::kReceived, BoundsOf(config.log.received_max_mb, config.log.received_max_age)},
        {LogId::kAttempts, BoundsOf(config.log.attempts_max_mb, config.log.attempts_max_age)}};
    if (config.log.received_max_mb == 0 && config.log.attempts_max_mb == 0) return logs;
    auto opened = store::RocksLog::Open(config.store.data + "/logs", bounds);
    if (opened) {
        const std::string& lost = (*opened)->lost();
        if (!lost.empty()) Log(Level::kWarning, "logs were damaged and begin anew: " + lost);
        logs.store = std::move(*opened);
    } else {
        Log(Level::kWarning, "logs are kept in memory only: " + opened.error().message);
        for (auto& [log, bound] : bounds) bound.bytes_max = std::min(bound.bytes_max, kInMemoryMax);
        logs.store = std::make_unique<store::MemoryLog>(bounds);
    }
    if (config.log.received_max_mb > 0) {
        logs.received = std::make_unique<api::ReceivedLog>(
            *logs.store,
            LogId::kReceived,
            api::EncodeReceived,
            api::ShareOfStrangers(
                bounds[LogId::kReceived].bytes_max, bounds[LogId::kReceived].age_max
            ),
            faults
        );
    }
    if (config.log.attempts_max_mb > 0) {
        logs.attempts = std::make_unique<delivery::AttemptLog>(
            *logs.store,
            LogId::kAttempts,
            delivery::EncodeAttempt,
            store::MinorShare<delivery::AttemptRecord>{},
            faults
        );
    }
    return logs;
}

}  // namespace barracuda::app
