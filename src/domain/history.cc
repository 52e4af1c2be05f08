#include "domain/history.h"

#include <fmt/format.h>

namespace barracuda::domain {

void PutHistory(BsonWriter& to, const std::vector<HistoryEntry>& history) {
    if (history.empty()) return;
    to.BeginArray("history");
    size_t i = 0;
    for (const auto& entry : history) {
        to.BeginDocument(fmt::format_int(i++).c_str());
        to.Date("at", entry.at);
        to.Text("by", entry.by);
        if (!entry.command.empty()) to.Text("command", entry.command);
        to.Text("field", entry.field);
        to.Text("from", entry.from);
        to.Text("to", entry.to);
        if (!entry.reason.empty()) to.Text("reason", entry.reason);
        to.End();
    }
    to.End();
}

std::vector<HistoryEntry> HistoryIn(const bson_iter_t& at) {
    std::vector<HistoryEntry> history;
    bson_iter_t item;
    if (!BSON_ITER_HOLDS_ARRAY(&at) || !OpenBson(item, BytesOf(at))) return history;
    while (bson_iter_next(&item)) {
        const TopFields fields(BytesOf(item));
        history.push_back(
            {.at = fields.Date("at").value_or(Time{}),
             .by = fields.TextOr("by"),
             .command = fields.TextOr("command"),
             .field = fields.TextOr("field"),
             .from = fields.TextOr("from"),
             .to = fields.TextOr("to"),
             .reason = fields.TextOr("reason")}
        );
    }
    return history;
}

}  // namespace barracuda::domain
