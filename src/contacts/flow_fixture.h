// For tests of flows: a program over a store in memory and a network on loopback that does as it is
// told.
#pragma once

#include <gtest/gtest.h>

#include <future>

#include "base/test_wait.h"
#include "contacts/flow.h"
#include "delivery/one_network.h"
#include "net/test_server.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::contacts {

using std::chrono::milliseconds;

struct FlowTest : testing::Test {
    std::atomic<int> offer_status = 302, goal_status = 200;
    std::atomic<int> offers = 0, goals = 0;
    std::atomic<bool> hold_offers = false, hold_goals = false;  // answers wait
    std::atomic<bool> echo = false;                             // a goal's answer repeats the call
    net::TestServer server{[this](const net::TestRequest& request) -> std::optional<std::string> {
        if (request.target.find("/offer/") != std::string::npos) {
            ++offers;
            While(hold_offers);
            if (offer_status != 302) return net::TestReply(offer_status, "");
            return net::TestRedirect("http://127.0.0.1/landing?sub1=thehash&click_id=theclick");
        }
        ++goals;
        While(hold_goals);
        return net::TestReply(goal_status, echo ? request.target : "ok");
    }};
    static void While(const std::atomic<bool>& held) {
        for (int i = 0; i < 2'000 && held; ++i) std::this_thread::sleep_for(milliseconds(5));
    }
    std::shared_ptr<store::MemoryKv::Data> data = std::make_shared<store::MemoryKv::Data>();

    // One life of the program over the same data.
    struct Program {
        std::unique_ptr<store::KvEngine> engine;
        net::Client client{net::Loopback()};
        delivery::IrevApi network;
        delivery::OneNetwork senders;
        delivery::Dispatcher dispatcher;
        FlowRunner flows;
        ledger::Ledger ledger;

        Program(FlowTest& test, const NodeId& node, FlowOptions options)
            : engine(std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(test.data)))
              ),
              network(
                  client,
                  {.base_url = "http://127.0.0.1:" + std::to_string(test.server.port()),
                   .hash = "configured"}
              ),
              senders(network),
              dispatcher(*engine, client, senders, {}),
              flows(*engine, network, dispatcher, options),
              ledger(*engine, {.node = node}, HooksFor()) {
            dispatcher.Start(ledger);
            flows.Start(ledger);
        }
        ~Program() {
            flows.Stop();
            dispatcher.Stop();
            ledger.Stop();
        }
        ledger::Hooks HooksFor() {
            ledger::Hooks hooks;
            hooks.owed = [this](const auto& c, const auto& ids) { dispatcher.Owe(c, ids); };
            hooks.written = [this](const auto& c) { flows.Written(c); };
            return hooks;
        }
        Result<FlowProgress> Create(domain::Contact contact, milliseconds wait) {
            std::promise<Result<FlowProgress>> done;
            const bool taken = flows.Create(contact, wait, [&](auto result) {
                done.set_value(std::move(result));
            });
            if (!taken) return Fail(ErrorCode::kUnavailable, "not taken");
            return done.get_future().get();
        }
        domain::Contact Read(const ObjectId& id) {
            store::Ref ref{store::Collection::kContacts, id.Hex()};
            return *domain::DecodeContact(*engine->Load(std::span(&ref, 1))->front());
        }
        domain::Contact Until(
            const ObjectId& id, const std::function<bool(const domain::Contact&)>& wanted
        ) {
            domain::Contact contact;
            EXPECT_TRUE(Comes([&] { return wanted(contact = Read(id)); }));
            return contact;
        }
    };

    // A program with the one contact whose registration the network refused.
    domain::Contact Refused(Program& program, const char* route) {
        goal_status = 422;
        auto created = program.Create(Person(route), milliseconds(0));
        return program.Until(created->contact.id, [](const auto& c) {
            return c.flow.step == domain::FlowStep::kRefused;
        });
    }
    // The delivery is sent again and arrives; without hooks nobody hears of it.
    static void Replay(ledger::Ledger& ledger, const domain::Contact& contact) {
        domain::Replay replay;
        replay.key = {ClickId(contact.click_id), GoalId("5"), ""};
        replay.command_id = ObjectId::New();
        ledger.SubmitInternal(replay, [](Result<domain::Decision> decision) {
            EXPECT_EQ(decision->fresh_deliveries.size(), 1u);
        });
    }
    static void ReplayUnheard(store::Engine& engine, const domain::Contact& contact) {
        ledger::Ledger silent(engine, {.node = "silent"}, {});
        Replay(silent, contact);
        domain::Outcome outcome;
        outcome.key = {ClickId(contact.click_id), GoalId("5"), ""};
        outcome.delivery_id = ConversionsOf(engine, contact)->front().deliveries.front().id;
        outcome.accepted = true;
        outcome.command_id = ObjectId::New();
        silent.SubmitInternal(outcome, [](Result<domain::Decision> decision) {
            EXPECT_TRUE(decision->changed);
        });
        silent.Stop();
    }
    void ExpectDeposited(Program& program, const domain::Contact& refused) {
        auto contact = program.Until(refused.id, [](const auto& c) {
            return c.flow.step == domain::FlowStep::kDone && c.ftd;
        });
        EXPECT_TRUE(contact.ftd);
        EXPECT_TRUE(contact.affiliate_registered);
        EXPECT_TRUE(contact.affiliate_error.empty());
        auto conversions = ConversionsOf(*program.engine, contact);
        ASSERT_EQ(conversions->size(), 2u);
        EXPECT_EQ(conversions->back().provenance, domain::Provenance::kAuto);
        EXPECT_EQ(conversions->back().key.goal.value, "6");
    }

    static domain::Contact Person(const char* route, const char* email = "a@b") {
        domain::Contact contact;
        contact.id = ObjectId::New();
        contact.email = contact.email_key = email;
        contact.type = "affiliate";
        contact.affiliate_id = "2";
        contact.flow.route = route;
        contact.flow.step = domain::FlowStep::kAcquire;
        return contact;
    }
    static constexpr milliseconds kWait{5'000};
};

}  // namespace barracuda::contacts
