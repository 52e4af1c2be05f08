// Forms as Input: application/x-www-form-urlencoded (query strings too) and multipart/form-data.
// Errors: kInvalid where there are more than kFieldsMax fields, or a multipart body is none.
//
// Threads: any; nothing is kept.
#pragma once

#include <string_view>

#include "api/input.h"

namespace barracuda::api {

// A pair without '=' has an empty value; an invalid escape stands in its value (Value::fault).
Result<Input> ParseForm(std::string_view text);

// Text fields as a form's; a file, or a part in a transfer coding, is untaken. `content_type`: the
// header's value, with the boundary.
Result<Input> ParseMultipart(std::string_view body, std::string_view content_type);

}  // namespace barracuda::api
