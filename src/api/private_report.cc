#include "api/private_report.h"

namespace barracuda::api {

using domain::Field;

namespace {

void ReadAmounts(Reader& reader, domain::Report& report) {
    auto deposit = reader.Amount("deposit_amount");
    auto sale = reader.Amount("sale_amount");
    Give(report, Field::kAmount, deposit);
    Give(report, Field::kSaleAmount, sale ? sale : deposit);
    Give(report, Field::kPayout, reader.Amount("payout"));
    Give(report, Field::kRevenue, reader.Amount("revenue"));
}

}  // namespace

PrivateWords ReadPrivate(
    Reports& reports,
    const auth::Caller& caller,
    const Input& input,
    Reader& reader,
    const std::optional<std::string>& known_click,
    domain::Report& report
) {
    report.route = "private_conversions";
    PrivateWords words{reader.RequiredId("click_hash"), "null"};
    GoalId goal(reader.RequiredId("goal_type_id"));
    AffiliateId affiliate(reader.Id("affiliate_id"));
    // A bound key without one means its own.
    Give(report, affiliate.empty() ? caller.affiliate : affiliate);
    Give(report, OfferId(reader.Id("offer_id")));
    report.defaults.Set(Field::kOfferId, reports.offer.value);
    ReadAmounts(reader, report);
    report.status = ReadStatus(reader);
    Give(report, Field::kUnique, reader.Text("unique"));
    Give(report, Field::kClickHash, words.hash);
    if (const Value* given = input.Find("goal_type_id")) {
        words.goal = given->kind == Value::Kind::kNumber ? goal.value : JsonText(goal.value);
    }
    // One sale has one key: the network's own click id, where a contact knows it by this hash.
    ClickId click(known_click.value_or(words.hash));
    ReadCommon(reports, reader, std::move(click), std::move(goal), report);
    const std::string type = reader.Text("goal_type");
    if (!type.empty() && type != domain::NameOf(report.goal_type)) {
        reader.Refuse("goal_type", "contradicts goal_type_id");
    }
    // The hash goes along: another route may have recorded this click without one, and the private
    // API knows the click by nothing else.
    report.deliveries.push_back(
        {domain::kDefaultNetwork, domain::kPrivateApi, {{"hash", words.hash}}}
    );
    return words;
}

JsonObject PrivateData(const domain::Conversion& c, const PrivateWords& given) {
    JsonObject data;
    data.Text("id", c.id.Hex());
    data.Text("click_hash", given.hash);
    data.Raw("goal_type_id", given.goal);
    data.Text("goal_type", domain::NameOf(c.goal_type));
    data.Amount("amount", c.fields.Get(Field::kAmount, "0"));
    data.Text("status", domain::NameOf(c.status));
    return data;
}

}  // namespace barracuda::api
