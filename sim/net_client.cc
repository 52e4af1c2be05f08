// net::Client of a simulation, in place of the one over libcurl (net/client.cc): the same promises
// to its callers, over the simulated network. The linker takes this one, as it comes first.
#include <map>
#include <optional>

#include "base/check.h"
#include "net/client.h"
#include "net/socket_loop.h"
#include "net/transfer.h"
#include "network.h"

namespace barracuda::net {

namespace {

using sim::Fibers;
using sim::Micros;

struct Call {
    HttpCall call;
    std::function<void(HttpReply)> done;
    Micros connected = 0, deadline = 0;
    bool sent = false;
    std::optional<HttpReply> reply = {};
};

// Of one client: what is under way.
struct State {
    sim::Life* life = nullptr;
    std::map<uint64_t, Call> calls;
    uint64_t last = 0;
};

std::map<const Client*, std::shared_ptr<State>>& States() {
    static auto* const states = new std::map<const Client*, std::shared_ptr<State>>();
    return *states;
}

HttpReply TimedOut() {
    HttpReply reply;
    reply.timed_out = true;
    reply.error = "timed out";
    return reply;
}

// When something is to be done about a call.
Micros NextOf(const Call& call) {
    if (call.reply) return 0;
    return call.sent ? call.deadline : std::min(call.connected, call.deadline);
}

}  // namespace

Client::Client(ClientOptions options)
    : options_(std::move(options)),
      guard_(std::make_shared<const AddressGuard>(std::vector<Cidr>())),
      multi_(nullptr) {
    auto state = std::make_shared<State>();
    state->life = static_cast<sim::Life*>(Fibers::Now()->process());
    BARRACUDA_CHECK(state->life);
    States()[this] = std::move(state);
}

Client::~Client() { States().erase(this); }

void Client::Start(HttpCall call, Done done) {
    ++in_flight_;
    const auto deadline = Clock::now() + call.timeout;
    {
        MutexLock lock(mutex_);
        waiting_.push_back({std::move(call), std::move(done), deadline});
    }
    Fibers::Now()->Wake(this, true);
}

void Client::Post(std::function<void()> work) {
    ++in_flight_;
    {
        MutexLock lock(mutex_);
        posted_.push_back(std::move(work));
    }
    Fibers::Now()->Wake(this, true);
}

void Client::Step(std::chrono::milliseconds wait) {
    if (Turn()) return;
    auto& fibers = *Fibers::Now();
    Micros until = fibers.now() + std::max<Micros>(wait.count(), 0) * sim::kMs;
    for (const auto& [number, call] : States().at(this)->calls)
        until = std::min(until, NextOf(call));
    bool idle = true;
    {
        MutexLock lock(mutex_);
        idle = waiting_.empty() && posted_.empty();
    }
    if (idle && until > fibers.now()) fibers.Block(this, until);
    Turn();
}

bool Client::Turn() {
    const bool worked = RunPosted();
    AdmitWaiting();
    return ReapFinished() || worked;
}

bool Client::RunPosted() {
    std::vector<std::function<void()>> posted;
    {
        MutexLock lock(mutex_);
        posted.swap(posted_);
    }
    for (auto& work : posted) {
        work();
        --in_flight_;
    }
    return !posted.empty();
}

void Client::AdmitWaiting() {
    std::vector<Waiting> waiting;
    {
        MutexLock lock(mutex_);
        waiting.swap(waiting_);
    }
    for (auto& one : waiting) Admit(std::move(one));
}

void Client::Admit(Waiting waiting) {
    State& state = *States().at(this);
    const auto left = waiting.deadline - Clock::now();
    const Micros now = Fibers::Now()->now();
    Call call{std::move(waiting.call), std::move(waiting.done)};
    call.deadline = now + std::chrono::duration_cast<std::chrono::microseconds>(left).count();
    call.connected = now + sim::Network::Now()->WaitOf();
    state.calls.emplace(++state.last, std::move(call));
}

// Sends what has a connection, and ends what has an answer or no time left; true if one ended.
bool Client::ReapFinished() {
    auto state = States().at(this);
    auto& network = *sim::Network::Now();
    std::vector<uint64_t> numbers;
    for (const auto& [number, call] : state->calls) numbers.push_back(number);
    bool worked = false;
    for (const uint64_t number : numbers) {
        Call& call = state->calls.at(number);
        const Micros now = Fibers::Now()->now();
        if (!call.sent && !call.reply && call.connected <= now && now < call.deadline) {
            const bool may =
                !network.asks_first_byte() || !call.call.may_send || call.call.may_send();
            call.sent = may;
            if (!may) call.reply.emplace().withheld = true;
            if (may) {
                network.Take(*state->life, call.call, [state, number, this](HttpReply reply) {
                    const auto at = state->calls.find(number);
                    if (state->life->dead || at == state->calls.end()) return;
                    at->second.reply = std::move(reply);
                    Fibers::Now()->Wake(this, true);
                });
            }
        }
        if (!call.reply && call.deadline <= now) call.reply = TimedOut();
        if (!call.reply) continue;
        auto ended = state->calls.extract(number);
        if (ended.mapped().sent)
            network.Ended(*state->life, ended.mapped().call, *ended.mapped().reply);
        ended.mapped().done(std::move(*ended.mapped().reply));
        --in_flight_;
        worked = true;
    }
    return worked;
}

}  // namespace barracuda::net
