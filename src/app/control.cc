#include "app/control.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "app/owner.h"
#include "base/check.h"
#include "base/thread_name.h"

namespace barracuda::app {

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPatience{5'000};
constexpr int kThreads = 4;
static_assert(kThreads > 1);  // a long command holds up no short one
static_assert(kPatience <= kAnswerPatience);
constexpr const char* kName = "control.sock";

Error Failed(const char* what) {
    return {ErrorCode::kUnavailable, fmt::format("{}: {}", what, std::strerror(errno)), kName};
}

// A socket's address holds 107 bytes and data directories may be deeper: the way goes through a
// descriptor of the directory.
sockaddr_un AddressIn(const File& directory) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto path = fmt::format("/proc/self/fd/{}/{}", directory.fd(), kName);
    BARRACUDA_CHECK(path.size() < sizeof address.sun_path);
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

// The user at the other end, as the kernel says.
std::optional<uid_t> PeerOf(int fd) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return std::nullopt;
    return peer.uid;
}

bool IsOursOrRoot(std::optional<uid_t> peer) { return peer && (*peer == geteuid() || *peer == 0); }

}  // namespace

Result<std::unique_ptr<ControlServer>> ControlServer::Start(
    const std::string& data, Handle handle
) {
    BARRACUDA_CHECK(handle);
    File directory(open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return Fail(Failed("cannot open the data directory"));
    unlinkat(directory.fd(), kName, 0);

    std::unique_ptr<ControlServer> server(new ControlServer);
    server->path_ = data + "/" + kName;
    server->handle_ = std::move(handle);
    // Several threads wait for one client: who comes too late must not wait in accept.
    server->listener_ = File(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    server->stop_ = File(eventfd(0, EFD_CLOEXEC));
    const int listener = server->listener_.fd();
    if (!server->listener_ || !server->stop_) return Fail(Failed("no control socket"));
    // On Linux the mode of the socket before bind is the file's: it is never open to others.
    fchmod(listener, 0600);
    auto address = AddressIn(directory);
    if (bind(listener, Raw(address), sizeof address) != 0 ||
        fchmodat(directory.fd(), kName, 0600, 0) != 0 || listen(listener, 16) != 0) {
        return Fail(Failed("cannot make the control socket"));
    }
    for (int i = 0; i < kThreads; ++i) {
        server->threads_.emplace_back([raw = server.get()] {
            NameThread("control");
            raw->Serve();
        });
    }
    return server;
}

ControlServer::~ControlServer() { Stop(); }

void ControlServer::Stop() {
    if (threads_.empty()) return;
    unlink(path_.c_str());
    eventfd_write(stop_.fd(), 1);
    for (auto& thread : threads_) thread.join();
    threads_.clear();
}

void ControlServer::Serve() {
    for (;;) {
        pollfd fds[] = {{listener_.fd(), POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
        if (poll(fds, 2, -1) < 0 && errno != EINTR) return;
        if (fds[1].revents) return;
        if (!fds[0].revents) continue;
        File client(accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
        if (client) {
            if (IsOursOrRoot(PeerOf(client.fd()))) ServeOne(client.fd());
        } else if (errno != EAGAIN) {
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
        pollfd fds[] = {{client, POLLIN, 0}, {stop_.fd(), POLLIN, 0}};
        int ready = poll(fds, 2, static_cast<int>(left.count()));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0 || fds[1].revents) return;
        char buffer[64 * 1024];
        const size_t before = line.size();
        ssize_t got = read(client, buffer, sizeof buffer);
        if (got <= 0) return;
        line.append(buffer, static_cast<size_t>(got));
        if (auto end = line.find('\n', before); end != std::string::npos) {
            line.resize(end);
            break;
        }
        if (line.size() > kControlLineMax) return;
    }
    if (line.size() > kControlLineMax) return;
    SendAll(client, handle_(line) + "\n");
}

namespace {

Error Silent(const std::string& data, std::chrono::milliseconds patience) {
    return {
        ErrorCode::kUnavailable,
        fmt::format(
            "the server that runs on {} does not answer within {} s: it hangs, or {} commands are "
            "under way",
            data,
            std::chrono::ceil<std::chrono::seconds>(patience).count(),
            kThreads
        ),
        kName};
}

// No whole answer at `deadline`: what came until then.
std::string ReadAnswer(int fd, std::optional<Clock::time_point> deadline) {
    std::string answer;
    for (;;) {
        int wait = -1;
        if (deadline) {
            auto left = std::chrono::ceil<std::chrono::milliseconds>(*deadline - Clock::now());
            wait = static_cast<int>(std::max<int64_t>(left.count(), 0));
        }
        pollfd is{fd, POLLIN, 0};
        const int ready = poll(&is, 1, wait);
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return answer;
        char buffer[16 * 1024];
        ssize_t got = read(fd, buffer, sizeof buffer);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return answer;
        answer.append(buffer, static_cast<size_t>(got));
    }
}

Error CannotConnect(const std::string& data, std::optional<std::chrono::milliseconds> patience) {
    if (errno == EACCES || errno == EPERM) {
        auto owner = OwnerOf(data + "/" + kName);
        if (!owner) owner = OwnerOf(data);
        if (owner) return BelongsTo(*owner, data);
        return {ErrorCode::kForbidden, "this user may not look into " + data, kName};
    }
    if (errno == EAGAIN && patience) return Silent(data, *patience);  // its queue is full
    return Failed("cannot reach the running server");
}

// A key that another user's process made up would open nothing, and what it is asked may be secret.
// Root may ask the server of whoever owns the directory.
Result<bool> AnswersFor(int server, const std::string& data) {
    const auto peer = PeerOf(server);
    if (IsOursOrRoot(peer) || (geteuid() == 0 && peer && peer == OwnerOf(data))) return true;
    return Fail(
        ErrorCode::kForbidden,
        fmt::format(
            "{}/{} is answered by user {}, who is neither this user nor root: nothing was asked",
            data,
            kName,
            peer ? UserNamed(*peer) : "unknown"
        ),
        kName
    );
}

}  // namespace

Result<std::optional<std::string>> AskServer(
    const std::string& data,
    const std::string& line,
    std::optional<std::chrono::milliseconds> patience
) {
    File directory(open(data.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory && errno == EACCES) return Fail(CannotConnect(data, patience));
    if (!directory) return std::optional<std::string>();
    File server(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!server) return Fail(Failed("cannot make a socket"));
    std::optional<Clock::time_point> deadline;
    if (patience) {
        deadline = Clock::now() + *patience;
        timeval limit{patience->count() / 1000, patience->count() % 1000 * 1000};
        setsockopt(server.fd(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    }
    auto address = AddressIn(directory);
    if (connect(server.fd(), Raw(address), sizeof address) != 0) {
        if (errno == ENOENT || errno == ECONNREFUSED) return std::optional<std::string>();
        return Fail(CannotConnect(data, patience));
    }
    if (auto trusted = AnswersFor(server.fd(), data); !trusted) return Fail(trusted.error());
    if (line.size() > kControlLineMax) {
        return Fail(ErrorCode::kInvalid, "too long for the control socket: name fewer IDs");
    }
    std::string answer;
    if (SendAll(server.fd(), line + "\n")) answer = ReadAnswer(server.fd(), deadline);
    if (!answer.ends_with('\n')) {
        if (deadline && Clock::now() >= *deadline) return Fail(Silent(data, *patience));
        return Fail(ErrorCode::kUnavailable, "the running server gave no answer; see its log");
    }
    answer.pop_back();
    return std::optional<std::string>(std::move(answer));
}

}  // namespace barracuda::app
