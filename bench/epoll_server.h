// What the bare servers of bench/ share: listeners on loopback, a loop over their sockets, an
// answer as long as route 5's. Not for a server that anybody else may reach: it trusts its one
// client.
//
// Threads: any; each loop is one thread's.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "base/check.h"

namespace barracuda::bench {

inline constexpr size_t kAnswerBodyBytes = 270;

inline std::string MakeAnswer() {
    std::string answer =
        "HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Length: " +
        std::to_string(kAnswerBodyBytes) + "\r\n\r\n";
    return answer.append(kAnswerBodyBytes, 'x');
}

// A port of 0 takes any; the number is returned in `port`.
inline int Listen(uint16_t& port) {
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

inline void Watch(int loop, int socket) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
    BARRACUDA_CHECK(epoll_ctl(loop, EPOLL_CTL_ADD, socket, &event) == 0);
}

inline void Accept(int loop, int listener) {
    const int peer = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (peer < 0) return;
    const int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    Watch(loop, peer);
}

// Adds what a connection has sent to `pending`; false: it is gone.
inline bool Receive(int peer, std::string& pending) {
    std::array<char, 4'096> bytes;
    const ssize_t got = recv(peer, bytes.data(), bytes.size(), 0);
    if (got <= 0) return false;
    pending.append(bytes.data(), static_cast<size_t>(got));
    return true;
}

// Takes one request off `pending`, without looking at it beyond the blank line; a body goes with
// the next one.
inline bool TakeRequest(std::string& pending, std::string& request) {
    const size_t end = pending.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    request.assign(pending, 0, end + 4);
    pending.erase(0, end + 4);
    return true;
}

inline bool Send(int peer, const std::string& answer) {
    return send(peer, answer.data(), answer.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(answer.size());
}

// Tells the port to who started us, and ends with them: they close our standard input.
[[noreturn]] inline void ServeUntilInputCloses(uint16_t port) {
    std::printf("%d\n", port);
    std::fflush(stdout);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    std::_Exit(0);  // its threads have nothing to lose
}

}  // namespace barracuda::bench
