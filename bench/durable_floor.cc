// The least that any durable HTTP server does: one thread with epoll; every request that is ready
// is appended to a file, one write and one fdatasync for all of them, then all are answered. No
// index, no check for duplicates, nothing parsed. What is faster than this answers before it is
// durable.
//
//     bench_durable_floor FILE    prints its port, runs until its standard input closes; FILE must
//     not be there yet
#include <fcntl.h>

#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "epoll_server.h"

namespace barracuda::bench {
namespace {

class Floor {
public:
    Floor(int listener, int file)
        : listener_(listener), file_(file), loop_(epoll_create1(EPOLL_CLOEXEC)) {
        Watch(loop_, listener);
    }

    void Serve() {
        std::array<epoll_event, 1'024> events;
        for (;;) {
            const int ready = epoll_wait(loop_, events.data(), events.size(), -1);
            for (int i = 0; i < ready; ++i) Take(events[static_cast<size_t>(i)].data.fd);
            if (!waiting_.empty()) AnswerAll();
        }
    }

private:
    void Take(int socket) {
        if (socket == listener_) {
            Accept(loop_, listener_);
            return;
        }
        std::string& pending = pending_[socket];
        if (!Receive(socket, pending)) {
            pending_.erase(socket);
            close(socket);
            return;
        }
        for (std::string request; TakeRequest(pending, request);) {
            records_ += request;
            waiting_.push_back(socket);
        }
    }

    void AnswerAll() {
        const auto size = static_cast<ssize_t>(records_.size());
        BARRACUDA_CHECK(write(file_, records_.data(), records_.size()) == size);
        BARRACUDA_CHECK(fdatasync(file_) == 0);
        // One that has gone meanwhile is closed when the loop tells of it.
        for (int socket : waiting_) (void)Send(socket, answer_);
        records_.clear();
        waiting_.clear();
    }

    const int listener_, file_, loop_;
    const std::string answer_ = MakeAnswer();
    std::unordered_map<int, std::string> pending_;  // by connection: the beginning of a request
    std::string records_;
    std::vector<int> waiting_;  // whose request is in records_
};

}  // namespace
}  // namespace barracuda::bench

int main(int count, char** arguments) {
    using namespace barracuda::bench;
    if (count != 2) return 2;
    const int file = open(arguments[1], O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0) {
        std::perror(arguments[1]);
        return 2;
    }
    uint16_t port = 0;
    const int listener = Listen(port);
    std::thread([listener, file] { Floor(listener, file).Serve(); }).detach();
    ServeUntilInputCloses(port);
}
