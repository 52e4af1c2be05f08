// A load on one server of this machine, one conversion a request, over HTTP or to Redis.
//
// Without --rate every connection sends its next request when the last one is answered: that finds
// what a server can do, and hides how long it makes others wait, for who waits sends nothing. With
// --rate requests fall due at moments that are drawn beforehand (a Poisson process), whatever the
// server does, and every time is measured from that moment: one that hangs for a second has made a
// second's requests wait, and is seen to (the "coordinated omission" of closed loops). What is
// never answered counts with the time it has waited.
//
// Prints one line of JSON. Status 1: an answer was no success, or a connection broke.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <thread>
#include <vector>

#include "answers.h"
#include "histogram.h"
#include "requests.h"

namespace barracuda::bench {
namespace {

struct Options {
    uint16_t port = 0;
    int connections = 64, threads = 1;
    double seconds = 5, rate = 0;
    std::string run = "load";
    Keys keys = Keys::kDistinct;
    Send send = Send::kGet;
};

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kDrain = 5 * kSecond;  // after the end, for what is under way

int64_t Now() {
    timespec t{};
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * kSecond + t.tv_nsec;
}

struct Figures {
    Histogram times;
    uint64_t in_time = 0;  // answered before the end
    std::array<uint64_t, 5> said{};
    uint64_t broken = 0, unanswered = 0;

