#include "app/demo_logs.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/open_logs.h"
#include "demo/dice.h"
#include "store/index.h"

namespace barracuda::app {

namespace {

constexpr size_t kLatest = 4'000;  // conversions; below what a log's queue takes at once
constexpr double kRepeated = .08, kOtherwise = .3, kRefused = .04;  // the second: of the repeated
constexpr const char* kTracker = "key:sandbox-tracker";

Result<std::vector<domain::Conversion>> LatestOf(store::Engine& engine) {
    store::ScanRequest request;
    request.index = store::IndexId::kConversionCreated;
    request.descending = true;
    request.limit = kLatest;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    std::vector<domain::Conversion> latest;
    for (const auto& document : page->documents) {
        auto conversion = domain::DecodeConversion(document);
        if (conversion) latest.push_back(std::move(*conversion));
    }
    std::reverse(latest.begin(), latest.end());
    return latest;
}

// One conversion's requests and attempts, as the routes and the dispatcher would have noted them.
class Writer {
public:
    Writer(Logs& logs, uint64_t seed) : logs_(logs), dice_(seed) {}

    void Write(const domain::Conversion& conversion) {
        Received(conversion);
        for (const auto& delivery : conversion.deliveries) Attempted(conversion, delivery);
    }

private:
    api::Received Request(const domain::Conversion& conversion, domain::Verdict verdict) {
        api::Received note;
        note.route = "postback";
        note.at = conversion.created;
        note.method = "GET";
        note.address = "127.0.0.1";
        note.status = 200;
        note.took_ms = static_cast<int64_t>(1 + dice_.Below(6));
        note.key = conversion.key;
        note.by = kTracker;
        note.verdict = NameOf(verdict);
        note.is_duplicate = verdict == domain::Verdict::kDuplicate;
        return note;
    }

    void Received(const domain::Conversion& conversion) {
        logs_.received->Put(Request(conversion, domain::Verdict::kRecorded));
        if (dice_.Chance(kRepeated)) {
            auto again = Request(conversion, domain::Verdict::kDuplicate);
            const std::string stored(conversion.fields.Get(domain::Field::kAmount));
            if (stored != "0" && dice_.Chance(kOtherwise)) {
                again.conflicts.push_back({"amount", stored, stored + "0"});
            }
            logs_.received->Put(std::move(again));
        }
        if (!dice_.Chance(kRefused)) return;
        auto refused = Request(conversion, domain::Verdict::kNone);
        refused.status = 400;
        refused.verdict = "";
        refused.key = {};
        refused.reason = "click_id is a macro that nobody has replaced";
        logs_.received->Put(std::move(refused));
    }

    void Attempted(const domain::Conversion& conversion, const domain::Delivery& delivery) {
        delivery::AttemptRecord record;
        record.delivery_id = delivery.id;
        record.key = conversion.key;
        record.network = delivery.network;
        record.kind = delivery.kind;
        record.number = delivery.attempts;
        record.at = delivery.last_at;
        record.retried = delivery.state == domain::DeliveryState::kWaiting;
        auto& attempt = record.attempt;
        attempt.status = delivery.status;
        attempt.accepted = delivery.state == domain::DeliveryState::kDone;
        attempt.cls = attempt.accepted ? delivery::AttemptClass::kAccepted
                      : record.retried ? delivery::AttemptClass::kRetry
                                       : delivery::AttemptClass::kFinal;
        attempt.response = attempt.call.response = delivery.response;
        attempt.error = delivery.error;
        attempt.call.method = "GET";
        logs_.attempts->Put(std::move(record));
    }

    Logs& logs_;
    demo::Dice dice_;
};

}  // namespace

Result<bool> FillDemoLogs(const config::Config& config, store::Engine& engine, uint64_t seed) {
    auto latest = LatestOf(engine);
    if (!latest) return Fail(latest.error());
    Logs logs = OpenLogs(config, NoFaults());
    if (!logs.received || !logs.attempts) return true;
    Writer writer(logs, seed);
    for (const auto& conversion : *latest) writer.Write(conversion);
    logs.received->Flush();
    logs.attempts->Flush();
    return true;
}

}  // namespace barracuda::app
