// Sandbox: the networks that a demo tells, on a port of loopback. They mostly accept; now and then
// one is under maintenance, and one refuses some for good. Also the network `default` of the forms.
//
// Threads: its own io thread; destroy it after whoever calls it has stopped.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "http/server.h"

namespace barracuda::demo {

class Sandbox {
public:
    // Errors: kUnavailable, no port.
    static Result<std::unique_ptr<Sandbox>> Start();

    // "http://127.0.0.1:PORT"; each network is a path below it.
    std::string address() const;

private:
    Sandbox() = default;

    std::unique_ptr<http::Server> server_;
};

}  // namespace barracuda::demo
