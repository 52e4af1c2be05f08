#include "demo/cast.h"

#include <fmt/format.h>

#include <cmath>

namespace barracuda::demo {

std::vector<domain::Network> Networks(std::string_view base) {
    std::vector<domain::Network> networks;
    for (const char* name : {"north", "east", "south"}) {
        domain::Network network;
        network.name = NetworkName(fmt::format("sandbox-{}", name));
        network.every_offer = false;
        network.statuses = domain::StatusSet::None();
        network.statuses.Add(domain::Status::kApproved);
        network.postback.url = fmt::format(
            "{}/{}?cid={{click_id}}&goal={{goal_type}}&payout={{amount}}&cur={{currency}}&d={{"
            "delivery_id}}",
            base,
            name
        );
        networks.push_back(std::move(network));
    }
    return networks;
}

std::vector<domain::Offer> Offers() {
    std::vector<domain::Offer> offers;
    for (const auto& role : kOffers) {
        domain::Offer offer;
        offer.id = role.id;
        offer.title = role.title;
        if (role.network) offer.networks = {NetworkName(std::string_view(role.network))};
        offers.push_back(std::move(offer));
    }
    return offers;
}

domain::Goal QualifiedGoal() {
    domain::Goal goal;
    goal.id = kQualifiedGoal;
    goal.type = domain::GoalType::kOther;
    return goal;
}

std::vector<double> LongTail(size_t count) {
    std::vector<double> weights;
    for (size_t i = 0; i < count; ++i) {
        weights.push_back(1 / std::pow(static_cast<double>(i) + 2, 1.15));
    }
    return weights;
}

}  // namespace barracuda::demo
