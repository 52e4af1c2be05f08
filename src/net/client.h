// Client: every outgoing HTTP call of the program, over one libcurl multi handle.
//
// Threads: Start() and Post() from any thread; Step() from exactly one, and callbacks run inside
// it. A callback may Start() further calls; it must not block. Destroy the client only when no
// thread is inside it; calls still in flight are then dropped and their callbacks never run.
//
// Safe by default: http and https only, TLS verified, no redirect followed, no proxy from the
// environment, no credentials in URLs, and AddressGuard on the address of every connect.
// Connections are kept and reused. One that was open already and closes before the first byte of a
// reply had mostly been closed before: the call is made once more, at once, on a new connection
// (docs/decisions/one-attempt.md).
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/fault.h"
#include "base/thread_safety.h"
#include "net/address_guard.h"

namespace barracuda::net {

class SocketLoop;
class Transfer;

struct HttpCall {
    std::string id{};  // the caller's name for it; never sent
    std::string method = "GET";
    std::string url{};
    std::vector<std::string> headers{};  // "Name: value"
    std::string body{};
    std::chrono::milliseconds timeout{8'000};  // the whole call, from Start()
    size_t response_bytes_max = 64 * 1024;     // a longer body is cut there and the rest not read
    // Where this call may go; null: the client's own. Judged at every connect, and again before a
    // request goes out on a connection that is open already.
    std::shared_ptr<const AddressGuard> guard{};
    // Asked inside Step(), when a connection is ready and before the first byte goes out: a call
    // may have waited long for one of its host's connections. False ends it as `withheld`.
    std::function<bool()> may_send{};
    // Never a second time, not even on a new connection: who repeats it looks first.
    bool once = false;
};

// How long each part of a call took, from Start(): the parts add up to at most `total`. A reused
// connection has no dns, connect and tls.
struct Timings {
    std::chrono::microseconds dns{0};
    std::chrono::microseconds connect{0};  // TCP alone
    std::chrono::microseconds tls{0};
    std::chrono::microseconds first_byte{0};  // from Start() to the reply's first byte
    std::chrono::microseconds total{0};
};

struct HttpReply {
    int status = 0;             // 0: no whole reply came, see `error`
    std::string body{};         // at most response_bytes_max, as sent
    std::string location{};     // the Location header as an absolute URL, else empty
    std::string retry_after{};  // the Retry-After header as sent
    std::string error{};        // why status is 0; holds no URL and no header
    bool timed_out = false;
    bool refused_address = false;  // the guard refused the address
    bool truncated = false;        // the body was longer
    bool withheld = false;         // may_send said no: the peer has seen nothing of this call
    // Nothing was sent, for want of descriptors, ports or memory here: it says nothing of the peer.
    bool own_fault = false;
    std::string address{};  // "203.0.113.9:443", the peer; empty: there was no connection
    bool reused = false;    // the connection was open already, at least at first
    Timings timings{};
};

struct ClientOptions {
    std::vector<Cidr> allowed{};         // non-public networks that may be called
    std::vector<Cidr> denied{};          // networks that may not, public or not
    long connections_per_host_max = 32;  // further calls wait their turn, inside their timeout
    long connections_max = 256;
    FaultSink* faults = &NoFaults();  // hears of what is lacking here
};

class Client {
public:
    using Done = std::function<void(HttpReply)>;

    explicit Client(ClientOptions options);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Begins a call; `done` runs once, inside Step().
    void Start(HttpCall call, Done done);

    // Runs `work` inside the next Step(): an answer known without a call comes the same way as
    // others.
    void Post(std::function<void()> work);

    // Moves all calls on, waiting up to `wait` for something to happen; Start() and Post() end the
    // wait.
    void Step(std::chrono::milliseconds wait);

    // Calls and posted work whose callback has not returned yet.
    size_t in_flight() const { return in_flight_.load(); }

private:
    using Clock = std::chrono::steady_clock;
    struct Waiting {
        HttpCall call;
        Done done;
        Clock::time_point deadline;
    };

    bool Turn();
    bool RunPosted();
    void AdmitWaiting();
    void Admit(Waiting waiting);
    bool ReapFinished();
    bool ExpireOverdue();
    void Finish(void* easy, HttpReply reply);
    std::chrono::milliseconds UntilDeadline(std::chrono::milliseconds wait) const;

    const ClientOptions options_;
    const std::shared_ptr<const AddressGuard> guard_;
    void* const multi_;
    std::unique_ptr<SocketLoop> loop_;
    std::atomic<size_t> in_flight_{0};

    Mutex mutex_;
    std::vector<Waiting> waiting_ GUARDED_BY(mutex_);
    std::vector<std::function<void()>> posted_ GUARDED_BY(mutex_);

    // Step()'s thread only.
    std::unordered_map<void*, std::unique_ptr<Transfer>> transfers_;
    std::set<std::pair<Clock::time_point, void*>> deadlines_;
    std::vector<void*> idle_;  // easy handles for reuse
};

}  // namespace barracuda::net
