#include "contacts/flow_fixture.h"
#include "store/forwarding_engine.h"

namespace barracuda::contacts {
namespace {

TEST_F(FlowTest, AContactIsRegisteredAndDeposited) {
    Program program(*this, "n1", {});
    auto progress = program.Create(Person("contact"), kWait);
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->contact.click_id, "theclick");
    EXPECT_EQ(progress->contact.sub1, "thehash");
    EXPECT_EQ(progress->contact.click_hash, "thehash");
    EXPECT_TRUE(progress->contact.affiliate_registered);
    EXPECT_TRUE(progress->contact.ftd);
    EXPECT_EQ(progress->contact.ftd_amount->Text(), "100");
    EXPECT_EQ(progress->registration->provenance, domain::Provenance::kForm);
    EXPECT_EQ(progress->deposit->provenance, domain::Provenance::kAuto);
    EXPECT_EQ(progress->contact.flow.step, domain::FlowStep::kDone);
    EXPECT_EQ(goals, 2);
    program.flows.ClickOfHash("thehash", [](Result<std::optional<std::string>> click) {
        EXPECT_EQ(*click, "theclick");
    });
    auto again = program.Create(Person("contact"), kWait);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().message, "This email has already been registered.");
}

// A contact's insert lands, its answer is lost, and somebody changes it before anybody looks.
class LostAnswer final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    Result<std::vector<store::WriteResult>> Commit(std::span<const store::Write> writes) override {
        auto results = ForwardingEngine::Commit(writes);
        const auto& write = writes.front();
        const bool contact = write.ref.collection == store::Collection::kContacts;
        if (!contact || write.before || lost_.exchange(true)) return results;
        auto changed = *domain::DecodeContact(*write.after);
        changed.ftd = true;
        ++changed.rev;
        const store::Write theirs{write.ref, write.after, domain::Encode(changed)};
        EXPECT_TRUE(ForwardingEngine::Commit({&theirs, 1}));
        return std::vector<store::WriteResult>{store::WriteState::kLost};
    }

private:
    std::atomic<bool> lost_ = false;
};

TEST_F(FlowTest, AFormWhoseAnswerWasLostIsNotCalledRegisteredAlready) {
    Program program(*this, "n1", {});
    LostAnswer engine(*program.engine);
    FlowRunner flows(engine, program.network, program.dispatcher, {});
    ledger::Ledger ledger(engine, {.node = "n1"}, {});
    flows.Start(ledger);
    for (const bool known : {false, true}) {
        std::promise<Result<FlowProgress>> created;
        ASSERT_TRUE(flows.Create(Person("contact"), milliseconds(0), [&](auto progress) {
            created.set_value(std::move(progress));
        }));
        auto progress = created.get_future().get();
        if (known) {
            EXPECT_FALSE(progress) << "the same e-mail from somebody else";
        } else {
            ASSERT_TRUE(progress) << progress.error().message;
            EXPECT_EQ(progress->contact.rev, 2) << "as it stands";
        }
    }
    flows.Stop();
    program.dispatcher.Stop();  // on whose thread answers come that flows waited for
    ledger.Stop();
}

TEST_F(FlowTest, WhatWasDecidedOnAStepCountsAtThatStepAlone) {
    hold_offers = true;
    Program program(*this, "n1", {.poll = milliseconds(50)});
    auto created = program.Create(Person("contact"), milliseconds(0));
    ASSERT_TRUE(created);
    ASSERT_TRUE(Comes([&] { return offers == 1; }));
    // Another attempt of the same owner got its click first.
    std::promise<void> written;
    program.ledger.Edit(
        {store::Collection::kContacts, created->contact.id.Hex()},
        [](const std::optional<std::string>& stored) {
            auto contact = *domain::DecodeContact(*stored);
            contact.sub1 = contact.click_id = "first";
            contact.flow.step = domain::FlowStep::kRegistration;
            ++contact.rev;
            return ledger::EditPlan{true, domain::Encode(contact)};
        },
        [&](auto) { written.set_value(); }
    );
    written.get_future().wait();
    hold_offers = false;
    auto contact = program.Until(created->contact.id, [](const auto& c) {
        return c.flow.step == domain::FlowStep::kDone;
    });
    EXPECT_EQ(contact.click_id, "first");
    // The deposit is told after the flow is done.
    EXPECT_TRUE(Comes([&] { return goals >= 2; }));
    EXPECT_EQ(goals, 2) << "its registration and its deposit, and no other click's";
}

// Reads of all contacts wait until they are let go on.
class HeldScans final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    std::atomic<bool> held = true;

    Result<store::Page> Scan(const store::ScanRequest& request) override {
        if (!request.index) FlowTest::While(held);
        return ForwardingEngine::Scan(request);
    }
};

