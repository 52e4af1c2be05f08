#include "contacts/erasures.h"

#include "contacts/contact_sync.h"
#include "contacts/erasure_sweep.h"
#include "contacts/flow_fixture.h"
#include "domain/bson.h"
#include "store/memory/memory_log.h"

namespace barracuda::contacts {
namespace {

using domain::Field;
using Ids = std::vector<ObjectId>;

struct ErasuresTest : FlowTest {
    std::unique_ptr<Program> program = std::make_unique<Program>(*this, "n1", FlowOptions{});

    EraseParts Parts() {
        return {*program->engine, program->ledger, &program->flows, [](auto query) {
                    std::thread(query).detach();
                    return true;
                }};
    }
    Result<ErasurePlan> Plan(const Whom& whom) { return PlanErasure(*program->engine, whom); }
    void Erase(const Whom& whom) {
        auto plan = Plan(whom);
        ASSERT_TRUE(plan);
        std::promise<bool> done;
        CarryOut(Parts(), *plan, [&](Result<bool> erased) { done.set_value(bool(erased)); });
        ASSERT_TRUE(done.get_future().get());
    }
    void Report(const std::string& click) {
        domain::Report report;
        report.key = {ClickId(click), GoalId("9"), ""};
        report.given.Set(Field::kIpAddress, "203.0.113.9");
        report.given.Set(Field::kSub2, "someone@example.com");
        report.given.Set(Field::kSub3, click);
        report.new_id = report.command_id = ObjectId::New();
        std::promise<bool> done;
        program->ledger.SubmitInternal(report, [&](auto decision) {
            done.set_value(bool(decision));
        });
        ASSERT_TRUE(done.get_future().get());
    }
    domain::Conversion Read(const std::string& click) {
        const auto ref = store::RefOf({ClickId(click), GoalId("9"), ""});
        return *domain::DecodeConversion(*program->engine->Load(std::span(&ref, 1))->front());
    }
    // As an adopted database may hold it: with no place in the index of e-mails.
    ObjectId Adopted(const char* email) {
        auto contact = Person("contact", email);
        contact.email_key.clear();
        contact.flow = {};
        std::promise<bool> done;
        program->ledger.Edit(
            {store::Collection::kContacts, contact.id.Hex()},
            [document = domain::Encode(contact)](const auto&) {
                return ledger::EditPlan{true, document};
            },
            [&](Result<ledger::EditState> state) { done.set_value(bool(state)); }
        );
        EXPECT_TRUE(done.get_future().get());
        return contact.id;
    }
    bool IsThere(const ObjectId& contact) {
        const store::Ref ref{store::Collection::kContacts, contact.Hex()};
        return program->engine->Load(std::span(&ref, 1))->front().has_value();
    }
};

TEST_F(ErasuresTest, AnEmailMeansEveryContactThatHasItInEitherCase) {
    auto first = program->Create(Person("contact", "ann@example.com"), kWait);
    ASSERT_TRUE(first);
    const auto second = Adopted(" Ann@Example.COM"), other = Adopted("anna@example.com");
    auto plan = Plan({.email = "ANN@example.com "});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->contacts, (Ids{first->contact.id, second}));
    EXPECT_TRUE(plan->clicks.empty()) << "no click is erased as a whole";
    EXPECT_TRUE(IsThere(second)) << "a plan does nothing";
    Erase({.email = "ann@example.com"});
    EXPECT_FALSE(IsThere(first->contact.id) || IsThere(second));
    EXPECT_TRUE(IsThere(other));
    auto nobody = Plan({.email = "ann@example.com"});
    ASSERT_FALSE(nobody);
    EXPECT_EQ(nobody.error().code, ErrorCode::kNotFound);
    EXPECT_EQ(nobody.error().where, "email");
}

TEST_F(ErasuresTest, AClickWithoutAContactLosesItsVisitorAlone) {
    Report("c1");
    Report("c2");
    auto plan = Plan({.click = "c1"});
    ASSERT_TRUE(plan);
    EXPECT_TRUE(plan->contacts.empty());
    EXPECT_EQ(plan->conversions, 1u);
    Erase({.click = "c1"});
    EXPECT_EQ(Read("c1").fields.Get(Field::kIpAddress), "");
    EXPECT_EQ(Read("c1").fields.Get(Field::kSub2), "");
    EXPECT_EQ(Read("c1").fields.Get(Field::kSub3), "c1") << "the click's own id stays";
    EXPECT_EQ(Read("c2").fields.Get(Field::kIpAddress), "203.0.113.9");
    EXPECT_EQ(Plan({.click = "c1"})->conversions, 0u) << "once";
    auto nothing = Plan({.click = "c"});
    ASSERT_FALSE(nothing) << "the beginning of an id is none";
    EXPECT_EQ(nothing.error().where, "click_id");
}

// The network gave "thehash" with "theclick".
TEST_F(ErasuresTest, AClickIsItsHashTooAlsoWhenItsContactIsGone) {
    auto created = program->Create(Person("contact", "ann@example.com"), kWait);
    ASSERT_TRUE(created && created->contact.click_id == "theclick");
    Report("theclick");
    Report("thehash");
    const auto named = Adopted("named@example.com");
    auto plan = Plan({.click = "thehash"});
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->contacts, Ids{created->contact.id});
    EXPECT_EQ(plan->clicks, (std::set<std::string, std::less<>>{"theclick", "thehash"}));
    Erase({.email = "ann@example.com"});
    EXPECT_EQ(Read("thehash").fields.Get(Field::kSub2), "someone@example.com") << "no word of hers";
    Erase({.click = "thehash"});
    for (const char* click : {"theclick", "thehash"}) {
        EXPECT_EQ(Read(click).fields.Get(Field::kIpAddress), "") << click;
        EXPECT_EQ(Read(click).fields.Get(Field::kSub2), "") << click;
        EXPECT_EQ(Read(click).fields.Get(Field::kSub3), click);
    }
    EXPECT_TRUE(IsThere(named));
}

// One sweep for all marks that are new; a click that is erased again is swept again.
TEST_F(ErasuresTest, TheLogsOfSeveralErasuresGoTogetherAndAgainWhenErasedAgain) {
    store::MemoryLog logs({{store::LogId::kAttempts, {1 << 20, std::chrono::hours(1'000'000)}}});
    auto attempt = [&](const char* click) {
        domain::BsonWriter to;
        to.Text("click_id", click);
        store::LogEntry entry{.at = Time{1}, .bson = to.Take()};
        ASSERT_TRUE(logs.Append(store::LogId::kAttempts, std::span(&entry, 1)));
    };
    auto left = [&] { return logs.stats(store::LogId::kAttempts).records; };
    Time now = Time::Now();
    ErasureSweep sweep({*program->engine, program->ledger, &logs, [&] { return now; }});
    for (const char* click : {"c1", "c2", "c3"}) {
        Report(click);
        attempt(click);
    }
    Erase({.click = "c1"});
    Erase({.click = "c2"});
    sweep.Step();
    EXPECT_EQ(left(), 1u);
    now = Time{now.ms + 2 * ErasureSweep::kSettled.count()};
    sweep.Step();
    attempt("c1");
    sweep.Step();
    EXPECT_EQ(left(), 2u) << "control: it was done with both";
    std::this_thread::sleep_for(milliseconds(2));
    Erase({.click = "c1"});
    sweep.Step();
    EXPECT_EQ(left(), 1u);
}

}  // namespace
}  // namespace barracuda::contacts
