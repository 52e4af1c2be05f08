#include "api/import_report.h"

#include <algorithm>

#include "api/record_steps.h"
#include "domain/fields.h"

namespace barracuda::api {

using domain::Field;

namespace {

GoalId ReadGoal(const domain::Catalog& catalog, Reader& reader) {
    std::string id = reader.Id("goal_id"), other = reader.Id("goal_type_id");
    if (!id.empty() && !other.empty() && id != other) {
        reader.Refuse("goal_type_id", "contradicts goal_id");
    }
    if (id.empty()) id = std::move(other);
    if (!id.empty()) return GoalId(id);
    const std::string name = reader.Text("goal_type");
    if (name.empty()) {
        reader.Refuse("goal_id", "is required, or goal_type");
        return GoalId("0");
    }
    if (name != "registration" && name != "deposit") {
        reader.Refuse("goal_type", "must be registration or deposit where there is no goal_id");
        return GoalId("0");
    }
    return GoalId(catalog.GoalOfType(*domain::GoalTypeNamed(name)).id);
}

void ReadSums(Reader& reader, domain::Report& report) {
    auto amount = reader.Amount("amount"), deposit = reader.Amount("deposit_amount");
    Give(report, Field::kAmount, amount ? amount : deposit);
    Give(report, Field::kSaleAmount, reader.Amount("sale_amount"));
    Give(report, Field::kPayout, reader.Amount("payout"));
    Give(report, Field::kRevenue, reader.Amount("revenue"));
}

}  // namespace

bool IsImported(std::string_view name) {
    const auto end = std::end(kImportedNames);
    return std::find(std::begin(kImportedNames), end, name) != end ||
           domain::FieldNamed(name).has_value();
}

Result<domain::Report> ReadImported(const ImportRules& rules, const Input& input, bool notify) {
    const auto catalog = rules.catalog();
    Reader reader(input);
    domain::Report report;
    report.route = "import";
    report.by = "import";
    ClickId click(reader.RequiredId("click_id"));
    GoalId goal = ReadGoal(*catalog, reader);
    Give(report, AffiliateId(reader.Id("affiliate_id")));
    Give(report, OfferId(reader.Id("offer_id")));
    report.defaults.Set(Field::kOfferId, rules.offer.value);
    ReadSums(reader, report);
    report.status = ReadStatus(reader);
    Give(report, Field::kUnique, reader.Text("unique"));
    const std::string hash = reader.Id("click_hash");
    Give(report, Field::kClickHash, hash);
    const auto rule = rules.rule(goal.value);
    ReadCommonBy(*catalog, rule, reader, std::move(click), std::move(goal), report);
    const std::string type = reader.Text("goal_type");
    if (!type.empty() && type != domain::NameOf(report.goal_type)) {
        reader.Refuse("goal_type", "contradicts goal_id");
    }
    if (reader.error()) return Fail(*reader.error());
    if (!notify) return report;
    report.deliveries = catalog->AsksFor(report.key.goal.value);
    if (!hash.empty()) {
        report.deliveries.push_back({domain::kDefaultNetwork, domain::kPrivateApi, {{"hash", hash}}}
        );
    }
    return report;
}

}  // namespace barracuda::api
