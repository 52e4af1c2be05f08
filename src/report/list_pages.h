// Pages of a list, whatever its rows: in the order of the way that they are read by, or gathered
// and sorted a block at a time. Of this folder alone; conversion_list.cc and contact_list.cc say
// what their rows are:
//
//     struct Things {
//         using Row = domain::Thing;                     // and Filter
//         static constexpr const char* kMany = "things";
//         static Result<Row> Decode(std::string_view bson);
//         static store::Ref RefOf(const Row& row);
//         static std::string SortKey(const std::string& by, const Row& row);
//         static void AddTo(std::map<std::string, Tally>& statuses, const Row& row);
//     };
//     auto page = SelectPage<Things>(engine, query);
#pragma once

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "base/check.h"
#include "report/list.h"
#include "report/ways.h"

namespace barracuda::report {

inline constexpr size_t kScanned = 500;  // documents at a time, where more than the page is read
// The same, where a page is likely full soon: what is read behind its last row is read in vain, and
// what stands before that in the same step once more, for the place.
inline constexpr size_t kWalked = 100;

Error PageTooFar(const char* many, size_t looked);

template <typename FilterType>
size_t SkipOf(const ListQuery<FilterType>& query) {  // rows before the page
    BARRACUDA_CHECK(query.page > 0);                 // readers refuse a page 0
    constexpr size_t kPagesMax = size_t{1} << 40;    // more than there can be, and no overflow
    return query.cursor.empty() ? std::min(query.page - 1, kPagesMax) * query.limit : 0;
}

// Calls `take` with each row that fits and how many documents of `page` stand before it.
template <typename Kind, typename Take>
void EachFitting(const typename Kind::Filter& filter, const store::Page& page, Take take) {
    for (size_t i = 0; i < page.documents.size(); ++i) {
        auto row = Kind::Decode(page.documents[i]);
        if (row && Matches(filter, *row)) take(std::move(*row), i);
    }
}

// Where a sorted list stands: the place at which its block begins in the way, and the last row
// shown of it, none at the block's beginning.
struct SortedPlace {
    std::string block = {}, last = {};

    std::string Bytes() const;
    static std::optional<SortedPlace> Parse(std::string_view bytes);
};

template <typename Kind>
class Pages {
public:
    using Row = typename Kind::Row;
    using Query = ListQuery<typename Kind::Filter>;
    using Page = ListPage<Row>;

    // `counts`: what a plan of this query counted.
    Pages(store::Engine& engine, const Query& query, std::map<char, size_t> counts)
        : engine_(engine), query_(query), counts_(std::move(counts)) {}

    // A page in the order of its way; what one page or another shows is in the query's `fitting`.
    Result<Page> WalkTo(const Way& way) const;
    // A page of a list that `way` does not give in its order. Its cursor is of sorted pages of this
    // way.
    Result<Page> Sorted(const Way& way) const;
    // What fits, within the query's bounds; `way`: what its pages are read by.
    Result<Fitting> FittingOf(const Way& way) const;

private:
    struct Block {
        std::vector<std::pair<std::string, store::Ref>> rows;  // by sort key, in the list's order
        std::map<std::string, Tally> statuses;
        std::string next;  // where the next block begins
    };
    struct Walk;

    std::vector<Way> Ways() const { return WaysOf(query_.filter, query_.sort, query_.descending); }
    Error TooFar() const { return PageTooFar(Kind::kMany, query_.looked_max); }
    Result<Total> CountOf(const Way& way) const;
    Result<Page> FromTheEnd(const Way& forwards) const;
    Result<Block> Gather(const Way& way, std::string place) const;
    Result<std::vector<Row>> LoadRows(std::span<const std::pair<std::string, store::Ref>> sorted
    ) const;

    store::Engine& engine_;
    const Query& query_;
    const std::map<char, size_t> counts_;
};

// Along a way until `limit` rows are there, or `looked_max` documents were looked at.
template <typename Kind>
struct Pages<Kind>::Walk {
    store::Engine& engine;
    const Query& query;
    Way way;
    size_t skip = 0, limit = 0;
    bool backwards = false;  // the first row found is the last of the page
    std::string place{};

    std::vector<Row> rows{};
    bool ended = false;  // the list's end was reached
    std::string next{};  // place of the page's last row; of a short one, how far it looked
    bool full() const { return rows.size() == limit; }

