// One page of conversions in another order than that of what they are read by: gathered and sorted,
// a block at a time.
#include <algorithm>
#include <span>

#include "base/check.h"
#include "report/conversion_pages.h"
#include "store/index.h"

namespace barracuda::report {

using domain::Field;

namespace {

constexpr size_t kLengthBytes = 4;

// Where a sorted list stands: the place at which its block begins in the way, and the last row
// shown of it, none at the block's beginning.
struct SortedPlace {
    std::string block, last;

    std::string Bytes() const {
        std::string bytes;
        for (size_t shift = 0; shift < kLengthBytes; ++shift) {
            bytes.push_back(static_cast<char>(block.size() >> (8 * shift)));
        }
        return bytes + block + last;
    }
    static std::optional<SortedPlace> Parse(std::string_view rest) {
        if (rest.size() < kLengthBytes) return std::nullopt;
        size_t length = 0;
        for (size_t i = 0; i < kLengthBytes; ++i) {
            length |= size_t{static_cast<unsigned char>(rest[i])} << (8 * i);
        }
        rest.remove_prefix(kLengthBytes);
        if (length > rest.size()) return std::nullopt;
        return SortedPlace{std::string(rest.substr(0, length)), std::string(rest.substr(length))};
    }
};

struct Block {
    std::vector<std::pair<std::string, store::Ref>> rows;  // by sort key, in the list's order
    std::map<std::string, Tally> statuses;
    std::string next;  // where the next block begins
};

Result<Block> Gather(
    store::Engine& engine, const ConversionQuery& query, const Way& way, std::string place
) {
    BARRACUDA_CHECK(query.looked_max > 0);  // else a block would never end
    Block block;
    size_t looked = 0;
    do {
        auto page = ReadWay(engine, way, place, std::min(kScanned, query.looked_max - looked));
        if (!page) return Fail(page.error());
        EachFitting(query.filter, *page, [&](domain::Conversion&& row, size_t) {
            block.rows.emplace_back(SortKey(query.sort, row), store::RefOf(row.key));
            AddTo(block.statuses, row);
        });
        place = std::move(page->cursor);
        looked += std::max<size_t>(page->documents.size(), 1);
    } while (!place.empty() && looked < query.looked_max);
    block.next = std::move(place);
    std::sort(block.rows.begin(), block.rows.end(), [&](const auto& a, const auto& b) {
        return query.descending ? b.first < a.first : a.first < b.first;
    });
    return block;
}

Result<std::vector<domain::Conversion>> LoadRows(
    store::Engine& engine, std::span<const std::pair<std::string, store::Ref>> sorted
) {
    std::vector<store::Ref> refs;
    for (const auto& [key, ref] : sorted) refs.push_back(ref);
    std::vector<domain::Conversion> rows;
    if (refs.empty()) return rows;
    auto documents = engine.Load(refs);
    if (!documents) return Fail(documents.error());
    for (const auto& document : *documents) {
        auto conversion = domain::DecodeConversion(document.value_or(""));
        if (document && conversion) rows.push_back(std::move(*conversion));
    }
    return rows;
}

}  // namespace

std::string SortKey(const std::string& by, const domain::Conversion& c) {
    std::string key;
    if (by == "updatedAt") {
        store::AppendDate(key, c.updated);
        return key + store::RefOf(c.key).key;  // as its index has it
    } else if (by == "amount") {
        auto amount = Money::Parse(c.fields.Get(Field::kAmount, "0"));
        store::AppendDate(key, Time{amount ? amount->micros : 0});
    } else if (by == "affiliate_id") {
        store::AppendText(key, c.fields.Get(Field::kAffiliateId));
    } else if (by == "click_id") {
        return store::RefOf(c.key).key;
    } else if (by == "goal_type") {
        store::AppendText(key, domain::NameOf(c.goal_type));
    } else if (by == "status") {
        store::AppendText(key, domain::NameOf(c.status));
    }
    store::AppendDate(key, c.created);
    return key + store::RefOf(c.key).key;
}

Result<ConversionPage> SortedPage(
    store::Engine& engine, const ConversionQuery& query, const Way& way
) {
    SortedPlace place;
    const bool by_cursor = !query.cursor.empty();
    if (by_cursor) {
        auto parsed = SortedPlace::Parse(query.cursor);
        if (!parsed) return Fail(store::BadCursor());
        place = std::move(*parsed);
    }
    auto block = Gather(engine, query, way, place.block);
    if (!block) return Fail(block.error());
    const auto& sorted = block->rows;
    const bool whole = place.block.empty() && block->next.empty();
    size_t begin = std::min(sorted.size(), SkipOf(query));
    if (by_cursor && !place.last.empty()) {
        auto after = std::find_if(sorted.begin(), sorted.end(), [&](const auto& one) {
            return query.descending ? one.first < place.last : one.first > place.last;
        });
        begin = static_cast<size_t>(after - sorted.begin());
    }
    const size_t end = std::min(sorted.size(), begin + query.limit);
    BARRACUDA_CHECK(begin <= end);
    if (!by_cursor && query.page > 1 && begin == end && !whole) {
        return Fail(PageTooFar(query.looked_max));
    }
    auto rows = LoadRows(engine, std::span(sorted).subspan(begin, end - begin));
    if (!rows) return Fail(rows.error());
    ConversionPage page{.rows = std::move(*rows)};
    if (end < sorted.size()) {
        page.next_cursor = SortedPlace{place.block, sorted[end - 1].first}.Bytes();
    } else if (!block->next.empty()) {
        page.next_cursor = SortedPlace{block->next, {}}.Bytes();
    }
    if (query.fitting) {
        page.fitting = *query.fitting;
    } else if (whole) {
        page.fitting = {{sorted.size(), true}, std::move(block->statuses)};
    } else {
        auto fitting = FittingOf(engine, query, way);
        if (!fitting) return Fail(fitting.error());
        page.fitting = std::move(*fitting);
        // The first block is part of it, and may be more than was tallied.
        auto& total = page.fitting.total;
        if (place.block.empty()) total.count = std::max(total.count, sorted.size());
    }
    page.complete = whole && page.fitting.total.exact;
    return page;
}

}  // namespace barracuda::report