// Right after a start memory knows no hash yet: taken for nobody's, one sale had two conversions.
TEST_F(FlowTest, AHashIsItsContactsFromTheFirstRequestOn) {
    Program program(*this, "n1", {});
    ASSERT_TRUE(program.Create(Person("contact"), kWait));
    HeldScans held(*program.engine);
    FlowRunner flows(held, program.network, program.dispatcher, {});
    flows.Start(program.ledger);
    std::promise<std::optional<std::string>> click;
    flows.ClickOfHash("thehash", [&](auto found) { click.set_value(*found); });
    held.held = false;
    EXPECT_EQ(click.get_future().get(), "theclick");
}

TEST_F(FlowTest, ClicksAreAskedForSoManyAtATime) {
    hold_offers = true;
    Program program(*this, "n1", {});
    constexpr int kForms = FlowRunner::kAcquiresMax + 20;
    for (int i = 0; i < kForms; ++i) {
        auto email = std::to_string(i) + "@b";
        ASSERT_TRUE(program.Create(Person("contact", email.c_str()), milliseconds(0)));
    }
    EXPECT_TRUE(Comes([&] { return program.client.in_flight() >= FlowRunner::kAcquiresMax; }));
    std::this_thread::sleep_for(milliseconds(50));
    EXPECT_EQ(program.client.in_flight(), FlowRunner::kAcquiresMax);
    hold_offers = false;
    EXPECT_TRUE(Comes([&] { return offers == kForms; })) << "the others follow";
}

TEST_F(FlowTest, WhatIsRecordedIsToldAlsoWhileTheNetworkIsSlow) {
    hold_goals = true;
    FlowOptions options;
    options.inline_wait = milliseconds(50);
    Program program(*this, "n1", options);
    auto progress = program.Create(Person("contact"), milliseconds(400));
    ASSERT_TRUE(progress);
    ASSERT_TRUE(progress->deposit);
    EXPECT_EQ(progress->contact.flow.step, domain::FlowStep::kDeposit);
    EXPECT_TRUE(progress->contact.ftd);
    EXPECT_EQ(progress->contact.ftd_amount->Text(), "100");
    EXPECT_FALSE(progress->contact.affiliate_registered);
    hold_goals = false;
}

TEST_F(FlowTest, AFormIsNotTakenWhileTooMuchWaits) {
    {
        Program program(*this, "n1", {.jobs_max = 0});
        auto refused = program.Create(Person("contact"), kWait);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().message, "not taken");
    }
    Program program(*this, "n2", {});
    program.ledger.Stop();  // as with a full lane
    EXPECT_EQ(program.Create(Person("contact"), kWait).error().message, "not taken");
    store::ScanRequest contacts;
    contacts.collection = store::Collection::kContacts;
    EXPECT_TRUE(program.engine->Scan(contacts)->documents.empty());
    EXPECT_EQ(offers, 0);
}

