// A page of contacts, and the ways that they are read by.
#include <algorithm>

#include "base/text.h"
#include "report/contacts.h"
#include "report/list_pages.h"
#include "store/index.h"

namespace barracuda::report {

using store::IndexId;

namespace {

std::string DateKey(Time time) {
    std::string key;
    store::AppendDate(key, time);
    return key;
}

std::string TextKey(const std::string& text) {
    std::string key;
    store::AppendText(key, text);
    return key;
}

// Ordered bytes of one field; only these may be sorted by.
using FieldKey = std::string (*)(const domain::Contact&);
struct Sort {
    const char* field;
    FieldKey key;
};
constexpr Sort kSorts[] = {
    {"createdAt", [](const domain::Contact&) { return std::string(); }},  // as every other goes on
    {"updatedAt", [](const domain::Contact& c) { return DateKey(c.updated); }},
    {"name", [](const domain::Contact& c) { return TextKey(Lower(c.name)); }},
    {"email", [](const domain::Contact& c) { return TextKey(Lower(c.email)); }},
    {"company", [](const domain::Contact& c) { return TextKey(Lower(c.company)); }},
    {"type", [](const domain::Contact& c) { return TextKey(c.type); }},
    {"status", [](const domain::Contact& c) { return TextKey(c.status); }},
    {"affiliate_status", [](const domain::Contact& c) { return TextKey(c.affiliate_status); }},
    {"ftd_amount",
     [](const domain::Contact& c) { return DateKey(Time{c.ftd_amount.value_or(Money{}).micros}); }},
    {"ftd_date", [](const domain::Contact& c) { return DateKey(c.ftd_date.value_or(Time{})); }},
};

const Sort* SortNamed(std::string_view field) {
    for (const auto& sort : kSorts) {
        if (field == sort.field) return &sort;
    }
    return nullptr;
}

struct ContactRows {
    using Row = domain::Contact;
    using Filter = ContactFilter;
    static constexpr const char* kMany = "contacts";

    static Result<Row> Decode(std::string_view bson) { return domain::DecodeContact(bson); }
    static store::Ref RefOf(const Row& row) { return {store::Collection::kContacts, row.id.Hex()}; }
    static std::string SortKey(const std::string& by, const Row& row) {
        return SortNamed(by)->key(row) + DateKey(row.created) + row.id.Hex();
    }
    static void AddTo(std::map<std::string, Tally>& statuses, const Row& row) {
        Tally& tally = statuses[row.status];
        ++tally.count;
        if (row.ftd) tally.sums.Add(row.ftd_currency, row.ftd_amount.value_or(Money{}).micros);
    }
};

store::ScanRequest ByIndex(IndexId index, bool descending) {
    store::ScanRequest request;
    request.collection = store::Collection::kContacts;
    request.index = index;
    request.descending = descending;
    return request;
}

std::vector<std::string> SortedOnce(std::vector<std::string> texts) {
    std::sort(texts.begin(), texts.end());
    texts.erase(std::unique(texts.begin(), texts.end()), texts.end());
    return texts;
}

// Those of a click id, then those whose sub1 it is and that did not come before.
Way ByClick(const ContactFilter& filter, bool descending) {
    auto clicks = SortedOnce(filter.clicks);
    Way way{.id = static_cast<char>(IndexId::kContactClick), .parts = {}, .order = ""};
    for (auto index : {IndexId::kContactClick, IndexId::kContactSub1}) {
        auto request = ByIndex(index, descending);
        request.any = {clicks};
        way.parts.push_back(std::move(request));
    }
    way.given_before = [clicks = std::move(clicks)](size_t part, const std::string& document) {
        if (part == 0) return false;
        const auto click = domain::TopText(document, "click_id");
        return click && std::binary_search(clicks.begin(), clicks.end(), *click);
    };
    return way;
}

// By an index that ends in the creation; `answered` is what its first field is asked for.
Way ByCreation(
    IndexId index,
    std::vector<std::vector<std::string>> any,
    ContactFilter answered,
    const ContactFilter& filter,
    bool descending
) {
    auto request = ByIndex(index, descending);
    request.any = std::move(any);
    request.from = answered.from = filter.from;
    request.to = answered.to = filter.to;
    Way way{.id = static_cast<char>(index), .parts = {}, .order = "createdAt"};
    way.covers = answered == filter;
    way.whole = request.any.empty() && !request.from && !request.to;
    way.parts.push_back(std::move(request));
    return way;
}

}  // namespace

std::vector<Way> WaysOf(const ContactFilter& filter, std::string_view, bool descending) {
    std::vector<Way> ways;
    const auto by_creation = [&](IndexId index, auto any, ContactFilter answered) {
        ways.push_back(ByCreation(index, std::move(any), std::move(answered), filter, descending));
    };
    using Values = std::vector<std::vector<std::string>>;
    if (!filter.clicks.empty()) ways.push_back(ByClick(filter, descending));
    if (!filter.affiliates.empty()) {
        ContactFilter answered;
        answered.affiliates = filter.affiliates;
        by_creation(IndexId::kContactAffiliate, Values{SortedOnce(filter.affiliates)}, answered);
    }
    if (filter.ftd) {
        ContactFilter answered;
        answered.ftd = filter.ftd;
        by_creation(IndexId::kContactFtd, Values{{*filter.ftd ? "true" : "false"}}, answered);
    }
    by_creation(IndexId::kContactCreated, Values{}, ContactFilter{});
    return ways;
}

std::string MarkOf(const ContactFilter& filter, std::string_view sort, bool descending) {
    std::string list(sort);
    list += descending ? '<' : '>';
    const auto add = [&list](std::string_view text) { store::AppendText(list, text); };
    for (const auto* text :
         {&filter.type, &filter.status, &filter.affiliate_status, &filter.search}) {
        add(*text);
    }
    for (const auto* texts : {&filter.clicks, &filter.affiliates}) {
        for (const auto& text : *texts) add(text);
        add("");
    }
    add(!filter.ftd ? "" : *filter.ftd ? "true" : "false");
    return HashHex(list, 16).substr(0, 8);
}

bool IsContactSort(std::string_view field) { return SortNamed(field) != nullptr; }

Result<ContactPage> SelectContacts(store::Engine& engine, const ContactQuery& query) {
    if (!IsContactSort(query.sort)) {
        return Fail(ErrorCode::kInvalid, "sortBy is not a field to sort by", "sortBy");
    }
    return SelectPage<ContactRows>(engine, query);
}

}  // namespace barracuda::report
