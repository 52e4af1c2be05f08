// Conversions as the rows of a list (list_pages.h). Of this folder alone.
#pragma once

#include <map>
#include <string>

#include "report/conversions.h"

namespace barracuda::report {

struct ConversionRows {
    using Row = domain::Conversion;
    using Filter = report::Filter;
    static constexpr const char* kMany = "conversions";

    static Result<Row> Decode(std::string_view bson) { return domain::DecodeConversion(bson); }
    static store::Ref RefOf(const Row& row) { return store::RefOf(row.key); }
    // Ordered bytes: the field sorted by, then creation, then the key.
    static std::string SortKey(const std::string& by, const Row& row);
    static void AddTo(std::map<std::string, Tally>& statuses, const Row& row);
};

}  // namespace barracuda::report
