// The control socket, DATA/control.sock: one line in, one line out, for this user and root
// only (mode 0600, and each side looks who the other one is).
// It knows nothing of what the lines say (operations.h does).
//
// Threads: the server answers on four threads of its own, so that a long command holds up no short
// one; a client that sends no whole line within 5 s, or more than 1 MiB, is dropped. AskServer
// blocks until the answer, or for as long as it is told to.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace barracuda::app {

inline constexpr size_t kControlLineMax = 4 << 20;  // some thousand lines of a file

class ControlServer {
public:
    using Handle = std::function<std::string(std::string_view line)>;  // from any thread

    // Replaces a socket left behind: the caller holds the store's lock, so nobody listens on it.
    static Result<std::unique_ptr<ControlServer>> Start(const std::string& data, Handle handle);
    ~ControlServer();  // Stop()

    void Stop();  // finishes the requests under way, removes the socket

private:
    ControlServer() = default;
    void Serve();
    void ServeOne(int client);

    std::string path_;
    Handle handle_;
    File listener_;
    File stop_;  // eventfd
    std::vector<std::thread> threads_;
};

// Within it any server answers that runs at all.
inline constexpr std::chrono::milliseconds kAnswerPatience{5'000};

// The answer of the server on this data directory to `line`; nullopt: none runs. Fails when one
// does and gave no answer, within `patience` where one is given (kUnavailable), or when it is
// another user's (kForbidden).
Result<std::optional<std::string>> AskServer(
    const std::string& data,
    const std::string& line,
    std::optional<std::chrono::milliseconds> patience = std::nullopt
);

}  // namespace barracuda::app
