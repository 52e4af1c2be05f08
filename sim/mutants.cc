#include "mutants.h"

#include <algorithm>

#include "domain/contact.h"

namespace barracuda::sim {

namespace {

constexpr ControlInfo kControls[] = {
    {Control::kSyncLies, "sync-lies", "the disk says synced, and has not"},
    {Control::kEarlyAnswer, "early-answer", "the engine answers before its record is synced"},
    {Control::kHalfBatch, "half-batch", "a power cut leaves half of a batch"},
    {Control::kLostUpdate, "lost-update", "a write does not look at what it was decided on"},
    {Control::kLossTold, "loss-told", "a write that lost is said to be applied"},
    {Control::kDroppedWrite, "dropped-write", "a write is said to be applied, and is not"},
    {Control::kDroppedOutcome,
     "dropped-outcome",
     "an attempt's outcome is said to be stored, and is not"},
    {Control::kRollback, "rollback", "a failover takes back what a majority had"},
    {Control::kTwoEmails, "two-emails", "the unique index judges nothing"},
    {Control::kNoFence, "no-fence", "a node without a fresh heartbeat goes on sending"},
    {Control::kTakesFromLiving, "takes-from-living", "a node takes over what a living one owns"},
    {Control::kLateFirstByte, "late-first-byte", "nobody asks again right before the first byte"},
    {Control::kDroppedFlags, "dropped-flags", "nobody hears that a conversion was written"},
    {Control::kOtherId, "other-id", "each attempt has an id of its own"},
    {Control::kStopUnheard, "stop-unheard", "the dispatcher does not hear of a stop"},
    {Control::kNoBound, "no-bound", "attempts at a time are not bounded"},
    {Control::kLostWork, "lost-work", "the work queue does not show some of what is due"},
};

bool IsOutcome(const store::Write& write) {
    if (write.ref.collection != store::Collection::kConversions || !write.before || !write.after) {
        return false;
    }
    const auto before = domain::DecodeConversion(*write.before);
    const auto after = domain::DecodeConversion(*write.after);
    if (!before || !after) return false;
    for (size_t i = 0; i < before->deliveries.size(); ++i) {
        if (after->deliveries[i].last_at != before->deliveries[i].last_at) return true;
    }
    return false;
}

store::Write WithoutUniqueEmail(store::Write write) {
    if (write.ref.collection != store::Collection::kContacts || !write.after) return write;
    auto contact = domain::DecodeContact(*write.after);
    if (!contact) return write;
    contact->email_key = contact->id.Hex();
    write.after = domain::Encode(*contact);
    return write;
}

}  // namespace

std::span<const ControlInfo> Controls() { return kControls; }

std::optional<Control> ControlNamed(std::string_view name) {
    const auto at = std::find_if(std::begin(kControls), std::end(kControls), [&](const auto& one) {
        return one.name == name;
    });
    return at == std::end(kControls) ? std::nullopt : std::optional(at->control);
}

bool MutantEngine::Drops(const store::Write& write) {
    if (control_ == Control::kDroppedWrite) return random_.Chance(0.05);
    return control_ == Control::kDroppedOutcome && IsOutcome(write) && random_.Chance(0.3);
}

Result<std::vector<store::WriteResult>> MutantEngine::Commit(std::span<const store::Write> writes) {
    if (control_ == Control::kNone) return to_.Commit(writes);
    std::vector<store::Write> passed;
    std::vector<size_t> places;
    std::vector<store::WriteResult> results(writes.size(), store::WriteState::kApplied);
    for (size_t i = 0; i < writes.size(); ++i) {
        if (Drops(writes[i])) continue;
        passed.push_back(
            control_ == Control::kTwoEmails ? WithoutUniqueEmail(writes[i]) : writes[i]
        );
        places.push_back(i);
    }
    auto applied = to_.Commit(passed);
    if (!applied) return applied;
    for (size_t i = 0; i < places.size(); ++i) {
        auto& result = (*applied)[i];
        const bool told = control_ == Control::kLossTold && result == store::WriteState::kLost;
        results[places[i]] = told ? store::WriteResult(store::WriteState::kApplied) : result;
    }
    return results;
}

Result<std::vector<store::WorkItem>> MutantEngine::Work(const store::WorkQuery& query) {
    auto items = to_.Work(query);
    if (!items || control_ != Control::kLostWork) return items;
    std::erase_if(*items, [](const store::WorkItem& item) {
        return std::hash<std::string>()(item.ref.key) % 3 == 0;
    });
    return items;
}

void MutantSenders::Send(
    const domain::Delivery& delivery,
    const delivery::Parameters& parameters,
    delivery::AttemptDone done,
    delivery::MaySend may_send
) {
    domain::Delivery other = delivery;
    if (control_ == Control::kOtherId) other.id.value += std::to_string(++sent_);
    to_.Send(other, parameters, std::move(done), std::move(may_send));
}

delivery::NetworkRules MutantSenders::RulesOf(const NetworkName& network) const {
    auto rules = to_.RulesOf(network);
    if (control_ == Control::kStopUnheard) rules.stopped.clear();
    if (control_ == Control::kNoBound) rules.concurrency = 1'000;
    return rules;
}

}  // namespace barracuda::sim
