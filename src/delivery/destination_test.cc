// The catalog as the store has it, and what its networks receive.
#include "delivery/destination.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>

#include "base/test_wait.h"
#include "net/test_server.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::delivery {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::SizeIs;

domain::Network Tracker(const NetworkName& name, const std::string& url) {
    domain::Network network;
    network.name = name;
    network.postback.url = url;
    network.meta.rev = 1;
    return network;
}

class DestinationTest : public testing::Test {
protected:
    DestinationTest() {
        domain::Network network;
        network.name = domain::kDefaultNetwork;
        network.kind = domain::NetworkKind::kIrevV3;
        network.base_url = server_.url() + "/api/v3";
        network.secrets = {"setting:network.hash"};
        domain::Goal registration{.id = "5", .type = domain::GoalType::kRegistration};
        domain::Goal deposit{.id = "6", .type = domain::GoalType::kDeposit};
        options_.built_in = {{network}, {registration, deposit}, {}};
        options_.poll = milliseconds(20);
        options_.read_secret = [this](std::string_view ref) -> Result<std::string> {
            if (ref == "setting:network.hash") return std::string("h4sh");
            if (ref == "file:key" && !key_.empty()) return key_;
            return Fail(ErrorCode::kNotFound, "it is not there");
        };
        options_.swapped = [this](const SnapshotPtr& snapshot) {
            ++swaps_;
            destinations_.Use(snapshot);
        };
    }

    void Put(const domain::Network& network) {
        const store::Ref ref{
            store::Collection::kSettings, domain::EntityKey("network", network.name.value)};
        auto before = engine_->Load(std::span(&ref, 1));
        ASSERT_TRUE(before);
        store::Write write{ref, before->front(), Encode(network)};
        auto states = engine_->Commit(std::span(&write, 1));
        ASSERT_TRUE(states);
        ASSERT_EQ(states->front(), store::WriteState::kApplied);
    }

    Attempt Send(const NetworkName& network, const Parameters& parameters) {
        domain::Delivery delivery;
        delivery.id = "d1";
        delivery.network = network;
        delivery.kind = network == "default" ? "goal_postback" : "postback";
        std::optional<Attempt> ended;
        destinations_.Send(delivery, parameters, [&](Attempt attempt) { ended = attempt; }, {});
        while (client_.in_flight() > 0) client_.Step(milliseconds(20));
        return ended.value();
    }

