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
    c.fields.Set(Field::kSub1, "h");
    Delivery d;
    d.id = DeliveryIdOf(c.id, "default", "goal_postback");
    d.network = "default";
    d.kind = "goal_postback";
    d.parameters = parameters;
    c.deliveries.push_back(d);
    c.Reschedule("node-0");
    c.rev = 1;
    return c;
}

const Parameters kAnn = {
    {"sub1", "h"}, {"name", "Ann Example"}, {"email", "Ann@Example.com"}, {"company", "Acme+Sons"}};

PersonWords Ann() {
    Contact contact;
    contact.email = "Ann@Example.com";
    contact.name = "Ann Example";
    contact.company = "Acme+Sons";
    contact.messenger = "@annex";
    return WordsOf(contact);
}

PersonWords Bob() {
    Contact contact;
    contact.email = "bob@example.com";
    return WordsOf(contact);
}

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
        EXPECT_TRUE(ErasePerson(c, Ann(), ClickIs::kTheirs));
        EXPECT_FALSE(Holds(Encode(c))) << answer;
        EXPECT_EQ(c.deliveries[0].parameters, (Parameters{{"sub1", "h"}}));
        EXPECT_EQ(c.deliveries[0].status, 422);
        EXPECT_FALSE(ErasePerson(c, Ann(), ClickIs::kTheirs)) << "once";
    }
    auto c = Told(kAnn);
    c.deliveries[0].response = "{\"ok\":true}";
    EXPECT_TRUE(ErasePerson(c, Ann(), ClickIs::kTheirs));
    EXPECT_EQ(c.deliveries[0].response, "{\"ok\":true}") << "what says nothing of them stays";
}

TEST(Person, OthersWithTheSameClickStay) {
    auto c = Told(kAnn);
    EXPECT_FALSE(ErasePerson(c, Bob(), ClickIs::kTheirs));
    EXPECT_EQ(c.deliveries[0].parameters, kAnn);
    auto plain = Told({{"name", "Ann Example"}});
    EXPECT_FALSE(ErasePerson(plain, {}, ClickIs::kTheirs)) << "nobody said nothing";
}

Delivery Another(const Conversion& c, const Parameters& parameters, const char* answer) {
    Delivery d;
    d.id = DeliveryIdOf(c.id, "tracker", "postback");
    d.network = "tracker";
    d.kind = "postback";
    d.parameters = parameters;
    d.response = answer;
    return d;
}

