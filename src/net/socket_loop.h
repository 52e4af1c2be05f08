// SocketLoop: moves the calls of a libcurl multi handle on whose sockets something happened, and no
// others: libcurl's socket interface on an Asio loop.
//
// Why not curl_multi_perform: it asks the kernel about every open call each time, so that calls to
// a server that hangs slow down those to every other (docs/performance.md has the figures).
//
// Threads: Wake() from any; all else from the one that uses the multi handle. Destroy it after the
// last use of the multi handle, but before that is cleaned up.
#pragma once

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <unordered_map>

namespace barracuda::net {

class SocketLoop {
public:
    explicit SocketLoop(void* multi);  // a CURLM*
    ~SocketLoop();
    SocketLoop(const SocketLoop&) = delete;
    SocketLoop& operator=(const SocketLoop&) = delete;

    // Waits up to `wait` for something to happen on a socket, a time of libcurl's to come or
    // Wake(), and lets libcurl do what follows from all that has.
    void Run(std::chrono::milliseconds wait);

    // Lets libcurl do what is due by its clock: a call that was just added begins.
    void RunDue();

    void Wake();

private:
    struct Watch;

    static int OnSocket(void* easy, int socket, int what, void* self, void*);

    void Want(int socket, int what);
    void Arm(int socket, const std::shared_ptr<Watch>& watch);
    void Happened(int socket, int what);

    void* const multi_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> open_;
    std::unordered_map<int, std::shared_ptr<Watch>> watches_;
    std::atomic<bool> woken_ = false;  // a wake is on its way
};

}  // namespace barracuda::net
