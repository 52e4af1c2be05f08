// Takes a database of the seed over (docs/operating/adopt.md). The rules are adopt/plan.h's; here
// are the pages, the writes, and going on where a killed run stopped.
//
//     auto report = Adopt(client, {.rules = rules, .progress = show});
//
// Every write names the document as it was read, and every step can be done twice: so a run may be
// killed between any two writes, lose its primary, or meet another run. Its place is a document in
// `settings` (`adoption`); what a run is about to count is written there before it does it, so the
// report is that of one uninterrupted run.
//
// Threads: blocks its caller for as long as it takes (minutes); one call at a time a process.
// Errors: kInvalid for a database that is not the seed's, kConflict when the seed's application
// still writes, kForbidden for a missing privilege, kUnavailable for a server that stays away.
#pragma once

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "adopt/plan.h"
#include "store/mongo/mongo_client.h"
#include "store/mongo/state.h"

namespace barracuda::adopt {

// Rows that were merged, set aside or renewed, and rows that contradict the stored document.
inline constexpr const char* kAsideCollection = "adoption_aside";
inline constexpr size_t kListedMax = 1'000;  // lines of one list in a report

struct AdoptProgress {
    std::string step;  // a collection's name, or "indexes"
    int64_t done = 0, total = 0;
};

struct AdoptOptions {
    AdoptRules rules;
    bool dry_run = false;
    bool several_per_click = false;  // a goal is configured so: the seed's unique index must go
    std::function<void(const AdoptProgress&)> progress = {};
    std::function<void(const std::string&)> waiting = {};  // for another run, with the reason
    std::stop_token stop = {};
    size_t page = 1'000;  // documents
};

struct AdoptReport {
    // kEmpty and kOurs: there was nothing to do.
    store::DatabaseKind found = store::DatabaseKind::kEmpty;
    AdoptCounts counts;
    // Readable lines, at most kListedMax of each.
    std::vector<std::string> merged, differing, set_aside;
    bool narrow_index_kept = false;
};

Result<AdoptReport> Adopt(store::MongoClient& client, const AdoptOptions& options);

}  // namespace barracuda::adopt
