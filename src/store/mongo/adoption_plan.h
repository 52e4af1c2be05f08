// From a page of the seed's rows to the writes that adopt them. Internal to the adoption.
//
// Threads: one. Errors: as ask.h says.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "domain/adopt.h"
#include "store/mongo/adoption_rows.h"
#include "store/mongo/adoption_write.h"

namespace barracuda::store {

struct PagePlan {
    PageWrites writes;
    domain::AdoptCounts counts;
};

class AdoptionPlanner {
public:
    AdoptionPlanner(AdoptionRows& rows, const domain::AdoptRules& rules, bool dry_run)
        : rows_(rows), rules_(rules), dry_run_(dry_run) {}

    // `step` names the page's collection.
    Result<PagePlan> Plan(std::string_view step, const Rows& page);

    // These updates of `writes` were refused by a unique index: another contact has the e-mail.
    void Refused(const PageWrites& writes, const std::vector<size_t>& taken);

private:
    Result<PagePlan> PlanKeys(domain::SeedKind kind, const Rows& page);
    Result<PagePlan> PlanContacts(const Rows& page);
    PagePlan PlanAdmins(const Rows& page) const;
    bool SpeaksFor(domain::SeedKind kind, const domain::SeedGroup& group);
    void Take(const domain::SeedGroup& group, PagePlan& to) const;
    static int64_t Unseen(const PageWrites& writes, const Rows& page);
    Result<std::vector<domain::Conversion>> ConversionsOf(const std::set<std::string>& clicks);

    AdoptionRows& rows_;
    const domain::AdoptRules& rules_;
    const bool dry_run_;
    // Keys of several rows that were met: in a dry run the others are still there, on later pages.
    std::set<domain::ConversionKey> met_;
};

}  // namespace barracuda::store
