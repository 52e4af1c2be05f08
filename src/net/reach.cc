#include "net/reach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <cstring>
#include <memory>

namespace barracuda::net {

namespace {

struct FreeList {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};

std::string TextOf(const addrinfo& info) {
    char host[NI_MAXHOST], port[NI_MAXSERV];
    int failed = getnameinfo(
        info.ai_addr,
        info.ai_addrlen,
        host,
        sizeof(host),
        port,
        sizeof(port),
        NI_NUMERICHOST | NI_NUMERICSERV
    );
    if (failed) return "?";
    bool v6 = info.ai_family == AF_INET6;
    return v6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

// Empty: connected.
std::string Connect(const addrinfo& info, std::chrono::milliseconds timeout) {
    int fd = socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return std::strerror(errno);
    auto close_it = std::shared_ptr<void>(nullptr, [fd](void*) { close(fd); });
    if (connect(fd, info.ai_addr, info.ai_addrlen) == 0) return {};
    if (errno != EINPROGRESS) return std::strerror(errno);
    pollfd wanted{fd, POLLOUT, 0};
    if (poll(&wanted, 1, static_cast<int>(timeout.count())) <= 0) return "no answer in time";
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
    return error == 0 ? std::string() : std::strerror(error);
}

}  // namespace

Result<std::vector<ReachedAddress>> Reach(
    const std::string& host,
    int port,
    const AddressGuard& guard,
    std::optional<std::chrono::milliseconds> connect_timeout
) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    std::unique_ptr<addrinfo, FreeList> list(found);
    if (failed) {
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("the host {} does not resolve: {}", host, gai_strerror(failed)),
            host
        );
    }
    std::vector<ReachedAddress> reached;
    bool connected = false;
    for (const auto* at = found; at && reached.size() < kReachedAddressesMax; at = at->ai_next) {
        ReachedAddress one;
        one.address = TextOf(*at);
        one.allowed = guard.Allows(at->ai_addr);
        if (!one.allowed) {
            one.error = "is not public and not among the allowed addresses";
        } else if (connect_timeout && !connected) {
            one.error = Connect(*at, *connect_timeout);
            one.connected = connected = one.error.empty();
        }
        reached.push_back(std::move(one));
    }
    return reached;
}

}  // namespace barracuda::net
