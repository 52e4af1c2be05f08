// `barracuda demo`: a server over made-up data, to look at. Its store is made in a temporary
// directory, filled, served, and removed in the end; no setting but its own address is read, so
// that no store and no network of anybody's is touched. Its deliveries go to a sandbox of its
// own: every address beyond 127.0.0.0/8 is denied.
//
// Threads: call it from main's thread; it blocks until the server has stopped.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "config/config.h"

namespace barracuda::app {

struct DemoOptions {
    size_t conversions = 1'000'000;
    uint64_t seed = 1;
};
inline constexpr size_t kDemoConversionsMax = 20'000'000;

// The settings of a demo in this directory. `listen` as server.listen takes it; empty: the default.
// Errors: kInvalid, an address that is none.
Result<config::Config> DemoConfig(
    const std::string& directory, const std::string& sandbox, const std::string& listen
);

// -> the exit code: 0 stopped, 2 not started. `program`: how this program is called.
int DemoCommand(const DemoOptions& options, const std::string& listen, const std::string& program);

}  // namespace barracuda::app
