// A step reports under the key that it was written with, whatever becomes of the goals meanwhile.
#include "contacts/flow_fixture.h"

namespace barracuda::contacts {
namespace {

using domain::FlowStep;

struct FlowGoalTest : FlowTest {
    std::atomic<int> moved = 0;

    // Looks all the time; from the move on other goals are the first of their types.
    FlowOptions Looking() {
        FlowOptions options;
        options.poll = milliseconds(20);
        options.inline_wait = milliseconds(50);
        options.now = [this] { return Time{Time::Now().ms + ahead_ms}; };
        options.goals = [this] {
            FlowGoals goals{.then_when_delivered = true};
            if (moved) goals.registration = std::string("15");
            if (moved) goals.then = std::string("16");
            return goals;
        };
        return options;
    }
    std::vector<std::string> KeysOf(Program& program, const domain::Contact& contact) {
        std::vector<std::string> keys;
        const auto conversions = ConversionsOf(*program.engine, contact);
        for (const auto& conversion : *conversions) {
            keys.push_back(conversion.key.goal.value + "/" + conversion.key.occurrence);
        }
        return keys;
    }
    // So much later is it for the flows, which then look again.
    void Pass(Program& program, const ObjectId& id, int64_t ms) {
        const int64_t rev = program.Read(id).rev;
        ahead_ms += ms;
        program.Until(id, [&](const auto& c) { return c.rev > rev; });
    }
    std::atomic<int64_t> ahead_ms = 0;
};

using Keys = std::vector<std::string>;

// The network was down when the goal was changed: every sign-up that waited was made twice.
TEST_F(FlowGoalTest, ARegistrationThatWaitsIsNotMadeAgainForAnotherGoal) {
    for (const char* route : {"contact", "register"}) {
        moved = 0;
        goal_status = 500;
        Program program(*this, NodeId(std::string("n-") + route), Looking());
        const auto id = program.Create(Person(route, route), milliseconds(0))->contact.id;
        auto waits = program.Until(id, [](const auto& c) { return !c.affiliate_error.empty(); });
        ASSERT_EQ(waits.flow.step, FlowStep::kRegistration);
        EXPECT_EQ(waits.flow.goal.id, "5");
        moved = 1;
        for (int i = 0; i < 3; ++i) Pass(program, id, 400'000);
        EXPECT_EQ(KeysOf(program, waits), Keys{"5/"}) << route;
        data = std::make_shared<store::MemoryKv::Data>();
    }
}

// A contact that 0.1.0 wrote says nothing of the goal its step has reported.
TEST_F(FlowGoalTest, WhatAnOlderProgramReportedIsFoundInTheStore) {
    goal_status = 500;
    ObjectId id;
    {
        Program program(*this, "n1", Looking());
        id = program.Create(Person("register"), milliseconds(0))->contact.id;
        program.Until(id, [](const auto& c) { return !c.affiliate_error.empty(); });
    }
    {
        auto engine = store::KvEngine::Open(std::make_unique<store::MemoryKv>(data));
        ledger::Ledger ledger(**engine, {.node = "n1"}, {});
        ledger.Edit(
            {store::Collection::kContacts, id.Hex()},
            [](const auto& stored) {
                auto contact = domain::DecodeContact(*stored);
                contact->flow.goal = {};
                ++contact->rev;
                return ledger::EditPlan{true, domain::Encode(*contact)};
            },
            [](auto) {}
        );
        ledger.Stop();
    }
    moved = 1;
    Program program(*this, "n2", Looking());
    for (int i = 0; i < 2; ++i) Pass(program, id, 400'000);
    auto waits = program.Read(id);
    EXPECT_EQ(waits.flow.goal.id, "5");
    EXPECT_EQ(KeysOf(program, waits), Keys{"5/"});
}

// The ledger does not take the deposit at first; meanwhile another goal follows the registration.
TEST_F(FlowGoalTest, ADepositIsReportedForTheGoalOfItsStep) {
    auto options = Looking();
    Program program(*this, "n1", options);
    auto person = Person("register");
    person.click_id = person.sub1 = "c";
    person.flow.step = FlowStep::kDeposit;
    person.flow.goal = {"6", domain::GoalType::kDeposit, ""};
    moved = 1;
    auto created = program.Create(person, milliseconds(0));
    auto done = program.Until(created->contact.id, [](const auto& c) {
        return c.flow.step == FlowStep::kDone;
    });
    EXPECT_EQ(KeysOf(program, done), Keys{"6/"});
    EXPECT_EQ(done.flow.goal, domain::FlowGoal{});
}

TEST_F(FlowGoalTest, TheDocumentKeepsIt) {
    auto contact = Person("contact");
    contact.flow.step = FlowStep::kDeposit;
    contact.flow.goal = {"7", domain::GoalType::kOther, "x"};
    contact.click_id = "c";
    contact.click_hash = "h";
    contact.sub1 = "brought";
    contact.hash_given = true;
    const auto read = domain::DecodeContact(domain::Encode(contact));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->flow.goal, contact.flow.goal);
    EXPECT_EQ(read->click_hash, "h");
    EXPECT_TRUE(read->hash_given);
    EXPECT_TRUE(read->rest.empty());
}

}  // namespace
}  // namespace barracuda::contacts
