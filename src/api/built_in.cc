#include "api/built_in.h"

namespace barracuda::api {

domain::Goal GoalOf(const config::Goal& goal) {
    domain::Goal to;
    to.id = goal.id;
    to.type = domain::GoalTypeNamed(goal.type).value_or(domain::GoalType::kOther);
    to.repeatable = goal.repeatable;
    to.then = goal.then;
    to.then_amount = goal.then_amount;
    to.then_when_delivered = goal.then_when == "delivered";
    return to;
}

domain::Catalog::Parts BuiltInOf(const config::Config& config) {
    domain::Catalog::Parts parts;
    domain::Network network;
    network.name = domain::kDefaultNetwork;
    network.kind = domain::NetworkKind::kIrevV3;
    network.base_url = config.network.base_url;
    network.private_api_url = config.network.private_api_url;
    network.delivery_parameter = config.network.delivery_parameter;
    if (!config.network.hash.empty()) network.secrets = {"setting:network.hash"};
    if (!config.network.private_api_token.empty()) {
        network.private_secret = "setting:network.private_api_token";
    }
    parts.networks.push_back(std::move(network));
    for (const auto& goal : config.goals) parts.goals.push_back(GoalOf(goal));
    domain::Offer offer;
    offer.id = config.network.offer.value;
    parts.offers.push_back(std::move(offer));
    return parts;
}

}  // namespace barracuda::api
