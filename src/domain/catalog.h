// Catalog: networks, goals and offers as one immutable snapshot, and the questions routes and
// deliveries ask of it. The settings' own (network `default`, goals 5 and 6) lie beneath; a stored
// entity of the same name takes their place. Who loads and swaps it: delivery/catalog_store.h.
//
// Pure and immutable after Build: any thread.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "domain/command.h"
#include "domain/goal.h"
#include "domain/network.h"
#include "domain/offer.h"
#include "domain/postback_template.h"

namespace barracuda::domain {

class Catalog {
public:
    struct Parts {
        std::vector<Network> networks;
        std::vector<Goal> goals;
        std::vector<Offer> offers;
    };
    // An entity of `stored` replaces the one of `built_in` with its name. The stored ones were
    // checked when they were saved; one that does not pass any more is left out and named in
    // `refused`.
    static std::shared_ptr<const Catalog> Build(
        const Parts& built_in, const Parts& stored, std::vector<Problem>* refused
    );

    const Network* FindNetwork(std::string_view name) const;
    const PostbackTemplate* TemplateOf(std::string_view network) const;  // kind template, else null
    const Goal* FindGoal(std::string_view id) const;
    const Goal& GoalOfType(GoalType type) const;  // registration and deposit: the first of the type
    const Offer* FindOffer(std::string_view id) const;

    const std::map<std::string, Network, std::less<>>& networks() const { return networks_; }
    const std::vector<Goal>& goals() const { return goals_; }
    const std::map<std::string, Offer, std::less<>>& offers() const { return offers_; }

    // What conversions of `goal` owe to networks beside the default one, as rules that decide()
    // holds against the document. Empty in the usual case.
    const std::vector<DeliveryAsk>& AsksFor(std::string_view goal) const;

private:
    std::vector<DeliveryAsk> AsksOf(std::string_view goal) const;
    void BuildAsks();

    std::map<std::string, Network, std::less<>> networks_;
    std::map<std::string, PostbackTemplate, std::less<>> templates_;
    std::vector<Goal> goals_;
    std::map<std::string, Offer, std::less<>> offers_;
    std::map<std::string, std::vector<DeliveryAsk>, std::less<>> asks_;  // by goal that is named
    std::vector<DeliveryAsk> asks_of_others_;                            // of any other goal
};

}  // namespace barracuda::domain
