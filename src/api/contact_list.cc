#include "api/contact_list.h"

#include <algorithm>

#include "base/text.h"
#include "store/index.h"

namespace barracuda::api {

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

ContactFilter ReadContactFilter(Reader& reader) {
    ContactFilter filter;
    filter.type = reader.Text("type");
    filter.status = reader.Text("status");
    filter.search = Lower(Trim(reader.Text("search")));
    if (filter.type == "all") filter.type.clear();
    if (filter.status == "all") filter.status.clear();
    return filter;
}

bool Matches(const ContactFilter& filter, const domain::Contact& contact) {
    if (!filter.type.empty() && contact.type != filter.type) return false;
    if (!filter.status.empty() && contact.status != filter.status) return false;
    if (filter.search.empty()) return true;
    for (const auto* text : {&contact.name, &contact.email, &contact.company}) {
        if (Lower(*text).find(filter.search) != std::string::npos) return true;
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

JsonObject ContactJson(const domain::Contact& c) {
    JsonObject to;
    to.Text("id", c.id.Hex()).Text("_id", c.id.Hex());
    to.Text("name", c.name).Text("email", c.email).Text("company", c.company);
    to.Text("type", c.type).Text("status", c.status);
    auto maybe = [&](const char* name, const std::string& value) {
        if (!value.empty()) to.Text(name, value);
    };
    maybe("affiliate_status", c.affiliate_status);
    maybe("messenger", c.messenger);
    maybe("username", c.username);
    maybe("message", c.message);
    maybe("notes", c.notes);
    maybe("tracking_source", c.tracking_source);
    maybe("campaign_id", c.campaign_id);
    maybe("affiliate_id", c.affiliate_id);
    maybe("url_id", c.url_id);
    maybe("sub1", c.sub1);
    maybe("sub2", c.sub2);
    maybe("sub3", c.sub3);
    maybe("click_id", c.click_id);
    maybe("affiliateError", c.affiliate_error);
    maybe("tracking_link", c.tracking_link);
    maybe("clicked_url", c.clicked_url);
    to.Bool("affiliateRegistered", c.affiliate_registered).Bool("ftd", c.ftd);
    to.Raw("ftd_amount", c.ftd_amount ? c.ftd_amount->Text() : "null");
    to.TextOrNull("ftd_date", c.ftd_date ? c.ftd_date->Iso() : "");
    if (c.flow.step != domain::FlowStep::kNone) {
        JsonObject flow;
        flow.Text("step", domain::NameOf(c.flow.step)).Int("attempts", c.flow.attempts);
        if (c.flow.Unfinished()) flow.Text("next_at", c.flow.next_at.Iso());
        to.Object("flow", flow.TextOrNull("last_error", c.flow.last_error));
    }
    return to.Text("createdAt", c.created.Iso()).Text("updatedAt", c.updated.Iso());
}

std::string CsvCell(std::string_view text) {
    std::string cell;
    // What a spreadsheet takes for a formula: a visitor could have typed it into the form.
    if (!text.empty() && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos) {
        cell = "'";
    }
    cell += text;
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (char c : cell) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string CsvHead() {
    return "Name,Email,Company,Type,Status,Messenger,Username,Affiliate ID,Sub1,Traffic Source,"
           "Campaign ID,FTD,FTD Amount,FTD Date,Created At\r\n";
}

std::string CsvLine(const domain::Contact& c) {
    const std::string cells[] = {
        c.name,
        c.email,
        c.company,
        c.type,
        c.status,
        c.messenger,
        c.username,
        c.affiliate_id,
        c.sub1,
        c.tracking_source,
        c.campaign_id,
        c.ftd ? "Yes" : "No",
        c.ftd_amount ? c.ftd_amount->Text() : "",
        c.ftd_date ? c.ftd_date->Iso() : "",
        c.created.Iso(),
    };
    std::string line;
    for (const auto& cell : cells) line += CsvCell(cell) + ",";
    line.pop_back();
    return line + "\r\n";
}

}  // namespace barracuda::api
