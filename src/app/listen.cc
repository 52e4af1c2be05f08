#include "app/listen.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "auth/client_address.h"
#include "base/check.h"
#include "config/values.h"

namespace barracuda::app {

namespace {

unsigned ThreadsOf(const config::Config& config) {
    if (config.server.threads > 0) return static_cast<unsigned>(config.server.threads);
    return std::max(1u, std::thread::hardware_concurrency());
}

// Each address has a share of what bodies may take; behind a trusted proxy are many.
std::function<std::string(const std::string&)> SharerOf(const config::Config& config) {
    return [proxies = auth::TrustedProxies(config.server.trusted_proxies)](const std::string& peer
           ) { return proxies.Trusts(peer) ? std::string() : auth::GroupOf(peer).one; };
}

// With a held socket another process may follow on it, and no request of ours may be cut off.
constexpr std::chrono::milliseconds kDrainGrace{1'000};

Result<std::unique_ptr<http::Server>> StartServer(
    http::ServerOptions options, HeldSockets* sockets, http::Handler handler
) {
    const File held = sockets ? sockets->At(options.host, options.port) : File();
    options.listening = held.fd();
    if (held) options.drain_grace = kDrainGrace;
    const auto where = fmt::format("{}:{}", options.host, options.port);
    auto server = http::Server::Start(std::move(options), std::move(handler));
    if (server) return server;
    return Fail(
        server.error().code, fmt::format("cannot listen on {}: {}", where, server.error().message)
    );
}

}  // namespace

bool IsOpsPath(const std::string& path) {
    return path == "/metrics" || path == "/livez" || path == "/readyz";
}

Listeners::Listeners(http::Handler answer) : leader_(nullptr) {
    if (answer) Lead({std::move(answer)});
}

Listeners::~Listeners() { Stop(); }

http::Handler Listeners::Door(bool all, bool ops) {
    return [this, all, ops](http::Request&& request, http::Respond respond) {
        if (!all && IsOpsPath(request.path) != ops) {
            return respond(http::JsonError(404, "not found"));
        }
        request.by_operators = ops;
        const Leader* leader = leader_.load();
        if (!leader) {  // looked at first: waiting counts its waiters, also those that need not
            leader_.wait(nullptr);
            leader = leader_.load();
        }
        leader->answer(std::move(request), std::move(respond));
    };
}

void Listeners::Lead(Leader leader) {
    BARRACUDA_CHECK(leader.answer);
    leaders_.push_back(std::move(leader));  // the ones before stay: a handler of theirs may run
    leader_.store(&leaders_.back());
    leader_.notify_all();
}

void Listeners::Stop() {
    if (!leader_.load()) {  // a start that failed: nobody may wait for ever
        Lead({[](http::Request&&, http::Respond respond) {
            respond(http::JsonError(503, "the server does not start"));
        }});
    }
    if (main_) main_->Stop();
    if (ops_) ops_->Stop();
}

Result<std::unique_ptr<Listeners>> Listeners::Open(
    const config::Config& config, const ListenRoom& room, http::Handler answer
) {
    std::unique_ptr<Listeners> made(new Listeners(std::move(answer)));
    const bool one_address = config.server.ops_listen.empty();
    http::ServerOptions options;
    options.idle_timeout = config.server.idle_timeout;
    options.faults = room.faults;
    if (!one_address) {
        const auto address = config::ParseListen(config.server.ops_listen);
        BARRACUDA_CHECK(address.has_value());  // the settings are checked
        std::tie(options.host, options.port) = *address;
        options.connections_max = room.operators;
        options.refused_max = 0;
        auto ops = StartServer(options, room.held, made->Door(false, true));
        if (!ops) return Fail(ops.error());
        made->ops_ = std::move(*ops);
    }
    options.host = config.server.listen_host;
    options.port = config.server.listen_port;
    options.threads = ThreadsOf(config);
    options.body_bytes_max = config.limits.body_bytes;
    options.connections_max = room.connections;
    options.refused_max = room.refused;
    options.sharer = SharerOf(config);
    options.needs_no_body = [raw = made.get()](const http::Request& request) {
        const Leader* leader = raw->leader_.load();
        return leader && leader->needs_no_body && leader->needs_no_body(request);
    };
    if (one_address) {
        options.always_answered = [](const auto& request) { return IsOpsPath(request.path); };
    }
    auto main = StartServer(std::move(options), room.held, made->Door(one_address, false));
    if (!main) return Fail(main.error());
    made->main_ = std::move(*main);
    if (room.held) {
        if (auto all = room.held->AllTaken(); !all) return Fail(all.error());
    }
    return made;
}

}  // namespace barracuda::app
