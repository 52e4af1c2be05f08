#include "contacts/flow_reports.h"

#include <algorithm>

#include "contacts/click_hash.h"
#include "contacts/registration.h"
#include "domain/bson.h"
#include "nodes/goal_rules.h"

namespace barracuda::contacts {

using domain::Field;

namespace {

domain::Report ReportOf(const domain::Contact& contact, domain::Speaker speaker) {
    domain::Report report;
    report.speaker = speaker;
    report.route = contact.flow.route;
    report.key.click = ClickId(contact.click_id);
    auto give = [&](Field field, const std::string& value) {
        if (!value.empty()) report.given.Set(field, value);
    };
    give(Field::kAffiliateId, contact.affiliate_id);
    give(Field::kClickHash, contact.Hash());
    give(Field::kSub1, contact.sub1);
    give(Field::kSub2, contact.sub2);
    give(Field::kSub3, contact.sub3);
    if (!contact.type.empty()) {
        domain::BsonWriter metadata;
        metadata.Text("role", contact.type);
        report.given.Set(Field::kMetadata, metadata.Take());
    }
    report.defaults.Set(Field::kCurrency, domain::kDefaultCurrency);
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    report.by = "form";
    return report;
}

// With the click's own hash where the network gave one, also where another report recorded the
// conversion without it.
domain::DeliveryAsk AskOf(const domain::Contact& contact) {
    domain::DeliveryAsk ask{domain::kDefaultNetwork, domain::kGoalPostback, {}};
    std::string hash = NetworkHashOf(contact);
    if (!hash.empty()) ask.extra.emplace_back("hash", std::move(hash));
    return ask;
}

// As in the seed, 0 counts as not given.
bool IsGiven(const std::optional<Money>& sum) { return sum && sum->micros != 0; }

// A form has no transaction; the contact is what happens once.
domain::FlowGoal GoalByRule(
    const std::string& id,
    domain::GoalType type,
    const domain::Contact& contact,
    const nodes::GoalRules* rules
) {
    const bool repeatable = rules && rules->Of(id).repeatable;
    return {id, type, repeatable ? contact.id.Hex() : std::string()};
}

void UseGoal(domain::Report& report, const domain::FlowGoal& goal, const nodes::GoalRules* rules) {
    report.key.goal = GoalId(goal.id);
    report.key.occurrence = goal.occurrence;
    report.goal_type = goal.type;
    if (rules) report.goal_epoch = rules->Of(goal.id).epoch;
}

}  // namespace

domain::FlowGoal RegistrationGoalOf(
    const domain::Contact& contact, const FlowGoals& goals, const nodes::GoalRules* rules
) {
    return GoalByRule(goals.registration, domain::GoalType::kRegistration, contact, rules);
}

domain::FlowGoal DepositGoalOf(
    const domain::Contact& contact, const FlowGoals& goals, const nodes::GoalRules* rules
) {
    return GoalByRule(goals.then, goals.then_type, contact, rules);
}

// A chain's conversion may have been confirmed since, but it was told to the forms' network, and no
// report of a tracker is.
const domain::Conversion* ReportedBy(
    const domain::Contact& contact, const std::vector<domain::Conversion>& conversions
) {
    const bool deposit = contact.flow.step == domain::FlowStep::kDeposit;
    auto at = std::find_if(conversions.begin(), conversions.end(), [&](const auto& one) {
        const bool registration = one.goal_type == domain::GoalType::kRegistration;
        const auto& occurrence = one.key.occurrence;
        const bool own = occurrence.empty() || occurrence == contact.id.Hex();
        return IsOfFlow(one, contact) && own && registration != deposit && PostbackOf(one);
    });
    return at == conversions.end() ? nullptr : &*at;
}

domain::Report RegistrationOf(const domain::Contact& contact, const nodes::GoalRules* rules) {
    auto report = ReportOf(contact, domain::Speaker::kForm);
    UseGoal(report, contact.flow.goal, rules);
    report.defaults.Set(Field::kAmount, "0");
    auto ask = AskOf(contact);
    for (auto [name, value] :
         {std::pair("name", &contact.name),
          std::pair("email", &contact.email),
          std::pair("company", &contact.company)}) {
        if (!value->empty()) ask.extra.emplace_back(name, *value);
    }
    report.deliveries.push_back(std::move(ask));
    return report;
}

domain::Report DepositOf(
    const domain::Contact& contact, const std::string& then_amount, const nodes::GoalRules* rules
) {
    auto report = ReportOf(contact, domain::Speaker::kChain);
    UseGoal(report, contact.flow.goal, rules);
    const auto& flow = contact.flow;
    std::string amount = IsGiven(flow.deposit_amount) ? flow.deposit_amount->Text() : then_amount;
    if (auto money = Money::Parse(amount)) amount = money->Text();
    report.given.Set(Field::kAmount, amount);
    report.given.Set(
        Field::kSaleAmount, IsGiven(flow.sale_amount) ? flow.sale_amount->Text() : amount
    );
    report.deliveries.push_back(AskOf(contact));
    return report;
}

domain::Parameters ClickCallOf(const domain::Contact& contact, const FlowOptions& options) {
    return {
        {"offer_id", options.offer},
        {"affiliate_id", contact.affiliate_id},
        {"url_id", contact.url_id.empty() ? options.url_id : contact.url_id},
        {"source", contact.tracking_source},
        {"unique", "1"},
        {"name", contact.name},
        {"email", contact.email},
        {"company", contact.company},
    };
}

}  // namespace barracuda::contacts
