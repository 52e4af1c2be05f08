#include "contacts/registration.h"

#include <algorithm>

#include "delivery/dispatcher.h"

namespace barracuda::contacts {

const domain::Delivery* PostbackOf(const domain::Conversion& registration) {
    return registration.FindDelivery(domain::kDefaultNetwork, domain::kGoalPostback);
}

bool IsTaken(const domain::Conversion& registration) {
    const auto* delivery = PostbackOf(registration);
    return delivery && delivery->state == domain::DeliveryState::kDone &&
           registration.status != domain::Status::kRejected;
}

bool IsOfFlow(const domain::Conversion& conversion, const domain::Contact& contact) {
    return conversion.key.click.value == contact.click_id;
}

const domain::Conversion* TakenRegistration(
    const domain::Contact& contact, const std::vector<domain::Conversion>& conversions
) {
    auto at = std::find_if(conversions.begin(), conversions.end(), [&](const auto& conversion) {
        return IsOfFlow(conversion, contact) &&
               conversion.goal_type == domain::GoalType::kRegistration && IsTaken(conversion);
    });
    return at == conversions.end() ? nullptr : &*at;
}

bool WakeFlow(
    domain::Contact& contact, const std::vector<domain::Conversion>& conversions, Time now
) {
    auto& flow = contact.flow;
    const bool waits =
        flow.step == domain::FlowStep::kRegistration || flow.step == domain::FlowStep::kRefused;
    if (!waits || flow.next_at <= now || !TakenRegistration(contact, conversions)) return false;
    flow.next_at = now;
    return true;
}

}  // namespace barracuda::contacts
