// What a service manager (systemd) and this process tell each other: which listening sockets it
// holds for us, so that a restart closes no door, and when we are ready. Both are plain protocols
// (sd_listen_fds(3), sd_notify(3)): a few lines here instead of a library in the process that
// handles strangers' bytes. Without a manager nothing of it happens.
//
// Threads: Take from the first thread before any other is made (it changes the environment); Tell
// from any.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace barracuda::app {

// Listening sockets that came with the process, each a stream socket of IPv4 or IPv6.
class HeldSockets {
public:
    // Empty where none came. kInvalid: one that is no such socket, or numbers that make no sense.
    static Result<HeldSockets> Take();

    // The one on that address, and no more ours to give; an empty File: there is none.
    File At(const std::string& host, std::uint16_t port);
    // kInvalid, naming those that nobody asked for: the address in the settings is another one.
    Result<void> AllTaken() const;

private:
    struct Held {
        std::string host;
        std::uint16_t port = 0;
        File socket = {};
    };
    std::vector<Held> held_;
};

// READY=1 and STATUS of sd_notify(3); line breaks in `status` become blanks.
void TellReady(const std::string& status);
void TellStopping();

}  // namespace barracuda::app
