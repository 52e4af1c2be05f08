// From a page of the seed's rows to the writes that adopt them. Internal to the adoption.
//
// Threads: one. Errors: as ask.h says.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "adopt/plan.h"
#include "adopt/rows.h"
#include "adopt/writer.h"

namespace barracuda::adopt {

struct PagePlan {
    PageWrites writes;
    AdoptCounts counts;
};

class AdoptionPlanner {
public:
    AdoptionPlanner(AdoptionRows& rows, const AdoptRules& rules, bool dry_run)
        : rows_(rows), rules_(rules), dry_run_(dry_run) {}

    // `step` names the page's collection.
    Result<PagePlan> Plan(std::string_view step, const Rows& page);

    // To be told which updates of `writes` were refused by a unique index: another contact has the
    // e-mail.
    void Refused(const PageWrites& writes, const std::vector<size_t>& taken);

private:
    Result<PagePlan> PlanKeys(SeedKind kind, const Rows& page);
    Result<PagePlan> PlanContacts(const Rows& page);
    PagePlan PlanAdmins(const Rows& page) const;
    bool SpeaksFor(SeedKind kind, const SeedGroup& group);
    void Take(const SeedGroup& group, PagePlan& to) const;
    static int64_t Unseen(const PageWrites& writes, const Rows& page);
    Result<std::vector<domain::Conversion>> ConversionsOf(const std::set<std::string>& clicks);

    AdoptionRows& rows_;
    const AdoptRules& rules_;
    const bool dry_run_;
    // Keys of several rows that were met: in a dry run their other rows are still there, on later
    // pages.
    std::set<domain::ConversionKey> met_;
};

}  // namespace barracuda::adopt
