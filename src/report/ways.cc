#include "report/ways.h"

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "store/index.h"

namespace barracuda::report {

using store::IndexId;
using store::ScanRequest;
using Values = std::vector<std::vector<std::string>>;

namespace {

// Lists that are no longer than this are kept (api/filter_input.cc), so that a part's number is a
// byte of a place.
constexpr size_t kPartsMax = 128;
static_assert(kPartsMax <= 0x100);

std::vector<std::string> Sorted(std::vector<std::string> texts) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    return texts;
}

// The words of one field that are asked for; all of them where none is named.
template <typename Word>
std::vector<std::string> WordsFor(const char* field, const std::vector<Word>& asked) {
    std::vector<std::string> words;
    for (Word word : asked) words.emplace_back(domain::NameOf(word));
    if (!words.empty()) return Sorted(std::move(words));
    const auto all = store::WordsOf(field);
    return {all.begin(), all.end()};
}

class Ways {
public:
    Ways(const Filter& filter, bool descending) : filter_(filter), descending_(descending) {}

    void ByIndex(IndexId index, Values any, Filter answered) {
        ScanRequest request;
        request.index = index;
        request.any = std::move(any);
        request.from = answered.from = filter_.from;
        request.to = answered.to = filter_.to;
        const bool whole = request.any.empty() && !request.from && !request.to;
        Add(static_cast<char>(index), {request}, "createdAt", answered, whole);
    }
    // Of what hangs there are few; by when it died, or is due.
    void ByDelivery(domain::DeliveryState state, IndexId index) {
        if (filter_.delivery_states != std::vector{state}) return;
        ScanRequest request;
        request.index = index;
        Filter answered;
        answered.delivery_states = {state};
        Add(static_cast<char>(index), {request}, "", answered, false);
        BARRACUDA_CHECK(ways_.back().parts.size() == 1);
        ways_.back().parts[0].descending = false;  // the work queue is read forwards alone
    }
    void ByChange() {
        ScanRequest request;
        request.index = IndexId::kConversionUpdated;
        request.from = filter_.changed_from;
        request.to = filter_.changed_to;
        Filter answered{.changed_from = request.from, .changed_to = request.to};
        const bool whole = !request.from && !request.to;
        Add(static_cast<char>(*request.index), {request}, "updatedAt", answered, whole);
    }
    void ByKey() {
        std::vector<ScanRequest> parts;
        for (const auto& click : Sorted(filter_.clicks)) {
            if (!click.starts_with(filter_.click_prefix)) continue;
            parts.emplace_back().key_prefix = click + '\0';
        }
        if (filter_.clicks.empty()) parts.emplace_back().key_prefix = filter_.click_prefix;
        if (descending_) std::reverse(parts.begin(), parts.end());
        Filter answered{.clicks = filter_.clicks, .click_prefix = filter_.click_prefix};
        Add(0, std::move(parts), "click_id", answered, answered == Filter{});
    }
    std::vector<Way> Take() { return std::move(ways_); }

private:
    void Add(
        char id,
        std::vector<ScanRequest> parts,
        std::string_view order,
        const Filter& answered,
        bool whole
    ) {
        for (auto& part : parts) part.descending = descending_;
        ways_.push_back({id, std::move(parts), order, answered == filter_, whole});
    }

    const Filter& filter_;
    const bool descending_;
    std::vector<Way> ways_;
};

}  // namespace

std::vector<Way> WaysOf(const Filter& f, std::string_view sort, bool descending) {
    Ways ways(f, descending);
    const bool by_click = !f.clicks.empty() || !f.click_prefix.empty();
    if (by_click) ways.ByKey();
    const auto by_texts = [&](IndexId index, Filter::Texts Filter::*texts) {
        if ((f.*texts).empty()) return;
        Filter answered;
        answered.*texts = f.*texts;
        ways.ByIndex(index, {Sorted(f.*texts)}, answered);
    };
    by_texts(IndexId::kConversionTransaction, &Filter::transactions);
    ways.ByDelivery(domain::DeliveryState::kDead, IndexId::kConversionDead);
    ways.ByDelivery(domain::DeliveryState::kWaiting, IndexId::kConversionDue);
    by_texts(IndexId::kConversionOffer, &Filter::offers);
    by_texts(IndexId::kConversionAffiliate, &Filter::affiliates);
    by_texts(IndexId::kConversionGoal, &Filter::goals);
    if (!f.goal_types.empty() || !f.statuses.empty() || !f.provenances.empty()) {
        Filter answered;
        answered.goal_types = f.goal_types;
        answered.statuses = f.statuses;
        answered.provenances = f.provenances;
        ways.ByIndex(
            IndexId::kConversionState,
            {WordsFor("goal_type", f.goal_types),
             WordsFor("status", f.statuses),
             WordsFor("provenance", f.provenances)},
            answered
        );
    }
    if (f.changed_from || f.changed_to || sort == "updatedAt") ways.ByChange();
    if (!by_click && sort == "click_id") ways.ByKey();
    ways.ByIndex(IndexId::kConversionCreated, {}, {});
    return ways.Take();
}

