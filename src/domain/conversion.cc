#include "domain/conversion.h"

#include <algorithm>

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

Delivery* Conversion::FindDelivery(std::string_view destination, std::string_view kind) {
    for (auto& delivery : deliveries) {
        if (delivery.destination == destination && delivery.kind == kind) return &delivery;
    }
    return nullptr;
}

const Delivery* Conversion::FindDelivery(std::string_view destination, std::string_view kind)
    const {
    return const_cast<Conversion*>(this)->FindDelivery(destination, kind);
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

void Conversion::Reschedule(const std::string& node) {
    due.reset();
    dead.reset();
    for (const auto& delivery : deliveries) {
        if (delivery.state == DeliveryState::kWaiting) {
            due = std::min(due.value_or(delivery.next_at), delivery.next_at);
        } else if (delivery.state == DeliveryState::kDead) {
            dead = std::max(dead.value_or(delivery.last_at), delivery.last_at);
        }
    }
    if (!due) owner.clear();
    if (due && owner.empty()) owner = node;
}

std::string DeliveryId(
    const ObjectId& id, std::string_view destination, std::string_view kind, int64_t change
) {
    std::string text(id.View());
    text.append(1, '\0').append(destination).append(1, '\0').append(kind);
    if (change != 0) text.append(1, '\0').append(std::to_string(change));
    return HashHex(text, 16);
}

}  // namespace barracuda::domain
