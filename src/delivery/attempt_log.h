// The delivery log: every attempt as a record that can be listed and looked up by its delivery.
// docs/formats/logs.md has the fields. Secrets are masked where the call is made, and what a form
// said of a person is masked here.
#pragma once

#include <string>

#include "delivery/attempt_record.h"
#include "store/log_writer.h"

namespace barracuda::delivery {

using AttemptLog = store::LogWriter<AttemptRecord>;

store::LogEntry EncodeAttempt(const AttemptRecord& record);

// The host of "https://host:port/path", without the port.
std::string_view HostOf(std::string_view url);

}  // namespace barracuda::delivery
