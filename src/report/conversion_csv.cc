#include "report/conversion_csv.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "report/conversion_rows.h"
#include "report/csv.h"
#include "report/list_pages.h"

namespace barracuda::report {

using domain::Conversion;
using domain::Field;

namespace {

constexpr size_t kLooked = 5'000;  // documents for one part

// What is no plain field.
struct Column {
    std::string_view name;
    std::string (*text)(const Conversion&, const Zone&);
};
constexpr Column kColumns[] = {
    {"id", [](const Conversion& c, const Zone&) { return c.id.Hex(); }},
    {"click_id", [](const Conversion& c, const Zone&) { return c.key.click.value; }},
    {"goal_id", [](const Conversion& c, const Zone&) { return c.key.goal.value; }},
    {"goal_type",
     [](const Conversion& c, const Zone&) { return std::string(domain::NameOf(c.goal_type)); }},
    {"status",
     [](const Conversion& c, const Zone&) { return std::string(domain::NameOf(c.status)); }},
    {"provenance",
     [](const Conversion& c, const Zone&) { return std::string(domain::NameOf(c.provenance)); }},
    {"route", [](const Conversion& c, const Zone&) { return c.route; }},
    {"currency",
     [](const Conversion& c, const Zone&) {
         return std::string(c.fields.Get(Field::kCurrency, domain::kDefaultCurrency));
     }},
    {"createdAt", [](const Conversion& c, const Zone& zone) { return zone.Iso(c.created); }},
    {"updatedAt", [](const Conversion& c, const Zone& zone) { return zone.Iso(c.updated); }},
};

const Column* ColumnNamed(std::string_view name) {
    const auto* at = std::find_if(std::begin(kColumns), std::end(kColumns), [&](const auto& one) {
        return one.name == name;
    });
    return at == std::end(kColumns) ? nullptr : at;
}

std::string TextOf(const std::string& column, const Conversion& c, const Zone& zone) {
    if (const auto* one = ColumnNamed(column)) return one->text(c, zone);
    return std::string(c.fields.Get(*domain::FieldNamed(column)));
}

}  // namespace

bool IsConversionColumn(std::string_view name) {
    if (ColumnNamed(name)) return true;
    const auto field = domain::FieldNamed(name);
    return field && domain::InfoOf(*field).type != domain::FieldType::kObject;
}

const std::vector<std::string>& DefaultColumns() {
    static const std::vector<std::string> kDefault = {
        "id",
        "createdAt",
        "updatedAt",
        "click_id",
        "goal_id",
        "goal_type",
        "transaction_id",
        "status",
        "provenance",
        "affiliate_id",
        "offer_id",
        "amount",
        "currency",
        "sale_amount",
        "payout",
        "revenue",
        "country",
        "source",
        "is_test"};
    return kDefault;
}

ConversionCsv::ConversionCsv(store::Engine& engine, CsvOrder order)
    : engine_(engine), order_(std::move(order)) {
    if (order_.columns.empty()) order_.columns = DefaultColumns();
}

Result<bool> ConversionCsv::Begin() {
    auto plan = PlanOf(
        engine_,
        WaysOf(order_.filter, order_.sort, order_.descending),
        order_.sort,
        ConversionQuery().gathered_max
    );
    if (!plan) return Fail(plan.error());
    plan_ = std::move(*plan);
    return plan_->in_order ? Result<bool>(true) : Gather();
}

Result<bool> ConversionCsv::Gather() {
    std::vector<std::pair<std::string, store::Ref>> rows;
    std::string place;
    do {
        auto page = ReadWay(engine_, plan_->way, place, kScanned);
        if (!page) return Fail(page.error());
        EachFitting<ConversionRows>(order_.filter, *page, [&](Conversion&& row, size_t) {
            rows.emplace_back(ConversionRows::SortKey(order_.sort, row), store::RefOf(row.key));
        });
        if (rows.size() > order_.sorted_max) {
            return Fail(Error{
                ErrorCode::kInvalid,
                "more than " + std::to_string(order_.sorted_max) +
                    " fit, which can only be exported by createdAt, updatedAt or click_id",
                "sortBy"});
        }
        place = std::move(page->cursor);
    } while (!place.empty());
    std::sort(rows.begin(), rows.end());
    if (order_.descending) std::reverse(rows.begin(), rows.end());
    sorted_.reserve(rows.size());
    for (auto& [key, ref] : rows) sorted_.push_back(std::move(ref));
    return true;
}

Result<ConversionCsv::Part> ConversionCsv::NextSorted() {
    Part part;
    BARRACUDA_CHECK(shown_ <= sorted_.size());
    const size_t count = std::min(kScanned, sorted_.size() - shown_);
    const auto refs = std::span(sorted_).subspan(shown_, count);
    shown_ += count;
    part.ended = shown_ == sorted_.size();
    if (refs.empty()) return part;
    auto documents = engine_.Load(refs);
    if (!documents) return Fail(documents.error());
    for (const auto& document : *documents) {
        auto conversion = domain::DecodeConversion(document.value_or(""));
        // One that was changed meanwhile stays in its place, or fits no longer.
        if (!document || !conversion || !Matches(order_.filter, *conversion)) continue;
        part.text += Line(*conversion);
    }
    return part;
}

Result<ConversionCsv::Part> ConversionCsv::Next() {
    BARRACUDA_CHECK(plan_);  // Begin chose it
    Part part{.text = {}, .ended = ended_};
    if (ended_) return part;
    if (!std::exchange(begun_, true))
        part.text = (order_.mark ? kCsvMark : "") + CsvRow(order_.columns);
    if (!plan_->in_order) {
        auto sorted = NextSorted();
        if (!sorted) return sorted;
        part.text += sorted->text;
        part.ended = ended_ = sorted->ended;
        return part;
    }
    for (size_t looked = 0; looked < kLooked && !ended_;) {
        auto page = ReadWay(engine_, plan_->way, place_, kScanned);
        if (!page) return Fail(page.error());
        EachFitting<ConversionRows>(order_.filter, *page, [&](Conversion&& row, size_t) {
            part.text += Line(row);
        });
        place_ = std::move(page->cursor);
        looked += std::max<size_t>(page->documents.size(), 1);
        ended_ = place_.empty();
    }
    part.ended = ended_;
    return part;
}

std::string ConversionCsv::Line(const Conversion& conversion) const {
    std::vector<std::string> cells;
    cells.reserve(order_.columns.size());
    for (const auto& column : order_.columns) {
        cells.push_back(TextOf(column, conversion, order_.zone));
    }
    return CsvRow(cells);
}

}  // namespace barracuda::report
