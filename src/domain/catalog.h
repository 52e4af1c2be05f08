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

    const Network* FindNetwork(const NetworkName& name) const;
    const PostbackTemplate* TemplateOf(const NetworkName& network
    ) const;  // kind template, else null
    const Goal* FindGoal(std::string_view id) const;
    const Goal& GoalOfType(GoalType type) const;  // registration and deposit: the first of the type
    const Offer* FindOffer(std::string_view id) const;

    // This catalog with an entity more, or in place of the one of its name: for the questions
    // about deliveries before it is saved.
    std::shared_ptr<const Catalog> With(const Network& network) const;
    std::shared_ptr<const Catalog> With(const Offer& offer) const;

    // The most deliveries at a time that a conversion can owe by this catalog, whatever its goal
    // and offer; a network that hears of updates has one that was told, one being told, one that
    // waits.
    size_t OwedMost() const;
    static constexpr size_t kOwedMax = Conversion::kDeliveriesMax - Conversion::kDeliveriesOfRoutes;

    const std::map<NetworkName, Network>& networks() const { return networks_; }
    const std::vector<Goal>& goals() const { return goals_; }
    const std::map<std::string, Offer, std::less<>>& offers() const { return offers_; }

    // The deliveries that conversions of `goal` owe beside the default network's, as rules that
    // decide() holds against the document. Empty in the usual case.
    const std::vector<DeliveryAsk>& AsksFor(std::string_view goal) const;

private:
    std::vector<DeliveryAsk> AsksOf(std::string_view goal) const;
    static size_t MostOf(const std::vector<DeliveryAsk>& asks);
    void BuildAsks();

    std::map<NetworkName, Network> networks_;
    std::map<NetworkName, PostbackTemplate> templates_;
    std::vector<Goal> goals_;
    std::map<std::string, Offer, std::less<>> offers_;
    std::map<std::string, std::vector<DeliveryAsk>, std::less<>> asks_;  // by goal that is named
    std::vector<DeliveryAsk> asks_of_others_;                            // of any other goal
};

}  // namespace barracuda::domain
