// Two and three nodes over one store and a network on loopback: who sends what. Clocks are moved by
// hand; the dispatchers are stepped by hand, so that a process can be "stopped" at any place.
#include "nodes/ownership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "delivery/dispatcher.h"
#include "delivery/one_network.h"
#include "ledger/test_drain.h"
#include "net/test_server.h"
#include "nodes/membership.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::delivery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// The negative control: it knows who it is, but not that others may have given it up.
class Careless final : public nodes::Ownership {
public:
    explicit Careless(const nodes::Membership& inner, NodeId node)
        : inner_(inner), node_(std::move(node)) {}
    bool MaySend(const NodeId& owner) const override { return owner == node_; }
    bool MayTake(const NodeId& owner) const override { return inner_.MayTake(owner); }
    std::optional<std::vector<NodeId>> Owners() const override { return inner_.Owners(); }

private:
    const nodes::Membership& inner_;
    const NodeId node_;
};

struct OwnershipTest : testing::Test {
    std::mutex mutex;
    std::map<std::string, int> sent;  // click -> calls that reached the network
    std::atomic<bool> hang = false;
    std::mutex first_call;  // held: the network's first call gets its answer later
    std::atomic<int> calls = 0;
    net::TestServer server{[this](const net::TestRequest& request) -> std::optional<std::string> {
        const size_t from = request.target.find("click_id=") + 9;
        {
            std::lock_guard lock(mutex);
            ++sent[request.target.substr(from, request.target.find('&', from) - from)];
        }
        if (hang) return std::nullopt;
        if (++calls == 1) std::lock_guard wait(first_call);
        return net::TestReply(200, "ok");
    }};
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));

    struct Node {
        std::atomic<int64_t> clock_ms = 0;
        int births = 0;
        nodes::Membership membership;
        Careless careless;
        net::Client client;
        IrevApi network;
        OneNetwork senders;
        Dispatcher dispatcher;
        ledger::Ledger ledger;

        struct Options {
            bool fences = true;
            long connections = 32;
            milliseconds timeout{300};
        };
        Node(OwnershipTest& test, const std::string& name) : Node(test, name, Options{}) {}
        Node(OwnershipTest& test, const std::string& name, Options options)
            : membership(*test.engine, MembershipOf(name)),
              careless(membership, membership.node()),
              client(ClientOf(options.connections)),
              network(
                  client,
                  {.base_url = "http://127.0.0.1:" + std::to_string(test.server.port()),
                   .hash = "configured",
                   .attempt_timeout = options.timeout}
              ),
              senders(network),
              dispatcher(*test.engine, client, senders, DispatcherOf(options.fences)),
              ledger(*test.engine, {.node = membership.node()}, HooksOf()) {
            EXPECT_TRUE(membership.Join(ledger));
            dispatcher.Attach(ledger);
        }
        nodes::MembershipOptions MembershipOf(const std::string& name) {
            nodes::MembershipOptions options;
            options.clock = [this] { return milliseconds(clock_ms.load()); };
            options.new_boot_id = [this, name] { return NodeId(name + std::to_string(++births)); };
            return options;
        }
        static net::ClientOptions ClientOf(long connections) {
            auto options = net::Loopback();
            options.connections_per_host_max = connections;
            return options;
        }
        DispatcherOptions DispatcherOf(bool fences) {
            DispatcherOptions options;
            options.poll = milliseconds(1);
            if (fences) {
                options.ownership = &membership;
            } else {
                options.ownership = &careless;
            }
            return options;
        }
        ledger::Hooks HooksOf() {
            ledger::Hooks hooks;
            hooks.owed = [this](const auto& c, const auto& ids) { dispatcher.Owe(c, ids); };
            return hooks;
        }
        void Drain() { ledger::Drain(ledger); }
        // A conversion with one delivery, owed by this node.
        void Record(const std::string& click) {
            domain::Report report;
            report.route = "goals_postback";
            report.key = {ClickId(click), GoalId("6"), ""};
            report.goal_type = domain::GoalType::kDeposit;
            report.deliveries = {{domain::kDefaultNetwork, domain::kGoalPostback, {}}};
            report.new_id = ObjectId::New();
            report.command_id = ObjectId::New();
            ledger.SubmitInternal(report, [](Result<domain::Decision> decision) {
                ASSERT_TRUE(decision);
            });
            Drain();
        }
        void Work(int rounds = 30) {
            for (int i = 0; i < rounds; ++i) {
                dispatcher.Step(milliseconds(5));
                Drain();
            }
        }
        void Heartbeat() {
            membership.Step();
            Drain();
        }
    };

    // A minute in steps of a heartbeat; those not named stand still, as after SIGSTOP: their clock
    // goes on, their program does not.
    static void Pass(seconds time, std::vector<Node*> all, std::vector<Node*> running) {
        for (seconds passed{0}; passed < time; passed += seconds(2)) {
            for (auto* node : all) node->clock_ms += 2'000;
            for (auto* node : running) node->Heartbeat();
        }
    }
    int Sent(const std::string& click) {
        std::lock_guard lock(mutex);
        return sent[click];
    }
    domain::Conversion Read(const std::string& click) {
        auto ref = store::RefOf({ClickId(click), GoalId("6"), ""});
        return *domain::DecodeConversion(*engine->Load(std::span(&ref, 1))->front());
    }
};

