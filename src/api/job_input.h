// Reads the fields that a correction and a job over many conversions share, and the job's own body.
//
// Threads: any; nothing is kept.
#pragma once

#include <optional>
#include <string>

#include "api/reader.h"
#include "delivery/replay_job.h"
#include "http/request.h"

namespace barracuda::api {

inline constexpr size_t kReasonBytesMax = 1'000;

// `reason`, into the history of what is changed; refused where it is `required` and blank.
std::string ReadReason(Reader& reader, bool required);

struct BulkAsked {
    delivery::JobAction action = delivery::JobAction::kApprove;
    delivery::Bulk bulk{};
    std::optional<size_t> expect{};  // so many are meant
};

// `action`, `reason`, `expect`, and `ids` or `filter`: an object with the parameters of the list.
// `dry`: nothing will be done, and nothing has to be expected. Errors: kInvalid names the field.
Result<BulkAsked> ReadBulkAsked(const http::Request& request, bool dry);

}  // namespace barracuda::api
