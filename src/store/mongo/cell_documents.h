// The documents in which MongoDB has cells (docs/formats/cells.md): their ids and fields. Of
// CellKeeper alone.
//
// Pure; no thread contract.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "domain/bson.h"
#include "store/cells.h"
#include "store/mongo/bson_handle.h"

namespace barracuda::store {

inline constexpr const char* kCellCollection = "cells";
inline constexpr const char* kQuarter = "quarter";
inline constexpr const char* kDay = "day";
// How far behind the last sweep is looked: writes take their time, and now and then further, as
// clocks differ.
inline constexpr int64_t kSweptBehindMs = 15'000, kSweptFarBehindMs = 120'000;

// The field that holds a view's cells, and the grain of the document that it is in (name, length in
// milliseconds).
const char* FieldOf(CellView view);
inline const char* GrainOf(CellView view) { return view == CellView::kAll ? kQuarter : kDay; }
inline int64_t GrainMs(CellView view) { return view == CellView::kAll ? kQuarterMs : kCellDayMs; }

// The `_id` of the document of this grain that begins at `at`; without it that of CellKeeper's own
// documents, "state" and "lease".
Bson IdOf(const char* grain, std::optional<Time> at = {});
inline Time DayOf(Time quarter) { return BeginOfCell(CellView::kAffiliate, quarter); }
inline Time After(Time begin, int64_t ms) { return Time{begin.ms + ms}; }

// The block of cells in a field; nullopt: it was too large to be stored.
std::optional<std::string_view> BlockIn(const domain::TopFields& fields, const char* name);
void AppendBlock(Bson& to, const char* name, std::string_view block);
Time AtIn(const domain::TopFields& fields);  // of its `_id`

// The error for bytes that are no cells: kInternal.
Error CellDamaged();

}  // namespace barracuda::store
