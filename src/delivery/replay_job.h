// A job as stored (docs/formats/logs.md): over dead or waiting deliveries, or over conversions. Who
// works on it: replay_jobs.h. Plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/bulk.h"
#include "delivery/delivery_list.h"
#include "delivery/replay_outcomes.h"
#include "store/engine.h"

namespace barracuda::delivery {

enum class JobState { kRunning, kDone, kCancelled };
const char* NameOf(JobState state);

// Over deliveries: send again, cancel; the others are over conversions.
enum class JobAction { kReplay, kCancel, kApprove, kReject, kResend, kUndo };
const char* NameOf(JobAction action);
bool IsBulk(JobAction action);
bool MayBeUndone(JobAction action);

struct ReplayJob {
    static constexpr size_t kSkippedMax = 100;  // that are named

    std::string id;
    JobAction action = JobAction::kReplay;
    DeliveryFilter filter;  // over deliveries; its state is dead, or waiting to cancel
    Bulk bulk;              // over conversions
    int rate = 0;           // deliveries or conversions a second
    JobState state = JobState::kRunning;
    std::string by;        // who asked
    NodeId node;           // that works on it
    std::string cursor;    // of ListDeliveries, or of ReadBulk
    bool counted = false;  // `matched` is whole; until then the cursor is the count's
    bool again = false;    // over waiting ones: another pass follows this one
    int64_t passes = 0;    // that were followed by another
    // How many fitted before the first was handled; nullopt in jobs of 0.1.0, which did not count.
    std::optional<int64_t> matched = 0;
    // Handled. Of deliveries short of at most one page after a crash; of conversions exact.
    int64_t replayed = 0;
    std::vector<BulkSkip> skipped;  // the first ones
    int64_t skips = 0;              // all of them
    // Of a job that sends again: what became of what it woke, as counted at that time. `follows`:
    // it is counted again, as something may still wait. nullopt: not counted yet, or made by a
    // version that did not count.
    std::optional<Outcomes> outcomes;
    Time outcomes_at;
    bool follows = false;
    std::string error;  // why it does not move at the moment; empty: it does
    int64_t rev = 0;
    Time created, updated;

    std::string Who() const { return by + " (job " + id + ")"; }  // in histories
    void Skip(const std::vector<BulkSkip>& more);
};

// Jobs over conversions have a prefix of their own: earlier versions would take them for replays.
inline constexpr std::string_view kJobPrefixes[] = {"job:", "bulk:"};
store::Ref RefOf(const ReplayJob& job);

std::string EncodeJob(const ReplayJob& job);
ReplayJob DecodeJob(std::string_view bson);

}  // namespace barracuda::delivery
