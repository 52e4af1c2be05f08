// The top level of a JSON object as Input, over Boost.JSON's event parser (which hands over a
// number's own digits; its value type does not).
#pragma once

#include <string_view>

#include "api/input.h"

namespace barracuda::api {

Result<Input> ParseJsonInput(std::string_view text);

}  // namespace barracuda::api
