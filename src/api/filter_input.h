// Which conversions a query or a body means: read here alone, so that a list, its export and a job
// over many mean the same ones.
//
// Threads: one a request; nothing is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/reader.h"
#include "report/filter.h"
#include "report/zone.h"

namespace barracuda::api {

inline constexpr size_t kValuesMax = 50;  // of one filter

// The values between commas, without blanks at their ends; `\,` is a comma of a value. Empty ones
// do not count.
std::vector<std::string> ValuesIn(std::string_view text);

// The values of one filter; refuses more than kValuesMax.
std::vector<std::string> ReadTexts(Reader& reader, const char* name);

// Refuses by name what can match nothing.
report::Filter ReadFilter(Reader& reader);

// `tz`: whose days and times are meant; absent: UTC.
report::Zone ReadZone(Reader& reader);

}  // namespace barracuda::api
