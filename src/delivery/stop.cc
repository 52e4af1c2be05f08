#include "delivery/stop.h"

#include <algorithm>

#include "domain/bson.h"

namespace barracuda::delivery {

namespace {

store::Ref RefOf(const NetworkName& network) {
    return {store::Collection::kSettings, std::string(kStopPrefix) + network.value};
}

}  // namespace

std::string EncodeStop(const Stop& stop) {
    domain::BsonWriter to;
    to.Text("_id", std::string(kStopPrefix) + stop.network.value);
    to.Text("why", stop.why);
    to.Date("since", stop.since);
    to.Int("rev", 1);
    return to.Take();
}

Stop DecodeStop(std::string_view bson) {
    const domain::TopFields fields(bson);
    const std::string id = fields.TextOr("_id");
    return {
        .network = NetworkName(id.substr(std::min(kStopPrefix.size(), id.size()))),
        .why = fields.TextOr("why"),
        .since = Time{fields.Number("since")},
    };
}

void KeepStop(ledger::Ledger& ledger, const Stop& stop, ledger::EditDone done) {
    auto keep = [stop](const std::optional<std::string>& stored) {
        return stored ? ledger::EditPlan{} : ledger::EditPlan{true, EncodeStop(stop)};
    };
    ledger.Edit(RefOf(stop.network), std::move(keep), std::move(done));
}

void RemoveStop(ledger::Ledger& ledger, const NetworkName& network, ledger::EditDone done) {
    auto remove = [](const std::optional<std::string>& stored) {
        return ledger::EditPlan{stored.has_value(), std::nullopt};
    };
    ledger.Edit(RefOf(network), std::move(remove), std::move(done));
}

}  // namespace barracuda::delivery
