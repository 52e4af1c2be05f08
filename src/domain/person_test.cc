#include "domain/person.h"

#include <gtest/gtest.h>

#include "domain/decide.h"

namespace barracuda::domain {
namespace {

constexpr Time kNow{1'700'000'100'000};

Conversion Told(const Parameters& parameters) {
    Conversion c;
    c.id = *ObjectId::Parse("65a000000000000000000001");
    c.key = {ClickId("c1"), GoalId("5"), ""};
    Delivery d;
    d.id = DeliveryId(c.id, "default", "goal_postback");
    d.destination = "default";
    d.kind = "goal_postback";
    d.parameters = parameters;
    c.deliveries.push_back(d);
    c.Reschedule("node-0");
    c.rev = 1;
    return c;
}

const Parameters kAnn = {
    {"sub1", "h"}, {"name", "Ann Example"}, {"email", "Ann@Example.com"}, {"company", "Acme+Sons"}};

bool Holds(const std::string& text) {
    const std::string lower = [&] {
        std::string copy = text;
        for (char& c : copy) c = static_cast<char>(tolower(c));
        return copy;
    }();
    for (const char* part : {"ann@example", "ann%40example", "ann example", "acme"}) {
        if (lower.find(part) != std::string::npos) return true;
    }
    return false;
}

TEST(Person, IsTakenOutOfWhatWasToldAndAnswered) {
    for (const char* answer :
         {"no such user ann@EXAMPLE.com",
          "/goal/5?email=Ann%40Example.com&x=1",
          "{\"name\":\"Ann Example\"}",
          "company Acme%2bSons is blocked"}) {
        auto c = Told(kAnn);
        c.deliveries[0].response = c.deliveries[0].error = answer;
        c.deliveries[0].status = 422;
        ASSERT_TRUE(Holds(Encode(c))) << "control";
        EXPECT_TRUE(ErasePerson(c, "ANN@example.com"));
        EXPECT_FALSE(Holds(Encode(c))) << answer;
        EXPECT_EQ(c.deliveries[0].parameters, (Parameters{{"sub1", "h"}}));
        EXPECT_EQ(c.deliveries[0].status, 422);
        EXPECT_FALSE(ErasePerson(c, "ann@example.com")) << "once";
    }
    auto c = Told(kAnn);
    c.deliveries[0].response = "{\"ok\":true}";
    EXPECT_TRUE(ErasePerson(c, "ann@example.com"));
    EXPECT_EQ(c.deliveries[0].response, "{\"ok\":true}") << "what says nothing of them stays";
}

TEST(Person, OthersWithTheSameClickStay) {
    auto c = Told(kAnn);
    EXPECT_FALSE(ErasePerson(c, "bob@example.com"));
    EXPECT_EQ(c.deliveries[0].parameters, kAnn);
    auto plain = Told({{"name", "Ann Example"}});
    EXPECT_FALSE(ErasePerson(plain, "")) << "nobody has no e-mail";
}

// The attempt was under way when the person was erased: its outcome must not bring them back.
TEST(Person, AnOutcomeOfAnAttemptUnderWayDoesNotBringThemBack) {
    auto c = Told(kAnn);
    Outcome outcome;
    outcome.key = c.key;
    outcome.delivery_id = c.deliveries[0].id;
    outcome.parameters = kAnn;
    outcome.parameters.emplace_back("click_id", "c1");
    outcome.status = 500;
    outcome.error = "could not mail Ann Example";
    outcome.response = "ann@example.com is busy";
    outcome.retry_at = Time{kNow.ms + 5'000};
    auto control = Decide(c, outcome, kNow, "node-0");
    EXPECT_TRUE(Holds(Encode(*control.document)));
    ASSERT_TRUE(ErasePerson(c, "ann@example.com"));
    auto stored = DecodeConversion(Encode(c));
    ASSERT_TRUE(stored && stored->deliveries[0].erased) << "it is remembered in the document";
    auto decision = Decide(*stored, outcome, kNow, "node-0");
    ASSERT_TRUE(decision.changed);
    EXPECT_FALSE(Holds(Encode(*decision.document)));
    EXPECT_EQ(
        decision.document->deliveries[0].parameters, (Parameters{{"sub1", "h"}, {"click_id", "c1"}})
    );
    EXPECT_EQ(decision.document->deliveries[0].status, 500);
}

}  // namespace
}  // namespace barracuda::domain
