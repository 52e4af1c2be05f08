#include "store/memory/memory_log.h"

#include <algorithm>
#include <charconv>

#include "store/engine.h"

namespace barracuda::store {

Result<bool> MemoryLog::Append(LogId log, std::span<const LogEntry> entries) {
    MutexLock lock(mutex_);
    Log& to = logs_[log];
    for (const auto& entry : entries) {
        to.kept.push_back({to.next++, entry});
        to.bytes += entry.bson.size();
    }
    return true;
}

// A cursor is the number of the last record looked at.
Result<LogPage> MemoryLog::Read(const LogRequest& request) {
    uint64_t before = UINT64_MAX;
    if (const auto& text = request.cursor; !text.empty()) {
        auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), before);
        if (error != std::errc() || end != text.data() + text.size()) {
            return Fail(BadCursor());
        }
    }
    MutexLock lock(mutex_);
    LogPage page;
    size_t scanned = 0;
    auto& kept = logs_[request.log].kept;
    for (auto at = kept.rbegin(); at != kept.rend(); ++at) {
        if (at->number >= before) continue;
        if (page.documents.size() == request.limit || scanned == request.scanned_max) {
            page.cursor = std::to_string(at->number + 1);
            break;
        }
        ++scanned;
        if (!request.about.empty() && at->entry.about != request.about) continue;
        if (!Passes(request, at->entry.bson)) continue;
        page.documents.push_back(at->entry.bson);
        page.places.push_back(std::to_string(at->number + 1));
    }
    return page;
}

Result<bool> MemoryLog::Trim(LogId log, Time now) {
    MutexLock lock(mutex_);
    auto bounds = bounds_.find(log);
    if (bounds == bounds_.end()) return true;
    Log& of = logs_[log];
    while (!of.kept.empty() &&
           (of.bytes > bounds->second.bytes_max ||
            of.kept.front().entry.at.ms < now.ms - bounds->second.age_max.count())) {
        of.bytes -= of.kept.front().entry.bson.size();
        of.kept.pop_front();
    }
    return true;
}

Result<bool> MemoryLog::Erase(
    LogId log, const std::string& field, std::span<const std::string> values
) {
    MutexLock lock(mutex_);
    Log& of = logs_[log];
    std::erase_if(of.kept, [&](const Kept& kept) {
        const bool gone = HoldsAny(kept.entry.bson, field, values);
        if (gone) of.bytes -= kept.entry.bson.size();
        return gone;
    });
    return true;
}

LogStats MemoryLog::stats(LogId log) const {
    MutexLock lock(mutex_);
    auto at = logs_.find(log);
    if (at == logs_.end()) return {};
    LogStats stats{at->second.kept.size(), at->second.bytes, std::nullopt};
    if (!at->second.kept.empty()) stats.oldest = at->second.kept.front().entry.at;
    return stats;
}

}  // namespace barracuda::store