// Not only what the form sent: reports of the click, other networks, history, unknown fields.
TEST(Person, GoesOutOfEverythingThatTheClickHas) {
    auto c = Told(kAnn);
    c.fields.Set(Field::kAffiliateId, "7");
    c.fields.Set(Field::kSub2, "mail=ann%40example.com");
    c.fields.Set(Field::kSub3, "annex");
    c.fields.Set(Field::kSource, "QW5uQEV4YW1wbGUuY29t");  // her address as base64
    c.fields.Set(Field::kSub4, "campaign-9");
    c.fields.Set(Field::kIpAddress, "203.0.113.9");
    c.fields.Set(Field::kUserAgent, "Mozilla/5.0 (unlike any other)");
    BsonWriter metadata, rest;
    metadata.Text("card", "4242");
    c.fields.Set(Field::kMetadata, metadata.Take());
    rest.Text("note", "call Ann Example");
    rest.Text("shard", "s-1");
    c.rest = rest.Take();
    c.AddHistory({.by = "key:t", .field = "sub2", .from = "ann@example.com", .to = "x"});
    c.AddHistory({.by = "key:t", .field = "ip_address", .from = "", .to = "198.51.100.7"});
    c.AddHistory({.by = "key:t", .field = "status", .from = "pending", .to = "approved"});
    const char* answer = R"({"user":"Example, Ann","ip":"203.0.113.9"})";
    c.deliveries.push_back(Another(c, {{"sub2", "ann@example.com"}, {"sub4", "campaign-9"}}, answer)
    );

    ASSERT_TRUE(ErasePerson(c, Ann(), ClickIs::kTheirs));
    const std::string left = Encode(c);
    for (const char* word :
         {"ann@",
          "ann%40",
          "annex",
          "Ann",
          "Acme",
          "203.0.113",
          "Mozilla",
          "4242",
          "198.51",
          "QW5u"}) {
        EXPECT_EQ(left.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(c.fields.Get(Field::kSub4), "campaign-9");
    EXPECT_EQ(c.fields.Get(Field::kAffiliateId), "7");
    EXPECT_EQ(c.deliveries[1].parameters, (Parameters{{"sub4", "campaign-9"}}));
    EXPECT_EQ(c.history.size(), 3u);
    EXPECT_EQ(c.history[2].to, "approved");
    EXPECT_NE(c.rest.find("s-1"), std::string::npos);
    EXPECT_FALSE(ErasePerson(c, Ann(), ClickIs::kTheirs)) << "once";
}

// Whoever names another's click in a form, and is erased, takes nothing of it along but what says
// their own e-mail.
TEST(Person, AClickThatTheyMerelyNamedKeepsItsFacts) {
    auto c = Told({{"click_id", "SALE-1"}, {"name", "Ann Example"}, {"sub2", "campaign-9"}});
    c.fields.Set(Field::kSub3, "Ann Example");  // what a stranger types may be anything
    c.fields.Set(Field::kBrowser, "annex");
    c.fields.Set(Field::kIpAddress, "203.0.113.9");
    c.fields.Set(Field::kUserAgent, "Mozilla/5.0");
    BsonWriter metadata;
    metadata.Text("order", "4242");
    c.fields.Set(Field::kMetadata, metadata.Take());
    c.AddHistory({.by = "key:t", .field = "ip_address", .from = "", .to = "198.51.100.7"});
    c.deliveries[0].response = "Example is welcome";
    const std::string before = Encode(c);
    EXPECT_FALSE(ErasePerson(c, Ann(), ClickIs::kNamed));
    EXPECT_EQ(Encode(c), before);

    c.fields.Set(Field::kSub4, "mail:ann%40example.com");
    c.AddHistory({.by = "key:t", .field = "sub4", .from = "Ann@Example.com", .to = "x"});
    c.deliveries.push_back(Another(c, kAnn, "known: ann@example.com"));
    EXPECT_TRUE(ErasePerson(c, Ann(), ClickIs::kNamed));
    EXPECT_EQ(c.fields.Get(Field::kSub4), "");
    EXPECT_EQ(c.fields.Get(Field::kSub3), "Ann Example");
    EXPECT_EQ(c.fields.Get(Field::kIpAddress), "203.0.113.9");
    EXPECT_EQ(c.history.front().to, "198.51.100.7");
    EXPECT_EQ(c.history.back().to, "x");
    EXPECT_EQ(c.deliveries[0].parameters.size(), 3u) << "nobody's e-mail stands there";
    EXPECT_EQ(c.deliveries[1].parameters, (Parameters{{"sub1", "h"}}))
        << "this one was told of them";
    EXPECT_EQ(Encode(c).find("ann@"), std::string::npos);
    EXPECT_FALSE(ErasePerson(c, Ann(), ClickIs::kNamed)) << "once";
}

// A conversion of a visitor whom no contact names.
Conversion OfAVisitor() {
    auto c = Told(kAnn);
    c.fields.Set(Field::kAffiliateId, "7");
    c.fields.Set(Field::kAmount, "250");
    c.fields.Set(Field::kCountry, "DE");
    c.fields.Set(Field::kSub2, "someone@example.com");
    c.fields.Set(Field::kIpAddress, "203.0.113.9");
    c.fields.Set(Field::kUserAgent, "Mozilla/5.0 (unlike any other)");
    BsonWriter metadata, rest;
    metadata.Text("card", "4242");
    c.fields.Set(Field::kMetadata, metadata.Take());
    rest.Text("seen", "from 203.0.113.9");
    rest.Text("shard", "s-1");
    c.rest = rest.Take();
    c.AddHistory({.by = "key:t", .field = "ip_address", .from = "", .to = "198.51.100.7"});
    c.AddHistory({.by = "key:t", .field = "sub2", .from = "her@example.com", .to = "h"});
    c.AddHistory({.by = "key:t", .field = "status", .from = "pending", .to = "approved"});
    c.deliveries[0].status = 422;
    c.deliveries[0].error = "no";
    c.deliveries[0].response = "who is Zoe";
    return c;
}

TEST(Visitor, LosesTheirTracesAndTheConversionStays) {
    auto c = OfAVisitor();
    ASSERT_TRUE(EraseVisitor(c, VisitorLoses::kTraces));
    const std::string left = Encode(c);
    for (const char* word : {"203.0.113", "Mozilla", "4242", "198.51", "Ann", "ann@", "Acme"}) {
        EXPECT_EQ(left.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(c.fields.Get(Field::kSub2), "someone@example.com") << "an affiliate's own word";
    EXPECT_EQ(c.fields.Get(Field::kAmount), "250");
    EXPECT_EQ(c.fields.Get(Field::kCountry), "DE");
    EXPECT_EQ(c.history.size(), 3u);
    EXPECT_NE(left.find("s-1"), std::string::npos);
    EXPECT_EQ(c.deliveries[0].response, "who is Zoe") << "it says none of that";
    EXPECT_TRUE(c.deliveries[0].erased);
    EXPECT_FALSE(EraseVisitor(c, VisitorLoses::kTraces)) << "once";

    auto plain = Told({{"sub1", "h"}});
    EXPECT_FALSE(EraseVisitor(plain, VisitorLoses::kTraces)) << "nothing is written for nothing";
}

TEST(Visitor, WhoIsErasedByTheClickLosesEveryWordThatMaySayThem) {
    auto c = OfAVisitor();
    ASSERT_TRUE(EraseVisitor(c, VisitorLoses::kEverything, {"c1", "h"}));
    const std::string left = Encode(c);
    for (const char* word :
         {"203.0.113", "Mozilla", "4242", "198.51", "Ann", "Acme", "xample.com", "Zoe"}) {
        EXPECT_EQ(left.find(word), std::string::npos) << word;
    }
    EXPECT_EQ(c.fields.Get(Field::kSub1), "h") << "it is the click's hash";
    EXPECT_EQ(c.history[1].to, "h");
    EXPECT_EQ(c.history[2].to, "approved");
    EXPECT_EQ(c.deliveries[0].parameters, (Parameters{{"sub1", "h"}}));
    EXPECT_EQ(c.deliveries[0].error, "the network answered 422");
    EXPECT_FALSE(EraseVisitor(c, VisitorLoses::kEverything, {"c1", "h"})) << "once";
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
    ASSERT_TRUE(ErasePerson(c, Ann(), ClickIs::kTheirs));
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
