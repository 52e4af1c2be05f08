#include "report/conversions.h"

#include "report/months.h"

namespace barracuda::report {

using domain::Field;

namespace {

// As a document with such values is read.
bool IsAsked(const ConversionQuery& query, const store::RollupRow& row) {
    domain::Conversion c;
    c.created = BeginOf(row.group[0]);
    c.fields.Set(Field::kAffiliateId, row.group[1]);
    c.goal_type = domain::GoalTypeNamed(row.group[2]).value_or(domain::GoalType::kOther);
    c.status = domain::StatusNamed(row.group[3]).value_or(domain::Status::kPending);
    if (!row.group[4].empty()) c.fields.Set(Field::kCurrency, row.group[4]);
    return Matches(query.filter, c);
}

}  // namespace

bool IsSummed(const Filter& filter) {
    Filter summed;
    summed.goal_types = filter.goal_types;
    summed.statuses = filter.statuses;
    summed.affiliates = filter.affiliates;
    summed.currencies = filter.currencies;
    summed.from = filter.from;
    summed.to = filter.to;
    return summed == filter && IsMonths(filter.from, filter.to);
}

int64_t ConversionStats::Asked() const { return CountIn(asked); }

Result<ConversionStats> ConversionStatsOf(
    store::Engine& engine, Time now, const ConversionQuery& query
) {
    auto rows = engine.Rollup(store::Collection::kConversions);
    if (!rows) return Fail(rows.error());
    ConversionStats stats;
    const std::string month = now.Month();
    for (const auto& row : *rows) {  // group: month, affiliate_id, goal_type, status, currency
        if (row.group.size() < 5) continue;
        auto add = [&row](Tally& tally) {
            tally.count += row.count;
            tally.sums.Add(row.group[4], row.micros);
        };
        add(stats.total);
        if (row.group[0] == month) add(stats.month);
        if (row.group[3] == "approved") add(stats.approved);
        add(stats.affiliates[row.group[1]]);
        add(stats.goal_types[row.group[2]]);
        add(stats.statuses[row.group[3]]);
        if (IsAsked(query, row)) {
            const auto status = domain::StatusNamed(row.group[3]);
            add(stats.asked[domain::NameOf(status.value_or(domain::Status::kPending))]);
        }
    }
    return stats;
}

}  // namespace barracuda::report
