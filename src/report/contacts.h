// Contacts for the admin: one page of a list, and statistics over everything.
//
// Threads: any, but they read the store and may walk much of it: query threads only. Errors: the
// store's.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/contact.h"
#include "report/sums.h"
#include "store/engine.h"

namespace barracuda::report {

struct ContactFilter {
    std::string type, status, affiliate_status;  // empty: any
    std::string search;  // within name, e-mail or company; folded (fold_case.h)
    bool empty() const {
        return type.empty() && status.empty() && affiliate_status.empty() && search.empty();
    }
};
bool Matches(const ContactFilter& filter, const domain::Contact& contact);

struct ContactQuery {
    ContactFilter filter;
    std::size_t page = 1, limit = 50;
    std::string sort = "createdAt";  // IsContactSort
    bool descending = true;
};
struct ContactPage {
    std::vector<domain::Contact> rows;
    std::size_t total = 0;  // that fit
};
bool IsContactSort(std::string_view field);
Result<ContactPage> SelectContacts(store::Engine& engine, const ContactQuery& query);

// From the roll-up that is kept with the documents: costs the same for any number of them.
struct ContactStats {
    int64_t total = 0, month = 0, ftd = 0;  // `month`: the one `now` lies in, UTC
    Sums ftd_sums;
    std::map<std::string, int64_t> types, statuses, affiliate_statuses;
};
Result<ContactStats> ContactStatsOf(store::Engine& engine, Time now);

// The ledger's first deposits that are not rejected, with a contact or without: deposits of goals
// that count once a click.
struct FirstDeposits {
    int64_t count = 0;
    Sums sums;
};
Result<FirstDeposits> FirstDepositsOf(store::Engine& engine);

}  // namespace barracuda::report
