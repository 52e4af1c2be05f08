// A log's record as the API shows it.
#pragma once

#include <string>
#include <string_view>

#include "api/respond.h"
#include "store/log.h"

namespace barracuda::api {

// Times as ISO 8601, whole numbers, flags, texts, lists and objects as they are.
std::string BsonJson(std::string_view bson);

// {success, data[…], pagination{limit, nextCursor}}.
http::Response LogAnswerPage(const store::LogPage& page, size_t limit);

}  // namespace barracuda::api
