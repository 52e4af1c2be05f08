// The addresses a server answers on: the main one, and the operators' own where there is one. What
// answers may change while they are open: first the waiting room, then the service.
//
//     auto listeners = Listeners::Open(config, room, waiting);
//     (*listeners)->Lead({handler, needs_no_body});
//
// Threads: Open, Lead and Stop from one thread; handlers are called on io threads.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <string>

#include "app/service_manager.h"
#include "config/config.h"
#include "http/server.h"

namespace barracuda::app {

// Whether `path` is of metrics or health: on the operators' own address only, where there is one.
bool IsOpsPath(const std::string& path);

// Connections at a time, and the sink of faults.
struct ListenRoom {
    size_t connections = 10'000, refused = 256, operators = 16;  // descriptors.h
    FaultSink* faults = &NoFaults();
    HeldSockets* held = nullptr;  // which an address is looked for in, before it is bound
};

// One handler for both; on two addresses the paths of the other one are 404.
class Listeners {
public:
    // Without an `answer` requests wait for Lead, which must come soon: they hold the io threads.
    // Errors: kUnavailable, kInvalid, naming the address, or a held one that no setting names.
    static Result<std::unique_ptr<Listeners>> Open(
        const config::Config& config, const ListenRoom& room, http::Handler answer
    );
    ~Listeners();

    struct Leader {
        http::Handler answer;
        // As http::ServerOptions has it; empty: every body is waited for.
        std::function<bool(const http::Request&)> needs_no_body{};
    };
    // From the next request on. Handlers that were there before may still be running.
    void Lead(Leader leader);
    void Stop();  // of both; handlers are not called any more

    uint16_t port() const { return main_->port(); }
    http::ServerStats stats() const { return main_->stats(); }
    void Post(unsigned io_thread, std::function<void()> task) {
        main_->Post(io_thread, std::move(task));
    }

private:
    explicit Listeners(http::Handler answer);
    http::Handler Door(bool all, bool ops);

    std::deque<Leader> leaders_;  // none goes before its servers
    std::atomic<const Leader*> leader_;
    std::unique_ptr<http::Server> main_, ops_;
};

}  // namespace barracuda::app
