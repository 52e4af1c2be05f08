#include "demo/sandbox.h"

#include <fmt/format.h>

#include <atomic>

#include "demo/dice.h"

namespace barracuda::demo {

namespace {

http::Response Say(int status, std::string_view words) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = words;
    return response;
}

// The click that a form acquires, as the default network's API gives it (docs/network-api.md).
http::Response GiveClick(Dice& dice) {
    http::Response response = Say(302, "");
    const auto hash = fmt::format("{:016x}{:016x}", dice.Next(), dice.Next());
    response.headers.emplace_back("Location", fmt::format("/landed?sub1={0}&click_id={0}", hash));
    return response;
}

// One io thread asks, so that the dice are thrown one at a time.
class Networks {
public:
    http::Response Answer(const http::Request& request) {
        const std::string& path = request.path;
        if (path.starts_with("/v3/offer/")) return GiveClick(dice_);
        if (path == "/east" && dice_.Chance(.12)) return Say(503, "upstream maintenance");
        if (path == "/south" && dice_.Chance(.05)) return Say(400, "campaign 88 is paused");
        return Say(200, "ok");
    }

private:
    Dice dice_{88};
};

}  // namespace

Result<std::unique_ptr<Sandbox>> Sandbox::Start() {
    auto networks = std::make_shared<Networks>();
    auto server = http::Server::Start({}, [networks](auto&& request, http::Respond respond) {
        respond(networks->Answer(request));
    });
    if (!server) return Fail(server.error());
    std::unique_ptr<Sandbox> sandbox(new Sandbox);
    sandbox->server_ = std::move(*server);
    return sandbox;
}

std::string Sandbox::address() const { return fmt::format("http://127.0.0.1:{}", server_->port()); }

}  // namespace barracuda::demo
