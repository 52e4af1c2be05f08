// Whose word decides which click a hash belongs to.
#include "contacts/click_hash.h"

#include "contacts/flow_fixture.h"
#include "store/forwarding_engine.h"

namespace barracuda::contacts {
namespace {

struct ClickHashTest : FlowTest {
    static std::optional<std::string> ClickOf(FlowRunner& flows, const std::string& hash) {
        std::promise<std::optional<std::string>> click;
        flows.ClickOfHash(hash, [&](auto found) { click.set_value(*found); });
        return click.get_future().get();
    }
    static domain::Contact Typed(const std::string& sub1, const char* email) {
        auto contact = Person("contact", email);
        contact.sub1 = contact.click_id = contact.click_hash = sub1;
        contact.flow.step = domain::FlowStep::kRegistration;
        return contact;
    }
    static FlowOptions Shared(bool shared) {
        FlowOptions options;
        options.shared_contacts = shared;
        return options;
    }
};

TEST(ClickHash, Is32HexDigitsOrMore) {
    EXPECT_TRUE(IsClickHash(std::string(32, 'a')));
    EXPECT_TRUE(IsClickHash(std::string(64, 'F')));
    EXPECT_FALSE(IsClickHash(std::string(31, 'a')));
    EXPECT_FALSE(IsClickHash(std::string(32, 'g')));
    EXPECT_FALSE(IsClickHash("facebook"));
}

TEST(ClickHash, AClickThatWasMerelyTypedIsNobodysOwn) {
    domain::Contact contact;
    contact.sub1 = "SALE-1";
    EXPECT_TRUE(OwnClicks(contact).empty());
    contact.click_id = "theclick";
    contact.click_hash = "thehash";
    EXPECT_EQ(OwnClicks(contact), std::set<std::string>{"theclick"});
    contact.hash_given = true;
    EXPECT_EQ(OwnClicks(contact), (std::set<std::string>{"theclick", "thehash"}));
    contact = {};
    contact.sub1 = std::string(32, 'a');
    EXPECT_EQ(OwnClicks(contact), std::set<std::string>{contact.sub1});
}

TEST_F(ClickHashTest, WhatTheVisitorBroughtStaysAndTheHashFindsTheClick) {
    for (bool shared : {false, true}) {
        data = std::make_shared<store::MemoryKv::Data>();
        ObjectId id;
        {
            Program program(*this, "n1", Shared(shared));
            auto person = Person("contact");
            person.sub1 = "trk-1";
            auto progress = program.Create(person, kWait);
            ASSERT_TRUE(progress);
            const auto& contact = progress->contact;
            id = contact.id;
            EXPECT_EQ(contact.sub1, "trk-1");
            EXPECT_EQ(contact.click_id, "theclick");
            EXPECT_EQ(contact.click_hash, "thehash");
            EXPECT_TRUE(contact.hash_given);
            EXPECT_EQ(progress->registration->fields.Get(domain::Field::kSub1), "trk-1");
            EXPECT_EQ(progress->registration->fields.Get(domain::Field::kClickHash), "thehash");
            EXPECT_EQ(ClickOf(program.flows, "thehash"), "theclick");
            EXPECT_EQ(ClickOf(program.flows, "trk-1"), std::nullopt) << "no alias of a key";
            EXPECT_EQ(program.flows.HashOfClick("theclick"), "thehash");
        }
        Program later(*this, "n2", Shared(shared));
        EXPECT_EQ(ClickOf(later.flows, "thehash"), "theclick") << "also after a restart";
        EXPECT_EQ(ClickOf(later.flows, "trk-1"), std::nullopt);
        // A report by what the visitor brought is a conversion of its own, and the flags follow.
        domain::Report report;
        report.key = {ClickId("trk-1"), GoalId("6"), ""};
        report.goal_type = domain::GoalType::kDeposit;
        report.given.Set(domain::Field::kAmount, "250");
        report.new_id = report.command_id = ObjectId::New();
        later.ledger.SubmitInternal(report, [](Result<domain::Decision> decision) {
            EXPECT_EQ(decision->verdict, domain::Verdict::kRecorded);
        });
        auto contact = later.Until(id, [](const auto& c) {
            return c.ftd_amount && c.ftd_amount->Text() == "250";
        });
        EXPECT_TRUE(contact.ftd);
    }
}

// A stranger's form made the program tell the network a hash of the stranger's choice.
TEST_F(ClickHashTest, NoFormDecidesWhichHashIsTold) {
    for (bool shared : {false, true}) {
        data = std::make_shared<store::MemoryKv::Data>();
        Program program(*this, "n1", Shared(shared));
        ASSERT_TRUE(program.Create(Person("contact"), kWait));
        ASSERT_EQ(program.flows.HashOfClick("theclick"), "thehash");
        auto user = Person("register", "b@b");
        user.sub1 = "SALE-1";
        user.flow.step = domain::FlowStep::kNone;
        ASSERT_TRUE(program.Create(user, kWait));
        EXPECT_EQ(program.flows.HashOfClick("SALE-1"), std::nullopt);
        const std::string hex(32, 'a');
        ASSERT_TRUE(program.Create(Typed(hex, "c@b"), kWait));
        EXPECT_EQ(program.flows.HashOfClick(hex), std::nullopt);
        EXPECT_EQ(ClickOf(program.flows, hex), std::nullopt);
        // Not even a pair made to order, as an older program or a restore may have left it.
        auto forged = Typed("theclick", "d@b");
        forged.sub1 = forged.click_hash = "evil";
        ASSERT_TRUE(program.Create(forged, kWait));
        EXPECT_EQ(program.flows.HashOfClick("theclick"), "thehash");
        EXPECT_EQ(ClickOf(program.flows, "evil"), std::nullopt);
    }
}

TEST_F(ClickHashTest, AClickThatTheProgramMadeUpHasNoHashOfTheNetwork) {
    offer_status = 500;
    Program program(*this, "n1", {});
    auto progress = program.Create(Person("contact"), kWait);
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->contact.Hash(), progress->contact.click_id);
    EXPECT_FALSE(progress->contact.hash_given);
    EXPECT_EQ(program.flows.HashOfClick(progress->contact.click_id), std::nullopt);
}

// What somebody else's registration came to says nothing of the contact's own.
TEST_F(ClickHashTest, AFlowWaitsForItsOwnRegistration) {
    FlowOptions options;
    options.refused_look = milliseconds(20);
    options.poll = milliseconds(20);
    Program program(*this, "n1", options);
    auto other = program.Create(Person("contact", "o@b"), kWait);
    ASSERT_TRUE(other);
    ASSERT_EQ(other->registration->status, domain::Status::kApproved);
    goal_status = 422;
    auto person = Person("register");
    person.sub1 = "theclick";
    person.click_id = person.click_hash = std::string(32, 'b');
    person.flow.step = domain::FlowStep::kRegistration;
    auto created = program.Create(person, milliseconds(0));
    auto contact = program.Until(created->contact.id, [](const auto& c) {
        return c.flow.step == domain::FlowStep::kRefused;
    });
    contact = program.Until(contact.id, [&](const auto& c) { return c.rev >= contact.rev + 2; });
    EXPECT_EQ(contact.flow.step, domain::FlowStep::kRefused);
    EXPECT_TRUE(contact.ftd) << "though its flags follow what is reported of that click";
}

// So many queries fail.
class FailingFinds final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    std::atomic<int> failing = 0, failed = 0;

    Result<std::vector<std::string>> FindAny(
        store::IndexId index, std::span<const std::string> values
    ) override {
        if (failing-- > 0) {
            ++failed;
            return Fail(ErrorCode::kUnavailable, "it hangs");
        }
        return ForwardingEngine::FindAny(index, values);
    }
};

// One query that failed forgot up to 500 clicks, whose contacts stayed as they were.
TEST_F(ClickHashTest, WhatAQueryDidNotAnswerIsAskedAgain) {
    Program program(*this, "n1", {});
    FailingFinds engine(*program.engine);
    ContactSync sync(engine, Time::Now, true);
    auto progress = program.Create(Person("contact"), kWait);
    ASSERT_TRUE(progress);
    auto deposit = *progress->deposit;
    deposit.status = domain::Status::kRejected;
    ASSERT_TRUE(sync.Written(deposit));
    engine.failing = 1;
    EXPECT_FALSE(sync.Run(program.ledger, [] { return true; }));
    EXPECT_EQ(engine.failed, 1);
    EXPECT_TRUE(sync.Waits());
    EXPECT_TRUE(sync.Run(program.ledger, [] { return true; }));
    EXPECT_FALSE(sync.Waits());
}

}  // namespace
}  // namespace barracuda::contacts
