// What HTTP alone costs on this machine: two threads with epoll, one recv and one send a request,
// an answer of the size of route 5's, nothing parsed beyond the blank line. `./dev bench` divides
// by it, as absolute times of a noisy machine say little.
//
//     bench_bare_http    prints its port, runs until its standard input closes
#include <thread>
#include <unordered_map>

#include "epoll_server.h"

namespace barracuda::bench {
namespace {

constexpr int kThreads = 2;

// True: the peer is still there.
bool Answer(int peer, std::string& pending, const std::string& answer) {
    if (!Receive(peer, pending)) return false;
    for (std::string request; TakeRequest(pending, request);) {
        if (!Send(peer, answer)) return false;
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
                Accept(loop, listener);
            } else if (!Answer(socket, pending[socket], answer)) {
                pending.erase(socket);
                close(socket);
            }
        }
    }
}

}  // namespace
}  // namespace barracuda::bench

int main() {
    using namespace barracuda::bench;
    uint16_t port = 0;
    std::array<int, kThreads> listeners;
    for (int& listener : listeners) listener = Listen(port);
    for (int listener : listeners) std::thread(Serve, listener).detach();
    ServeUntilInputCloses(port);
}