TEST_F(OwnershipTest, NobodySendsForALivingOwner) {
    Node a(*this, "a"), b(*this, "b");
    b.Record("c1");  // queued there, not sent yet
    Pass(seconds(60), {&a, &b}, {&a, &b});
    a.Work();
    EXPECT_EQ(Sent("c1"), 0);
    b.Work();
    EXPECT_EQ(Sent("c1"), 1);
    EXPECT_EQ(Read("c1").owner, "");
}

TEST_F(OwnershipTest, AReportThroughAnotherNodeIsDeliveredByTheOwner) {
    Node a(*this, "a"), b(*this, "b");
    b.Record("c1");
    domain::Report second;
    second.key = {ClickId("c1"), GoalId("6"), ""};
    second.deliveries = {{"other", domain::kGoalPostback, {}}};
    second.new_id = second.command_id = ObjectId::New();
    a.ledger.SubmitInternal(second, [](Result<domain::Decision>) {});
    a.Drain();
    EXPECT_EQ(Read("c1").owner, "b1");
    a.Work();
    EXPECT_EQ(Sent("c1"), 0);
    b.Work();
    EXPECT_EQ(Sent("c1"), 2) << "two destinations";
    a.Work();
    EXPECT_EQ(Sent("c1"), 2);
}

TEST_F(OwnershipTest, WhatADeadNodeOwedIsSentOnceByOneOfTheOthers) {
    const Node::Options patient{.timeout = seconds(20)};  // a second try would be right
    Node a(*this, "a", patient), b(*this, "b", patient), c(*this, "c", patient);
    for (int i = 0; i < 40; ++i) b.Record("c" + std::to_string(i));
    Pass(seconds(14), {&a, &c}, {&a, &c});
    a.Work(3);
    EXPECT_EQ(Sent("c0"), 0);
    Pass(seconds(6), {&a, &c}, {&a, &c});
    const auto end = std::chrono::steady_clock::now() + seconds(30);
    const auto all_told = [this] {
        for (int i = 0; i < 40; ++i) {
            if (Read("c" + std::to_string(i)).status != domain::Status::kApproved) return false;
        }
        return true;
    };
    const auto work = [&](Node& node) {
        while (!all_told() && std::chrono::steady_clock::now() < end) node.Work(1);
    };
    std::jthread other([&] { work(c); });
    work(a);
    other.join();
    a.Work();
    c.Work();
    for (int i = 0; i < 40; ++i) {
        EXPECT_EQ(Sent("c" + std::to_string(i)), 1) << i;
        EXPECT_EQ(Read("c" + std::to_string(i)).status, domain::Status::kApproved);
    }
}

// Else every boot that died beside a network that is down stays an owner, for as long as it
// retries.
TEST_F(OwnershipTest, WhatADeadNodeOwesLaterIsTakenOverAtOnce) {
    Node a(*this, "a"), b(*this, "b");
    hang = true;
    b.Record("c1");
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (Read("c1").deliveries[0].attempts == 0 && std::chrono::steady_clock::now() < end) {
        b.Work(1);
    }
    ASSERT_GT(Read("c1").deliveries[0].next_at, Time::Now());
    Pass(seconds(30), {&a, &b}, {&a});
    a.Work();
    EXPECT_EQ(Read("c1").owner, "a1");
    EXPECT_EQ(engine->WorkOwners().value(), std::vector<NodeId>{"a1"});
    EXPECT_EQ(Sent("c1"), 1) << "it waits for its time";
}

