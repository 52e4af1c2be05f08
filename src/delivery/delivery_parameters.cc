// The parameters of a delivery (docs/network-api.md), read from the document at the first attempt.
#include "delivery/destination.h"
#include "delivery/dispatcher.h"
#include "delivery/network_text.h"

namespace barracuda::delivery {

Parameters ParametersOf(const domain::Conversion& conversion, const domain::Delivery& delivery) {
    if (delivery.Attempted()) return delivery.parameters;  // frozen
    if (delivery.kind != domain::kGoalPostback && delivery.kind != domain::kPrivateApi) {
        return TemplateParametersOf(conversion, delivery);
    }
    using domain::Field;
    // The route froze these when it asked: a form's name, e-mail and company.
    Parameters to = delivery.parameters;
    auto add = [&](const char* name, std::string_view value) {
        for (const auto& [known, _] : to) {
            if (known == name) return;
        }
        if (!value.empty()) to.emplace_back(name, value);
    };
    const auto& fields = conversion.fields;
    bool private_api = delivery.kind == domain::kPrivateApi;
    add(private_api ? "goal_type_id" : "goal_id", conversion.key.goal.value);
    // The public API gets the hash that was asked for with it, else the network's own setting: a
    // conversion's click_hash may be what a form typed.
    if (private_api) add("hash", fields.Get(Field::kClickHash, conversion.key.click.value));
    add("affiliate_id", fields.Get(Field::kAffiliateId));
    std::string_view amount = fields.Get(Field::kAmount, "0");
    bool deposit = conversion.goal_type == domain::GoalType::kDeposit;
    if (private_api) {
        add(kOccurrence, conversion.key.occurrence);
        add("offer_id", fields.Get(Field::kOfferId));
        add("unique", fields.Get(Field::kUnique, "API"));
        add("payout", fields.Get(Field::kPayout));
        add("revenue", fields.Get(Field::kRevenue));
        add("is_test", fields.Get(Field::kIsTest));
    } else {
        add("click_id", conversion.key.click.value);
        add("sub1", fields.Get(Field::kSub1));
        add("sub2", fields.Get(Field::kSub2));
        add("sub3", fields.Get(Field::kSub3));
        add("goal_type", domain::NameOf(conversion.goal_type));
        if (amount != "0") add("amount", amount);
    }
    if (amount != "0" && (deposit || private_api)) add("deposit_amount", amount);
    add("sale_amount", fields.Get(Field::kSaleAmount));
    return to;
}

}  // namespace barracuda::delivery
