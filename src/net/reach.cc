#include "net/reach.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <thread>

#include "base/thread_name.h"
#include "base/thread_safety.h"

namespace barracuda::net {

namespace {

struct FreeList {
    void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using List = std::unique_ptr<addrinfo, FreeList>;

// One look-up on a thread of its own, which nothing can end: it is waited for as long as the caller
// likes, and the last of the two frees what it found.
struct Asked {
    Mutex mutex;
    Condition ended;
    bool done GUARDED_BY(mutex) = false;
    int failed GUARDED_BY(mutex) = 0;
    List list GUARDED_BY(mutex);
};

std::atomic<size_t> asking{0};  // threads in the system's resolver

void Ask(const std::shared_ptr<Asked>& asked, const std::string& host, int port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int failed = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
    --asking;
    MutexLock lock(asked->mutex);
    asked->list.reset(found);
    asked->failed = failed;
    asked->done = true;
    asked->ended.notify_one();
}

Result<List> LookUp(const std::string& host, int port) {
    if (++asking > kLookUpsMax) {
        --asking;
        return Fail(ErrorCode::kUnavailable, "too many look-ups of names hang, try again later");
    }
    auto asked = std::make_shared<Asked>();
    std::thread([asked, host, port] {
        NameThread("look-up");
        Ask(asked, host, port);
    }).detach();
    MutexLock lock(asked->mutex);
    const bool done = asked->ended.wait_for(lock, kLookUpTime, [&]() REQUIRES(asked->mutex) {
        return asked->done;
    });
    if (done && asked->failed == 0) return std::move(asked->list);
    const std::string why = done ? gai_strerror(asked->failed)
                                 : fmt::format("no answer within {} s", kLookUpTime.count());
    return Fail(
        ErrorCode::kInvalid, fmt::format("the host {} does not resolve: {}", host, why), host
    );
}

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
    auto found = LookUp(host, port);
    if (!found) return Fail(found.error());
    std::vector<ReachedAddress> reached;
    bool connected = false;
    for (const auto* at = found->get(); at && reached.size() < kReachedAddressesMax;
         at = at->ai_next) {
        ReachedAddress one;
        one.address = TextOf(*at);
        one.error = guard.Refusal(at->ai_addr);
        one.allowed = one.error.empty();
        if (one.allowed && connect_timeout && !connected) {
            one.error = Connect(*at, *connect_timeout);
            one.connected = connected = one.error.empty();
        }
        reached.push_back(std::move(one));
    }
    return reached;
}

}  // namespace barracuda::net