// SIGSTOP of b for 30 s with a delivery in its memory, then SIGCONT.
struct Pause {
    int sent_while_stopped = 0, sent_after = 0;
};
Pause PausedWithAQueuedDelivery(OwnershipTest& test, bool fences) {
    OwnershipTest::Node a(test, "a"), b(test, "b", {.fences = fences});
    b.Record("c1");
    OwnershipTest::Pass(seconds(30), {&a, &b}, {&a});
    a.Work();
    Pause pause;
    pause.sent_while_stopped = test.Sent("c1");
    b.Work();  // before its heartbeat thread comes to run
    b.clock_ms += 2'000;
    b.Heartbeat();
    b.clock_ms += 2'000;
    b.Heartbeat();
    b.Work();
    pause.sent_after = test.Sent("c1");
    return pause;
}

TEST_F(OwnershipTest, APausedNodeSendsNothingThatAnotherTook) {
    auto pause = PausedWithAQueuedDelivery(*this, true);
    EXPECT_EQ(pause.sent_while_stopped, 1);
    EXPECT_EQ(pause.sent_after, 1);
}

TEST_F(OwnershipTest, ControlANodeThatIgnoresFencingSendsTwice) {
    auto pause = PausedWithAQueuedDelivery(*this, false);
    EXPECT_EQ(pause.sent_while_stopped, 1);
    EXPECT_EQ(pause.sent_after, 2) << "the tests above would not see a double send";
}

// One call is under way and one waits for its connection, inside libcurl, when b is stopped for 30
// s; the answer of the first comes before b's heartbeat thread runs.
Pause PausedWithACallThatWaits(OwnershipTest& test, bool fences) {
    OwnershipTest::Node a(test, "a"),
        b(test, "b", {.fences = fences, .connections = 1, .timeout = seconds(60)});
    std::unique_lock answer_later(test.first_call);
    b.Record("first");
    b.Record("waits");
    const auto end = std::chrono::steady_clock::now() + seconds(50);
    while (test.calls == 0 && std::chrono::steady_clock::now() < end) b.Work(1);
    EXPECT_EQ(b.client.in_flight(), 2u);
    OwnershipTest::Pass(seconds(30), {&a, &b}, {&a});
    a.Work();
    Pause pause;
    pause.sent_while_stopped = test.Sent("waits");
    answer_later.unlock();
    while (b.client.in_flight() > 0 && std::chrono::steady_clock::now() < end) b.Work(1);
    pause.sent_after = test.Sent("waits");
    EXPECT_EQ(test.Sent("first"), 2);
    return pause;
}

TEST_F(OwnershipTest, ACallThatWaitedForAConnectionIsNotSentAfterAPause) {
    auto pause = PausedWithACallThatWaits(*this, true);
    EXPECT_EQ(pause.sent_while_stopped, 1);
    EXPECT_EQ(pause.sent_after, 1);
}

TEST_F(OwnershipTest, ControlACallThatWaitedWouldBeSentByANodeThatIgnoresFencing) {
    EXPECT_EQ(PausedWithACallThatWaits(*this, false).sent_after, 2);
}

TEST_F(OwnershipTest, AnAttemptInFlightIsRepeatedAtMostOnce) {
    Node a(*this, "a"), b(*this, "b");
    b.Record("c1");
    hang = true;
    const auto end = std::chrono::steady_clock::now() + seconds(20);
    while (Sent("c1") == 0 && std::chrono::steady_clock::now() < end) b.Work(1);
    EXPECT_EQ(Sent("c1"), 1);
    hang = false;
    Pass(seconds(30), {&a, &b}, {&a});
    a.Work();
    EXPECT_EQ(Sent("c1"), 2) << "nobody can know whether the first arrived";
    std::this_thread::sleep_for(milliseconds(350));
    b.Work();  // its attempt times out, and says so
    Pass(seconds(6), {&a, &b}, {&a, &b});
    a.Work();
    b.Work();
    EXPECT_EQ(Sent("c1"), 2);
    EXPECT_EQ(Read("c1").status, domain::Status::kApproved);
    EXPECT_EQ(Read("c1").owner, "");
}

}  // namespace
}  // namespace barracuda::delivery
