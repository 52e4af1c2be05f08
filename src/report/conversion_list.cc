// One page of conversions in the order of the way that they are read by.
#include <algorithm>

#include "base/check.h"
#include "report/conversion_pages.h"

namespace barracuda::report {

using domain::Field;

namespace {

constexpr std::string_view kSorts[] = {
    "createdAt", "updatedAt", "amount", "affiliate_id", "click_id", "goal_type", "status"};

// Along a way until `limit` rows are there, or `looked_max` documents were looked at.
struct Walk {
    store::Engine& engine;
    const ConversionQuery& query;
    Way way;
    size_t skip = 0, limit = 0;
    bool backwards = false;  // the first row found is the last of the page
    std::string place{};

    std::vector<domain::Conversion> rows{};
    bool ended = false;  // the list's end was reached
    std::string next{};  // place of the page's last row; of a short one, how far it looked
    bool full() const { return rows.size() == limit; }

    Result<bool> Run();

private:
    Result<std::string> PlaceOf(size_t documents) const;
};

// Where the walk stands after `documents` ones of its page.
Result<std::string> Walk::PlaceOf(size_t documents) const {
    auto page = ReadWay(engine, way, place, documents);
    if (!page) return Fail(page.error());
    return std::move(page->cursor);
}

Result<bool> Walk::Run() {
    BARRACUDA_CHECK(limit > 0 && query.looked_max > 0);  // else it would never be full, or end
    size_t looked = 0, fit = 0;
    do {
        // The first page without a filter is one scan of its size.
        const size_t most = skip > 0 || looked > 0 ? kScanned : limit;
        auto page = ReadWay(engine, way, place, std::min(most, query.looked_max - looked));
        if (!page) return Fail(page.error());
        size_t last = 0;  // documents up to the page's last row
        EachFitting(query.filter, *page, [&](domain::Conversion&& row, size_t before) {
            if (++fit <= skip || full()) return;
            rows.push_back(std::move(row));
            if (rows.size() == (backwards ? 1 : limit)) last = before + 1;
        });
        if (last > 0) {
            const bool all = last == page->documents.size();
            auto at = all ? Result<std::string>(page->cursor) : PlaceOf(last);
            if (!at) return Fail(at.error());
            next = std::move(*at);
        }
        place = std::move(page->cursor);
        looked += std::max<size_t>(page->documents.size(), 1);
    } while (!full() && !place.empty() && looked < query.looked_max);
    BARRACUDA_CHECK(rows.size() <= limit);
    ended = place.empty();
    if (!full() && !backwards) next = place;
    return true;
}

// A page that is nearer to the end than `looked_max`, where how many there are is known.
Result<ConversionPage> FromTheEnd(
    store::Engine& engine, const ConversionQuery& query, const Way& forwards
) {
    const size_t total = query.fitting->total.count, skip = SkipOf(query);
    BARRACUDA_CHECK(skip < total);  // WalkTo answers beyond it
    auto way = WayNamed(query.filter, query.sort, !query.descending, forwards.id);
    BARRACUDA_CHECK(way);  // the ways of a filter are the same in both directions
    Walk walk{engine, query, std::move(*way)};
    walk.backwards = true;
    walk.limit = std::min(query.limit, total - skip);
    walk.skip = total - skip - walk.limit;
    if (walk.skip + walk.limit > query.looked_max) return Fail(PageTooFar(query.looked_max));
    if (auto walked = walk.Run(); !walked) return Fail(walked.error());
    if (!walk.full()) return Fail(PageTooFar(query.looked_max));
    std::reverse(walk.rows.begin(), walk.rows.end());
    ConversionPage page{.rows = std::move(walk.rows), .fitting = *query.fitting};
    if (walk.skip > 0) page.next_cursor = std::move(walk.next);
    return page;
}

// What one page or another shows is in `query.fitting`.
Result<ConversionPage> WalkTo(store::Engine& engine, const ConversionQuery& query, const Way& way) {
    const size_t skip = SkipOf(query);
    const Total& total = query.fitting->total;
    if (total.exact && skip > 0 && skip >= total.count) {
        return ConversionPage{.rows = {}, .fitting = *query.fitting};
    }
    Walk walk{engine, query, way};
    walk.place = query.cursor;
    walk.skip = skip;
    walk.limit = query.limit;
    // Without a filter what is looked at is what is skipped: no need to try.
    const bool far = skip >= query.looked_max;
    if (!far) {
        if (auto walked = walk.Run(); !walked) return Fail(walked.error());
    }
    if (skip > 0 && !walk.full() && !walk.ended) {
        if (total.exact) return FromTheEnd(engine, query, way);
        if (walk.rows.empty()) return Fail(PageTooFar(query.looked_max));
    }
    ConversionPage page{.rows = std::move(walk.rows), .fitting = *query.fitting};
    page.next_cursor = std::move(walk.next);
    const bool whole = page.rows.size() == query.limit || walk.ended;
    page.complete = whole && total.exact;
    return page;
}

}  // namespace

Error PageTooFar(size_t looked) {
    return {
        ErrorCode::kInvalid,
        "page lies beyond the " + std::to_string(looked) +
            " conversions that are looked at: go on by cursor (nextCursor of an earlier page)",
        "page"};
}

size_t SkipOf(const ConversionQuery& query) {
    constexpr size_t kPagesMax = size_t{1} << 40;  // more than there can be, and no overflow
    BARRACUDA_CHECK(query.page > 0);               // readers refuse a page 0
    return query.cursor.empty() ? std::min(query.page - 1, kPagesMax) * query.limit : 0;
}

Result<Fitting> FittingOf(store::Engine& engine, const ConversionQuery& query, const Way& way) {
    Fitting fitting;
    Way by = way;
    for (auto& one : WaysOf(query.filter, query.sort, query.descending)) {
        if (!one.covers) continue;
        auto count = CountWay(engine, one, query.counted_max + 1);
        if (!count) return Fail(count.error());
        fitting.total = {std::min(*count, query.counted_max), *count <= query.counted_max};
        if (*count > query.tallied_max) return fitting;
        by = std::move(one);
        break;
    }
    std::map<std::string, Tally> statuses;
    std::string place;
    size_t looked = 0, fit = 0;
    do {
        auto page = ReadWay(engine, by, place, std::min(kScanned, query.tallied_max - looked));
        if (!page) return Fail(page.error());
        EachFitting(query.filter, *page, [&](domain::Conversion&& row, size_t) {
            ++fit;
            AddTo(statuses, row);
        });
        place = std::move(page->cursor);
        looked += std::max<size_t>(page->documents.size(), 1);
    } while (!place.empty() && looked < query.tallied_max);
    if (place.empty()) return Fitting{{fit, true}, std::move(statuses)};
    return by.covers ? fitting : Fitting{{fit, false}};
}

void AddTo(std::map<std::string, Tally>& statuses, const domain::Conversion& c) {
    Tally& tally = statuses[domain::NameOf(c.status)];
    ++tally.count;
    const auto amount = Money::Parse(c.fields.Get(Field::kAmount, "0"));
    tally.sums.Add(c.fields.Get(Field::kCurrency), amount ? amount->micros : 0);
}

bool IsConversionSort(std::string_view field) {
    return std::find(std::begin(kSorts), std::end(kSorts), field) != std::end(kSorts);
}

// A cursor names the way and whether its pages are sorted: what is chosen may be another one by
// the next page, and its places are others.
Result<ConversionPage> SelectConversions(store::Engine& engine, const ConversionQuery& asked) {
    constexpr char kWalked = 'w', kSorted = 's';
    constexpr size_t kHead = 10;
    ConversionQuery query = asked;
    Plan plan;
    if (query.cursor.empty()) {
        auto chosen =
            PlanOf(engine, query.filter, query.sort, query.descending, query.gathered_max);
        if (!chosen) return Fail(chosen.error());
        plan = std::move(*chosen);
    } else {
        const std::string& cursor = asked.cursor;
        auto way = WayNamed(query.filter, query.sort, query.descending, cursor[0]);
        if (!way || cursor.size() <= kHead ||
            cursor.substr(2, kHead - 2) != MarkOf(query.filter, query.sort, query.descending) ||
            (cursor[1] != kSorted && (cursor[1] != kWalked || way->order != query.sort))) {
            return Fail(store::BadCursor());
        }
        plan = {std::move(*way), cursor[1] == kWalked};
        query.cursor.erase(0, kHead);
    }
    if (!query.fitting && plan.in_order) {
        auto fitting = FittingOf(engine, query, plan.way);
        if (!fitting) return Fail(fitting.error());
        query.fitting = std::move(*fitting);
    }
    auto page =
        plan.in_order ? WalkTo(engine, query, plan.way) : SortedPage(engine, query, plan.way);
    if (page && !page->next_cursor.empty()) {
        const char head[] = {plan.way.id, plan.in_order ? kWalked : kSorted};
        page->next_cursor.insert(
            0, std::string(head, 2) + MarkOf(query.filter, query.sort, query.descending)
        );
    }
    return page;
}

}  // namespace barracuda::report