    net::TestServer server_{[](const net::TestRequest&) { return net::TestReply(200, "thanks"); }};
    std::unique_ptr<store::KvEngine> engine_ = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    net::Client client_{net::Loopback()};
    IrevApi network_{client_};
    Destinations destinations_{
        client_,
        network_,
        {.attempt_timeout = milliseconds(2'000),
         .concurrency = 7,
         .allowed = {*Cidr::Parse("127.0.0.0/8")},
         .now = [] { return Time{1'614'265'330'000}; }}};
    std::string key_;
    std::atomic<int> swaps_ = 0;
    CatalogOptions options_;
};

TEST_F(DestinationTest, TheSettingsNetworkIsThereFromTheStart) {
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    auto attempt = Send("default", {{"goal_id", "5"}, {"click_id", "c1"}});
    EXPECT_TRUE(attempt.accepted);
    EXPECT_EQ(server_.requests().at(0).target, "/api/v3/goal/5?hash=h4sh&click_id=c1");
}

TEST_F(DestinationTest, AStoredNetworkIsToldByItsTemplate) {
    auto tracker = Tracker("t", server_.url() + "/in?c={click_id}&k={secret}&t={timestamp}");
    tracker.secrets = {"file:key"};
    key_ = "s3cret";
    Put(tracker);
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    auto attempt = Send("t", {{"click_id", "a b"}});
    EXPECT_TRUE(attempt.accepted);
    EXPECT_EQ(attempt.response, "thanks");
    EXPECT_THAT(attempt.call.url, HasSubstr("/in?c=a%20b&k=***&t=1614265330"));
    auto request = server_.requests().at(0);
    EXPECT_EQ(request.target, "/in?c=a%20b&k=s3cret&t=1614265330");
    EXPECT_THAT(request.headers, HasSubstr("Barracuda-Delivery: d1"));

    domain::Outcome outcome;
    outcome.accepted = true;
    outcome.key.goal = GoalId("6");
    destinations_.Complete(outcome, "t");
    EXPECT_FALSE(outcome.approves);
    EXPECT_THAT(outcome.deliveries, SizeIs(1));
    destinations_.Complete(outcome, "default");
    EXPECT_TRUE(outcome.approves);
}

TEST_F(DestinationTest, WhatCannotBeSentSaysWhy) {
    auto tracker = Tracker("t", server_.url() + "/{_sub1}/x?c={click_id}&s={sig}");
    tracker.secrets = {"file:key"};
    Put(tracker);
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    auto attempt = Send("t", {{"click_id", "c"}});
    EXPECT_EQ(attempt.cls, AttemptClass::kAlarm);
    EXPECT_EQ(attempt.error, "secret file:key: it is not there");
    EXPECT_FALSE(catalog.snapshot()->secrets.at("t").trouble.empty());
    attempt = Send("nobody", {});
    EXPECT_EQ(attempt.cls, AttemptClass::kAlarm);
    EXPECT_THAT(attempt.error, HasSubstr("there is no network \"nobody\""));

    key_ = "now it is";
    ASSERT_TRUE(catalog.Load());
    attempt = Send("t", {{"click_id", "c"}, {"sub1", ".."}});
    EXPECT_EQ(attempt.cls, AttemptClass::kFinal);
    EXPECT_THAT(server_.requests(), SizeIs(0));
    EXPECT_TRUE(Send("t", {{"click_id", "c"}, {"sub1", "a"}}).accepted);
}

TEST_F(DestinationTest, ANetworksOwnLimitsHold) {
    auto tracker = Tracker("t", server_.url() + "/in");
    tracker.limits.concurrency = 3;
    tracker.limits.rate_per_second = 20;
    tracker.limits.retry_ms = {0, 100, 200};
    tracker.limits.ports = {443};
    Put(tracker);
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    const auto rules = destinations_.RulesOf("t");
    EXPECT_EQ(rules.concurrency, 3u);
    EXPECT_EQ(rules.rate_per_second, 20);
    ASSERT_TRUE(rules.schedule);
    EXPECT_EQ(rules.schedule->attempts_max(), 3);
    EXPECT_EQ(rules.gone_in_row_max, 1);
    const auto usual = destinations_.RulesOf("default");
    EXPECT_EQ(usual.concurrency, 7u);
    EXPECT_EQ(usual.schedule, nullptr);
    EXPECT_EQ(usual.gone_in_row_max, kGoneInRowOfIrev);
    EXPECT_EQ(destinations_.RulesOf("nobody").concurrency, 7u);

    const auto attempt = Send("t", {{"click_id", "c"}});
    EXPECT_TRUE(attempt.refused_address) << "not its port";
    EXPECT_EQ(attempt.cls, AttemptClass::kAlarm);
    tracker.limits.ports = {server_.port()};
    tracker.meta.rev = 2;
    auto sends_with = [&](std::vector<std::string> ranges) {
        tracker.limits.allowed_addresses = std::move(ranges);
        ++tracker.meta.rev;
        Put(tracker);
        EXPECT_TRUE(catalog.Load());
        return Send("t", {{"click_id", "c"}}).accepted;
    };
    EXPECT_TRUE(sends_with({}));
    EXPECT_TRUE(sends_with({"127.0.0.0/16"}));
    EXPECT_FALSE(sends_with({"127.1.0.0/16"})) << "its ranges narrow the program's";
    EXPECT_FALSE(sends_with({"0.0.0.0/0", "10.0.0.0/8"})) << "and open nothing";
}

TEST_F(DestinationTest, AStopHoldsUntilTheStoreSaysOtherwise) {
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    ledger::Ledger ledger(*engine_, {.node = "me"}, ledger::Hooks());
    auto edited = [&](auto edit) {
        std::promise<void> done;
        edit([&](Result<ledger::EditState> state) {
            EXPECT_TRUE(state);
            done.set_value();
        });
        done.get_future().wait();
    };
    auto stopped = [&] { return destinations_.RulesOf("default").stopped; };
    destinations_.StopHere("default", "answered 410");
    (void)catalog.Load();
    EXPECT_EQ(stopped(), "answered 410") << "before it is stored";
    const Stop stop{"default", "answered 410", Time{5}};
    edited([&](auto done) { KeepStop(ledger, stop, std::move(done)); });
    edited([&](auto done) { KeepStop(ledger, {"default", "later", Time{6}}, std::move(done)); });
    ASSERT_TRUE(*catalog.Load());
    EXPECT_EQ(catalog.snapshot()->stops.at("default").since, Time{5}) << "the first one stays";
    EXPECT_EQ(stopped(), "answered 410");
    edited([&](auto done) { RemoveStop(ledger, "default", std::move(done)); });
    ASSERT_TRUE(*catalog.Load());
    EXPECT_EQ(stopped(), "") << "wherever it was resumed";
    destinations_.StopHere("default", "again");
    destinations_.ResumeHere("default");
    EXPECT_EQ(stopped(), "");
    // Resumed at another node before this one ever saw the stop in the store: it stayed for good.
    destinations_.StopHere("default", "answered 410");
    edited([&](auto done) { KeepStop(ledger, stop, std::move(done)); });
    edited([&](auto done) { RemoveStop(ledger, "default", std::move(done)); });
    EXPECT_FALSE(*catalog.Load());
    EXPECT_EQ(stopped(), "answered 410");
    destinations_.StopKept("default");
    EXPECT_EQ(stopped(), "");
    edited([&](auto done) { KeepStop(ledger, stop, std::move(done)); });
    ASSERT_TRUE(*catalog.Load());
    destinations_.StopKept("default");
    EXPECT_EQ(stopped(), "answered 410") << "it is in the store";
    ledger.Stop();
}

// A loop of tests filled the connections that deliveries share, and went past a stop.
TEST_F(DestinationTest, ATryRespectsAStopAndIsBounded) {
    std::atomic<bool> hold = true;
    net::TestServer slow([&](const net::TestRequest&) {
        for (int i = 0; i < 2'000 && hold; ++i) std::this_thread::sleep_for(milliseconds(5));
        return net::TestReply(200, "ok");
    });
    Put(Tracker("slow", slow.url() + "/?c={click_id}"));
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    domain::Delivery delivery;
    delivery.id = "test-1";
    delivery.network = "slow";
    delivery.kind = "postback";
    size_t ended = 0, accepted = 0;
    auto done = [&](const Attempt& attempt) {
        ++ended;
        accepted += attempt.accepted;
    };
    for (size_t i = 0; i < Destinations::kTriesMax; ++i) {
        ASSERT_TRUE(destinations_.Try(delivery, {{"click_id", "c"}}, done)) << i;
    }
    auto more = destinations_.Try(delivery, {{"click_id", "c"}}, done);
    ASSERT_FALSE(more);
    EXPECT_EQ(more.error().code, ErrorCode::kUnavailable);
    hold = false;
    while (client_.in_flight() > 0) client_.Step(milliseconds(20));
    EXPECT_EQ(accepted, Destinations::kTriesMax);
    ASSERT_TRUE(destinations_.Try(delivery, {{"click_id", "c"}}, done)) << "they are over";
    destinations_.StopHere("slow", "by an operator");
    while (client_.in_flight() > 0) client_.Step(milliseconds(20));
    EXPECT_EQ(ended, Destinations::kTriesMax + 1);
    EXPECT_EQ(accepted, Destinations::kTriesMax) << "stopped before it went out";
    auto stopped = destinations_.Try(delivery, {{"click_id", "c"}}, done);
    ASSERT_FALSE(stopped);
    EXPECT_EQ(stopped.error().code, ErrorCode::kConflict);
    EXPECT_EQ(stopped.error().message, "the network is stopped: by an operator");
}

TEST_F(DestinationTest, EditsAndRotatedSecretsAreFollowed) {
    CatalogStore catalog(*engine_, options_);
    ASSERT_TRUE(catalog.Load());
    EXPECT_FALSE(*catalog.Load()) << "nothing changed";
    EXPECT_EQ(swaps_, 1);
    auto before = catalog.snapshot();
    catalog.Start();
    auto reload = [&] {
        std::promise<void> done;
        catalog.ReloadThen([&](bool read) {
            EXPECT_TRUE(read);
            done.set_value();
        });
        done.get_future().wait();
    };
    Put(Tracker("t", server_.url() + "/1"));
    reload();
    ASSERT_NE(catalog.catalog()->FindNetwork("t"), nullptr);
    EXPECT_EQ(before->catalog->FindNetwork("t"), nullptr) << "a snapshot never changes";
    auto tracker = Tracker("t", server_.url() + "/2?s={sig}");
    tracker.secrets = {"file:key"};
    tracker.meta.rev = 2;
    key_ = "one";
    Put(tracker);
    // Another node's edit: nobody asks, the poll finds it.
    EXPECT_TRUE(Comes([&] { return swaps_ >= 3; }));
    EXPECT_EQ(catalog.snapshot()->secrets.at("t").values, std::vector<std::string>{"one"});
    catalog.Stop();
    key_ = "two";
    ASSERT_TRUE(*catalog.Load());
    EXPECT_EQ(catalog.snapshot()->secrets.at("t").values, std::vector<std::string>{"two"});
    bool ran = false;
    catalog.ReloadThen([&](bool read) { ran = !read; });
    EXPECT_TRUE(ran) << "after a stop nobody is left waiting";
}

}  // namespace
}  // namespace barracuda::delivery
