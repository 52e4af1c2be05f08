// For tests of the dispatcher: it over a real ledger and a network on loopback, with clocks moved
// by hand.
#pragma once

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "delivery/dispatcher.h"
#include "delivery/one_network.h"
#include "ledger/test_drain.h"
#include "net/test_server.h"
#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::delivery {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Runs `between` after a document was read and before the reader has it.
class SlowReads final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    std::function<void()> between;
    size_t documents = 0;  // read so far

    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        auto found = ForwardingEngine::Load(refs);
        documents += refs.size();
        if (between) between();
        return found;
    }
};

// Alone on its store, and fenced while told so.
class Fenced final : public nodes::Ownership {
public:
    std::atomic<bool> fenced = false;

    bool MaySend(const NodeId& owner) const override {
        return !fenced && owner.value.starts_with("boot-");
    }
    bool MayTake(const NodeId&) const override { return false; }
    std::optional<std::vector<NodeId>> Owners() const override { return std::nullopt; }
};

class DispatcherTest : public testing::Test {
protected:
    void SetUp() override { Begin(); }
    void TearDown() override { End(); }

    void Begin() {
        DispatcherOptions options;
        options.poll = milliseconds(100);
        options.now = [this] { return now_; };
        options.steady = [this] { return steady_; };
        options.random = [] { return 0.5; };  // no jitter
        options.ownership = ownership_;
        dispatcher_ = std::make_unique<Dispatcher>(reads_, client_, rules_, std::move(options));
        ledger::Hooks hooks;
        hooks.now = [this] { return now_; };
        hooks.owed = [this](const auto& c, const auto& ids) { dispatcher_->Owe(c, ids); };
        ledger_ = std::make_unique<ledger::Ledger>(
            *engine_,
            ledger::Options{.node = NodeId(fmt::format("boot-{}", ++boots_))},
            std::move(hooks)
        );
        dispatcher_->Attach(*ledger_);
    }
    void End() {
        if (ledger_) ledger_->Stop();
        dispatcher_.reset();
        ledger_.reset();
    }

    // The network's answer to this click; by default `status_`.
    std::string Answer(const net::TestRequest& request) {
        const size_t from = request.target.find("click_id=") + 9;
        std::string click = request.target.substr(from, request.target.find('&', from) - from);
        {
            std::lock_guard lock(mutex_);
            calls_.push_back(click);
        }
        while (held_) std::this_thread::sleep_for(milliseconds(1));
        std::lock_guard lock(mutex_);
        return net::TestReply(status_, "", headers_);
    }
    void Record(
        const std::string& click,
        const NetworkName& network = "default",
        const char* kind = domain::kGoalPostback
    ) {
        domain::Report report;
        report.route = "goals_postback";
        report.key = {ClickId(click), GoalId("6"), ""};
        report.goal_type = domain::GoalType::kDeposit;
        report.deliveries = {{network, kind, {}}};
        report.new_id = report.command_id = ObjectId::New();
        ledger_->SubmitInternal(report, [](Result<domain::Decision> decision) {
            ASSERT_TRUE(decision);
        });
        ledger::Drain(*ledger_);
    }
    // And has the dispatcher look at all of it, until only what is new is looked at first.
    void OweToAStopped(int count) {
        rules_["down"].stopped = "by an operator";
        for (int i = 0; i < count; ++i) Record(fmt::format("c{}", i), "down");
        for (int round = 0; round < 2; ++round) {
            Pass(seconds(1));
            for (int i = 0; i < count / 5; ++i) dispatcher_->Step(milliseconds(0));
        }
    }
    // Steps until nothing moves any more at this moment.
    void Work(int quiet_rounds = 6) {
        size_t before = Calls();
        for (int quiet = 0; quiet < quiet_rounds; ++quiet) {
            dispatcher_->Step(milliseconds(2));
            ledger::Drain(*ledger_);
            if (client_.in_flight() > 0 || Calls() != before) quiet = 0;
            before = Calls();
        }
    }
    void Pass(milliseconds time) {
        now_.ms += time.count();
        steady_ += time;
        Work();
    }
    size_t Calls() {
        std::lock_guard lock(mutex_);
        return calls_.size();
    }
    void Answers(int status, std::string headers = "") {
        std::lock_guard lock(mutex_);
        status_ = status;
        headers_ = std::move(headers);
    }
    domain::Delivery Read(const std::string& click) {
        auto ref = store::RefOf({ClickId(click), GoalId("6"), ""});
        return domain::DecodeConversion(*engine_->Load(std::span(&ref, 1))->front())
            ->deliveries.at(0);
    }

    std::mutex mutex_;
    std::vector<std::string> calls_;  // under mutex_
    const nodes::Ownership* ownership_ = nullptr;
    std::atomic<bool> held_ = false;  // answers wait
    int status_ = 200;                // under mutex_
    std::string headers_;             // under mutex_
    Time now_{1'700'000'000'000};
    Instant steady_ = Instant{} + std::chrono::hours(1'000);
    int boots_ = 0;
    net::TestServer server_{[this](const net::TestRequest& request) { return Answer(request); }};
    std::unique_ptr<store::KvEngine> engine_ = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    SlowReads reads_{*engine_};
    net::Client client_{net::Loopback()};
    IrevApi api_{client_, {.base_url = server_.url(), .hash = "h"}};
    OneNetwork rules_{api_};
    std::unique_ptr<Dispatcher> dispatcher_;
    std::unique_ptr<ledger::Ledger> ledger_;
};

}  // namespace barracuda::delivery
