// IoThread: one io_context with its thread, acceptor, connections and deadline tick. Internal to
// http. Everything but Post, Listen, Start, Join, closed and the constructor runs on its own
// thread.
#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <ctime>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include "http/body_budget.h"
#include "http/server.h"

namespace barracuda::http {

using Tcp = boost::asio::ip::tcp;
using Clock = std::chrono::steady_clock;

class Session;

inline constexpr char kTooMany[] = "too many connections";

// Shared by all threads of a server.
struct ServerState {
    ServerOptions options;
    Handler handler;
    std::atomic<size_t> connections{0};  // open, refused ones included
    std::atomic<uint64_t> refused{0};    // connections, since the start
    std::atomic<uint64_t> accept_failures{0};
    std::atomic<bool> draining{false};
    std::optional<BodyBudget> bodies;

    // Few places are left for new connections.
    bool scarce() const { return connections * 8 > options.connections_max * 7; }
};

class IoThread : public std::enable_shared_from_this<IoThread> {
public:
    using Sessions = std::list<std::shared_ptr<Session>>;

    IoThread(std::shared_ptr<ServerState> state, unsigned index);

    // Before Start. Several threads may listen on one endpoint when each asks for `share`.
    Result<void> Listen(const Tcp::endpoint& endpoint, bool share);
    Result<void> ListenHeld(const Tcp::endpoint& endpoint);  // options().listening
    void CloseAcceptor();
    void Start();
    void Post(std::function<void()> task);
    void Drain();     // stop accepting, close idle connections
    void CloseAll();  // cut off what is left
    void Join();      // once CloseAll is posted; ends the thread

    bool OnThisThread() const;
    bool closed() const { return closed_.load(std::memory_order_acquire); }
    unsigned index() const { return index_; }
    uint16_t port() const { return acceptor_.local_endpoint().port(); }
    ServerState& state() { return *state_; }
    const ServerOptions& options() const { return state_->options; }
    std::string_view Date();  // renewed once a second
    void Forget(Sessions::iterator place);

private:
    void Accept();
    void OnAccepted(Tcp::socket socket, const Tcp::endpoint& peer);
    void OnAcceptFailed(boost::system::error_code ec);
    void Tick();

    std::shared_ptr<ServerState> state_;
    unsigned index_;
    boost::asio::io_context io_{1};
    Tcp::acceptor acceptor_;
    boost::asio::steady_timer tick_;
    boost::asio::steady_timer accept_pause_;
    std::chrono::milliseconds tick_length_;
    Sessions sessions_;
    std::string date_;
    std::time_t date_second_ = 0;
    std::atomic<bool> closed_{false};
    std::thread thread_;
};

}  // namespace barracuda::http
