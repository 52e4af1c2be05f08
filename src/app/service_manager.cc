#include "app/service_manager.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "app/log.h"

namespace barracuda::app {

namespace {

using Endpoint = boost::asio::ip::tcp::endpoint;
constexpr int kFirst = 3;  // SD_LISTEN_FDS_START
constexpr long kMost = 64;

std::optional<long> NumberIn(const char* name) {
    const char* text = std::getenv(name);
    if (!text) return std::nullopt;
    long number = -1;
    const auto [end, ec] = std::from_chars(text, text + std::strlen(text), number);
    return ec == std::errc() && *end == '\0' ? number : -1;
}

int Option(int fd, int option) {
    int value = -1;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 ? value : -1;
}

std::optional<Endpoint> ListensOn(int fd) {
    if (Option(fd, SO_TYPE) != SOCK_STREAM || Option(fd, SO_ACCEPTCONN) != 1) return std::nullopt;
    Endpoint at;
    auto size = static_cast<socklen_t>(at.capacity());
    if (getsockname(fd, at.data(), &size) != 0 || size > at.capacity()) return std::nullopt;
    const int family = at.data()->sa_family;
    if (family != AF_INET && family != AF_INET6) return std::nullopt;
    return at;
}

std::string TextOf(const std::string& host, std::uint16_t port) {
    const bool v6 = host.find(':') != std::string::npos;
    return fmt::format("{}:{}", v6 ? "[" + host + "]" : host, port);
}

void Tell(std::string text) {
    const char* name = std::getenv("NOTIFY_SOCKET");
    if (!name || (*name != '/' && *name != '@')) return;
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    const size_t length = std::strlen(name);
    if (length >= sizeof to.sun_path) return Log(Level::kWarning, "NOTIFY_SOCKET is too long");
    std::memcpy(to.sun_path, name, length);
    if (*name == '@') to.sun_path[0] = '\0';  // a name of no file
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
    const File out(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    const auto* address = reinterpret_cast<const sockaddr*>(&to);
    if (!out || sendto(out.fd(), text.data(), text.size(), MSG_NOSIGNAL, address, size) < 0) {
        Log(Level::kWarning, "the service manager was not told", {{"why", std::strerror(errno)}});
    }
}

}  // namespace

Result<HeldSockets> HeldSockets::Take() {
    const auto whose = NumberIn("LISTEN_PID"), count = NumberIn("LISTEN_FDS");
    for (const char* name : {"LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"}) unsetenv(name);
    HeldSockets taken;
    if (!count || !whose || *whose != getpid()) return taken;  // another process's
    if (*count < 0 || *count > kMost)
        return Fail(ErrorCode::kInvalid, "LISTEN_FDS is no number of sockets");
    for (int fd = kFirst; fd < kFirst + *count; ++fd) {
        File socket(fd);
        const auto at = ListensOn(fd);
        if (!at || fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) {
            return Fail(
                ErrorCode::kInvalid,
                fmt::format("descriptor {} of the service manager is no listening TCP socket", fd)
            );
        }
        taken.held_.push_back({at->address().to_string(), at->port(), std::move(socket)});
    }
    return taken;
}

File HeldSockets::At(const std::string& host, std::uint16_t port) {
    boost::system::error_code ec;
    const auto wanted = boost::asio::ip::make_address(host, ec).to_string();
    const auto found = std::find_if(held_.begin(), held_.end(), [&](const Held& one) {
        return !ec && one.host == wanted && one.port == port;
    });
    if (found == held_.end()) return {};
    File socket = std::move(found->socket);
    held_.erase(found);
    return socket;
}

Result<void> HeldSockets::AllTaken() const {
    if (held_.empty()) return {};
    std::string names;
    for (const auto& one : held_) names += " " + TextOf(one.host, one.port);
    return Fail(
        ErrorCode::kInvalid,
        fmt::format(
            "the service manager listens on{}, which neither server.listen nor server.ops_listen "
            "names: "
            "make them one",
            names
        )
    );
}

void TellReady(const std::string& status) {
    std::string line = status;
    std::replace(line.begin(), line.end(), '\n', ' ');
    Tell("READY=1\nSTATUS=" + line);
}

void TellStopping() { Tell("STOPPING=1\nSTATUS=stopping"); }

}  // namespace barracuda::app
