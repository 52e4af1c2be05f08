// Which deliveries there are: one list with its filters, for the admin API, the command line and
// replay jobs. Each state goes by the index that holds only such documents, so that a million dead
// deliveries are paged through without looking at anything else.
//
// Threads: pure apart from reading the store; blocks its thread on it, so query threads call it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "domain/conversion.h"
#include "ledger/ledger.h"
#include "store/engine.h"
#include "store/log.h"

namespace barracuda::delivery {

struct DeliveryFilter {
    std::optional<domain::DeliveryState> state{};
    NetworkName network{};
    std::string kind{}, goal{}, affiliate{}, click{};
    std::optional<int> code{};  // HTTP status of the last attempt; 0: no reply came
    // [from, to). Dead ones: when they died; others: when the conversion was recorded.
    std::optional<Time> from{}, to{};

    bool Matches(const domain::Conversion& conversion, const domain::Delivery& delivery) const;

    // Calls `visit(name, text)` for each text of a filter, by its name in queries and documents.
    template <typename Filter, typename Visit>
    static void EachText(Filter& filter, Visit visit) {
        visit("network", filter.network.value);
        visit("kind", filter.kind);
        visit("goal_id", filter.goal);
        visit("affiliate_id", filter.affiliate);
        visit("click_id", filter.click);
    }
};

struct DeliveryQuery {
    DeliveryFilter filter{};
    bool oldest_first = false;  // waiting ones always are, within an owner
    // Dead ones alone: holds `from` and `to` against each delivery, not only against the latest of
    // its conversion. Looks at everything after `from`, and its cursors skip nothing while others
    // wake and kill deliveries.
    bool exact_times = false;
    std::string cursor{};  // opaque, from an earlier page
    size_t limit = 100;
    size_t scanned_max = 100'000;  // documents looked at: a page may be short and go on
    std::function<bool(const domain::Delivery&)> also{};  // a further condition; may be empty
};

struct DeliveryRow {
    domain::Conversion conversion;
    DeliveryId delivery_id;

    const domain::Delivery& delivery() const;
    std::string Ref() const { return conversion.id.Hex() + "-" + delivery_id.value; }
};

struct DeliveryPage {
    std::vector<DeliveryRow> rows;  // more than the limit where conversions have several
    std::string cursor;             // empty: nothing follows
};

// Errors: what Engine::Scan says.
Result<DeliveryPage> ListDeliveries(store::Engine& engine, const DeliveryQuery& query);

// Wakes the rows' deliveries and waits for the ledger; -> how many were woken. With `job` each is
// woken once a job. Errors: the first one of the ledger, or kUnavailable when it does not answer.
Result<size_t> ReplayRows(
    ledger::Ledger& ledger,
    const std::vector<DeliveryRow>& rows,
    const std::string& by,
    const std::string& job
);

// Cancels them; -> how many were. `ended` hears of each on the ledger's thread, and may be empty.
// Errors as above.
Result<size_t> CancelRows(
    ledger::Ledger& ledger,
    const std::vector<DeliveryRow>& rows,
    const std::string& by,
    const std::function<void(const domain::Delivery&)>& ended
);

// By the id that every attempt carries, or faster by `_id-id` (what DeliveryRow::Ref gives). The
// bare one is found where the log of attempts knows it (`log` may be nullptr) or while it is dead
// or waiting, among the first `scanned_max` of these. nullopt: there is none; kNotFound: more wait
// or are dead than were looked at.
Result<std::optional<DeliveryRow>> FindDelivery(
    store::Engine& engine,
    store::LogStore* log,
    const std::string& given,
    size_t scanned_max = DeliveryQuery().scanned_max
);

// Names used by the API and in documents.
std::optional<domain::DeliveryState> DeliveryStateNamed(std::string_view name);

}  // namespace barracuda::delivery
