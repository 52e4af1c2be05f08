// What HTTP alone costs on this machine: two threads with epoll, one recv and one send a request,
// an answer of the size of route 5's, nothing parsed beyond the blank line. `./dev bench` divides
// by it, as absolute times of a noisy machine say little. Not a server: it trusts its one client.
//
//     bench_bare_http    prints its port, runs until its standard input closes
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>

#include "base/check.h"

namespace {

constexpr int kThreads = 2;
constexpr size_t kBodyBytes = 270;

std::string MakeAnswer() {
    std::string answer =
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Length: " +
        std::to_string(kBodyBytes) + "\r\n\r\n";
    return answer.append(kBodyBytes, 'x');
}

// A port of 0 takes any; the number is returned in `port`.
int Listen(uint16_t& port) {
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    BARRACUDA_CHECK(listener >= 0 && bind(listener, generic, length) == 0);
    BARRACUDA_CHECK(listen(listener, 1'024) == 0);
    BARRACUDA_CHECK(getsockname(listener, generic, &length) == 0);
    port = ntohs(address.sin_port);
    return listener;
}

void Watch(int loop, int socket) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    BARRACUDA_CHECK(epoll_ctl(loop, EPOLL_CTL_ADD, socket, &event) == 0);
}

// True: the peer is still there.
bool Answer(int peer, std::string& pending, const std::string& answer) {
    std::array<char, 4'096> bytes;
    const ssize_t got = recv(peer, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    pending.append(bytes.data(), static_cast<size_t>(got));
    for (size_t end; (end = pending.find("\r\n\r\n")) != std::string::npos;) {
        pending.erase(0, end + 4);
        const ssize_t sent = send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
        if (sent != static_cast<ssize_t>(answer.size())) return false;
    }
    return true;
}

void Serve(int listener) {
    const std::string answer = MakeAnswer();
    const int loop = epoll_create1(EPOLL_CLOEXEC);
    Watch(loop, listener);
    std::unordered_map<int, std::string> pending;  // by connection: the beginning of a request
    std::array<epoll_event, 64> events;
    for (;;) {
        const int ready = epoll_wait(loop, events.data(), events.size(), -1);
        for (int i = 0; i < ready; ++i) {
            const int socket = events[static_cast<size_t>(i)].data.fd;
            if (socket == listener) {
                const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
                const int on = 1;
                setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
                Watch(loop, peer);
            } else if (!Answer(socket, pending[socket], answer)) {
                pending.erase(socket);
                close(socket);
            }
        }
    }
}

}  // namespace

int main() {
    uint16_t port = 0;
    std::array<int, kThreads> listeners;
    for (int& listener : listeners) listener = Listen(port);
    for (int listener : listeners) std::thread(Serve, listener).detach();
    std::printf("%d\n", port);
    std::fflush(stdout);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    std::_Exit(0);  // its threads have nothing to lose
}
