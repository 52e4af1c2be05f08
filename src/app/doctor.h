// `barracuda doctor`: looks at everything a server needs and says what is wrong and what to do. It
// changes nothing.
//
// Threads: blocks its caller (name resolution, a database that does not answer): some seconds.
#pragma once

#include <functional>

#include "app/findings.h"
#include "app/operations.h"
#include "base/result.h"
#include "config/config.h"
#include "store/engine.h"

namespace barracuda::app {

// Settings, and the data directory where it can be used; false: it cannot.
bool ExaminePlace(const config::Config& config, Findings& to);

// Whether a process with this limit on open files has as many as the settings ask for.
void ExamineDescriptors(const config::Config& config, size_t limit, Findings& to);

using Scan = std::function<Result<store::Page>(const store::ScanRequest&)>;

// Examines the content of an open store, or of a running server's: goal rules, networks with their
// addresses and secrets, keys, admins, dead deliveries.
void ExamineContent(const config::Config& config, const Scan& scan, Findings& to);
// The scan of a store that is still to be made.
inline Result<store::Page> NothingThere(const store::ScanRequest&) { return store::Page{}; }

// Warns of writes that an operator has accepted as lost.
void ExamineLoss(const store::Engine& engine, Findings& to);

// A MongoDB store from outside: server, privileges, state, indexes, clock; then its content.
void ExamineMongo(const config::Config& config, Findings& to);

// All of it as a running server sees it of itself, without asking itself whether it runs.
std::vector<Finding> ExamineServing(Workplace& at);

// `barracuda doctor`: the lines on stdout; -> Findings::Exit.
int DoctorCommand(const config::Config& config);

}  // namespace barracuda::app
