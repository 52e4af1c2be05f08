// Contacts for the admin: one page of a list, and statistics over everything.
//
// Threads: any, but they read the store and may walk much of it: query threads only. Errors: the
// store's.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "domain/contact.h"
#include "report/contact_filter.h"
#include "report/list.h"
#include "report/sums.h"
#include "store/engine.h"

namespace barracuda::report {

// Whether the statistics know what fits: they go by whole months.
bool IsSummed(const ContactFilter& filter);

using ContactQuery = ListQuery<ContactFilter>;  // its statuses' sums are of first deposits
using ContactPage = ListPage<domain::Contact>;

bool IsContactSort(std::string_view field);

// As SelectConversions (conversions.h): by creation, or by click; what fits in another order is
// sorted whole where it is little, else in blocks of what is looked at. Errors: kInvalid names
// `cursor`, `sortBy`, or `page` where it lies beyond what is looked at.
Result<ContactPage> SelectContacts(store::Engine& engine, const ContactQuery& query);

// From the roll-up that is kept with the documents: costs the same for any number of them.
struct ContactStats {
    int64_t total = 0, month = 0, ftd = 0;  // `month`: the one `now` lies in, UTC
    Sums ftd_sums;
    std::map<std::string, int64_t> types, statuses, affiliate_statuses;
    std::map<std::string, Tally> asked;  // that fit a query, by status, if it is Summed()
    int64_t Asked() const;               // how many
};
Result<ContactStats> ContactStatsOf(
    store::Engine& engine, Time now, const ContactQuery& query = {}
);

// The ledger's first deposits that are not rejected, with a contact or without: deposits of goals
// that count once a click.
struct FirstDeposits {
    int64_t count = 0;
    Sums sums;
};
Result<FirstDeposits> FirstDepositsOf(store::Engine& engine);

}  // namespace barracuda::report
