// Flows and contact flags with two nodes over one store.
#include <gtest/gtest.h>

#include <future>
#include <set>

#include "base/test_wait.h"
#include "contacts/flow.h"
#include "delivery/one_network.h"
#include "net/test_server.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::contacts {
namespace {

using std::chrono::milliseconds;

// Says what the test wants to be so.
class Told final : public nodes::Ownership {
public:
    explicit Told(NodeId node) : node_(std::move(node)) {}
    bool MaySend(const NodeId& owner) const override { return !fenced && owner == node_; }
    bool MayTake(const NodeId& owner) const override {
        std::lock_guard lock(mutex_);
        return !fenced && dead_.contains(owner);
    }
    std::optional<std::vector<NodeId>> Owners() const override {
        std::lock_guard lock(mutex_);
        std::vector<NodeId> owners{node_};
        owners.insert(owners.end(), dead_.begin(), dead_.end());
        return owners;
    }
    void Dead(const NodeId& node) {
        std::lock_guard lock(mutex_);
        dead_.insert(node);
    }
    std::atomic<bool> fenced = false;

private:
    const NodeId node_;
    mutable std::mutex mutex_;
    std::set<NodeId> dead_;
};

struct FlowNodesTest : testing::Test {
    std::atomic<int> offer_status = 302, offers = 0, goals = 0;
    std::atomic<bool> goals_hang = false;
    net::TestServer server{[this](const net::TestRequest& request) -> std::optional<std::string> {
        if (request.target.find("/offer/") != std::string::npos) {
            ++offers;
            if (offer_status != 302) return net::TestReply(offer_status, "");
            return net::TestRedirect("http://127.0.0.1/landing?sub1=thehash&click_id=theclick");
        }
        ++goals;
        if (goals_hang) return std::nullopt;
        return net::TestReply(200, "ok");
    }};
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));

    struct Node {
        Told told;
        net::Client client{net::Loopback()};
        delivery::IrevApi network;
        delivery::OneNetwork senders;
        delivery::Dispatcher dispatcher;
        FlowRunner flows;
        ledger::Ledger ledger;

        // `ahead`: how far this node's clock is, so that what waits for a retry is due there.
        Node(FlowNodesTest& test, const NodeId& name, bool shared = true, int ahead_ms = 0)
            : told(name),
              network(
                  client,
                  {.base_url = "http://127.0.0.1:" + std::to_string(test.server.port()),
                   .hash = "configured",
                   .attempt_timeout = milliseconds(1'000)}
              ),
              senders(network),
              dispatcher(*test.engine, client, senders, DispatcherOf(ahead_ms)),
              flows(*test.engine, network, dispatcher, FlowOf(shared, ahead_ms)),
              ledger(*test.engine, {.node = name}, HooksOf()) {
            dispatcher.Start(ledger);
            flows.Start(ledger);
        }
        ~Node() {
            flows.Stop();
            dispatcher.Stop();
            ledger.Stop();
        }
        delivery::DispatcherOptions DispatcherOf(int ahead_ms) {
            delivery::DispatcherOptions options;
            options.ownership = &told;
            options.now = [ahead_ms] { return Time{Time::Now().ms + ahead_ms}; };
            return options;
        }
        FlowOptions FlowOf(bool shared, int ahead_ms) {
            FlowOptions options;
            options.ownership = &told;
            options.shared_contacts = shared;
            options.poll = milliseconds(50);
            options.inline_wait = milliseconds(3'000);
            options.now = [ahead_ms] { return Time{Time::Now().ms + ahead_ms}; };
            return options;
        }
        ledger::Hooks HooksOf() {
            ledger::Hooks hooks;
            hooks.owed = [this](const auto& c, const auto& ids) { dispatcher.Owe(c, ids); };
            hooks.written = [this](const auto& c) { flows.Written(c); };
            return hooks;
        }
        ObjectId Create(const char* route) {
            domain::Contact contact;
            contact.id = ObjectId::New();
            contact.email = contact.email_key = contact.id.Hex() + "@b";
            contact.type = "affiliate";
            contact.affiliate_id = "2";
            contact.flow.route = route;
            contact.flow.step = domain::FlowStep::kAcquire;
            std::promise<bool> done;
            EXPECT_TRUE(flows.Create(contact, milliseconds(0), [&](auto made) {
                done.set_value(made.has_value());
            }));
            EXPECT_TRUE(done.get_future().get());
            return contact.id;
        }
        void Reject(const std::string& goal) {
            domain::Report report;
            report.speaker = domain::Speaker::kAdmin;
            report.key = {ClickId("theclick"), GoalId(goal), ""};
            report.goal_type = domain::GoalType::kDeposit;
            report.status = domain::Status::kRejected;
            report.new_id = report.command_id = ObjectId::New();
            ledger.SubmitInternal(report, [](Result<domain::Decision>) {});
        }
    };

    domain::Contact Read(const ObjectId& id) {
        store::Ref ref{store::Collection::kContacts, id.Hex()};
        return *domain::DecodeContact(*engine->Load(std::span(&ref, 1))->front());
    }
};

TEST_F(FlowNodesTest, ADeadNodesFlowIsTakenOverALivingOnesIsNot) {
    offer_status = 500;
    Node b(*this, "b");
    const ObjectId id = b.Create("register");
    ASSERT_TRUE(Comes([&] { return Read(id).flow.attempts == 1; }));
    offer_status = 302;
    Node a(*this, "a", true, 10'000);  // there it is due
    std::this_thread::sleep_for(milliseconds(400));
    EXPECT_EQ(Read(id).owner, "b");
    EXPECT_EQ(offers, 1);
    a.told.Dead("b");
    b.told.fenced = true;
    EXPECT_TRUE(Comes([&] { return Read(id).flow.step == domain::FlowStep::kDone; }));
    EXPECT_EQ(offers, 2);
    EXPECT_EQ(Read(id).click_id, "theclick");
}

TEST_F(FlowNodesTest, AFencedNodeKeepsTheContactAndCallsNobody) {
    Node a(*this, "a");
    a.told.fenced = true;
    const ObjectId id = a.Create("contact");
    std::this_thread::sleep_for(milliseconds(300));
    EXPECT_EQ(offers, 0);
    EXPECT_EQ(Read(id).flow.step, domain::FlowStep::kAcquire);
    a.told.fenced = false;
    EXPECT_TRUE(Comes([&] { return Read(id).flow.step == domain::FlowStep::kDone; }));
    EXPECT_EQ(offers, 1);
}

// The node was away with the flow half done; another finished it. What it knew is not written.
TEST_F(FlowNodesTest, AFlowTakenOverStaysWhereItsNewOwnerBroughtIt) {
    goals_hang = true;
    Node b(*this, "b");
    const ObjectId id = b.Create("register");
    ASSERT_TRUE(Comes([&] { return goals == 1; })) << "b waits for the registration's answer";
    goals_hang = false;
    b.told.fenced = true;
    Node a(*this, "a", true, 20'000);
    a.told.Dead("b");
    ASSERT_TRUE(Comes([&] { return Read(id).flow.step == domain::FlowStep::kDone; }));
    const auto done = Read(id);
    EXPECT_TRUE(done.affiliate_registered);
    std::this_thread::sleep_for(milliseconds(3'300));  // b's wait is over, it would go on
    EXPECT_EQ(Read(id).flow, done.flow);
    EXPECT_EQ(Read(id).owner, "");
}

TEST_F(FlowNodesTest, FlagsFollowWhatAnotherNodeWrites) {
    Node a(*this, "a"), b(*this, "b");
    const ObjectId id = b.Create("contact");
    ASSERT_TRUE(Comes([&] { return Read(id).ftd; }));
    a.Reject("6");
    EXPECT_TRUE(Comes([&] { return !Read(id).ftd; })) << "a does not have this contact in memory";
}

TEST_F(FlowNodesTest, ControlMemoryAloneDoesNotKnowAnothersContacts) {
    Node a(*this, "a", false), b(*this, "b", false);
    std::this_thread::sleep_for(milliseconds(100));  // a has read its contacts: none
    const ObjectId id = b.Create("contact");
    ASSERT_TRUE(Comes([&] { return Read(id).ftd; }));
    // Nothing of b may come after the rejection: an outcome's commit makes b follow the flags too.
    ASSERT_TRUE(Comes([&] { return engine->WorkOwners()->empty(); }));
    std::this_thread::sleep_for(milliseconds(200));
    a.Reject("6");
    EXPECT_FALSE(Comes([&] { return !Read(id).ftd; }, milliseconds(500)));
}

TEST_F(FlowNodesTest, AHashIsKnownThatAnotherNodeLearned) {
    Node a(*this, "a"), b(*this, "b");
    const ObjectId id = b.Create("contact");
    ASSERT_TRUE(Comes([&] { return Read(id).ftd; }));
    auto ask = [&](const std::string& hash) {
        std::promise<std::optional<std::string>> click;
        a.flows.ClickOfHash(hash, [&](auto found) {
            EXPECT_TRUE(found);
            click.set_value(*found);
        });
        return click.get_future().get();
    };
    EXPECT_EQ(ask("thehash"), "theclick");
    EXPECT_EQ(ask("thehash"), "theclick") << "from memory now";
    EXPECT_EQ(ask("another"), std::nullopt);
}

}  // namespace
}  // namespace barracuda::contacts
