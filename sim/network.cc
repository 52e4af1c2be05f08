#include "network.h"

#include <boost/json.hpp>

#include "net/url.h"

namespace barracuda::sim {

namespace {

constexpr std::string_view kHeader = "Barracuda-Delivery: ";

// The ids of the deliveries that a call is an attempt of.
std::vector<std::string> DeliveriesOf(const net::HttpCall& call) {
    std::vector<std::string> ids;
    for (const auto& header : call.headers) {
        if (!header.starts_with(kHeader)) continue;
        std::string_view rest = std::string_view(header).substr(kHeader.size());
        while (!rest.empty()) {
            const size_t end = std::min(rest.find(','), rest.size());
            ids.emplace_back(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
        }
    }
    return ids;
}

bool IsOffer(const net::HttpCall& call) { return call.url.find("/offer/") != std::string::npos; }
bool IsGoal(const net::HttpCall& call) { return call.url.find("/goal/") != std::string::npos; }

std::string ParameterOf(const std::string& url, const char* name) {
    const auto query = net::ParseQuery(url);
    for (const auto& [key, value] :
         query.value_or(std::vector<std::pair<std::string, std::string>>())) {
        if (key == name) return value;
    }
    return {};
}

}  // namespace

Network* Network::now_ = nullptr;

Network::Network(Fibers& fibers, Random random, Trace& trace, Oracle& oracle, Control control)
    : fibers_(fibers), random_(random), trace_(trace), oracle_(oracle), control_(control) {
    now_ = this;
}

Network::~Network() { now_ = nullptr; }

Micros Network::WaitOf() {
    if (!random_.Chance(mood_.waits)) return 0;
    return random_.Between(100 * kMs, 14 * kSecond);
}

void Network::Take(
    Life& life, const net::HttpCall& call, std::function<void(net::HttpReply)> reply
) {
    if (IsGoal(call)) ++life.calls;
    if (!IsOffer(call)) {
        for (const auto& id : DeliveriesOf(call)) oracle_.Begins(life, id, calls_max);
    }
    const Micros there = random_.Between(200, 40 * kMs), back = random_.Between(200, 40 * kMs);
    const Micros arrival = fibers_.now() + there;
    net::HttpReply none;
    none.error = "refused";
    if (random_.Chance(mood_.refused)) {
        return fibers_.At(arrival, [reply, none] { reply(none); });
    }
    if (random_.Chance(mood_.lost)) return;
    const bool twice = !call.once && random_.Chance(mood_.twice);
    const bool unanswered = random_.Chance(mood_.unanswered), cut = random_.Chance(mood_.cut);
    const Micros late = random_.Chance(mood_.late) ? random_.Between(kSecond, 12 * kSecond) : 0;
    fibers_.At(arrival, [this, call, reply, none, twice, unanswered, cut, back, late] {
        if (twice) Handle(call);
        net::HttpReply answer = Handle(call);
        if (unanswered) return;
        if (cut) answer = none;
        fibers_.At(fibers_.now() + back + late, [reply, answer] { reply(answer); });
    });
}

void Network::Ended(Life& life, const net::HttpCall& call, const net::HttpReply& reply) {
    if (IsGoal(call)) --life.calls;
    if (IsOffer(call) || reply.status / 100 != 2 ||
        call.url.find("goal_type_id=") != std::string::npos)
        return;
    for (const auto& id : DeliveriesOf(call)) oracle_.Heard(life, id);
}

net::HttpReply Network::Trouble() {
    net::HttpReply reply;
    static constexpr int kErrors[] = {500, 502, 503, 429, 408};
    reply.status = kErrors[random_.Below(std::size(kErrors))];
    if (reply.status == 429) reply.retry_after = std::to_string(random_.Between(0, 5));
    reply.body = "not now";
    return reply;
}

net::HttpReply Network::Handle(const net::HttpCall& call) {
    net::HttpReply reply;
    const bool error = random_.Chance(mood_.error), final = random_.Chance(mood_.final);
    if (error) {
        reply = Trouble();
    } else if (final) {
        reply.status = 422;
        reply.body = "unknown click";
    } else if (IsOffer(call)) {
        return NewClick();
    } else if (IsGoal(call)) {
        reply.status = 200;
        reply.body = "ok";
    } else if (call.method == "GET") {
        reply = LookUp(call.url);
    } else {
        reply = Create(call.body);
    }
    if (IsOffer(call)) return reply;
    const bool yes = reply.status == 200 && (call.method == "POST" || IsGoal(call) ||
                                             reply.body.find("hash") != std::string::npos);
    for (const auto& id : DeliveriesOf(call)) oracle_.Handled(id, yes);
    return reply;
}

net::HttpReply Network::NewClick() {
    net::HttpReply reply;
    reply.status = 302;
    const std::string click = fmt::format("{:08}{:024x}", ++clicks_, random_.Next());
    reply.location = fmt::format("https://landing.example/?sub1={}&click_id=n{}", click, clicks_);
    trace_.Note("the network gives click n{}", clicks_);
    return reply;
}

net::HttpReply Network::LookUp(const std::string& url) {
    const std::string hash = ParameterOf(url, "hash"), goal = ParameterOf(url, "goal_type_id");
    net::HttpReply reply;
    reply.status = 200;
    boost::json::array data;
    if (created_.contains({hash, goal})) {
        data.push_back(boost::json::object{{"hash", hash}, {"goal_type_id", goal}});
    }
    reply.body = boost::json::serialize(boost::json::object{{"data", data}});
    return reply;
}

net::HttpReply Network::Create(const std::string& body) {
    net::HttpReply reply;
    reply.status = 200;
    const auto asked = boost::json::parse(body);
    for (const auto& one : asked.at("conversions").as_array()) {
        const auto text = [&](const char* name) {
            const auto& value = one.at(name);
            return value.is_string() ? std::string(value.as_string())
                                     : boost::json::serialize(value);
        };
        ++created_[{text("hash"), text("goal_type_id")}];
    }
    reply.body = body;
    return reply;
}

}  // namespace barracuda::sim
