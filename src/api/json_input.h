// The top level of a JSON object as Input, over Boost.JSON's event parser (which hands over a
// number's own digits; its value type does not).
//
// Threads: any; nothing is kept.
#pragma once

#include <boost/json/object.hpp>
#include <string_view>

#include "api/input.h"

namespace barracuda::api {

// The request's body, after a byte order mark. kInvalid says what is wrong and at which byte, or
// what the body is instead of JSON.
Result<Input> ParseJsonInput(const http::Request& request);

// The same body as a tree, for what is more than a list of values. At most 16 levels; a name that
// one object has twice is kInvalid and named.
Result<boost::json::object> ParseJsonObject(const http::Request& request);

}  // namespace barracuda::api
