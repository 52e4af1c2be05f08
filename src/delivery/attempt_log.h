// The delivery log: every attempt as a record that can be listed and looked up by its delivery.
// docs/formats/logs.md has the fields. Secrets are masked where the call is made, and what a form
// said of a person is masked here.
//
// Threads: encoding runs on the log's own thread.
#pragma once

#include <string>

#include "delivery/attempt_record.h"
#include "store/log_writer.h"

namespace barracuda::delivery {

using AttemptLog = store::LogWriter<AttemptRecord>;

// The record as the log keeps it: personal values and words of erased persons are masked.
store::LogEntry EncodeAttempt(const AttemptRecord& record);

}  // namespace barracuda::delivery