std::optional<Way> WayNamed(std::vector<Way> ways, char id) {
    for (auto& way : ways) {
        if (way.id == id) return std::move(way);
    }
    return std::nullopt;
}

Result<Plan> PlanOf(
    store::Engine& engine, std::vector<Way> ways, std::string_view sort, size_t gathered_max
) {
    BARRACUDA_CHECK(!ways.empty());  // by creation every document is reached
    if (ways.front().covers && ways.front().order == sort) return Plan{std::move(ways.front())};
    Way* least = nullptr;
    size_t least_count = gathered_max + 1;
    std::map<char, size_t> counts;
    for (auto& way : ways) {
        if (way.whole) continue;
        auto count = CountWay(engine, way, least_count);
        if (!count) return Fail(count.error());
        const bool better = *count < least_count;
        if (better || !least) counts[way.id] = *count;  // else it was broken off
        if (better) least = &way;
        least_count = std::min(least_count, *count);
    }
    if (least) return Plan{*least, least->order == sort, std::move(counts)};
    for (auto& way : ways) {
        if (way.order == sort) return Plan{std::move(way), true, std::move(counts)};
    }
    return Plan{std::move(ways.front()), false, std::move(counts)};
}

Result<store::Page> ReadWay(
    store::Engine& engine, const Way& way, std::string_view place, size_t limit
) {
    const size_t part = place.empty() ? 0 : static_cast<unsigned char>(place[0]);
    if (way.parts.empty()) return store::Page{};
    if (part >= std::min(way.parts.size(), kPartsMax)) return Fail(store::BadCursor());
    ScanRequest request = way.parts[part];
    request.cursor = std::string(place.empty() ? place : place.substr(1));
    request.limit = limit;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    if (way.given_before) {
        std::erase_if(page->documents, [&](const auto& document) {
            return way.given_before(part, document);
        });
    }
    if (!page->cursor.empty()) {
        page->cursor.insert(page->cursor.begin(), static_cast<char>(part));
    } else if (part + 1 < way.parts.size()) {
        page->cursor.assign(1, static_cast<char>(part + 1));
    }
    return page;
}

Result<size_t> CountWay(store::Engine& engine, const Way& way, size_t most) {
    size_t count = 0;
    for (const auto& part : way.parts) {
        if (count == most) break;
        auto more = engine.Count(part, most - count);
        if (!more) return Fail(more.error());
        count += *more;
        BARRACUDA_CHECK(count <= most);  // who counts stops where it was told to
    }
    return count;
}

std::string MarkOf(const Filter& f, std::string_view sort, bool descending) {
    std::string list(sort);
    list += descending ? '<' : '>';
    const auto add = [&list](std::string_view text) { store::AppendText(list, text); };
    const auto words = [&](const auto& values) {
        for (const auto& value : values) add(domain::NameOf(value));
        add("");
    };
    words(f.goal_types);
    words(f.statuses);
    words(f.provenances);
    words(f.delivery_states);
    for (const auto* texts :
         {&f.clicks,
          &f.goals,
          &f.affiliates,
          &f.offers,
          &f.transactions,
          &f.currencies,
          &f.countries,
          &f.sources,
          &f.networks}) {
        for (const auto& text : *texts) add(text);
        add("");
    }
    add(f.click_prefix);
    add(!f.test ? "" : *f.test ? "true" : "false");
    add(f.least ? f.least->Text() : "");
    add(f.most ? f.most->Text() : "");
    return HashHex(list, 16).substr(0, 8);
}

}  // namespace barracuda::report
