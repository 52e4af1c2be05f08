// Which deliveries a command adds to a conversion: the part of decide() about networks. Pure.
#pragma once

#include <string>
#include <vector>

#include "domain/decide.h"

namespace barracuda::domain {

// The circumstances of a command: the conversion before it (null: it was not stored), its moment,
// and the network whose own answer it is (empty: nobody's).
struct OweContext {
    const Conversion* before = nullptr;
    Time now;
    NetworkName source{};
};

// Adds to `decision.document` what `asks` say and the document lacks:
// - a network that was not told yet: its first delivery, unless the conversion is rejected;
// - a network told before that wants updates: one delivery of kind `update` when this command
//   changed what networks are told; not the network whose own answer is the change. Of those that
//   wait behind an earlier delivery the last is replaced when there are four, and all but the last
//   in a full document: they would tell what is not so any more.
// A delivery that the document has no room for is added as a dead one with the reason, which an
// operator can replay, and counted in decision.no_room.
// Rules (statuses, offers) are held against the document as the command leaves it. Sets
// decision.changed. The id of a first delivery is fresh at once, that of an update in Reschedule
// below.
void AddOwed(Decision& decision, const std::vector<DeliveryAsk>& asks, const OweContext& context);

// `due`, `owner` and the order of updates, after any change of the deliveries: an update waits (its
// next_at is Delivery::kHeld) while an earlier delivery of the same network does. An update that
// waits no longer and may be sent at once is added to `decision.fresh_deliveries`. Where another
// node delivers, what is due already becomes due anew together with what is added, as that node
// looks for what became due lately.
void Reschedule(Decision& decision, const NodeId& node, Time now);

}  // namespace barracuda::domain
