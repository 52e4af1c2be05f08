#include "delivery/flow_reports.h"

#include "delivery/goal_rules.h"

namespace barracuda::delivery {

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
    give(Field::kClickHash, contact.sub1);
    give(Field::kSub1, contact.sub1);
    give(Field::kSub2, contact.sub2);
    give(Field::kSub3, contact.sub3);
    report.defaults.Set(Field::kOfferId, "2");
    report.defaults.Set(Field::kCurrency, domain::kDefaultCurrency);
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    report.by = "form";
    return report;
}

// With the click's own hash, also where another report recorded the conversion without it.
domain::DeliveryAsk AskOf(const domain::Contact& contact) {
    domain::DeliveryAsk ask{domain::kDefaultNetwork, domain::kGoalPostback, {}};
    if (!contact.sub1.empty()) ask.extra.emplace_back("hash", contact.sub1);
    return ask;
}

// As in the seed, 0 counts as not given.
bool IsGiven(const std::optional<Money>& sum) { return sum && sum->micros != 0; }

// A form has no transaction; the contact is what happens once.
void KeyByRule(domain::Report& report, const domain::Contact& contact, const FlowOptions& options) {
    if (!options.rules) return;
    const auto rule = options.rules->Of(report.key.goal.value);
    report.goal_epoch = rule.epoch;
    if (rule.repeatable) report.key.occurrence = contact.id.Hex();
}

}  // namespace

domain::Report RegistrationOf(const domain::Contact& contact, const FlowOptions& options) {
    auto report = ReportOf(contact, domain::Speaker::kForm);
    report.key.goal = GoalId(options.registration_goal);
    KeyByRule(report, contact, options);
    report.goal_type = domain::GoalType::kRegistration;
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

domain::Report DepositOf(const domain::Contact& contact, const FlowOptions& options) {
    auto report = ReportOf(contact, domain::Speaker::kChain);
    report.key.goal = GoalId(options.then_goal);
    KeyByRule(report, contact, options);
    report.goal_type = options.then_type;
    const auto& flow = contact.flow;
    std::string amount =
        IsGiven(flow.deposit_amount) ? flow.deposit_amount->Text() : options.then_amount;
    if (auto money = Money::Parse(amount)) amount = money->Text();
    report.given.Set(Field::kAmount, amount);
    report.given.Set(
        Field::kSaleAmount, IsGiven(flow.sale_amount) ? flow.sale_amount->Text() : amount
    );
    report.deliveries.push_back(AskOf(contact));
    return report;
}

Parameters ClickCallOf(const domain::Contact& contact, const FlowOptions& options) {
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

}  // namespace barracuda::delivery
