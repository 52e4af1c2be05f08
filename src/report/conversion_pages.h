// Shared by the two kinds of pages of conversions: those in the order of their way, and those that
// are gathered and sorted. Of this folder alone.
//
// Threads and errors: as conversions.h says.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "report/conversions.h"
#include "report/ways.h"

namespace barracuda::report {

inline constexpr size_t kScanned = 500;  // documents at a time, where more than the page is read

Error PageTooFar(size_t looked);
size_t SkipOf(const ConversionQuery& query);  // rows before the page

// Calls `take` with each conversion that fits and how many documents of `page` stand before it.
template <typename Take>
void EachFitting(const Filter& filter, const store::Page& page, Take take) {
    for (size_t i = 0; i < page.documents.size(); ++i) {
        auto conversion = domain::DecodeConversion(page.documents[i]);
        if (conversion && Matches(filter, *conversion)) take(std::move(*conversion), i);
    }
}

// Counts the conversions that fit, within the query's bounds; `way`: how its pages are read.
Result<Fitting> FittingOf(store::Engine& engine, const ConversionQuery& query, const Way& way);
void AddTo(std::map<std::string, Tally>& statuses, const domain::Conversion& conversion);

// Ordered bytes: the field sorted by, then creation, then the key.
std::string SortKey(const std::string& by, const domain::Conversion& conversion);

// A page of a list that `way` does not give in its order. Its cursor is of sorted pages of this
// way.
Result<ConversionPage> SortedPage(
    store::Engine& engine, const ConversionQuery& query, const Way& way
);

}  // namespace barracuda::report
