#include "report/conversions.h"

#include <algorithm>

#include "base/money.h"
#include "store/index.h"

namespace barracuda::report {

using domain::Field;

namespace {

constexpr size_t kScannedMax = 200'000;  // documents looked at for one filtered or sorted page

constexpr std::string_view kSorts[] = {
    "createdAt", "updatedAt", "amount", "affiliate_id", "click_id", "goal_type", "status"};

bool Matches(const ConversionQuery& query, const domain::Conversion& c) {
    return (query.goal_type.empty() || query.goal_type == domain::NameOf(c.goal_type)) &&
           (query.status.empty() || query.status == domain::NameOf(c.status)) &&
           (query.affiliate.empty() || query.affiliate == c.fields.Get(Field::kAffiliateId)) &&
           (query.search.empty() || c.key.click.value.starts_with(query.search));
}

store::ScanRequest RequestOf(const ConversionQuery& query) {
    store::ScanRequest request;
    request.descending = query.descending;
    request.from = query.from;
    request.to = query.to;
    if (query.affiliate.empty()) {
        request.index = store::IndexId::kConversionCreated;
    } else {
        request.index = store::IndexId::kConversionAffiliate;
        request.equal = {query.affiliate};
    }
    return request;
}

bool Less(const std::string& by, const domain::Conversion& a, const domain::Conversion& b) {
    auto micros = [](const domain::Conversion& c) {
        auto amount = Money::Parse(c.fields.Get(Field::kAmount, "0"));
        return amount ? amount->micros : 0;
    };
    if (by == "updatedAt") return a.updated < b.updated;
    if (by == "amount") return micros(a) < micros(b);
    if (by == "affiliate_id") {
        return a.fields.Get(Field::kAffiliateId) < b.fields.Get(Field::kAffiliateId);
    }
    if (by == "click_id") return a.key.click < b.key.click;
    if (by == "goal_type") return a.goal_type < b.goal_type;
    return a.status < b.status;
}

}  // namespace

bool IsConversionSort(std::string_view field) {
    return std::find(std::begin(kSorts), std::end(kSorts), field) != std::end(kSorts);
}

// By creation time: only the page itself is kept, unless a filter or another order needs more.
Result<ConversionPage> SelectConversions(store::Engine& engine, const ConversionQuery& query) {
    ConversionPage listed;
    auto request = RequestOf(query);
    request.cursor = query.cursor;
    bool sorted = query.sort != "createdAt";
    size_t skip = query.cursor.empty() && !sorted ? (query.page - 1) * query.limit : 0;
    size_t scanned = 0;
    bool by_cursor = !query.cursor.empty();
    do {
        // One document a time at a page's end, so that a cursor names the last row shown.
        size_t room = query.limit > listed.rows.size() ? query.limit - listed.rows.size() : 500;
        request.limit =
            sorted || listed.rows.size() >= query.limit || skip > listed.total ? 500 : room;
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        request.cursor = page->cursor;
        for (const auto& document : page->documents) {
            auto conversion = domain::DecodeConversion(document);
            if (!conversion || !Matches(query, *conversion)) continue;
            ++listed.total;
            bool wanted = sorted || (listed.total > skip && listed.rows.size() < query.limit);
            if (wanted) listed.rows.push_back(std::move(*conversion));
        }
        scanned += page->documents.size();
        if (!sorted && listed.rows.size() == query.limit && listed.next_cursor.empty()) {
            listed.next_cursor = request.cursor;
            if (by_cursor) break;
        }
        if (scanned >= kScannedMax) break;
    } while (!request.cursor.empty());
    if (!sorted) return listed;
    std::stable_sort(listed.rows.begin(), listed.rows.end(), [&](const auto& a, const auto& b) {
        return query.descending ? Less(query.sort, b, a) : Less(query.sort, a, b);
    });
    size_t begin = std::min(listed.rows.size(), (query.page - 1) * query.limit);
    size_t end = std::min(listed.rows.size(), begin + query.limit);
    listed.rows = {listed.rows.begin() + begin, listed.rows.begin() + end};
    return listed;
}

Result<ConversionStats> ConversionStatsOf(store::Engine& engine, Time now) {
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
    }
    return stats;
}

}  // namespace barracuda::report
