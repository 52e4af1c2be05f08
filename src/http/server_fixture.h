// A server with a handler of many habits, for its tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "http/server.h"
#include "http/test_client.h"

namespace barracuda::http {

using namespace std::chrono_literals;

// /echo answers the body, /later keeps the Respond for the test, /other answers from another
// thread, /drop forgets it, /throw throws, /twice answers twice, /large answers 8 MiB,
// /stream and /broken answer in pieces.
class ServerFixture : public testing::Test {
protected:
    void Begin(ServerOptions options = {}) {
        auto server = Server::Start(options, [this](Request&& request, Respond respond) {
            Handle(request, respond);
        });
        ASSERT_TRUE(server) << server.error().message;
        server_ = std::move(*server);
    }

    void Handle(Request& request, Respond& respond) {
        ++handled_;
        Response response;
        response.body = request.method + " " + request.path + " [" + request.body + "]";
        if (request.path == "/later") {
            std::lock_guard lock(mutex_);
            later_.push_back(respond);
            return;
        }
        if (request.path == "/drop") return;
        if (request.path == "/throw") throw std::runtime_error("secret");
        if (request.path == "/other") {
            helpers_.emplace_back([respond, response] { respond(response); });
            return;
        }
        if (request.path == "/large") response.body.assign(8 << 20, 'x');
        if (request.path == "/stream" || request.path == "/broken") {
            bool broken = request.path == "/broken";
            auto count = std::make_shared<int>(0);
            response.stream = [this, count, broken](NextChunk next) {
                int piece = (*count)++;
                if (piece == 3 && broken) return;
                if (piece == 2) {  // from elsewhere
                    helpers_.emplace_back([next] { next("other"); });
                } else if (piece == 1) {
                    next("");
                } else {
                    next(piece < 3 ? std::optional<std::string>("piece0") : std::nullopt);
                }
            };
        }
        respond(response);
        if (request.path == "/twice") respond(response);
    }

    std::string sharer_ = "one";

    Respond Later() {
        for (int i = 0; i < 1000; ++i) {
            {
                std::lock_guard lock(mutex_);
                if (!later_.empty()) {
                    Respond respond = std::move(later_.back());
                    later_.pop_back();
                    return respond;
                }
            }
            std::this_thread::sleep_for(5ms);
        }
        ADD_FAILURE() << "no request came";
        return [](Response) {};
    }

    void TearDown() override {
        if (server_) server_->Stop();
        helpers_.clear();
    }

    static std::string Get(const std::string& path, const std::string& fields = "") {
        return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    }

    std::unique_ptr<Server> server_;
    std::mutex mutex_;
    std::vector<Respond> later_;
    std::vector<std::jthread> helpers_;
    std::atomic<int> handled_{0};
};

inline bool Has(const std::string& text, std::string_view part) {
    return text.find(part) != std::string::npos;
}

}  // namespace barracuda::http
