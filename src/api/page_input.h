// Parameters and answers of the lists that have pages by number and by cursor, counts of what fits
// and an order (report/list.h): one way for conversions and contacts. A fault is refused in the
// reader, by name.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "api/reader.h"
#include "api/respond.h"
#include "report/list.h"

namespace barracuda::api {

// `sortBy` and `sortOrder`; `wrong`: what is said of another field.
void ReadOrder(
    Reader& reader,
    bool (*is_sort)(std::string_view field),
    std::string_view wrong,
    std::string& sort,
    bool& descending
);

// `cursor`: counting reads as much as many pages, and is done for the first one, so the cursor of a
// list that the statistics do not count (`summed` is false) carries its total.
void ReadPlace(Reader& reader, std::string& cursor, std::optional<report::Fitting>& fitting);
std::string PlaceText(std::string_view next_cursor, const report::Total& total, bool summed);

// What fits the filter: the count, and where all of it was looked at what it is made of.
JsonObject FilteredJson(const report::Fitting& fitting);

}  // namespace barracuda::api
