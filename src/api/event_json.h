// The data of an event: enough to say what happened, never what a person wrote.
//
// Threads: any; nothing is kept.
#pragma once

#include <string>

#include "api/received_log.h"
#include "delivery/attempt_record.h"
#include "delivery/replay_job.h"
#include "domain/conversion.h"

namespace barracuda::api {

std::string EventJson(const domain::Conversion& conversion);
std::string EventJson(const Received& received);
std::string EventJson(const delivery::AttemptRecord& attempt);
std::string EventJson(const delivery::ReplayJob& job);
// A network by its name and what became of it; both empty: some network, by an edit.
std::string NetworkEventJson(std::string_view name, std::string_view state);

}  // namespace barracuda::api
