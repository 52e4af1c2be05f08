// Operations on dead deliveries.
#include <fmt/format.h>

#include <set>

#include "app/operation_parts.h"
#include "delivery/delivery_list.h"
#include "domain/conversion.h"

namespace barracuda::app {

namespace {

constexpr size_t kListedMax = 10'000;
constexpr size_t kPage = 500;
static_assert(kPage <= kListedMax);

// Dead deliveries until now, oldest first; one that dies again meanwhile is not met twice.
delivery::DeliveryQuery AllDead() {
    delivery::DeliveryQuery query;
    query.filter.state = domain::DeliveryState::kDead;
    query.filter.to = Time::Now();
    query.oldest_first = true;
    query.exact_times = true;
    query.limit = kPage;
    return query;
}

// Calls `visit` with every page of the query until it fails; its error, or the store's.
template <typename Visit>
Result<bool> ForEachPage(store::Engine& engine, delivery::DeliveryQuery query, Visit visit) {
    do {
        auto page = delivery::ListDeliveries(engine, query);
        if (!page) return Fail(page.error());
        if (auto going = visit(*page); !going) return Fail(going.error());
        query.cursor = page->cursor;
    } while (!query.cursor.empty());
    return true;
}

constexpr const char* kDeliveryRow = "{:<32}  {:<24}  {:<16}  {:<13}  {:>8}  {:>6}  {}  {}  {}\n";

}  // namespace

Answer ListDeliveries(Workplace& at) {
    Answer answer;
    size_t found = 0;
    auto visit = [&](const delivery::DeliveryPage& page) -> Result<bool> {
        for (const auto& row : page.rows) {
            if (++found > kListedMax) continue;
            const auto& delivery = row.delivery();
            answer.out += fmt::format(
                kDeliveryRow,
                delivery.id.value,
                delivery.last_at.Iso(),
                Printable(delivery.network.value),
                delivery.kind,
                delivery.attempts,
                delivery.status,
                Printable(row.conversion.key.click.value),
                Printable(row.conversion.key.goal.value),
                Printable(delivery.error)
            );
        }
        return true;
    };
    auto listed = ForEachPage(at.engine, AllDead(), visit);
    if (!listed) return Refused(listed.error());
    if (found > 0) {
        answer.out = fmt::format(
                         kDeliveryRow,
                         "ID",
                         "DIED",
                         "NETWORK",
                         "KIND",
                         "ATTEMPTS",
                         "STATUS",
                         "CLICK",
                         "GOAL",
                         "ERROR"
                     ) +
                     answer.out;
    }
    answer.note = Counted(found, "dead delivery", "dead deliveries");
    if (found > kListedMax) answer.note += fmt::format(", the first {} shown", kListedMax);
    return answer;
}

Answer RetryDeliveries(Workplace& at, const Ask& ask) {
    std::set<std::string> missing(ask.ids.begin(), ask.ids.end());
    const bool all = missing.empty();
    size_t sent = 0;
    auto visit = [&](delivery::DeliveryPage& page) -> Result<bool> {
        std::erase_if(page.rows, [&](const auto& row) {
            return !all && missing.erase(row.delivery_id.value) == 0;
        });
        auto woken = delivery::ReplayRows(at.ledger, page.rows, "cli", {});
        if (!woken) return Fail(woken.error());
        sent += *woken;
        return true;
    };
    auto listed = ForEachPage(at.engine, AllDead(), visit);
    Answer answer;
    answer.out = Counted(sent, "delivery", "deliveries") + " will be sent again\n";
    if (!listed) {
        answer.exit = 1;
        answer.note = listed.error().message;
    }
    for (const auto& id : missing) {
        answer.exit = 1;
        Note(answer, "no dead delivery " + Printable(id));
    }
    return answer;
}

}  // namespace barracuda::app
