// TestServer: a tiny HTTP/1.1 server on 127.0.0.1 for tests of outgoing calls. Not for production.
//
// The handler runs on one thread per connection and returns the raw reply; std::nullopt hangs the
// connection until the server is destroyed. Keep-alive unless the reply says "Connection: close".
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"
#include "net/client.h"

namespace barracuda::net {

// The options of a client that may call loopback.
inline ClientOptions Loopback() { return {.allowed = {Cidr::Parse("127.0.0.0/8").value()}}; }

struct TestRequest {
    std::string method;
    std::string target;
    std::string headers;  // the raw block, lines end with CRLF
    std::string body;
};

inline std::string TestReply(int status, std::string_view body, std::string_view headers = {}) {
    return "HTTP/1.1 " + std::to_string(status) +
           " X\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + std::string(headers) +
           "\r\n" + std::string(body);
}

inline std::string TestRedirect(std::string_view location) {
    return TestReply(302, "", "Location: " + std::string(location) + "\r\n");
}

// At the end of a reply: not sent, the connection is closed instead.
inline const std::string kHangUp = "\x01(hangs up)";

class TestServer {
public:
    using Handler = std::function<std::optional<std::string>(const TestRequest&)>;

    explicit TestServer(Handler handler) : handler_(std::move(handler)) {
        listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* plain = reinterpret_cast<sockaddr*>(&address);
        BARRACUDA_CHECK(bind(listener_, plain, size) == 0 && listen(listener_, 128) == 0);
        BARRACUDA_CHECK(getsockname(listener_, plain, &size) == 0);
        port_ = ntohs(address.sin_port);
        acceptor_ = std::thread([this] { AcceptAll(); });
    }

    ~TestServer() {
        {
            std::lock_guard lock(mutex_);
            stopping_ = true;
            for (int fd : fds_) shutdown(fd, SHUT_RDWR);
        }
        stopped_.notify_all();
        shutdown(listener_, SHUT_RDWR);
        acceptor_.join();
        for (auto& thread : threads_) thread.join();
        for (int fd : fds_) close(fd);
        close(listener_);
    }

    int port() const { return port_; }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
    int connections() const { return connections_; }

    std::vector<TestRequest> requests() {
        std::lock_guard lock(mutex_);
        return requests_;
    }

private:
    void AcceptAll() {
        for (;;) {
            const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd < 0) return;
            ++connections_;
            std::lock_guard lock(mutex_);
            fds_.push_back(fd);
            if (stopping_) shutdown(fd, SHUT_RDWR);
            threads_.emplace_back([this, fd] { Serve(fd); });
        }
    }

    void Serve(int fd) {
        std::string buffer;
        while (auto request = Read(fd, buffer)) {
            {
                std::lock_guard lock(mutex_);
                requests_.push_back(*request);
            }
            auto reply = handler_(*request);
            if (!reply) {
                std::unique_lock lock(mutex_);
                stopped_.wait(lock, [this] { return stopping_; });
                return;
            }
            const bool hangs_up = reply->empty() || reply->ends_with(kHangUp);
            if (reply->ends_with(kHangUp)) reply->resize(reply->size() - kHangUp.size());
            if (!Write(fd, *reply)) return;
            if (hangs_up || reply->find("Connection: close") != std::string::npos) {
                shutdown(fd, SHUT_RDWR);
                return;
            }
        }
    }

    static bool Write(int fd, std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = send(fd, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return false;
            text.remove_prefix(static_cast<size_t>(sent));
        }
        return true;
    }

    static bool Fill(int fd, std::string& buffer) {
        char bytes[4096];
        const ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        if (got <= 0) return false;
        buffer.append(bytes, static_cast<size_t>(got));
        return true;
    }

    static std::optional<TestRequest> Read(int fd, std::string& buffer) {
        size_t head = 0;
        while ((head = buffer.find("\r\n\r\n")) == std::string::npos) {
            if (!Fill(fd, buffer)) return std::nullopt;
        }
        const size_t line = buffer.find("\r\n");
        const size_t space = buffer.find(' ');
        TestRequest request;
        request.method = buffer.substr(0, space);
        request.target = buffer.substr(space + 1, buffer.rfind(' ', line) - space - 1);
        request.headers = buffer.substr(line + 2, head + 2 - (line + 2));
        size_t length = 0;
        constexpr std::string_view kLength = "Content-Length: ";
        if (const size_t at = request.headers.find(kLength); at != std::string::npos) {
            length = std::strtoul(request.headers.c_str() + at + kLength.size(), nullptr, 10);
        }
        while (buffer.size() < head + 4 + length) {
            if (!Fill(fd, buffer)) return std::nullopt;
        }
        request.body = buffer.substr(head + 4, length);
        buffer.erase(0, head + 4 + length);
        return request;
    }

    const Handler handler_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<int> connections_{0};
    std::thread acceptor_;
    std::mutex mutex_;
    std::condition_variable stopped_;
    bool stopping_ = false;
    std::vector<int> fds_;
    std::vector<std::thread> threads_;
    std::vector<TestRequest> requests_;
};

}  // namespace barracuda::net