    Result<bool> Run() {
        BARRACUDA_CHECK(limit > 0 && query.looked_max > 0);  // else it would never be full, or end
        size_t looked = 0, fit = 0;
        do {
            // The first page without a filter is one scan of its size.
            const size_t step = std::max(kWalked, limit);
            const size_t most = fit < skip ? kScanned : looked > 0 ? step : limit;
            auto page = ReadWay(engine, way, place, std::min(most, query.looked_max - looked));
            if (!page) return Fail(page.error());
            size_t last = 0;  // documents up to the page's last row
            EachFitting<Kind>(query.filter, *page, [&](Row&& row, size_t before) {
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

private:
    // Where the walk stands after `documents` ones of its page.
    Result<std::string> PlaceOf(size_t documents) const {
        auto page = ReadWay(engine, way, place, documents);
        if (!page) return Fail(page.error());
        return std::move(page->cursor);
    }
};

// A page that is nearer to the end than `looked_max`, where how many there are is known.
template <typename Kind>
Result<ListPage<typename Kind::Row>> Pages<Kind>::FromTheEnd(const Way& forwards) const {
    const size_t total = query_.fitting->total.count, skip = SkipOf(query_);
    BARRACUDA_CHECK(skip < total);  // WalkTo answers beyond it
    auto way = WayNamed(WaysOf(query_.filter, query_.sort, !query_.descending), forwards.id);
    Walk walk{engine_, query_, std::move(*way)};
    walk.backwards = true;
    walk.limit = std::min(query_.limit, total - skip);
    walk.skip = total - skip - walk.limit;
    if (walk.skip + walk.limit > query_.looked_max) return Fail(TooFar());
    if (auto walked = walk.Run(); !walked) return Fail(walked.error());
    if (!walk.full()) return Fail(TooFar());
    std::reverse(walk.rows.begin(), walk.rows.end());
    Page page{.rows = std::move(walk.rows), .fitting = *query_.fitting};
    if (walk.skip > 0) page.next_cursor = std::move(walk.next);
    return page;
}

template <typename Kind>
Result<ListPage<typename Kind::Row>> Pages<Kind>::WalkTo(const Way& way) const {
    const size_t skip = SkipOf(query_);
    const Total& total = query_.fitting->total;
    if (total.exact && skip > 0 && skip >= total.count) {
        return Page{.rows = {}, .fitting = *query_.fitting};
    }
    Walk walk{engine_, query_, way};
    walk.place = query_.cursor;
    walk.skip = skip;
    walk.limit = query_.limit;
    // Without a filter what is looked at is what is skipped: no need to try.
    const bool far = skip >= query_.looked_max;
    if (!far) {
        if (auto walked = walk.Run(); !walked) return Fail(walked.error());
    }
    if (skip > 0 && !walk.full() && !walk.ended) {
        if (total.exact) return FromTheEnd(way);
        if (walk.rows.empty()) return Fail(TooFar());
    }
    Page page{.rows = std::move(walk.rows), .fitting = *query_.fitting};
    page.next_cursor = std::move(walk.next);
    const bool whole = page.rows.size() == query_.limit || walk.ended;
    page.complete = whole && total.exact;
    return page;
}

// The primary key's entries are the documents: they are not counted further than for the plan.
template <typename Kind>
Result<Total> Pages<Kind>::CountOf(const Way& way) const {
    const bool by_key = !way.parts.empty() && !way.parts.front().index;
    const size_t most =
        by_key ? std::min(query_.gathered_max, query_.counted_max) : query_.counted_max;
    const auto known = counts_.find(way.id);
    if (known != counts_.end() &&
        (known->second <= query_.gathered_max || most <= query_.gathered_max)) {
        return Total{std::min(known->second, most), known->second <= most};
    }
    auto count = CountWay(engine_, way, most + 1);
    if (!count) return Fail(count.error());
    return Total{std::min(*count, most), *count <= most};
}

template <typename Kind>
Result<Fitting> Pages<Kind>::FittingOf(const Way& way) const {
    Fitting fitting;
    Way by = way;
    for (auto& one : Ways()) {
        if (!one.covers) continue;
        auto total = CountOf(one);
        if (!total) return Fail(total.error());
        fitting.total = *total;
        if (total->count + !total->exact > query_.tallied_max) return fitting;
        by = std::move(one);
        break;
    }
    std::map<std::string, Tally> statuses;
    std::string place;
    size_t looked = 0, fit = 0;
    do {
        auto page = ReadWay(engine_, by, place, std::min(kScanned, query_.tallied_max - looked));
        if (!page) return Fail(page.error());
        EachFitting<Kind>(query_.filter, *page, [&](Row&& row, size_t) {
            ++fit;
            Kind::AddTo(statuses, row);
        });
        place = std::move(page->cursor);
        looked += std::max<size_t>(page->documents.size(), 1);
    } while (!place.empty() && looked < query_.tallied_max);
    if (place.empty()) return Fitting{{fit, true}, std::move(statuses)};
    return by.covers ? fitting : Fitting{{fit, false}};
}

template <typename Kind>
Result<typename Pages<Kind>::Block> Pages<Kind>::Gather(const Way& way, std::string place) const {
    BARRACUDA_CHECK(query_.looked_max > 0);  // else a block would never end
    Block block;
    size_t looked = 0;
    do {
        auto page = ReadWay(engine_, way, place, std::min(kScanned, query_.looked_max - looked));
        if (!page) return Fail(page.error());
        EachFitting<Kind>(query_.filter, *page, [&](Row&& row, size_t) {
            block.rows.emplace_back(Kind::SortKey(query_.sort, row), Kind::RefOf(row));
            Kind::AddTo(block.statuses, row);
        });
        place = std::move(page->cursor);
        looked += std::max<size_t>(page->documents.size(), 1);
    } while (!place.empty() && looked < query_.looked_max);
    block.next = std::move(place);
    std::sort(block.rows.begin(), block.rows.end(), [&](const auto& a, const auto& b) {
        return query_.descending ? b.first < a.first : a.first < b.first;
    });
    return block;
}

template <typename Kind>
Result<std::vector<typename Kind::Row>> Pages<Kind>::LoadRows(
    std::span<const std::pair<std::string, store::Ref>> sorted
) const {
    std::vector<store::Ref> refs;
    for (const auto& [key, ref] : sorted) refs.push_back(ref);
    std::vector<Row> rows;
    if (refs.empty()) return rows;
    auto documents = engine_.Load(refs);
    if (!documents) return Fail(documents.error());
    for (const auto& document : *documents) {
        auto row = Kind::Decode(document.value_or(""));
        if (document && row) rows.push_back(std::move(*row));
    }
    return rows;
}

template <typename Kind>
Result<ListPage<typename Kind::Row>> Pages<Kind>::Sorted(const Way& way) const {
    SortedPlace place;
    const bool by_cursor = !query_.cursor.empty();
    if (by_cursor) {
        auto parsed = SortedPlace::Parse(query_.cursor);
        if (!parsed) return Fail(store::BadCursor());
        place = std::move(*parsed);
    }
    auto block = Gather(way, place.block);
    if (!block) return Fail(block.error());
    const auto& sorted = block->rows;
    const bool whole = place.block.empty() && block->next.empty();
    size_t begin = std::min(sorted.size(), SkipOf(query_));
    if (by_cursor && !place.last.empty()) {
        auto after = std::find_if(sorted.begin(), sorted.end(), [&](const auto& one) {
            return query_.descending ? one.first < place.last : one.first > place.last;
        });
        begin = static_cast<size_t>(after - sorted.begin());
    }
    const size_t end = std::min(sorted.size(), begin + query_.limit);
    BARRACUDA_CHECK(begin <= end);
    if (!by_cursor && query_.page > 1 && begin == end && !whole) return Fail(TooFar());
    auto rows = LoadRows(std::span(sorted).subspan(begin, end - begin));
    if (!rows) return Fail(rows.error());
    Page page{.rows = std::move(*rows)};
    if (end < sorted.size()) {
        page.next_cursor = SortedPlace{place.block, sorted[end - 1].first}.Bytes();
    } else if (!block->next.empty()) {
        page.next_cursor = SortedPlace{block->next, {}}.Bytes();
    }
    if (query_.fitting) {
        page.fitting = *query_.fitting;
    } else if (whole) {
        page.fitting = {{sorted.size(), true}, std::move(block->statuses)};
    } else {
        auto fitting = FittingOf(way);
        if (!fitting) return Fail(fitting.error());
        page.fitting = std::move(*fitting);
        // The first block is part of it, and may be more than was tallied.
        auto& total = page.fitting.total;
        if (place.block.empty()) total.count = std::max(total.count, sorted.size());
    }
    page.complete = whole && page.fitting.total.exact;
    return page;
}

// A cursor names the way and whether its pages are sorted: what is chosen may be another one by
// the next page, and its places are others.
template <typename Kind>
Result<ListPage<typename Kind::Row>> SelectPage(
    store::Engine& engine, const ListQuery<typename Kind::Filter>& asked
) {
    constexpr char kInOrder = 'w', kSorted = 's';
    constexpr size_t kHead = 10;
    auto query = asked;
    auto ways = WaysOf(query.filter, query.sort, query.descending);
    const std::string mark = MarkOf(query.filter, query.sort, query.descending);
    Plan plan;
    if (query.cursor.empty()) {
        auto chosen = PlanOf(engine, std::move(ways), query.sort, query.gathered_max);
        if (!chosen) return Fail(chosen.error());
        plan = std::move(*chosen);
    } else {
        const std::string& cursor = asked.cursor;
        auto way = WayNamed(std::move(ways), cursor[0]);
        if (!way || cursor.size() <= kHead || cursor.substr(2, kHead - 2) != mark ||
            (cursor[1] != kSorted && (cursor[1] != kInOrder || way->order != query.sort))) {
            return Fail(store::BadCursor());
        }
        plan = {std::move(*way), cursor[1] == kInOrder};
        query.cursor.erase(0, kHead);
    }
    const Pages<Kind> pages(engine, query, plan.counts);
    if (!query.fitting && plan.in_order) {
        auto fitting = pages.FittingOf(plan.way);
        if (!fitting) return Fail(fitting.error());
        query.fitting = std::move(*fitting);
    }
    auto page = plan.in_order ? pages.WalkTo(plan.way) : pages.Sorted(plan.way);
    if (page && !page->next_cursor.empty()) {
        const char head[] = {plan.way.id, plan.in_order ? kInOrder : kSorted};
        page->next_cursor.insert(0, std::string(head, 2) + mark);
    }
    return page;
}

}  // namespace barracuda::report
