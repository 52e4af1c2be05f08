#include "report/contacts.h"

#include "report/months.h"

namespace barracuda::report {

namespace {

// As a document with such values is read.
bool IsAsked(const ContactQuery& query, const store::RollupRow& row) {
    domain::Contact c;
    c.created = BeginOf(row.group[0]);
    c.type = row.group[1];
    c.status = row.group[2];
    c.affiliate_status = row.group[3];
    c.ftd = row.group[4] == "true";
    return Matches(query.filter, c);
}

}  // namespace

bool IsSummed(const ContactFilter& filter) {
    ContactFilter summed;
    summed.type = filter.type;
    summed.status = filter.status;
    summed.affiliate_status = filter.affiliate_status;
    summed.ftd = filter.ftd;
    summed.from = filter.from;
    summed.to = filter.to;
    return summed == filter && IsMonths(filter.from, filter.to);
}

int64_t ContactStats::Asked() const { return CountIn(asked); }

Result<ContactStats> ContactStatsOf(store::Engine& engine, Time now, const ContactQuery& query) {
    auto rows = engine.Rollup(store::Collection::kContacts);
    if (!rows) return Fail(rows.error());
    ContactStats stats;
    const std::string month = now.Month();
    // Group: month, type, status, affiliate_status, ftd, ftd_currency.
    for (const auto& row : *rows) {
        if (row.group.size() < 6) continue;
        stats.total += row.count;
        if (row.group[0] == month) stats.month += row.count;
        stats.types[row.group[1]] += row.count;
        stats.statuses[row.group[2]] += row.count;
        if (!row.group[3].empty()) stats.affiliate_statuses[row.group[3]] += row.count;
        const bool ftd = row.group[4] == "true";
        if (IsAsked(query, row)) {
            Tally& asked = stats.asked[row.group[2]];
            asked.count += row.count;
            if (ftd) asked.sums.Add(row.group[5], row.micros);
        }
        if (!ftd) continue;
        stats.ftd += row.count;
        stats.ftd_sums.Add(row.group[5], row.micros);
    }
    return stats;
}

Result<FirstDeposits> FirstDepositsOf(store::Engine& engine) {
    auto rows = engine.Rollup(store::Collection::kConversions);
    if (!rows) return Fail(rows.error());
    FirstDeposits deposits;
    for (const auto& row : *rows) {
        // Group: month, affiliate_id, goal_type, status, currency, again.
        if (row.group.size() < 6 || row.group[2] != "deposit" || row.group[3] == "rejected")
            continue;
        if (!row.group[5].empty()) continue;
        deposits.count += row.count;
        deposits.sums.Add(row.group[4], row.micros);
    }
    return deposits;
}

}  // namespace barracuda::report
