#include "report/contacts.h"

#include <algorithm>
#include <functional>

#include "base/check.h"
#include "base/text.h"
#include "report/fold_case.h"
#include "store/index.h"

namespace barracuda::report {

namespace {

constexpr size_t kScanPage = 500;

// Every contact, newest first or oldest first; stops when `visit` says false.
Result<bool> EachContact(
    store::Engine& engine, bool descending, const std::function<bool(domain::Contact&&)>& visit
) {
    store::ScanRequest request;
    request.collection = store::Collection::kContacts;
    request.index = store::IndexId::kContactCreated;
    request.descending = descending;
    request.limit = kScanPage;
    do {
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) {
            auto contact = domain::DecodeContact(document);
            if (contact && !visit(std::move(*contact))) return true;
        }
        request.cursor = page->cursor;
    } while (!request.cursor.empty());
    return true;
}

std::string DateKey(Time time) {
    std::string key;
    store::AppendDate(key, time);
    return key;
}

// Ordered bytes of one field; only these may be sorted by.
using SortKey = std::string (*)(const domain::Contact&);
struct Sort {
    const char* field;
    SortKey key;
};
constexpr Sort kSorts[] = {
    {"createdAt", [](const domain::Contact& c) { return DateKey(c.created); }},
    {"updatedAt", [](const domain::Contact& c) { return DateKey(c.updated); }},
    {"name", [](const domain::Contact& c) { return Lower(c.name); }},
    {"email", [](const domain::Contact& c) { return Lower(c.email); }},
    {"company", [](const domain::Contact& c) { return Lower(c.company); }},
    {"type", [](const domain::Contact& c) { return c.type; }},
    {"status", [](const domain::Contact& c) { return c.status; }},
    {"affiliate_status", [](const domain::Contact& c) { return c.affiliate_status; }},
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

// In the index's own order: only the page is kept, and without a filter only it is walked to.
Result<ContactPage> InOrderOfCreation(store::Engine& engine, const ContactQuery& query) {
    BARRACUDA_CHECK(query.page > 0 && query.limit > 0);  // readers refuse 0
    ContactPage page;
    const size_t skip = (query.page - 1) * query.limit;
    const bool all = query.filter.empty();
    auto read = EachContact(engine, query.descending, [&](domain::Contact&& contact) {
        if (!Matches(query.filter, contact)) return true;
        if (++page.total > skip && page.rows.size() < query.limit) {
            page.rows.push_back(std::move(contact));
        }
        return !(all && page.rows.size() == query.limit);
    });
    if (!read) return Fail(read.error());
    if (!all) return page;
    auto rows = engine.Rollup(store::Collection::kContacts);
    if (!rows) return Fail(rows.error());
    int64_t total = 0;
    for (const auto& row : *rows) total += row.count;
    page.total = static_cast<size_t>(total);
    return page;
}

}  // namespace

bool IsContactSort(std::string_view field) { return SortNamed(field) != nullptr; }

bool Matches(const ContactFilter& filter, const domain::Contact& contact) {
    if (!filter.type.empty() && contact.type != filter.type) return false;
    if (!filter.status.empty() && contact.status != filter.status) return false;
    if (!filter.affiliate_status.empty() && contact.affiliate_status != filter.affiliate_status) {
        return false;
    }
    if (filter.search.empty()) return true;
    for (const auto* text : {&contact.name, &contact.email, &contact.company}) {
        if (FoldCase(*text).find(filter.search) != std::string::npos) return true;
    }
    return false;
}

Result<ContactPage> SelectContacts(store::Engine& engine, const ContactQuery& query) {
    if (query.sort == "createdAt") return InOrderOfCreation(engine, query);
    const Sort* sort = SortNamed(query.sort);
    if (!sort) return Fail(ErrorCode::kInvalid, "sortBy is not a field to sort by", "sortBy");
    // Keys only: a page is a few hundred documents, the contacts may be millions.
    std::vector<std::pair<std::string, std::string>> keys;
    auto read = EachContact(engine, true, [&](domain::Contact&& contact) {
        if (Matches(query.filter, contact)) keys.emplace_back(sort->key(contact), contact.id.Hex());
        return true;
    });
    if (!read) return Fail(read.error());
    std::sort(keys.begin(), keys.end());
    if (query.descending) std::reverse(keys.begin(), keys.end());
    ContactPage page;
    page.total = keys.size();
    std::vector<store::Ref> refs;
    for (size_t i = (query.page - 1) * query.limit; i < keys.size(); ++i) {
        if (refs.size() == query.limit) break;
        refs.push_back({store::Collection::kContacts, keys[i].second});
    }
    auto documents = engine.Load(refs);
    if (!documents) return Fail(documents.error());
    for (const auto& document : *documents) {
        auto contact = domain::DecodeContact(document.value_or(""));
        if (document && contact) page.rows.push_back(std::move(*contact));
    }
    return page;
}

Result<ContactStats> ContactStatsOf(store::Engine& engine, Time now) {
    auto rows = engine.Rollup(store::Collection::kContacts);
    if (!rows) return Fail(rows.error());
    ContactStats stats;
    const std::string month = now.Month();
    // Group: month, type, status, affiliate_status, ftd, ftd_currency.
    for (const auto& row : *rows) {
        if (row.group.size() < 6) continue;
        stats.total += row.count;
        if (row.group[0] == month) stats.month += row.count;
        stats.types[row.group[1]] += row.count;
        stats.statuses[row.group[2]] += row.count;
        if (!row.group[3].empty()) stats.affiliate_statuses[row.group[3]] += row.count;
        if (row.group[4] != "true") continue;
        stats.ftd += row.count;
        stats.ftd_sums.Add(row.group[5], row.micros);
    }
    return stats;
}

Result<FirstDeposits> FirstDepositsOf(store::Engine& engine) {
    auto rows = engine.Rollup(store::Collection::kConversions);
    if (!rows) return Fail(rows.error());
    FirstDeposits deposits;
    for (const auto& row : *rows) {
        // Group: month, affiliate_id, goal_type, status, currency, again.
        if (row.group.size() < 6 || row.group[2] != "deposit" || row.group[3] == "rejected")
            continue;
        if (!row.group[5].empty()) continue;
        deposits.count += row.count;
        deposits.sums.Add(row.group[4], row.micros);
    }
    return deposits;
}

}  // namespace barracuda::report
