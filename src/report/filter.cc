#include "report/filter.h"

#include <algorithm>

namespace barracuda::report {

using domain::Field;

namespace {

template <typename List, typename Value>
bool AnyOf(const List& list, const Value& value) {
    return list.empty() || std::find(list.begin(), list.end(), value) != list.end();
}

bool Within(const std::optional<Time>& from, const std::optional<Time>& to, Time at) {
    return (!from || at >= *from) && (!to || at < *to);
}

bool AmountFits(const Filter& filter, const domain::Conversion& c) {
    if (!filter.least && !filter.most) return true;
    const Money amount = Money::Parse(c.fields.Get(Field::kAmount, "0")).value_or(Money{});
    return (!filter.least || amount >= *filter.least) && (!filter.most || amount <= *filter.most);
}

bool DeliveryFits(const Filter& filter, const domain::Conversion& c) {
    if (filter.networks.empty() && filter.delivery_states.empty()) return true;
    return std::any_of(c.deliveries.begin(), c.deliveries.end(), [&](const auto& delivery) {
        return AnyOf(filter.networks, delivery.network.value) &&
               AnyOf(filter.delivery_states, delivery.state);
    });
}

}  // namespace

bool Matches(const Filter& f, const domain::Conversion& c) {
    const auto& fields = c.fields;
    return AnyOf(f.goal_types, c.goal_type) && AnyOf(f.statuses, c.status) &&
           AnyOf(f.provenances, c.provenance) && AnyOf(f.clicks, c.key.click.value) &&
           c.key.click.value.starts_with(f.click_prefix) && AnyOf(f.goals, c.key.goal.value) &&
           AnyOf(f.affiliates, fields.Get(Field::kAffiliateId)) &&
           AnyOf(f.offers, fields.Get(Field::kOfferId)) &&
           AnyOf(f.transactions, fields.Get(Field::kTransactionId)) &&
           AnyOf(f.currencies, fields.Get(Field::kCurrency, domain::kDefaultCurrency)) &&
           AnyOf(f.countries, fields.Get(Field::kCountry)) &&
           AnyOf(f.sources, fields.Get(Field::kSource)) &&
           (!f.test || *f.test == (fields.Get(Field::kIsTest) == "true")) && AmountFits(f, c) &&
           DeliveryFits(f, c) && Within(f.from, f.to, c.created) &&
           Within(f.changed_from, f.changed_to, c.updated);
}

}  // namespace barracuda::report
