#include "domain/conversion.h"

#include <algorithm>
#include <iterator>

#include "base/check.h"
#include "base/text.h"

namespace barracuda::domain {

namespace {

template <typename Enum, size_t N>
std::optional<Enum> Named(const char* const (&names)[N], std::string_view name) {
    for (size_t i = 0; i < N; ++i) {
        if (name == names[i]) return static_cast<Enum>(i);
    }
    return std::nullopt;
}

constexpr const char* kGoalTypes[] = {"registration", "deposit", "other"};
constexpr const char* kStatuses[] = {"pending", "approved", "rejected"};
constexpr const char* kProvenances[] = {"reported", "admin", "form", "auto", "unknown"};
constexpr const char* kStates[] = {"waiting", "done", "dead", "cancelled"};
static_assert(std::size(kGoalTypes) == static_cast<size_t>(GoalType::kOther) + 1);
static_assert(std::size(kStatuses) == static_cast<size_t>(Status::kRejected) + 1);
static_assert(std::size(kProvenances) == static_cast<size_t>(Provenance::kUnknown) + 1);
static_assert(std::size(kStates) == static_cast<size_t>(DeliveryState::kCancelled) + 1);
static_assert(Conversion::kDeliveriesMax < Conversion::kDeliveriesMost);
static_assert(Conversion::kDeliveriesOfRoutes < Conversion::kDeliveriesMax);

}  // namespace

const char* NameOf(GoalType type) { return kGoalTypes[static_cast<int>(type)]; }
const char* NameOf(Status status) { return kStatuses[static_cast<int>(status)]; }
const char* NameOf(Provenance provenance) { return kProvenances[static_cast<int>(provenance)]; }
const char* NameOf(DeliveryState state) { return kStates[static_cast<int>(state)]; }

std::optional<GoalType> GoalTypeNamed(std::string_view name) {
    return Named<GoalType>(kGoalTypes, name);
}
std::optional<Status> StatusNamed(std::string_view name) { return Named<Status>(kStatuses, name); }

bool IsUnconfirmed(Provenance provenance) {
    return provenance == Provenance::kForm || provenance == Provenance::kAuto ||
           provenance == Provenance::kUnknown;
}

Delivery* Conversion::FindDelivery(const NetworkName& network, std::string_view kind) {
    for (auto& delivery : deliveries) {
        if (delivery.network == network && delivery.kind == kind) return &delivery;
    }
    return nullptr;
}

const Delivery* Conversion::FindDelivery(const NetworkName& network, std::string_view kind) const {
    return const_cast<Conversion*>(this)->FindDelivery(network, kind);
}

void Conversion::AddHistory(HistoryEntry entry) {
    if (!history.empty()) {
        const auto& last = history.back();
        if (last.by == entry.by && last.field == entry.field && last.from == entry.from &&
            last.to == entry.to) {
            return;  // equal successive changes add nothing
        }
    }
    history.push_back(std::move(entry));
    if (history.size() > kHistoryFirst + kHistoryLast) {
        history.erase(history.begin() + kHistoryFirst);
        ++history_dropped;
    }
}

void Conversion::Reschedule(const NodeId& node) {
    due.reset();
    dead.reset();
    for (const auto& delivery : deliveries) {
        if (delivery.state == DeliveryState::kWaiting) {
            due = std::min(due.value_or(delivery.next_at), delivery.next_at);
        } else if (delivery.state == DeliveryState::kDead) {
            dead = std::max(dead.value_or(delivery.last_at), delivery.last_at);
        }
    }
    if (!due) owner = {};
    if (due && owner.empty()) owner = node;
    BARRACUDA_CHECK(due || owner.empty());  // nobody owns what owes nothing
}

DeliveryId DeliveryIdOf(
    const ObjectId& id, const NetworkName& network, std::string_view kind, int64_t change
) {
    std::string text(id.View());
    text.append(1, '\0').append(network.value).append(1, '\0').append(kind);
    if (change != 0) text.append(1, '\0').append(std::to_string(change));
    return DeliveryId(HashHex(text, 16));
}

}  // namespace barracuda::domain
