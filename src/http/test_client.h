// A raw blocking socket for tests of the server. One thread.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace barracuda::http {

class TestClient {
public:
    explicit TestClient(uint16_t port, bool now = true) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
        if (now) Connect(port);
    }
    void Connect(uint16_t port) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        int on = 1;
        setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        connected_ = connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    }
    ~TestClient() { Close(); }
    TestClient(const TestClient&) = delete;
    TestClient& operator=(const TestClient&) = delete;

    bool connected() const { return connected_; }
    void Close() {
        if (fd_ >= 0) close(fd_);
        fd_ = -1;
    }
    bool Send(std::string_view text) {
        while (!text.empty()) {
            ssize_t sent = send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }
    // Up to and with `mark`; what came later stays for the next call. All there was, when the mark
    // does not come within `milliseconds` or the server closes.
    std::string ReadTo(std::string_view mark, int milliseconds = 5000) {
        size_t at;
        while ((at = pending_.find(mark)) == std::string::npos) {
            if (!More(milliseconds)) return std::exchange(pending_, {});
        }
        std::string text = pending_.substr(0, at + mark.size());
        pending_.erase(0, at + mark.size());
        return text;
    }
    std::string ReadAll(int milliseconds = 5000) {
        while (More(milliseconds)) {
        }
        return std::exchange(pending_, {});
    }
    bool closed() const { return closed_; }

private:
    bool More(int milliseconds) {
        pollfd poll_fd{fd_, POLLIN, 0};
        if (poll(&poll_fd, 1, milliseconds) <= 0) return false;
        char buffer[65536];
        ssize_t got = recv(fd_, buffer, sizeof buffer, 0);
        closed_ = got <= 0;
        if (got > 0) pending_.append(buffer, static_cast<size_t>(got));
        return got > 0;
    }

    int fd_;
    bool connected_ = false;
    bool closed_ = false;
    std::string pending_;
};

}  // namespace barracuda::http
