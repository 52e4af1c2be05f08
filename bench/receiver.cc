// A network on loopback for measurements and storms: it takes whatever is sent below /d/LABEL,
// counts every delivery by its id, and misbehaves on command. Not for production.
//
//     bench_receiver                  prints its port, runs until its standard input closes
//     GET /d/LABEL?c=CLICK&t=MICROS   a delivery; `t`: when its cause was sent, CLOCK_MONOTONIC
//     GET /set?label=L&mode=M[&share=PERCENT][&calls=N]   ok | hang | a status; for a share of the
//                                     calls, or for the first N of each delivery
//     GET /stats?label=L              {"calls", "accepted", "first_us", "last_us", "p50_us", …}
//     GET /deliveries?label=L         "CLICK ID CALLS ACCEPTED" a line
//     GET /calls?label=L              "NUMBER MICROS" a line: which of its delivery's calls, when
//     GET /reset
//
// One io thread, so nothing here is locked.
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <unordered_map>

#include "http/server.h"

namespace barracuda {
namespace {

int64_t NowMicros() {
    timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return int64_t{now.tv_sec} * 1'000'000 + now.tv_nsec / 1'000;
}

std::string Query(const http::Request& request, std::string_view name) {
    for (const auto& [key, value] : request.query) {
        if (key == name) return value;
    }
    return {};
}

http::Response Text(std::string body) {
    http::Response response;
    response.content_type = "text/plain";
    response.body = std::move(body);
    return response;
}

struct Delivered {
    std::string click;
    int calls = 0, accepted = 0;
};

struct Label {
    std::string mode = "ok";
    int share = 100;      // percent of the calls that get `mode`; the others are taken
    int first_calls = 0;  // 0: of all; else only the first so many calls of a delivery
    uint64_t calls = 0, accepted = 0;
    std::vector<std::pair<int, int64_t>> times;  // of each call: which of its delivery's, when
    int64_t first_us = 0, last_us = 0;           // of the accepted ones
    std::vector<int64_t> took_us;                // from `t` to here
    std::unordered_map<std::string, Delivered> deliveries;
};

class Receiver {
public:
    void Handle(http::Request&& request, http::Respond respond) {
        if (request.path.starts_with("/d/")) return Take(request, std::move(respond));
        Label& label = labels_[Query(request, "label")];
        if (request.path == "/set") {
            label.mode = Query(request, "mode");
            const std::string share = Query(request, "share");
            label.share = share.empty() ? 100 : std::atoi(share.c_str());
            label.first_calls = std::atoi(Query(request, "calls").c_str());
            if (label.mode != "hang") Release();
            return respond(Text("ok\n"));
        }
        if (request.path == "/stats") return respond(Text(StatsOf(label)));
        if (request.path == "/deliveries") return respond(Text(DeliveriesOf(label)));
        if (request.path == "/calls") return respond(Text(CallsOf(label)));
        if (request.path != "/reset") return respond(http::JsonError(404, "no such path"));
        labels_.clear();
        respond(Text("ok\n"));
    }

private:
    void Take(const http::Request& request, http::Respond respond) {
        const int64_t now = NowMicros();
        Label& label = labels_[request.path.substr(3)];
        ++label.calls;
        const std::string sent = Query(request, "t");
        if (!sent.empty()) label.took_us.push_back(now - std::atoll(sent.c_str()));
        const auto id = request.Header("Barracuda-Delivery");
        Delivered& delivered = label.deliveries[std::string(id.value_or(""))];
        delivered.click = Query(request, "c");
        ++delivered.calls;
        label.times.emplace_back(delivered.calls, now);
        const bool hit = IsHit(label, delivered.calls);
        if (hit && label.mode == "hang") return hanging_.push_back(std::move(respond));
        if (hit) return respond(http::JsonError(std::atoi(label.mode.c_str()), "on command"));
        ++delivered.accepted;
        ++label.accepted;
        if (label.first_us == 0) label.first_us = now;
        label.last_us = now;
        respond(Text("taken\n"));
    }

    bool IsHit(const Label& label, int call) {
        if (label.mode == "ok" || (label.first_calls > 0 && call > label.first_calls)) return false;
        return static_cast<int>(random_() % 100) < label.share;
    }

    void Release() {
        std::vector<http::Respond> waiting;
        waiting.swap(hanging_);
        for (auto& respond : waiting) respond(http::JsonError(503, "let go"));
    }

    static std::string StatsOf(Label& label) {
        auto& took = label.took_us;
        std::sort(took.begin(), took.end());
        auto at = [&](double share) {
            return took.empty() ? 0 : took[static_cast<size_t>(double(took.size() - 1) * share)];
        };
        return fmt::format(
            R"({{"calls":{},"accepted":{},"deliveries":{},"first_us":{},"last_us":{},)"
            R"("p50_us":{},"p99_us":{},"max_us":{}}})"
            "\n",
            label.calls,
            label.accepted,
            label.deliveries.size(),
            label.first_us,
            label.last_us,
            at(0.5),
            at(0.99),
            at(1)
        );
    }

    static std::string DeliveriesOf(const Label& label) {
        std::string lines;
        for (const auto& [id, one] : label.deliveries) {
            lines += fmt::format("{} {} {} {}\n", one.click, id, one.calls, one.accepted);
        }
        return lines;
    }

    static std::string CallsOf(const Label& label) {
        std::string lines;
        for (const auto& [call, at] : label.times) lines += fmt::format("{} {}\n", call, at);
        return lines;
    }

    std::map<std::string, Label> labels_;
    std::vector<http::Respond> hanging_;
    std::minstd_rand random_{42};
};

int Main() {
    Receiver receiver;
    http::ServerOptions options;
    options.idle_timeout = std::chrono::minutes(10);
    auto server = http::Server::Start(options, [&](http::Request&& request, http::Respond respond) {
        receiver.Handle(std::move(request), std::move(respond));
    });
    if (!server) {
        std::fprintf(stderr, "%s\n", server.error().message.c_str());
        return 2;
    }
    std::printf("%d\n", (*server)->port());
    std::fflush(stdout);
    char byte = 0;
    while (read(STDIN_FILENO, &byte, 1) > 0) {
    }
    (*server)->Stop();
    return 0;
}

}  // namespace
}  // namespace barracuda

int main() { return barracuda::Main(); }
