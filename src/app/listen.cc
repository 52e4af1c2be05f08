#include "app/listen.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "config/values.h"

namespace barracuda::app {

namespace {

unsigned ThreadsOf(const config::Config& config) {
    if (config.server.threads > 0) return static_cast<unsigned>(config.server.threads);
    return std::max(1u, std::thread::hardware_concurrency());
}

Result<std::unique_ptr<http::Server>> StartServer(
    http::ServerOptions options, http::Handler handler
) {
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

Listeners::Listeners(http::Handler answer) : answer_(nullptr) {
    if (answer) Lead(std::move(answer));
}

Listeners::~Listeners() { Stop(); }

http::Handler Listeners::Door(bool all, bool ops) {
    return [this, all, ops](http::Request&& request, http::Respond respond) {
        if (!all && IsOpsPath(request.path) != ops) {
            return respond(http::JsonError(404, "not found"));
        }
        const http::Handler* answer = answer_.load();
        if (!answer) {  // looked at first: waiting counts its waiters, also those that need not
            answer_.wait(nullptr);
            answer = answer_.load();
        }
        (*answer)(std::move(request), std::move(respond));
    };
}

void Listeners::Lead(http::Handler answer) {
    answers_.push_back(std::move(answer));
    answer_.store(&answers_.back());
    answer_.notify_all();
}

void Listeners::Stop() {
    if (!answer_.load()) {  // a start that failed: nobody may wait for ever
        Lead([](http::Request&&, http::Respond respond) {
            respond(http::JsonError(503, "the server does not start"));
        });
    }
    if (main_) main_->Stop();
    if (ops_) ops_->Stop();
}

Result<std::unique_ptr<Listeners>> Listeners::Open(
    const config::Config& config, http::Handler answer
) {
    std::unique_ptr<Listeners> made(new Listeners(std::move(answer)));
    const bool one_address = config.server.ops_listen.empty();
    http::ServerOptions options;
    if (!one_address) {
        std::tie(options.host, options.port) = *config::ParseListen(config.server.ops_listen);
        auto ops = StartServer(options, made->Door(false, true));
        if (!ops) return Fail(ops.error());
        made->ops_ = std::move(*ops);
    }
    options.host = config.server.listen_host;
    options.port = config.server.listen_port;
    options.threads = ThreadsOf(config);
    options.body_bytes_max = config.limits.body_bytes;
    auto main = StartServer(std::move(options), made->Door(one_address, false));
    if (!main) return Fail(main.error());
    made->main_ = std::move(*main);
    return made;
}

}  // namespace barracuda::app
