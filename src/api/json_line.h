// A line of JSON among many: of a body, or of a file.
//
// Threads: any; nothing is kept.
#pragma once

#include <string_view>

#include "api/input.h"

namespace barracuda::api {

// The object of this line. kInvalid, of the field "line", says what is wrong and at which byte.
Result<Input> ParseJsonLine(std::string_view line);

}  // namespace barracuda::api
