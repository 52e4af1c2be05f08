#include <algorithm>

#include "report/conversion_rows.h"
#include "report/list_pages.h"
#include "store/index.h"

namespace barracuda::report {

using domain::Field;

namespace {

constexpr std::string_view kSorts[] = {
    "createdAt", "updatedAt", "amount", "affiliate_id", "click_id", "goal_type", "status"};

}  // namespace

void ConversionRows::AddTo(std::map<std::string, Tally>& statuses, const domain::Conversion& c) {
    Tally& tally = statuses[domain::NameOf(c.status)];
    ++tally.count;
    const auto amount = Money::Parse(c.fields.Get(Field::kAmount, "0"));
    tally.sums.Add(c.fields.Get(Field::kCurrency), amount ? amount->micros : 0);
}

std::string ConversionRows::SortKey(const std::string& by, const domain::Conversion& c) {
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

bool IsConversionSort(std::string_view field) {
    return std::find(std::begin(kSorts), std::end(kSorts), field) != std::end(kSorts);
}

Result<ConversionPage> SelectConversions(store::Engine& engine, const ConversionQuery& query) {
    return SelectPage<ConversionRows>(engine, query);
}

}  // namespace barracuda::report
