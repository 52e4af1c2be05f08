// A history as every answer shows it, oldest entry first.
//
// Threads: any; nothing is kept.
#pragma once

#include "api/respond.h"
#include "domain/history.h"

namespace barracuda::api {

inline JsonList HistoryJson(const std::vector<domain::HistoryEntry>& history) {
    JsonList items;
    for (const auto& entry : history) {
        JsonObject item;
        item.Text("at", entry.at.Iso()).Text("by", entry.by);
        if (!entry.command.empty()) item.Text("command", entry.command);
        item.Text("field", entry.field).Text("from", entry.from).Text("to", entry.to);
        if (!entry.reason.empty()) item.Text("reason", entry.reason);
        items.Object(item);
    }
    return items;
}

}  // namespace barracuda::api
