#include "domain/catalog.h"

#include <algorithm>

#include "base/check.h"

namespace barracuda::domain {

namespace {

template <typename List, typename One>
bool Contains(const List& list, const One& one) {
    return std::find(list.begin(), list.end(), one) != list.end();
}

// The built-in goals with the stored ones in place of those of their id, in that order.
std::vector<Goal> Overlaid(std::vector<Goal> goals, const std::vector<Goal>& stored) {
    for (const auto& goal : stored) {
        auto same = [&](const Goal& other) { return other.id == goal.id; };
        auto at = std::find_if(goals.begin(), goals.end(), same);
        if (at == goals.end()) {
            goals.push_back(goal);
        } else {
            *at = goal;
        }
    }
    return goals;
}

}  // namespace

std::shared_ptr<const Catalog> Catalog::Build(
    const Parts& built_in, const Parts& stored, std::vector<Problem>* refused
) {
    auto catalog = std::make_shared<Catalog>();
    auto refuse = [&](std::string_view what, std::string_view name, Problem problem) {
        if (!refused) return;
        problem.field = EntityKey(what, name) + " " + problem.field;
        refused->push_back(std::move(problem));
    };
    for (const auto& network : built_in.networks) catalog->networks_[network.name] = network;
    for (const auto& network : stored.networks) {
        if (auto problem = Check(network)) {
            refuse("network", network.name.value, *problem);
            continue;
        }
        catalog->networks_[network.name] = network;
    }
    for (const auto& [name, network] : catalog->networks_) {
        if (network.kind == NetworkKind::kTemplate) {
            auto compiled = PostbackTemplate::Compile(network.postback);
            BARRACUDA_CHECK(compiled);  // Check() compiled it before
            catalog->templates_.emplace(name, std::move(*compiled));
        }
    }
    catalog->goals_ = Overlaid(built_in.goals, stored.goals);
    // Two nodes may have saved at one moment what only together is wrong: the one rule goes, not
    // everybody's goals.
    for (auto& goal : catalog->goals_) {
        auto problem = CheckChain(catalog->goals_, goal);
        if (!problem) continue;
        refuse("goal", goal.id, *problem);
        goal.then.clear();
    }
    if (auto problem = CheckTogether(catalog->goals_)) {
        refuse("goal", "*", *problem);
        catalog->goals_ = built_in.goals;
    }
    for (const auto* offers : {&built_in.offers, &stored.offers}) {
        for (const auto& offer : *offers) catalog->offers_[offer.id] = offer;
    }
    catalog->BuildAsks();
    return catalog;
}

const Network* Catalog::FindNetwork(const NetworkName& name) const {
    auto at = networks_.find(name);
    return at == networks_.end() ? nullptr : &at->second;
}

const PostbackTemplate* Catalog::TemplateOf(const NetworkName& network) const {
    auto at = templates_.find(network);
    return at == templates_.end() ? nullptr : &at->second;
}

const Goal* Catalog::FindGoal(std::string_view id) const {
    auto same = [&](const Goal& goal) { return goal.id == id; };
    auto at = std::find_if(goals_.begin(), goals_.end(), same);
    return at == goals_.end() ? nullptr : &*at;
}

const Goal& Catalog::GoalOfType(GoalType type) const {
    auto same = [&](const Goal& goal) { return goal.type == type; };
    auto at = std::find_if(goals_.begin(), goals_.end(), same);
    BARRACUDA_CHECK(at != goals_.end());  // Build keeps one registration and one deposit
    return *at;
}

const Offer* Catalog::FindOffer(std::string_view id) const {
    auto at = offers_.find(id);
    return at == offers_.end() ? nullptr : &at->second;
}

std::vector<DeliveryAsk> Catalog::AsksOf(std::string_view goal) const {
    std::vector<DeliveryAsk> asks;
    for (const auto& [name, network] : networks_) {
        if (!network.active || name == kDefaultNetwork) continue;
        if (!network.goals.empty() && !Contains(network.goals, goal)) continue;
        DeliveryAsk ask;
        ask.network = name;
        ask.kind = DeliveryKindOf(network.kind);
        ask.statuses = network.statuses;
        ask.updates = network.updates;
        // An offer that names networks is told to those alone; any other to those for every offer.
        ask.offers.only = !network.every_offer;
        for (const auto& [id, offer] : offers_) {
            bool goal_fits = offer.goals.empty() || Contains(offer.goals, goal);
            bool named =
                offer.networks.empty() ? network.every_offer : Contains(offer.networks, name);
            bool told = goal_fits && named;
            if (told == ask.offers.only) ask.offers.offers.push_back(id);
        }
        if (ask.offers.only && ask.offers.offers.empty()) continue;  // no offer names it
        asks.push_back(std::move(ask));
    }
    return asks;
}

void Catalog::BuildAsks() {
    asks_.clear();
    auto add = [this](const std::string& goal) {
        if (!asks_.contains(goal)) asks_.emplace(goal, AsksOf(goal));
    };
    for (const auto& goal : goals_) add(goal.id);
    for (const auto& [name, network] : networks_) {
        for (const auto& goal : network.goals) add(goal);
    }
    for (const auto& [id, offer] : offers_) {
        for (const auto& goal : offer.goals) add(goal);
    }
    asks_of_others_ = AsksOf("");  // a goal that nobody names: its id decides nothing
}

std::shared_ptr<const Catalog> Catalog::With(const Network& network) const {
    auto next = std::make_shared<Catalog>(*this);
    next->networks_[network.name] = network;
    next->BuildAsks();
    return next;
}

std::shared_ptr<const Catalog> Catalog::With(const Offer& offer) const {
    auto next = std::make_shared<Catalog>(*this);
    next->offers_[offer.id] = offer;
    next->BuildAsks();
    return next;
}

// An offer that nobody names owes to those that take every offer but some; another one owes to some
// more of them, and some less.
size_t Catalog::MostOf(const std::vector<DeliveryAsk>& asks) {
    int64_t every = 0, most = 0;
    std::map<std::string_view, int64_t> beside;
    for (const auto& ask : asks) {
        const int64_t weight = ask.updates ? 3 : 1;
        if (!ask.offers.only) every += weight;
        for (const auto& offer : ask.offers.offers) {
            beside[offer] += ask.offers.only ? weight : -weight;
        }
    }
    for (const auto& [offer, difference] : beside) most = std::max(most, difference);
    BARRACUDA_CHECK(every >= 0 && most >= 0);
    return static_cast<size_t>(every + most);
}

size_t Catalog::OwedMost() const {
    size_t most = MostOf(asks_of_others_);
    for (const auto& [goal, asks] : asks_) most = std::max(most, MostOf(asks));
    return most;
}

const std::vector<DeliveryAsk>& Catalog::AsksFor(std::string_view goal) const {
    auto at = asks_.find(goal);
    return at == asks_.end() ? asks_of_others_ : at->second;
}

}  // namespace barracuda::domain
