// Records of the two logs as the API shows them.
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>

#include "api/respond.h"
#include "store/log.h"

namespace barracuda::api {

// Times as ISO 8601, whole numbers, flags, texts, lists and objects as they are.
std::string BsonJson(std::string_view bson);

// A record of the received log, with the id that its place gives it.
std::string ReceivedJson(std::string_view bson, std::string_view place);

// A page of records: {success, data[…], pagination{limit, nextCursor}}.
http::Response ReceivedAnswerPage(const store::LogPage& page, size_t limit);
http::Response LogAnswerPage(const store::LogPage& page, size_t limit);

}  // namespace barracuda::api
