// Documents that others wrote, or that a disk damaged: what we do not know is kept, and no bytes
// abort the program.
#include <gtest/gtest.h>

#include <random>

#include "domain/bson.h"
#include "domain/contact.h"
#include "domain/decide.h"

namespace barracuda::domain {
namespace {

// One of every kind of value, under names that no codec has.
void AppendForeign(BsonWriter& to) {
    BsonWriter inner, list;
    inner.Text("deep", "er");
    list.Text("0", "first");
    list.Int("1", 2);
    to.Text("hubspot", "x");
    to.Int("__v", 3);
    to.Bool("legacy", true);
    to.Date("seen", Time{77});
    to.Decimal("bonus", "1.50");
    to.Id("ref", *ObjectId::Parse("65a0000000000000000000ab"));
    to.Document("extra", inner.Take());
    to.Array("tags", list);
}

std::string Seeds() {
    BsonWriter to;
    to.Text("aaa_first", "before the fields we know");
    to.Id("_id", *ObjectId::Parse("65a0000000000000000000ff"));
    to.Int("click_id", 123);
    to.Text("goal_id", "6");
    to.Text("goal_type", "deposit");
    AppendForeign(to);
    to.Int("affiliate_id", 7);
    to.Date("createdAt", Time{5});
    to.Date("updatedAt", Time{5});
    return to.Take();
}

// The foreign fields of a document, by their bytes.
std::string ForeignOf(std::string_view document) {
    BsonWriter foreign;
    bson_iter_t at;
    EXPECT_TRUE(OpenBson(at, document));
    while (bson_iter_next(&at)) {
        for (std::string_view name :
             {"aaa_first", "hubspot", "__v", "legacy", "seen", "bonus", "ref", "extra", "tags"}) {
            if (name == bson_iter_key(&at)) foreign.Element(at);
        }
    }
    return foreign.Take();
}

TEST(StoredBytes, AConversionKeepsWhatWeDoNotKnow) {
    auto conversion = DecodeConversion(Seeds());
    ASSERT_TRUE(conversion);
    EXPECT_EQ(conversion->key.click.value, "123");
    EXPECT_EQ(ForeignOf(Encode(*conversion)), ForeignOf(Seeds()));
    auto again = DecodeConversion(Encode(*conversion));
    EXPECT_EQ(Encode(*again), Encode(*conversion)) << "and as often as it is written";
}

TEST(StoredBytes, AReportThatChangesAConversionKeepsItToo) {
    auto stored = DecodeConversion(Seeds());
    ASSERT_TRUE(stored);
    Report report;
    report.route = "ftd";
    report.key = stored->key;
    report.goal_type = GoalType::kDeposit;
    report.given.Set(Field::kAmount, "50");
    report.new_id = report.command_id = ObjectId::New();
    auto decision = Decide(*stored, report, Time{99}, "n1");
    ASSERT_TRUE(decision.changed);
    std::string written = Encode(*decision.document);
    EXPECT_EQ(TopText(written, "amount"), "50");
    EXPECT_EQ(ForeignOf(written), ForeignOf(Seeds()));
}

TEST(StoredBytes, AConversionOfOursHasNothingAtItsEnd) {
    Conversion c;
    c.key = {ClickId("c"), GoalId("6"), ""};
    auto back = DecodeConversion(Encode(c));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->rest, "");
}

// A key that cannot be told from another one is none; other text may hold whatever it holds.
TEST(StoredBytes, TextWithNulOrNoUtf8) {
    const std::string nul("a\0b", 3), odd = "a\xff\xc0";
    for (const char* part : {"click_id", "goal_id", "occurrence"}) {
        BsonWriter to;
        for (const char* name : {"click_id", "goal_id", "occurrence"}) {
            to.Text(name, name == std::string_view(part) ? nul : "x");
        }
        auto decoded = DecodeConversion(to.Take());
        ASSERT_FALSE(decoded) << part;
        EXPECT_NE(decoded.error().message.find(part), std::string::npos);
    }
    BsonWriter to;
    to.Text("click_id", odd);
    to.Text("goal_id", "6");
    to.Text("affiliate_id", nul);
    to.Text("sub1", odd);
    to.Text("owner", nul);
    auto decoded = DecodeConversion(to.Take());
    ASSERT_TRUE(decoded);
    EXPECT_EQ(decoded->fields.Get(Field::kAffiliateId), nul);
    EXPECT_EQ(decoded->owner, "") << "nobody's: whoever comes may take it";
    EXPECT_EQ(DecodeConversion(Encode(*decoded))->fields, decoded->fields);
}

// Values of another shape than the codec's, which libbson answers with no bytes at all.
TEST(StoredBytes, AFlowThatIsNoDocument) {
    for (const char* name : {"flow", "history", "deliveries", "metadata"}) {
        BsonWriter to;
        to.Id("_id", ObjectId::New());
        to.Text("click_id", "c");
        to.Text("goal_id", "6");
        to.Text(name, "text");
        auto contact = DecodeContact(to.Take());
        ASSERT_TRUE(contact) << name;
        EXPECT_EQ(contact->flow.step, FlowStep::kNone);
        ASSERT_TRUE(DecodeConversion(to.Take())) << name;
        BsonWriter list;
        BsonWriter items;
        items.Text("0", "no document");
        list.Text("click_id", "c");
        list.Text("goal_id", "6");
        list.Array(name, items);
        ASSERT_TRUE(DecodeConversion(list.Take())) << name;
    }
}

// Bytes changed at random, many a document: an error or a value, and what is decoded can be decided
// on and written.
TEST(StoredBytes, NoDamageAborts) {
    BsonWriter person, flow;
    flow.Text("route", "register");
    flow.Text("step", "refused");
    flow.Date("next_at", Time{9});
    person.Id("_id", ObjectId::New());
    person.Text("email", "a@b");
    person.Text("sub1", "h");
    person.Bool("ftd", true);
    person.Document("flow", flow.Take());
    person.Int("rev", 4);
    AppendForeign(person);
    auto full = DecodeConversion(Seeds());
    Delivery delivery;
    delivery.id = "d";
    delivery.parameters = {{"email", "a@b"}, {"name", "Ann"}};
    full->deliveries = {delivery, delivery};
    full->AddHistory({Time{5}, "key:a", "0102", "amount", "0", "1"});
    full->Reschedule("n1");
    Replay replay{.key = full->key};
    std::mt19937 random(7);
    for (const std::string& sound : {Encode(*full), person.Take()}) {
        for (int i = 0; i < 20'000; ++i) {
            std::string bytes = sound;
            for (unsigned j = 0; j <= random() % 4; ++j) {
                bytes[random() % bytes.size()] = static_cast<char>(random());
            }
            if (random() % 4 == 0) bytes.resize(random() % bytes.size());
            if (auto contact = DecodeContact(bytes)) (void)Encode(*contact);
            const TopFields fields(bytes);
            (void)fields.Date("createdAt");
            auto conversion = DecodeConversion(bytes);
            if (!conversion) continue;
            auto decision = Decide(*conversion, replay, Time{99}, "n2");
            (void)Encode(*decision.document);
        }
    }
}

}  // namespace
}  // namespace barracuda::domain