    void Add(const Figures& other) {
        times.Add(other.times);
        in_time += other.in_time;
        for (size_t i = 0; i < said.size(); ++i) said[i] += other.said[i];
        broken += other.broken;
        unanswered += other.unanswered;
    }
    uint64_t Of(Said what) const { return said[static_cast<size_t>(what)]; }
};

// One thread's connections and requests.
class Worker {
public:
    Worker(const Options& options, int number)
        : options_(options),
          requests_(
              options.send,
              options.keys,
              options.run,
              number,
              fmt::format("127.0.0.1:{}", options.port)
          ),
          random_(1'000 + static_cast<uint64_t>(number)),
          gap_(std::max(options.rate, 1.0) / options.threads / kSecond),
          loop_(epoll_create1(EPOLL_CLOEXEC)) {
        // Connections are dealt out among the threads.
        for (int i = number; i < options.connections; i += options.threads) Connect();
    }
    ~Worker() {
        for (const auto& peer : peers_) {
            if (peer.socket >= 0) close(peer.socket);
        }
        close(loop_);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void Run(int64_t begin) {
        end_ = begin + static_cast<int64_t>(options_.seconds * kSecond);
        if (Open()) next_ = begin + Gap();
        for (size_t i = 0; i < peers_.size(); ++i) free_.push_back(i);
        std::array<epoll_event, 256> events;
        for (int64_t now = Now(); now < end_ + kDrain; now = Now()) {
            SendWhatIsDue(now);
            if (now >= end_ && under_way_ == 0 && late_.empty()) break;
            if (figures_.broken == peers_.size()) break;  // nobody is left to ask
            const timespec wait = WaitFrom(now);
            const int ready = epoll_pwait2(loop_, events.data(), events.size(), &wait, nullptr);
            for (int i = 0; i < ready; ++i) Take(events[static_cast<size_t>(i)].data.u64);
        }
        CountUnanswered(Now());
    }
    const Figures& figures() const { return figures_; }

private:
    struct Peer {
        int socket = -1;
        bool busy = false;
        int64_t since = 0;  // when its request was due, or, without a rate, sent
        std::string bytes;
    };

    bool Open() const { return options_.rate > 0; }
    int64_t Gap() { return static_cast<int64_t>(gap_(random_)) + 1; }

    void Connect() {
        const int made = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        address.sin_port = htons(options_.port);
        if (connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
            throw std::runtime_error(fmt::format("no connection: {}", strerror(errno)));
        }
        const int on = 1;
        setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{.events = EPOLLIN, .data = {.u64 = peers_.size()}};
        epoll_ctl(loop_, EPOLL_CTL_ADD, made, &event);
        peers_.emplace_back().socket = made;
    }

    void SendWhatIsDue(int64_t now) {
        if (Open()) {
            for (; next_ <= now && next_ < end_; next_ += Gap()) late_.push_back(next_);
            while (!late_.empty() && !free_.empty()) {
                SendOn(TakeFree(), late_.front());
                late_.pop_front();
            }
        } else if (now < end_) {
            while (!free_.empty()) SendOn(TakeFree(), now);
        }
    }
    // The one that has been free for longest: all are used.
    size_t TakeFree() {
        const size_t number = free_.front();
        free_.pop_front();
        return number;
    }
    void SendOn(size_t number, int64_t since) {
        Peer& peer = peers_[number];
        requests_.Next(request_);
        peer.since = since;
        peer.busy = true;
        ++under_way_;
        const auto size = static_cast<ssize_t>(request_.size());
        if (send(peer.socket, request_.data(), request_.size(), MSG_NOSIGNAL) != size) Break(peer);
    }

    timespec WaitFrom(int64_t now) const {
        int64_t until = now < end_ ? end_ : end_ + kDrain;
        if (Open() && next_ < end_) until = std::min(until, next_);
        const int64_t left = std::max<int64_t>(until - now, 0);
        return {.tv_sec = left / kSecond, .tv_nsec = left % kSecond};
    }

    void Take(size_t number) {
        Peer& peer = peers_[number];
        std::array<char, 4'096> bytes;
        const ssize_t got = recv(peer.socket, bytes.data(), bytes.size(), 0);
        if (got <= 0) {
            Break(peer);
            return;
        }
        peer.bytes.append(bytes.data(), static_cast<size_t>(got));
        const Said said =
            options_.send == Send::kRedis ? TakeRedis(peer.bytes) : TakeHttp(peer.bytes);
        if (said == Said::kNotYet) return;
        const int64_t now = Now();
        figures_.times.Record(static_cast<uint64_t>((now - peer.since) / 1'000));
        figures_.in_time += now < end_;
        ++figures_.said[static_cast<size_t>(said)];
        peer.busy = false;
        --under_way_;
        free_.push_back(number);
    }
    void Break(Peer& peer) {
        close(peer.socket);
        peer.socket = -1;
        ++figures_.broken;
        if (peer.busy) --under_way_;
        peer.busy = false;
    }

    void CountUnanswered(int64_t now) {
        for (const auto& peer : peers_) {
            if (peer.busy) late_.push_back(peer.since);
        }
        for (const int64_t since : late_) {
            figures_.times.Record(static_cast<uint64_t>((now - since) / 1'000));
        }
        figures_.unanswered += late_.size();
    }

    const Options& options_;
    Requests requests_;
    std::mt19937_64 random_;
    std::exponential_distribution<double> gap_;
    const int loop_;
    std::vector<Peer> peers_;
    std::deque<size_t> free_;   // connections with nothing under way
    std::deque<int64_t> late_;  // due, and no connection was free
    int64_t next_ = 0, end_ = 0;
    size_t under_way_ = 0;
    std::string request_;
    Figures figures_;
};

double CpuSeconds() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    return static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
           static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

int Run(const Options& options) {
    std::vector<std::unique_ptr<Worker>> workers;
    for (int i = 0; i < options.threads; ++i) {
        workers.push_back(std::make_unique<Worker>(options, i));
    }
    const double cpu = CpuSeconds();
    const int64_t begin = Now();
    {
        std::vector<std::jthread> threads;
        for (auto& worker : workers) threads.emplace_back([&worker, begin] { worker->Run(begin); });
    }
    Figures all;
    for (const auto& worker : workers) all.Add(worker->figures());
    uint64_t answered = 0;
    for (const uint64_t count : all.said) answered += count;
    fmt::print(
        R"({{"answered": {}, "rate": {:.1f}, "recorded": {}, "duplicates": {}, "failed": {}, )"
        R"("broken": {}, "unanswered": {}, "load_cpu_us": {:.2f}, "p50_us": {}, "p99_us": {}, )"
        R"("p999_us": {}, "max_us": {}}})"
        "\n",
        answered,
        static_cast<double>(all.in_time) / options.seconds,
        all.Of(Said::kRecorded),
        all.Of(Said::kDuplicate),
        all.Of(Said::kFailed),
        all.broken,
        all.unanswered,
        (CpuSeconds() - cpu) * 1e6 / static_cast<double>(std::max<uint64_t>(answered, 1)),
        all.times.At(0.5),
        all.times.At(0.99),
        all.times.At(0.999),
        all.times.max()
    );
    return all.Of(Said::kFailed) + all.broken > 0 ? 1 : 0;
}

Options Read(CLI::App& app, int count, char** arguments) {
    Options options;
    const std::map<std::string, Keys> keys = {
        {"distinct", Keys::kDistinct}, {"repeats", Keys::kRepeats}, {"one", Keys::kOne}};
    const std::map<std::string, Send> sends = {
        {"get", Send::kGet}, {"post", Send::kPost}, {"redis", Send::kRedis}};
    app.add_option("port", options.port, "of 127.0.0.1")->required()->check(CLI::Range(1, 65'535));
    app.add_option("--connections", options.connections, "opened before the clock starts")
        ->check(CLI::Range(1, 10'000));
    app.add_option("--threads", options.threads)->check(CLI::Range(1, 16));
    app.add_option("--seconds", options.seconds)->check(CLI::Range(0.01, 3'600.0));
    app.add_option(
           "--rate", options.rate, "requests a second that fall due; 0: as fast as answered"
    )
        ->check(CLI::Range(0.0, 1e6));
    app.add_option("--run", options.run, "part of every click id; a new one a run");
    app.add_option("--keys", options.keys, "distinct, repeats (20 %), one")
        ->transform(CLI::CheckedTransformer(keys));
    app.add_option("--send", options.send, "get (route 5), post (route 4), redis (SET … NX)")
        ->transform(CLI::CheckedTransformer(sends));
    app.parse(count, arguments);
    return options;
}

}  // namespace
}  // namespace barracuda::bench

int main(int count, char** arguments) {
    CLI::App app("A load on one server of this machine; prints one line of JSON.", "bench_load");
    try {
        return barracuda::bench::Run(barracuda::bench::Read(app, count, arguments));
    } catch (const CLI::ParseError& wrong) {
        return app.exit(wrong);
    } catch (const std::exception& failed) {
        fmt::print(stderr, "bench_load: {}\n", failed.what());
        return 2;
    }
}
