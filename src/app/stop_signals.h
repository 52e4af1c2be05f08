// SIGTERM, SIGINT and SIGHUP (a terminal that is closed): the wish that the program ends. Once one
// has come the program has 9.4 s, then it ends by itself; a second SIGTERM or SIGINT ends it at
// once.
//
// Threads: BlockStopSignals from the first thread before any other is made, which inherits it; the
// rest from one thread.
#pragma once

#include <chrono>

namespace barracuda::app {

// From now on a stop signal waits for StopWithin.
void BlockStopSignals();

// Waits at most so long; whether a signal came.
bool StopWithin(std::chrono::milliseconds patience);

}  // namespace barracuda::app
