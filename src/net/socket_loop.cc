#include "net/socket_loop.h"

#include <curl/curl.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

namespace barracuda::net {

// A socket of libcurl's: it opens and closes it, we only look. `wanted` is 0 once it has let go of
// it, and the number may be another socket's by then.
struct SocketLoop::Watch {
    // Where the kernel watches no more sockets, none of this one is heard and the call runs out of
    // its time: we are called by C code, which no exception may pass.
    Watch(boost::asio::io_context& io, int socket) : descriptor(io) {
        boost::system::error_code unwatched;
        descriptor.assign(socket, unwatched);
    }
    ~Watch() { Release(); }
    void Release() {
        wanted = 0;
        if (descriptor.is_open()) descriptor.release();
    }

    boost::asio::posix::stream_descriptor descriptor;
    int wanted = 0;
    bool reading = false, writing = false;  // a wait is under way
};

int SocketLoop::OnSocket(void*, int socket, int what, void* self, void*) {
    static_cast<SocketLoop*>(self)->Want(socket, what);
    return 0;
}

SocketLoop::SocketLoop(void* multi) : multi_(multi), open_(io_.get_executor()) {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &SocketLoop::OnSocket);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    // Asio opens its epoll set for the first descriptor and throws where none is left: now, at the
    // start, and not at the first call, in which libcurl's C code is above us.
    boost::asio::posix::stream_descriptor first(io_);
}

SocketLoop::~SocketLoop() {
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
    for (auto& [socket, watch] : watches_) watch->Release();
}

void SocketLoop::Run(std::chrono::milliseconds wait) {
    long due_ms = -1;  // none
    curl_multi_timeout(multi_, &due_ms);
    if (due_ms >= 0) wait = std::min(wait, std::chrono::milliseconds(due_ms));
    // With no time left run_one_for looks at nothing: a caller that never waits must hear of
    // sockets too.
    io_.run_one_for(wait);
    io_.poll();
    RunDue();
}

void SocketLoop::RunDue() {
    long due_ms = -1;
    curl_multi_timeout(multi_, &due_ms);
    if (due_ms == 0) Happened(CURL_SOCKET_TIMEOUT, 0);
}

void SocketLoop::Wake() {
    if (woken_.exchange(true)) return;
    boost::asio::post(io_, [this] { woken_ = false; });
}

void SocketLoop::Want(int socket, int what) {
    auto at = watches_.find(socket);
    if (what == CURL_POLL_REMOVE) {
        if (at == watches_.end()) return;
        at->second->Release();
        watches_.erase(at);
        return;
    }
    if (at == watches_.end()) {
        at = watches_.emplace(socket, std::make_shared<Watch>(io_, socket)).first;
    }
    at->second->wanted = what;
    Arm(socket, at->second);
}

// A wait ends with the first event: it is begun again as long as libcurl wants to hear of more.
void SocketLoop::Arm(int socket, const std::shared_ptr<Watch>& watch) {
    using Descriptor = boost::asio::posix::stream_descriptor;
    const auto wait = [&](int side, bool Watch::*under_way, Descriptor::wait_type type, int event) {
        if (!(watch->wanted & side) || (*watch).*under_way) return;
        (*watch).*under_way = true;
        watch->descriptor.async_wait(type, [=, this, watch = watch](const auto& error) {
            (*watch).*under_way = false;
            if (error || !(watch->wanted & side)) return;
            Happened(socket, event);
            Arm(socket, watch);
        });
    };
    wait(CURL_POLL_IN, &Watch::reading, Descriptor::wait_read, CURL_CSELECT_IN);
    wait(CURL_POLL_OUT, &Watch::writing, Descriptor::wait_write, CURL_CSELECT_OUT);
}

void SocketLoop::Happened(int socket, int what) {
    int running = 0;
    curl_multi_socket_action(multi_, socket, what, &running);
}

}  // namespace barracuda::net
