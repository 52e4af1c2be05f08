#include "domain/history.h"

#include <fmt/format.h>

namespace barracuda::domain {

void PutHistory(BsonWriter& to, const std::vector<HistoryEntry>& history) {
    if (history.empty()) return;
    BsonWriter entries;
    size_t i = 0;
    for (const auto& entry : history) {
        BsonWriter one;
        one.Date("at", entry.at);
        one.Text("by", entry.by);
        if (!entry.command.empty()) one.Text("command", entry.command);
        one.Text("field", entry.field);
        one.Text("from", entry.from);
        one.Text("to", entry.to);
        if (!entry.reason.empty()) one.Text("reason", entry.reason);
        entries.Document(fmt::format_int(i++).c_str(), one.Take());
    }
    to.Array("history", entries);
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
