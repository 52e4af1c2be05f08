// Server: HTTP/1.1 on plain TCP. One thread and one io_context per io thread, each with its own
// SO_REUSEPORT acceptor; a connection stays on the thread that accepted it. TLS and HTTP/2 belong
// to a reverse proxy in front. It knows no route: every request goes to one Handler.
//
// Threads: the handler runs on an io thread and must not block. Its Respond may be called from any
// thread, exactly once; on the connection's own io thread it writes at once, elsewhere it posts.
// A second call is ignored, a Respond dropped uncalled answers 503, and when the peer has gone
// nothing happens. Requests of one connection are handled one after the other, in order.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/fault.h"
#include "base/result.h"
#include "http/request.h"
#include "http/response.h"

namespace barracuda::http {

class IoThread;
struct ServerState;

struct ServerOptions {
    std::string host = "127.0.0.1";  // a numeric address; "::" also takes IPv4
    uint16_t port = 0;               // 0 = any free one, see Server::port
    unsigned threads = 1;
    // A socket that listens on host and port already, as a service manager hands it over; borrowed
    // until Start has returned. Every thread accepts from it, and connections that come after Stop
    // wait in it for the next process. Below 0: Start binds its own.
    int listening = -1;

    size_t header_bytes_max = 16 * 1024;       // request line included: 431
    size_t headers_max = 100;                  // 431
    size_t request_line_bytes_max = 8 * 1024;  // 414
    size_t body_bytes_max = 1024 * 1024;       // announced or sent: 413
    // Bodies being received or handled, over all threads, and of one sharer: 503. Without it
    // connections_max bodies would be 10 GiB. Those up to `body_bytes_free` do not count.
    size_t body_bytes_total_max = 256 * 1024 * 1024;
    size_t body_bytes_sharer_max = 32 * 1024 * 1024;
    size_t body_bytes_free = 64 * 1024;
    size_t connections_max = 10000;  // over all threads: 503 with Retry-After
    // Connections beyond that which are still asked what they want: `always_answered` is, anything
    // else and whoever asks nothing within a moment gets the 503. Further ones get it unasked.
    size_t refused_max = 256;

    // Deadlines are looked at every quarter of the shortest, 10 to 500 ms.
    std::chrono::milliseconds header_timeout{10'000};  // first byte to header's end: 408
    std::chrono::milliseconds body_grace{10'000};      // in each, the body must come on by...
    size_t body_bytes_grace_min = 10 * 1024;           // ...so much, or end: 408
    // Between requests: closed silently. Longer than proxies keep a connection (60 s), else they
    // send a request into one that is being closed.
    std::chrono::milliseconds idle_timeout{75'000};
    std::chrono::milliseconds write_timeout{30'000};  // one answer, or one streamed piece
    std::chrono::milliseconds linger_timeout{2'000};  // for the peer to read the last answer
    std::chrono::milliseconds stop_timeout{8'000};    // Stop: for requests in flight
    // Stop: for the next request of a connection that waits for one. Closed at once (0) it may meet
    // a request that is under way, which is then lost to its client.
    std::chrono::milliseconds drain_grace{0};

    // The sharer whose part of the body budget a peer's body counts against; empty: none. Unset:
    // the peer.
    std::function<std::string(const std::string& peer)> sharer = {};
    // Asked on the io thread once a header is whole and its body is not. True: the answer is known
    // without the body (no credential, say). The handler gets the request at once, and the
    // connection ends with its answer.
    std::function<bool(const Request&)> needs_no_body = {};
    // The requests (health, metrics) that are answered also when every connection is taken.
    std::function<bool(const Request&)> always_answered = {};
    FaultSink* faults = &NoFaults();
};

struct ServerStats {
    size_t connections = 0;  // open now
    size_t connections_max = 0;
    uint64_t refused = 0;  // connections beyond it
    uint64_t accept_failures = 0;
};

using Respond = std::function<void(Response)>;
using Handler = std::function<void(Request&&, Respond)>;

class Server {
public:
    // Listens before it returns. Fails with kInvalid (host) or kUnavailable (port in use).
    static Result<std::unique_ptr<Server>> Start(ServerOptions options, Handler handler);
    ~Server();  // Stop()
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    uint16_t port() const { return port_; }
    ServerStats stats() const;  // from any thread

    // Runs `task` on that io thread, soon; cheap, from any thread. Never run once stopped.
    void Post(unsigned io_thread, std::function<void()> task);

    // Stops accepting, closes idle connections, lets requests in flight finish (answered with
    // `Connection: close`), cuts the rest off after stop_timeout and joins the threads. Not from an
    // io thread. The handler is not called any more once this has returned.
    void Stop();

private:
    Server() = default;

    std::shared_ptr<ServerState> state_;
    std::vector<std::shared_ptr<IoThread>> threads_;
    uint16_t port_ = 0;
    bool stopped_ = false;
};

}  // namespace barracuda::http
