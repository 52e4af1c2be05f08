#include "app/control.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <cstring>

#include "base/thread_name.h"

namespace barracuda::app {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience{5'000};
constexpr const char* kName = "control.sock";

class File {
public:
    explicit File(int fd) : fd_(fd) {}
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int fd() const { return fd_; }

private:
    int fd_;
};

Error Failed(const char* what) {
    return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno)), kName};
}

// A socket's address holds 107 bytes and data directories may be deeper: the way goes through a
// descriptor of the directory.
sockaddr_un AddressIn(const File& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto path = fmt::format("/proc/self/fd/{}/{}", directory.fd(), kName);
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

const sockaddr* Raw(const sockaddr_un& address) {
    return reinterpret_cast<const sockaddr*>(&address);
}

// False when the peer has gone or takes nothing for `kPatience`.
bool SendAll(int fd, std::string_view text) {
    while (!text.empty()) {
        ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return false;
        text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Start(
    const std::string& data, Handle handle
) {
    File directory(open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.fd() < 0) return Fail(Failed("cannot open the data directory"));
    unlinkat(directory.fd(), kName, 0);

    std::unique_ptr<ControlServer> server(new ControlServer);
    server->path_ = data + "/" + kName;
    server->handle_ = std::move(handle);
    server->listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    server->stop_ = eventfd(0, EFD_CLOEXEC);
    if (server->listener_ < 0 || server->stop_ < 0) return Fail(Failed("no control socket"));
    // On Linux the mode of the socket before bind is the file's: it is never open to others.
    fchmod(server->listener_, 0600);
    auto address = AddressIn(directory);
    if (bind(server->listener_, Raw(address), sizeof address) != 0 ||
        fchmodat(directory.fd(), kName, 0600, 0) != 0 || listen(server->listener_, 16) != 0) {
        return Fail(Failed("cannot make the control socket"));
    }
    server->thread_ = std::thread([raw = server.get()] {
        NameThread("control");
        raw->Serve();
    });
    return server;
}

ControlServer::~ControlServer() {
    Stop();
    if (listener_ >= 0) close(listener_);
    if (stop_ >= 0) close(stop_);
}

void ControlServer::Stop() {
    if (!thread_.joinable()) return;
    unlink(path_.c_str());
    eventfd_write(stop_, 1);
    thread_.join();
}

void ControlServer::Serve() {
    for (;;) {
        pollfd fds[] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
        if (fds[1].revents) return;
        if (!fds[0].revents) continue;
        File client(accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
        if (client.fd() >= 0) {
            ServeOne(client.fd());
        } else {
            poll(&fds[1], 1, 50);  // out of descriptors: do not spin
        }
    }
}

void ControlServer::ServeOne(int client) {
    const auto deadline = Clock::now() + kPatience;
    timeval patience{5, 0};
    setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    std::string line;
    for (;;) {
        auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
        if (left.count() <= 0) return;
        pollfd fds[] = {{client, POLLIN, 0}, {stop_, POLLIN, 0}};
        int ready = poll(fds, 2, static_cast<int>(left.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0 || fds[1].revents) return;
        char buffer[4096];
        ssize_t got = read(client, buffer, sizeof buffer);
        if (got <= 0) return;
        line.append(buffer, static_cast<size_t>(got));
        if (auto end = line.find('\n'); end != std::string::npos) {
            line.resize(end);
            break;
        }
        if (line.size() > kControlLineMax) return;
    }
    if (line.size() > kControlLineMax) return;
    SendAll(client, handle_(line) + "\n");
}

Result<std::optional<std::string>> AskServer(const std::string& data, const std::string& line) {
    File directory(open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (directory.fd() < 0) return std::optional<std::string>();
    File server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (server.fd() < 0) return Fail(Failed("cannot make a socket"));
    auto address = AddressIn(directory);
    if (connect(server.fd(), Raw(address), sizeof address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<std::string>();
        return Fail(Failed("cannot reach the running server"));
    }
    if (line.size() > kControlLineMax) {
        return Fail(ErrorCode::kInvalid, "too long for the control socket: name fewer IDs");
    }
    std::string answer;
    if (SendAll(server.fd(), line + "\n")) {
        char buffer[16 * 1024];
        for (;;) {
            ssize_t got = read(server.fd(), buffer, sizeof buffer);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) break;
            answer.append(buffer, static_cast<size_t>(got));
        }
    }
    if (!answer.ends_with('\n')) {
        return Fail(ErrorCode::kUnavailable, "the running server gave no answer; see its log");
    }
    answer.pop_back();
    return std::optional<std::string>(std::move(answer));
}

}  // namespace barracuda::app
