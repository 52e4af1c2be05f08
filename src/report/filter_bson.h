// A filter as stored with a job: what it means outlives a restart (docs/formats/logs.md).
//
// Pure; no thread contract.
#pragma once

#include <string>
#include <string_view>

#include "report/filter.h"

namespace barracuda::report {

std::string Encode(const Filter& filter);  // what is empty is absent
Filter DecodeFilter(std::string_view bson);

}  // namespace barracuda::report
