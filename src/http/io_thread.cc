#include "http/io_thread.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <iterator>

#include "base/check.h"
#include "base/thread_name.h"
#include "http/session.h"

namespace barracuda::http {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

using ReusePort = asio::detail::socket_option::boolean<SOL_SOCKET, SO_REUSEPORT>;

constexpr std::chrono::milliseconds kAcceptPause{100};  // after EMFILE and the like

thread_local const IoThread* current_thread = nullptr;

std::chrono::milliseconds TickLength(const ServerOptions& options) {
    auto least = std::min(
        {options.header_timeout,
         options.body_grace,
         options.idle_timeout,
         options.write_timeout,
         options.linger_timeout}
    );
    return std::clamp(least / 4, std::chrono::milliseconds(10), std::chrono::milliseconds(500));
}

// The documented 503 in one write: no connection is left to wait for whoever it is for.
void RefuseAtOnce(Tcp::socket& socket, std::string_view date) {
    std::string out;
    AppendResponse(JsonError(503, kTooMany), {.keep_alive = false, .date = date}, out);
    error_code ignored;  // whoever has gone meanwhile needs no answer
    char read[4096];     // a close over unread bytes would reset the connection and lose the answer
    socket.read_some(asio::buffer(read), ignored);
    socket.write_some(asio::buffer(out), ignored);
    socket.shutdown(Tcp::socket::shutdown_both, ignored);
}

std::string PeerText(const asio::ip::address& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped()) {
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
    }
    return address.to_string();
}

}  // namespace

IoThread::IoThread(std::shared_ptr<ServerState> state, unsigned index)
    : state_(std::move(state)),
      index_(index),
      acceptor_(io_),
      tick_(io_),
      accept_pause_(io_),
      tick_length_(TickLength(state_->options)) {}

Result<void> IoThread::Listen(const Tcp::endpoint& endpoint, bool share) {
    error_code ec;
    acceptor_.open(endpoint.protocol(), ec);
    if (!ec) acceptor_.set_option(Tcp::acceptor::reuse_address(true), ec);
    if (!ec && share) acceptor_.set_option(ReusePort(true), ec);
    if (!ec && endpoint.address().is_v6()) acceptor_.set_option(asio::ip::v6_only(false), ec);
    if (!ec) acceptor_.bind(endpoint, ec);
    if (!ec) acceptor_.listen(4096, ec);
    if (ec) {
        std::string where =
            endpoint.address().to_string() + " port " + std::to_string(endpoint.port());
        return Fail(ErrorCode::kUnavailable, ec.message(), where);
    }
    return {};
}

Result<void> IoThread::ListenHeld(const Tcp::endpoint& endpoint) {
    error_code ec;
    const int own = fcntl(options().listening, F_DUPFD_CLOEXEC, 0);
    if (own < 0)
        return Fail(ErrorCode::kUnavailable, "no descriptor for a socket that came with us");
    acceptor_.assign(endpoint.protocol(), own, ec);
    if (!ec) return {};
    ::close(own);
    return Fail(ErrorCode::kUnavailable, ec.message(), "a socket that came with us");
}

void IoThread::CloseAcceptor() {
    error_code ignored;  // the descriptor is gone either way
    acceptor_.close(ignored);
    accept_pause_.cancel();
}

void IoThread::Start() {
    auto self = shared_from_this();
    asio::post(io_, [self] {
        self->Accept();
        self->Tick();
    });
    thread_ = std::thread([self] {
        NameThread("io");
        current_thread = self.get();
        auto guard = asio::make_work_guard(self->io_);
        self->io_.run();  // until CloseAll
        self->io_.restart();
        self->io_.poll();  // the aborted operations, which hold this object
        current_thread = nullptr;
    });
}

bool IoThread::OnThisThread() const { return current_thread == this; }

void IoThread::Post(std::function<void()> task) {
    if (closed()) return;
    asio::post(io_, [this, task = std::move(task)] {
        if (!closed()) task();
    });
}

void IoThread::Join() {
    BARRACUDA_CHECK(!OnThisThread());
    if (thread_.joinable()) thread_.join();
    io_.restart();
    io_.poll();  // what was posted while the thread ended
}

void IoThread::Accept() {
    if (state_->draining) return;
    auto peer = std::make_shared<Tcp::endpoint>();
    acceptor_.async_accept(
        io_,
        *peer,
        [self = shared_from_this(), peer](error_code ec, Tcp::socket socket) {
            // Also one that came while the door was being closed: it is nobody else's any more.
            if (!ec && !self->closed()) self->OnAccepted(std::move(socket), *peer);
            if (!self->acceptor_.is_open()) return;
            if (ec) return self->OnAcceptFailed(ec);
            self->Accept();
        }
    );
}

// Tried again after a pause: a descriptor that is lacking is lacking for a while, and the peer
// waits in the backlog meanwhile.
void IoThread::OnAcceptFailed(error_code ec) {
    if (ec == asio::error::connection_aborted) return Accept();  // the peer's own doing
    ++state_->accept_failures;
    options().faults->Report(Fault::kAccept, "accept", ec.message());
    accept_pause_.expires_after(kAcceptPause);
    accept_pause_.async_wait([self = shared_from_this()](error_code stopped) {
        if (!stopped) self->Accept();
    });
}

void IoThread::OnAccepted(Tcp::socket socket, const Tcp::endpoint& peer) {
    error_code ec;
    socket.non_blocking(true, ec);
    if (!ec) socket.set_option(Tcp::no_delay(true), ec);
    size_t open = state_->connections.fetch_add(1) + 1;
    size_t most = options().connections_max;
    if (open > most) ++state_->refused;
    if (ec || open > most + options().refused_max) {
        if (!ec) RefuseAtOnce(socket, Date());
        state_->connections.fetch_sub(1);
        return;  // closes the socket
    }
    auto session =
        std::make_shared<Session>(shared_from_this(), std::move(socket), PeerText(peer.address()));
    sessions_.push_back(session);
    session->Start(std::prev(sessions_.end()), open > most);
}

void IoThread::Forget(Sessions::iterator place) {
    BARRACUDA_CHECK(!sessions_.empty() && state_->connections > 0);
    state_->connections.fetch_sub(1);
    sessions_.erase(place);
}

void IoThread::Tick() {
    if (closed()) return;
    auto now = Clock::now();
    for (auto next = sessions_.begin(); next != sessions_.end();) {  // the oldest first
        auto session = *next++;  // a session that closes takes only itself off the list
        session->CheckDeadline(now);
    }
    tick_.expires_after(tick_length_);
    tick_.async_wait([self = shared_from_this()](error_code ec) {
        if (!ec) self->Tick();
    });
}

void IoThread::Drain() {
    CloseAcceptor();
    for (auto next = sessions_.begin(); next != sessions_.end();) {
        auto session = *next++;
        session->EndIdle();
    }
}

void IoThread::CloseAll() {
    closed_.store(true, std::memory_order_release);
    CloseAcceptor();
    tick_.cancel();
    while (!sessions_.empty()) {
        const size_t left = sessions_.size();
        auto session = sessions_.front();
        session->Close();
        BARRACUDA_CHECK(sessions_.size() < left);  // a closed session takes itself off the list
    }
    io_.stop();
}

std::string_view IoThread::Date() {
    std::time_t now = std::time(nullptr);
    if (now != date_second_) {
        std::tm parts{};
        gmtime_r(&now, &parts);
        char text[64];
        date_.assign(text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts));
        date_second_ = now;
    }
    return date_;
}

}  // namespace barracuda::http