TEST_F(FlowTest, OnlyTheContactRouteMakesARandomClick) {
    offer_status = 500;
    Program program(*this, "n1", {});
    auto progress = program.Create(Person("contact"), kWait);
    ASSERT_TRUE(progress);
    EXPECT_EQ(progress->contact.click_id.size(), 32u);
    auto other = program.Create(Person("register", "c@d"), milliseconds(0));
    ASSERT_TRUE(other);
    auto contact =
        program.Until(other->contact.id, [](const auto& c) { return !c.affiliate_error.empty(); });
    EXPECT_TRUE(contact.click_id.empty());
    EXPECT_EQ(contact.flow.step, domain::FlowStep::kAcquire);
    EXPECT_EQ(contact.flow.attempts, 1);
    EXPECT_GE(contact.flow.next_at.ms, contact.updated.ms + 3'900) << "like any delivery";
}

TEST_F(FlowTest, AStoppedNetworkIsNotAskedForAClick) {
    std::atomic<bool> stopped = true;
    FlowOptions options;
    options.stopped = [&] { return std::string(stopped ? "by me" : ""); };
    options.stopped_look = milliseconds(50);
    options.poll = milliseconds(20);
    Program program(*this, "n1", options);
    auto contact = program.Create(Person("contact"), kWait);
    ASSERT_TRUE(contact);
    EXPECT_EQ(contact->contact.click_id.size(), 32u) << "a visitor is not lost";
    auto partner = program.Create(Person("register", "c@d"), milliseconds(0));
    ASSERT_TRUE(partner);
    auto waits = program.Until(partner->contact.id, [](const auto& c) { return c.rev > 3; });
    EXPECT_EQ(waits.affiliate_error, "the network is stopped: by me");
    EXPECT_EQ(waits.flow.attempts, 0);
    EXPECT_EQ(offers, 0);
    stopped = false;
    auto done = program.Until(partner->contact.id, [](const auto& c) { return c.ftd; });
    EXPECT_EQ(done.click_id, "theclick");
    EXPECT_TRUE(done.affiliate_error.empty());
}

TEST_F(FlowTest, ARegistrationRefusedForGoodHasNoDeposit) {
    goal_status = 422;
    Program program(*this, "n1", {});
    auto created = program.Create(Person("register"), milliseconds(0));
    auto contact = program.Until(created->contact.id, [](const auto& c) {
        return c.flow.step == domain::FlowStep::kRefused;
    });
    EXPECT_FALSE(contact.affiliate_error.empty());
    EXPECT_FALSE(contact.affiliate_registered);
    EXPECT_FALSE(contact.ftd);
    EXPECT_EQ(goals, 1);
}

TEST_F(FlowTest, ARegistrationThatDiedAndIsReplayedHasItsDeposit) {
    Program program(*this, "n1", {});
    auto contact = Refused(program, "register");
    EXPECT_EQ(ConversionsOf(*program.engine, contact)->size(), 1u);
    goal_status = 200;
    Replay(program.ledger, contact);
    ExpectDeposited(program, contact);
    EXPECT_TRUE(Comes([&] { return goals == 3; })) << "refused, sent again, the deposit";
}

TEST_F(FlowTest, AReplayThatIsRefusedAgainChangesNothing) {
    Program program(*this, "n1", {});
    auto contact = Refused(program, "register");
    Replay(program.ledger, contact);
    auto died_again = [&] {  // its outcome is recorded a moment after the call
        return goals == 2 && ConversionsOf(*program.engine, contact)->front().dead.has_value();
    };
    ASSERT_TRUE(Comes(died_again));
    EXPECT_EQ(program.Read(contact.id).flow.step, domain::FlowStep::kRefused);
    goal_status = 200;
    Replay(program.ledger, contact);
    ExpectDeposited(program, contact);
}

TEST_F(FlowTest, AReplayAfterARestartHasItsDeposit) {
    domain::Contact contact;
    {
        Program program(*this, "n1", {});
        contact = Refused(program, "register");
    }
    goal_status = 200;
    Program program(*this, "n2", {});
    Replay(program.ledger, contact);
    ExpectDeposited(program, contact);
}

TEST_F(FlowTest, AReplayJustBeforeACrashHasItsDepositAtTheNextStart) {
    domain::Contact contact;
    {
        Program program(*this, "n1", {});
        contact = Refused(program, "register");
    }
    {
        auto engine = store::KvEngine::Open(std::make_unique<store::MemoryKv>(data));
        ReplayUnheard(**engine, contact);
    }
    goal_status = 200;
    Program program(*this, "n2", {});
    ExpectDeposited(program, contact);
}

TEST_F(FlowTest, AReplayThatNobodyHeardOfIsFoundByLooking) {
    FlowOptions options;
    options.refused_look = milliseconds(300);
    Program program(*this, "n1", options);
    auto contact = Refused(program, "register");
    goal_status = 200;
    ReplayUnheard(*program.engine, contact);
    ExpectDeposited(program, contact);
}

TEST_F(FlowTest, AContactsRuleMayWaitForTheReplayToo) {
    FlowOptions options;
    options.goals = [] { return FlowGoals{.then_when_delivered = true}; };
    Program program(*this, "n1", options);
    auto contact = Refused(program, "contact");
    EXPECT_EQ(ConversionsOf(*program.engine, contact)->size(), 1u);
    goal_status = 200;
    Replay(program.ledger, contact);
    ExpectDeposited(program, contact);
}

// Looking is reading: another goal of the catalog is not reported for those refused before.
TEST_F(FlowTest, LookingAtARefusedRegistrationReportsNothing) {
    std::atomic<bool> other = false;
    FlowOptions options;
    options.refused_look = milliseconds(20);
    options.poll = milliseconds(20);
    options.goals = [&] {
        FlowGoals goals;
        if (other) goals.registration = std::string("55");
        return goals;
    };
    Program program(*this, "n1", options);
    auto contact = Refused(program, "register");
    other = true;
    program.Until(contact.id, [&](const auto& c) { return c.rev >= contact.rev + 3; });
    EXPECT_EQ(ConversionsOf(*program.engine, contact)->size(), 1u);
    EXPECT_EQ(goals, 1);
}

TEST_F(FlowTest, ItsConversionsAreOfTheOfferThatItsClickIsOf) {
    FlowOptions options;
    options.offer = "17";
    Program program(*this, "n1", options);
    auto contact = program.Create(Person("register"), milliseconds(0))->contact;
    contact = program.Until(contact.id, [](const auto& c) { return !c.flow.Unfinished(); });
    const auto conversions = ConversionsOf(*program.engine, contact);
    ASSERT_EQ(conversions->size(), 2u);
    for (const auto& c : *conversions) EXPECT_EQ(c.fields.Get(domain::Field::kOfferId), "17");
}

TEST_F(FlowTest, ARegistrationRejectedMeanwhileIsOver) {
    FlowOptions options;
    options.refused_look = milliseconds(20);
    Program program(*this, "n1", options);
    auto contact = Refused(program, "register");
    domain::Report report;
    report.speaker = domain::Speaker::kAdmin;
    report.key = {ClickId(contact.click_id), GoalId("5"), ""};
    report.goal_type = domain::GoalType::kRegistration;
    report.status = domain::Status::kRejected;
    report.new_id = report.command_id = ObjectId::New();
    program.ledger.SubmitInternal(report, [](Result<domain::Decision>) {});
    contact = program.Until(contact.id, [](const auto& c) { return !c.flow.Unfinished(); });
    EXPECT_EQ(contact.flow.step, domain::FlowStep::kDone);
    EXPECT_FALSE(contact.affiliate_error.empty());
}

TEST_F(FlowTest, ARestartGoesOnWhereItStopped) {
    ObjectId id;
    {
        offer_status = 500;
        Program program(*this, "n1", {});
        auto created = program.Create(Person("register"), milliseconds(0));
        id = created->contact.id;
        program.Until(id, [](const auto& c) { return c.flow.attempts == 1; });
    }
    offer_status = 302;
    FlowOptions later;
    later.now = [] { return Time{Time::Now().ms + 10'000}; };
    Program program(*this, "n2", later);
    auto contact =
        program.Until(id, [](const auto& c) { return c.flow.step == domain::FlowStep::kDone; });
    EXPECT_EQ(contact.click_id, "theclick");
    EXPECT_TRUE(contact.ftd);
    EXPECT_TRUE(contact.affiliate_error.empty());
    EXPECT_TRUE(Comes([&] { return goals == 2; })) << "the deposit's is the dispatcher's";
}

// An admin rejects the deposit of a form.
void RejectDeposit(ledger::Ledger& ledger, const domain::ConversionKey& deposit) {
    domain::Report report;
    report.speaker = domain::Speaker::kAdmin;
    report.key = deposit;
    report.goal_type = domain::GoalType::kDeposit;
    report.status = domain::Status::kRejected;
    report.new_id = report.command_id = ObjectId::New();
    ledger.SubmitInternal(report, [](Result<domain::Decision>) {});
}

TEST_F(FlowTest, FlagsFollowTheLedger) {
    Program program(*this, "n1", {});
    auto progress = program.Create(Person("contact"), kWait);
    RejectDeposit(program.ledger, progress->deposit->key);
    auto contact = program.Until(progress->contact.id, [](const auto& c) { return !c.ftd; });
    EXPECT_FALSE(contact.ftd_amount);
    EXPECT_TRUE(contact.affiliate_registered);
}

// The dispatcher's last outcomes come when the worker has stopped.
TEST_F(FlowTest, ACleanStopLeavesNoFlagBehind) {
    Program program(*this, "n1", {});
    auto progress = program.Create(Person("contact"), kWait);
    ASSERT_TRUE(progress);
    program.flows.Stop();
    RejectDeposit(program.ledger, progress->deposit->key);
    program.dispatcher.Stop();
    ASSERT_TRUE(program.ledger.Pass(kWait));
    EXPECT_TRUE(program.Read(progress->contact.id).ftd) << "nobody has told it";
    program.flows.FollowLast(kWait);
    program.ledger.Stop();
    EXPECT_FALSE(program.Read(progress->contact.id).ftd);
    EXPECT_TRUE(program.Read(progress->contact.id).affiliate_registered);
}

// As of deliveries: what waits for a connection when an operator stops the network stays here.
TEST_F(FlowTest, AClickThatWaitsForAConnectionIsNotAskedForOnceTheNetworkIsStopped) {
    constexpr int kConnections = 32;  // to one host
    std::atomic<bool> stopped = false;
    FlowOptions options;
    options.stopped = [&] { return std::string(stopped ? "by an operator" : ""); };
    options.stopped_look = milliseconds(100);
    Program program(*this, "n1", options);
    hold_offers = true;
    for (int i = 0; i < kConnections + 8; ++i) {
        const auto email = std::to_string(i) + "@b";
        ASSERT_TRUE(program.Create(Person("register", email.c_str()), milliseconds(0)));
    }
    EXPECT_TRUE(Comes([&] { return offers == kConnections; }));
    stopped = true;
    hold_offers = false;
    EXPECT_TRUE(Comes([&] { return program.client.in_flight() == 0; }));
    EXPECT_EQ(offers, kConnections);
    stopped = false;
    EXPECT_TRUE(Comes([&] { return offers == kConnections + 8; }));
}

}  // namespace
}  // namespace barracuda::contacts
