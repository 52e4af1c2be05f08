#include "http/server.h"

#include <boost/asio/ip/address.hpp>
#include <thread>

#include "base/check.h"
#include "http/io_thread.h"

namespace barracuda::http {

namespace {

constexpr std::chrono::milliseconds kStopPoll{5};

// SO_REUSEPORT would let a second copy of the program share the port unnoticed.
Result<void> CheckFree(const std::shared_ptr<ServerState>& state, const Tcp::endpoint& endpoint) {
    if (endpoint.port() == 0) return {};
    return std::make_shared<IoThread>(state, 0)->Listen(endpoint, false);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::Start(ServerOptions options, Handler handler) {
    boost::system::error_code ec;
    auto address = boost::asio::ip::make_address(options.host, ec);
    if (ec) return Fail(ErrorCode::kInvalid, "the host must be a numeric address", options.host);
    if (options.threads == 0) return Fail(ErrorCode::kInvalid, "at least one thread", "threads");

    std::unique_ptr<Server> server(new Server);
    server->state_ = std::make_shared<ServerState>();
    server->state_->bodies.emplace(options.body_bytes_total_max, options.body_bytes_sharer_max);
    server->state_->options = std::move(options);
    server->state_->handler = std::move(handler);
    Tcp::endpoint endpoint(address, server->state_->options.port);
    const bool held = server->state_->options.listening >= 0;
    if (!held) {
        if (auto free = CheckFree(server->state_, endpoint); !free) return Fail(free.error());
    }
    for (unsigned i = 0; i < server->state_->options.threads; ++i) {
        auto thread = std::make_shared<IoThread>(server->state_, i);
        auto listening = held ? thread->ListenHeld(endpoint) : thread->Listen(endpoint, true);
        if (!listening) return Fail(listening.error());
        endpoint.port(thread->port());
        server->threads_.push_back(std::move(thread));
    }
    server->port_ = endpoint.port();
    for (auto& thread : server->threads_) thread->Start();
    return server;
}

Server::~Server() { Stop(); }

ServerStats Server::stats() const {
    return {
        .connections = state_->connections,
        .connections_max = state_->options.connections_max,
        .refused = state_->refused,
        .accept_failures = state_->accept_failures};
}

void Server::Post(unsigned io_thread, std::function<void()> task) {
    threads_.at(io_thread)->Post(std::move(task));
}

void Server::Stop() {
    for (const auto& thread : threads_) BARRACUDA_CHECK(!thread->OnThisThread());
    if (stopped_) return;
    stopped_ = true;
    auto deadline = Clock::now() + state_->options.stop_timeout;
    state_->draining = true;
    for (auto& thread : threads_) thread->Post([thread] { thread->Drain(); });
    while (state_->connections > 0 && Clock::now() < deadline) {
        std::this_thread::sleep_for(kStopPoll);
    }
    for (auto& thread : threads_) thread->Post([thread] { thread->CloseAll(); });
    for (auto& thread : threads_) thread->Join();
}

}  // namespace barracuda::http
