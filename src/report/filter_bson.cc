#include "report/filter_bson.h"

#include "domain/bson.h"
#include "domain/entity.h"

namespace barracuda::report {

namespace {

using enum domain::GoalType;
using enum domain::Status;
using enum domain::Provenance;
using enum domain::DeliveryState;

// Every list of texts, under its name in queries.
template <typename Some, typename Visit>
void EachTexts(Some& filter, Visit visit) {
    visit("click_id", filter.clicks);
    visit("goal_id", filter.goals);
    visit("affiliate_id", filter.affiliates);
    visit("offer_id", filter.offers);
    visit("transaction_id", filter.transactions);
    visit("currency", filter.currencies);
    visit("country", filter.countries);
    visit("source", filter.sources);
    visit("network", filter.networks);
}

// Every list of words, with all the words there are.
template <typename Some, typename Visit>
void EachWords(Some& filter, Visit visit) {
    visit("goal_type", filter.goal_types, {kRegistration, kDeposit, kOther});
    visit("status", filter.statuses, {kPending, kApproved, kRejected});
    visit("provenance", filter.provenances, {kReported, kAdmin, kForm, kAuto, kUnknown});
    visit("delivery_state", filter.delivery_states, {kWaiting, kDone, kDead, kCancelled});
}

template <typename Some, typename Visit>
void EachTime(Some& filter, Visit visit) {
    visit("from", filter.from);
    visit("to", filter.to);
    visit("updated_from", filter.changed_from);
    visit("updated_to", filter.changed_to);
}

template <typename Some, typename Visit>
void EachSum(Some& filter, Visit visit) {
    visit("min_amount", filter.least);
    visit("max_amount", filter.most);
}

struct PutWords {
    domain::BsonWriter& to;
    template <typename Word>
    void operator()(const char* name, const std::vector<Word>& words, std::initializer_list<Word>)
        const {
        std::vector<std::string> names;
        for (Word word : words) names.emplace_back(domain::NameOf(word));
        domain::PutTexts(to, name, names);
    }
};

struct TakeWords {
    const domain::TopFields& from;
    template <typename Word>
    void operator()(const char* name, std::vector<Word>& words, std::initializer_list<Word> all)
        const {
        for (const auto& text : domain::TextsIn(from, name)) {
            for (Word word : all) {
                if (text == domain::NameOf(word)) words.push_back(word);
            }
        }
    }
};

}  // namespace

std::string Encode(const Filter& filter) {
    domain::BsonWriter to;
    EachWords(filter, PutWords{to});
    EachTexts(filter, [&](const char* name, const auto& texts) {
        domain::PutTexts(to, name, texts);
    });
    if (!filter.click_prefix.empty()) to.Text("search", filter.click_prefix);
    if (filter.test) to.Bool("is_test", *filter.test);
    EachSum(filter, [&](const char* name, const auto& sum) {
        if (sum) to.Decimal(name, sum->Text());
    });
    EachTime(filter, [&](const char* name, const auto& at) {
        if (at) to.Date(name, *at);
    });
    return to.Take();
}

Filter DecodeFilter(std::string_view bson) {
    const domain::TopFields from(bson);
    Filter filter;
    EachWords(filter, TakeWords{from});
    EachTexts(filter, [&](const char* name, auto& texts) { texts = domain::TextsIn(from, name); });
    filter.click_prefix = from.TextOr("search");
    if (const auto test = from.Text("is_test")) filter.test = *test == "true";
    EachSum(filter, [&](const char* name, auto& sum) {
        if (auto money = Money::Parse(from.TextOr(name))) sum = *money;
    });
    EachTime(filter, [&](const char* name, auto& at) { at = from.Date(name); });
    return filter;
}

}  // namespace barracuda::report
