#include "delivery/delivery_list.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/check.h"
#include "domain/bson.h"
#include "ledger/submit_and_wait.h"
#include "store/index.h"

namespace barracuda::delivery {

using domain::DeliveryState;

namespace {

constexpr size_t kScanLeast = 50, kScanPage = 500;
constexpr std::chrono::seconds kLedgerPatience{30};

bool Within(const DeliveryFilter& filter, Time time) {
    return (!filter.from || time >= *filter.from) && (!filter.to || time < *filter.to);
}

store::ScanRequest RequestOf(const DeliveryQuery& query) {
    const auto& filter = query.filter;
    store::ScanRequest request;
    request.cursor = query.cursor;
    if (filter.state == DeliveryState::kWaiting) {
        request.index = store::IndexId::kConversionDue;
        return request;
    }
    if (!filter.click.empty()) {
        request.equal = {filter.click};
        return request;
    }
    request.descending = !query.oldest_first;
    request.from = filter.from;
    request.to = filter.to;
    if (filter.state == DeliveryState::kDead) {
        request.index = store::IndexId::kConversionDead;
        // A conversion stands there once, by its latest: an earlier one of it may be meant.
        if (query.exact_times) request.to.reset();
    } else if (!filter.affiliate.empty()) {
        request.index = store::IndexId::kConversionAffiliate;
        request.equal = {filter.affiliate};
    } else {
        request.index = store::IndexId::kConversionCreated;
    }
    return request;
}

bool Wanted(
    const DeliveryQuery& query, const domain::Conversion& conversion, const domain::Delivery& one
) {
    if (!query.filter.Matches(conversion, one)) return false;
    bool dead = query.filter.state == DeliveryState::kDead;
    if (dead && query.exact_times && !Within(query.filter, one.last_at)) return false;
    if (!dead && !Within(query.filter, conversion.created)) return false;
    return !query.also || query.also(one);
}

}  // namespace

bool DeliveryFilter::Matches(const domain::Conversion& conversion, const domain::Delivery& delivery)
    const {
    using domain::Field;
    return (!state || delivery.state == *state) &&
           (network.empty() || delivery.network == network) &&
           (kind.empty() || delivery.kind == kind) &&
           (goal.empty() || conversion.key.goal.value == goal) &&
           (click.empty() || conversion.key.click.value == click) &&
           (affiliate.empty() || conversion.fields.Get(Field::kAffiliateId) == affiliate) &&
           (!code || delivery.status == *code);
}

const domain::Delivery& DeliveryRow::delivery() const {
    for (const auto& delivery : conversion.deliveries) {
        if (delivery.id == delivery_id) return delivery;
    }
    BARRACUDA_CHECK(false);
}

Result<DeliveryPage> ListDeliveries(store::Engine& engine, const DeliveryQuery& query) {
    DeliveryPage listed;
    auto request = RequestOf(query);
    size_t scanned = 0;
    do {
        size_t room = query.limit - listed.rows.size();
        if (!query.exact_times) room = std::clamp(room, kScanLeast, kScanPage);
        request.limit = std::min(room, query.scanned_max - scanned);
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        size_t used = 0;
        for (const auto& document : page->documents) {
            if (listed.rows.size() >= query.limit && !query.exact_times) break;
            ++used;
            auto conversion = domain::DecodeConversion(document);
            if (!conversion) continue;  // verify names it
            for (const auto& delivery : conversion->deliveries) {
                if (!Wanted(query, *conversion, delivery)) continue;
                listed.rows.push_back({*conversion, delivery.id});
            }
        }
        scanned += used;
        if (used < page->documents.size()) {
            // Full in the middle: the same again up to here, for a cursor that names this place.
            request.limit = used;
            auto again = engine.Scan(request);
            if (!again) return Fail(again.error());
            listed.cursor = again->cursor;
            return listed;
        }
        request.cursor = page->cursor;
    } while (!request.cursor.empty() && scanned < query.scanned_max &&
             listed.rows.size() < query.limit);
    listed.cursor = request.cursor;
    return listed;
}

namespace {

// One command for each row; -> how many changed something, each of which `changed` hears of on the
// ledger's thread.
Result<size_t> SubmitForEach(
    ledger::Ledger& ledger,
    const std::vector<DeliveryRow>& rows,
    const std::function<domain::Command(const DeliveryRow&)>& command,
    const std::function<void(const domain::Delivery&)>& changed
) {
    std::vector<domain::Command> commands;
    for (const auto& row : rows) commands.push_back(command(row));
    ledger::Heard heard;
    if (changed) {
        std::vector<domain::Delivery> deliveries;
        for (const auto& row : rows) deliveries.push_back(row.delivery());
        heard = [changed, deliveries = std::move(deliveries)](size_t row, const auto& decision) {
            if (decision.changed) changed(deliveries[row]);
        };
    }
    auto decisions =
        ledger::SubmitAndWait(ledger, std::move(commands), kLedgerPatience, std::move(heard));
    if (!decisions) return Fail(decisions.error());
    // An update may wait its turn, woken all the same.
    const auto woken = [](const auto& decision) { return decision.changed; };
    return static_cast<size_t>(std::count_if(decisions->begin(), decisions->end(), woken));
}

}  // namespace

Result<size_t> ReplayRows(
    ledger::Ledger& ledger,
    const std::vector<DeliveryRow>& rows,
    const std::string& by,
    const std::string& job
) {
    auto replay = [&](const DeliveryRow& row) {
        return domain::Replay{row.conversion.key, row.delivery_id, ObjectId::New(), by, job};
    };
    return SubmitForEach(ledger, rows, replay, {});
}

Result<size_t> CancelRows(
    ledger::Ledger& ledger,
    const std::vector<DeliveryRow>& rows,
    const std::string& by,
    const std::function<void(const domain::Delivery&)>& ended
) {
    constexpr auto kCancelled = DeliveryState::kCancelled;
    auto cancel = [&](const DeliveryRow& row) {
        return domain::EndDelivery{
            row.conversion.key, row.delivery_id, kCancelled, ObjectId::New(), by};
    };
    return SubmitForEach(ledger, rows, cancel, ended);
}

namespace {

std::optional<DeliveryRow> RowIn(const std::optional<std::string>& document, const DeliveryId& id) {
    if (!document) return std::nullopt;
    auto conversion = domain::DecodeConversion(*document);
    if (!conversion) return std::nullopt;
    for (const auto& delivery : conversion->deliveries) {
        if (delivery.id == id) return DeliveryRow{*conversion, delivery.id};
    }
    return std::nullopt;
}

Result<std::optional<DeliveryRow>> ByConversion(
    store::Engine& engine, const std::string& conversion_id, const DeliveryId& id
) {
    store::ScanRequest request;
    request.index = store::IndexId::kConversionId;
    request.equal = {conversion_id};
    request.limit = 1;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    if (page->documents.empty()) return std::optional<DeliveryRow>();
    return RowIn(page->documents.front(), id);
}

Result<std::optional<DeliveryRow>> ByAttempt(
    store::Engine& engine, store::LogStore& log, const DeliveryId& id
) {
    auto page = log.Read({.log = store::LogId::kAttempts, .about = id.value, .limit = 1});
    if (!page) return Fail(page.error());
    if (page->documents.empty()) return std::optional<DeliveryRow>();
    const domain::TopFields attempt(page->documents.front());
    auto ref = store::RefOf(
        {ClickId(attempt.TextOr("click_id")),
         GoalId(attempt.TextOr("goal_id")),
         attempt.TextOr("occurrence")}
    );
    auto loaded = engine.Load(std::span(&ref, 1));
    if (!loaded) return Fail(loaded.error());
    return RowIn(loaded->front(), id);
}

}  // namespace

Result<std::optional<DeliveryRow>> FindDelivery(
    store::Engine& engine, store::LogStore* log, const std::string& given, size_t scanned_max
) {
    if (const size_t dash = given.find('-'); dash != std::string::npos) {
        return ByConversion(engine, given.substr(0, dash), DeliveryId(given.substr(dash + 1)));
    }
    const DeliveryId id(given);
    if (log) {
        auto found = ByAttempt(engine, *log, id);
        if (!found || *found) return found;
    }
    bool all = true;
    for (auto state : {DeliveryState::kDead, DeliveryState::kWaiting}) {
        DeliveryQuery query;
        query.filter.state = state;
        query.limit = 1;
        query.scanned_max = scanned_max;
        query.also = [&](const domain::Delivery& one) { return one.id == id; };
        auto page = ListDeliveries(engine, query);
        if (!page) return Fail(page.error());
        if (!page->rows.empty()) return std::optional(std::move(page->rows.front()));
        all = all && page->cursor.empty();
    }
    if (all) return std::optional<DeliveryRow>();
    return Fail(
        ErrorCode::kNotFound,
        fmt::format(
            "it is not among the first {} that are dead or wait: ask by its `ref`", scanned_max
        )
    );
}

std::optional<DeliveryState> DeliveryStateNamed(std::string_view name) {
    for (auto state :
         {DeliveryState::kWaiting,
          DeliveryState::kDone,
          DeliveryState::kDead,
          DeliveryState::kCancelled}) {
        if (name == domain::NameOf(state)) return state;
    }
    return std::nullopt;
}

}  // namespace barracuda::delivery
