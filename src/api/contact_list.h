// Lists of contacts for the admin: filter, order, JSON and CSV. Reads the store: query threads
// only.
#pragma once

#include "api/respond.h"
#include "api/service.h"
#include "domain/contact.h"

namespace barracuda::api {

struct ContactFilter {
    std::string type, status, search;  // empty: any; `search` within name, e-mail or company
    bool empty() const { return type.empty() && status.empty() && search.empty(); }
};
ContactFilter ReadContactFilter(Reader& reader);
bool Matches(const ContactFilter& filter, const domain::Contact& contact);

JsonObject ContactJson(const domain::Contact& contact);

struct ContactQuery {
    ContactFilter filter;
    size_t page = 1, limit = 50;
    std::string sort = "createdAt";
    bool descending = true;
};
struct ContactPage {
    std::vector<domain::Contact> rows;
    size_t total = 0;
};
Result<ContactPage> SelectContacts(store::Engine& engine, const ContactQuery& query);
bool IsContactSort(std::string_view field);

// One line of CSV, CRLF included. Cells that a spreadsheet would run get a quote before them.
std::string CsvHead();
std::string CsvLine(const domain::Contact& contact);
std::string CsvCell(std::string_view text);

}  // namespace barracuda::api
