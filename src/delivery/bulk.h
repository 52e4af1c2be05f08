// Many conversions at once: which ones a job over them means, and what becomes of each. A
// conversion is handled once a job, however often its page is: its history, or its delivery, names
// the job.
//
// Threads: pure apart from reading the store and waiting for the ledger, which block: a thread of
// one's own, or a query thread for counting.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "domain/conversion.h"
#include "domain/network.h"
#include "ledger/ledger.h"
#include "report/filter.h"
#include "store/engine.h"

namespace barracuda::delivery {

struct ReplayJob;

struct Bulk {
    static constexpr size_t kIdsMax = 1'000;

    report::Filter filter{};         // of the list of conversions
    std::vector<std::string> ids{};  // these in place of it
    std::string reason{};            // into the history
    std::string undoes{};            // the job that is taken back
};

// One that was left as it is.
struct BulkSkip {
    std::string id, why;
};

struct BulkPage {
    std::vector<domain::Conversion> rows{};
    std::vector<BulkSkip> missing{};  // ids that nothing is stored under
    std::string cursor{};             // empty: nothing follows
};

// The conversions from `cursor` on, in one order whatever is done to them meanwhile; looks at
// `looked_max` at most, so that a page may be short and go on.
Result<BulkPage> ReadBulk(
    store::Engine& engine,
    const Bulk& bulk,
    const std::string& cursor,
    size_t limit,
    size_t looked_max
);

// The conversions that taking back `job` meets: those that it may have changed.
Bulk UndoOf(const ReplayJob& job);

struct BulkDone {
    int64_t done = 0;
    std::vector<BulkSkip> skipped{};
};

// The networks to be told of a conversion of this goal (Catalog::AsksFor).
using AsksFor = std::function<std::vector<domain::DeliveryAsk>(std::string_view goal)>;

// Does to `rows` what the job says and waits for the ledger. Errors: the ledger's, or kUnavailable
// when it does not answer; then some of them may be done.
Result<BulkDone> HandleBulk(
    ledger::Ledger& ledger,
    const ReplayJob& job,
    const std::vector<domain::Conversion>& rows,
    const AsksFor& asks
);

}  // namespace barracuda::delivery
