#include "api/filter_input.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/list_input.h"
#include "base/text.h"
#include "base/unseen.h"
#include "delivery/delivery_list.h"

namespace barracuda::api {

namespace {

// Words of a closed vocabulary; `named` gives a word's value, `all` says what there is.
template <typename Named>
auto ReadWords(Reader& reader, const char* name, Named named, const char* all) {
    std::vector<typename decltype(named(""))::value_type> values;
    for (const auto& word : ReadTexts(reader, name)) {
        const auto value = named(word);
        if (!value) {
            reader.Refuse(name, fmt::format("must be {}", all));
            break;
        }
        if (std::find(values.begin(), values.end(), *value) == values.end()) {
            values.push_back(*value);
        }
    }
    return values;
}

std::optional<domain::Provenance> ProvenanceNamed(std::string_view name) {
    using enum domain::Provenance;
    for (auto one : {kReported, kAdmin, kForm, kAuto, kUnknown}) {
        if (name == domain::NameOf(one)) return one;
    }
    return std::nullopt;
}

}  // namespace

std::vector<std::string> ValuesIn(std::string_view text) {
    std::vector<std::string> values(1);
    for (size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("\\,")) {
            values.back() += text[++i];
        } else if (text[i] == ',') {
            values.emplace_back();
        } else {
            values.back() += text[i];
        }
    }
    for (auto& value : values) value = std::string(TrimUnseen(value));
    std::erase(values, "");
    return values;
}

std::vector<std::string> ReadTexts(Reader& reader, const char* name) {
    auto values = ValuesIn(reader.Sought(name));
    if (values.size() > kValuesMax) {
        reader.Refuse(name, fmt::format("has more than {} values", kValuesMax));
        values.clear();
    }
    return values;
}

report::Filter ReadFilter(Reader& reader) {
    report::Filter f;
    f.goal_types =
        ReadWords(reader, "goal_type", domain::GoalTypeNamed, "registration, deposit or other");
    f.statuses = ReadWords(reader, "status", domain::StatusNamed, "pending, approved or rejected");
    f.provenances =
        ReadWords(reader, "provenance", ProvenanceNamed, "reported, admin, form, auto or unknown");
    f.delivery_states = ReadWords(
        reader, "delivery_state", delivery::DeliveryStateNamed, "waiting, done, dead or cancelled"
    );
    f.clicks = ReadTexts(reader, "click_id");
    f.goals = ReadTexts(reader, "goal_id");
    f.affiliates = ReadTexts(reader, "affiliate_id");
    f.offers = ReadTexts(reader, "offer_id");
    f.transactions = ReadTexts(reader, "transaction_id");
    f.currencies = ReadTexts(reader, "currency");
    f.countries = ReadTexts(reader, "country");
    f.sources = ReadTexts(reader, "source");
    f.networks = ReadTexts(reader, "network");
    f.click_prefix = reader.Sought("search");
    f.test = ReadFlag(reader, "is_test");
    f.least = reader.Amount("min_amount");
    f.most = reader.Amount("max_amount");
    if (f.least && f.most && *f.most < *f.least) {
        reader.Refuse("max_amount", "is less than min_amount");
    }
    f.from = ReadTime(reader, "from");
    f.to = ReadEnd(reader, "to");
    f.changed_from = ReadTime(reader, "updated_from");
    f.changed_to = ReadEnd(reader, "updated_to");
    return f;
}

report::Zone ReadZone(Reader& reader) {
    const std::string name = reader.Text("tz");
    if (name.empty()) return {};
    auto zone = report::Zone::Named(name);
    if (!zone) reader.Refuse("tz", "must be a zone's name such as Europe/Berlin");
    return zone.value_or(report::Zone());
}

}  // namespace barracuda::api
