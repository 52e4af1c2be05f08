#include "report/conversions.h"

#include <algorithm>

#include "base/money.h"
#include "store/index.h"

namespace barracuda::report {

using domain::Field;

namespace {

constexpr size_t kScannedMax = 200'000;  // documents looked at for one filtered or sorted page
constexpr size_t kScanned = 500;         // at a time, where more than the page has to be read

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

// Where the scan of `request` stands after its first `documents` ones.
Result<std::string> CursorAfter(
    store::Engine& engine, store::ScanRequest request, size_t documents
) {
    request.limit = documents;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    return std::move(page->cursor);
}

// How many fit in the whole list, wherever a page of it begins.
Result<size_t> Count(store::Engine& engine, const ConversionQuery& query) {
    auto request = RequestOf(query);
    request.limit = kScanned;
    size_t scanned = 0, count = 0;
    do {
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) {
            auto conversion = domain::DecodeConversion(document);
            count += conversion && Matches(query, *conversion);
        }
        request.cursor = std::move(page->cursor);
        scanned += page->documents.size();
    } while (!request.cursor.empty() && scanned < kScannedMax);
    return count;
}

// As a document with such values is read.
bool IsAsked(const ConversionQuery& query, const store::RollupRow& row) {
    domain::Conversion c;
    c.fields.Set(Field::kAffiliateId, row.group[1]);
    c.goal_type = domain::GoalTypeNamed(row.group[2]).value_or(domain::GoalType::kOther);
    c.status = domain::StatusNamed(row.group[3]).value_or(domain::Status::kPending);
    return Matches(query, c);
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
    const bool sorted = query.sort != "createdAt", by_cursor = !query.cursor.empty();
    const size_t skip = by_cursor || sorted ? 0 : (query.page - 1) * query.limit;
    size_t scanned = 0;
    bool full = false;
    do {
        // The first page without a filter is one scan of its size.
        request.limit = sorted || skip > 0 || scanned > 0 ? kScanned : query.limit;
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        size_t last = 0;  // documents up to the row that fills the page
        for (size_t i = 0; i < page->documents.size(); ++i) {
            auto conversion = domain::DecodeConversion(page->documents[i]);
            if (!conversion || !Matches(query, *conversion)) continue;
            ++listed.total;
            if (!sorted && (listed.total <= skip || full)) continue;
            listed.rows.push_back(std::move(*conversion));
            full = !sorted && listed.rows.size() == query.limit;
            if (full) last = i + 1;
        }
        if (last > 0) {  // the cursor names the last row shown, not the last document read
            auto after = last == page->documents.size() ? Result<std::string>(page->cursor)
                                                        : CursorAfter(engine, request, last);
            if (!after) return Fail(after.error());
            listed.next_cursor = std::move(*after);
        }
        request.cursor = std::move(page->cursor);
        scanned += page->documents.size();
        // How many follow is counted apart, or by the statistics.
        if (full && (by_cursor || query.Summed())) break;
        if (scanned >= kScannedMax) break;
    } while (!request.cursor.empty());
    if (by_cursor && !query.Summed()) {
        auto count = query.total ? Result<size_t>(*query.total) : Count(engine, query);
        if (!count) return Fail(count.error());
        listed.total = *count;
    }
    if (!sorted) return listed;
    std::stable_sort(listed.rows.begin(), listed.rows.end(), [&](const auto& a, const auto& b) {
        return query.descending ? Less(query.sort, b, a) : Less(query.sort, a, b);
    });
    size_t begin = std::min(listed.rows.size(), (query.page - 1) * query.limit);
    size_t end = std::min(listed.rows.size(), begin + query.limit);
    listed.rows = {listed.rows.begin() + begin, listed.rows.begin() + end};
    return listed;
}

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
        if (IsAsked(query, row)) stats.asked += row.count;
    }
    return stats;
}

}  // namespace barracuda::report
