// An operator's words on deliveries: send again, cancel, mark as done. History says who.
#include "domain/decide_parts.h"

namespace barracuda::domain {

namespace {

// A conversion keeps its latest 50 entries: one a word, for all the deliveries it is about.
void NoteInHistory(
    Decision& decision,
    Time now,
    const std::string& by,
    const ObjectId& command,
    DeliveryState from,
    const Delivery& delivery
) {
    decision.document->AddHistory(
        {.at = now,
         .by = by.empty() ? "operator" : by,
         .command = command.Hex(),
         .field = "delivery " + delivery.id.value,
         .from = NameOf(from),
         .to = NameOf(delivery.state)}
    );
}

bool MayWake(const Replay& replay, const Delivery& delivery) {
    if (!replay.delivery_id.empty() && replay.delivery_id != delivery.id) return false;
    if (!replay.job.empty() && replay.job == delivery.replayed_by) return false;
    if (delivery.state == DeliveryState::kDead) return true;
    bool named = !replay.delivery_id.empty() && replay.job.empty();
    return named && delivery.state == DeliveryState::kCancelled;
}

}  // namespace

Decision DecideReplay(
    const std::optional<Conversion>& state, const Replay& replay, Time now, const NodeId& node
) {
    Decision decision = Unchanged(state);
    if (!state) {
        decision.verdict = Verdict::kNone;
        return decision;
    }
    for (auto& delivery : decision.document->deliveries) {
        if (!MayWake(replay, delivery)) continue;
        DeliveryState from = delivery.state;
        delivery.state = DeliveryState::kWaiting;
        delivery.attempts = 0;
        if (delivery.HadNoRoom()) delivery.error.clear();
        delivery.next_at = now;
        if (!replay.job.empty()) delivery.replayed_by = replay.job;
        decision.fresh_deliveries.push_back(delivery.id);
        NoteInHistory(decision, now, replay.by, replay.command_id, from, delivery);
    }
    if (!decision.fresh_deliveries.empty()) Finish(decision, now, node);
    return decision;
}

Decision DecideEnd(
    const std::optional<Conversion>& state, const EndDelivery& end, Time now, const NodeId& node
) {
    Decision decision = Unchanged(state);
    if (!state) {
        decision.verdict = Verdict::kNone;
        return decision;
    }
    for (auto& delivery : decision.document->deliveries) {
        if (delivery.id != end.delivery_id) continue;
        // A delivery that arrived is not taken back, and the same command twice changes nothing.
        if (delivery.state == DeliveryState::kDone || delivery.state == end.state) break;
        DeliveryState from = delivery.state;
        delivery.state = end.state;
        NoteInHistory(decision, now, end.by, end.command_id, from, delivery);
        Finish(decision, now, node);
        break;
    }
    return decision;
}

}  // namespace barracuda::domain
