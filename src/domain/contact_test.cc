#include "domain/contact.h"

#include <gtest/gtest.h>

#include "domain/bson.h"

namespace barracuda::domain {
namespace {

Contact Full() {
    Contact c;
    c.id = ObjectId::New();
    c.email = c.email_key = "ann@example.com";
    c.name = "Ann";
    c.type = "affiliate";
    c.sub1 = "hash";
    c.click_id = "click";
    c.affiliate_id = "31";
    c.affiliate_error = "the network answered 500";
    c.affiliate_registered = c.ftd = true;
    c.ftd_amount = Money{12'500'000};
    c.ftd_date = Time{5};
    c.flow = {
        .route = "contact",
        .step = FlowStep::kRegistration,
        .attempts = 2,
        .next_at = Time{77},
        .last_error = "x",
        .deposit_amount = Money{1},
        .sale_amount = std::nullopt};
    c.owner = "n1";
    c.rev = 3;
    c.created = Time{1};
    c.updated = Time{2};
    return c;
}

TEST(ContactCodec, GivesBackWhatItTook) {
    Contact c = Full();
    std::string bytes = Encode(c);
    auto back = DecodeContact(bytes);
    ASSERT_TRUE(back);
    EXPECT_EQ(Encode(*back), bytes);
    EXPECT_EQ(back->flow, c.flow);
    EXPECT_EQ(back->affiliate_error, c.affiliate_error);
    EXPECT_EQ(back->ftd_amount->Text(), "12.5");
    EXPECT_EQ(back->owner, "n1");
    EXPECT_EQ(TopText(bytes, "due"), "77");
    EXPECT_EQ(back->Click(), "click");
}

TEST(ContactCodec, AFinishedFlowIsNotDue) {
    Contact c = Full();
    c.flow.step = FlowStep::kDone;
    EXPECT_FALSE(TopText(Encode(c), "due"));
    EXPECT_FALSE(TopText(Encode(c), "owner"));
    c.email_key.clear();
    EXPECT_FALSE(TopText(Encode(c), "email_key")) << "an empty value would occupy the unique index";
}

TEST(ContactCodec, KeepsUnknownFieldsAndReadsTheSeeds) {
    BsonWriter to, inner;
    inner.Text("a", "b");
    to.Id("_id", ObjectId::New());
    to.Int("affiliate_id", 7);
    to.Text("hubspot", "x");
    to.Document("extra", inner.Take());
    to.Int("ftd_amount", 100);
    auto c = DecodeContact(to.Take());
    ASSERT_TRUE(c);
    EXPECT_EQ(c->affiliate_id, "7");
    EXPECT_EQ(c->ftd_amount->Text(), "100");
    EXPECT_EQ(c->rev, 0);
    c->notes = "n";
    std::string bytes = Encode(*c);
    EXPECT_EQ(TopText(bytes, "hubspot"), "x");
    EXPECT_EQ(TopText(bytes, "notes"), "n");
    EXPECT_EQ(Encode(*DecodeContact(bytes)), bytes);
    EXPECT_FALSE(DecodeContact("nonsense"));
}

Conversion Of(GoalType type, Status status, Provenance provenance, int64_t created = 1) {
    Conversion c;
    c.key = {ClickId("click"), GoalId(type == GoalType::kDeposit ? "6" : "5"), ""};
    c.goal_type = type;
    c.status = status;
    c.provenance = provenance;
    c.created = Time{created};
    c.fields.Set(Field::kAmount, "42.5");
    return c;
}

TEST(ContactFlags, RegisteredIsApprovedOrReportedAndNotRejected) {
    using enum Provenance;
    struct Row {
        Status status;
        Provenance provenance;
        bool registered;
    };
    for (Row row : std::initializer_list<Row>{
             {Status::kPending, kForm, false},
             {Status::kPending, kAuto, false},
             {Status::kPending, kUnknown, false},
             {Status::kPending, kAdmin, false},
             {Status::kPending, kReported, true},
             {Status::kApproved, kForm, true},
             {Status::kApproved, kReported, true},
             {Status::kApproved, kAdmin, true},
             {Status::kRejected, kReported, false},
             {Status::kRejected, kAdmin, false}}) {
        Contact contact;
        bool changed =
            SyncFlags(contact, {Of(GoalType::kRegistration, row.status, row.provenance)});
        EXPECT_EQ(contact.affiliate_registered, row.registered) << NameOf(row.provenance);
        EXPECT_EQ(changed, row.registered);
        EXPECT_FALSE(contact.ftd);
    }
}

TEST(ContactFlags, DepositIsTheFirstNotRejected) {
    Contact contact;
    EXPECT_TRUE(SyncFlags(contact, {Of(GoalType::kDeposit, Status::kPending, Provenance::kAuto, 9)})
    );
    EXPECT_TRUE(contact.ftd);
    EXPECT_FALSE(contact.affiliate_registered);
    EXPECT_EQ(contact.ftd_amount->Text(), "42.5");
    EXPECT_EQ(contact.ftd_date, Time{9});
    EXPECT_FALSE(
        SyncFlags(contact, {Of(GoalType::kDeposit, Status::kPending, Provenance::kAuto, 9)})
    );
    SyncFlags(
        contact,
        {Of(GoalType::kDeposit, Status::kRejected, Provenance::kReported, 1),
         Of(GoalType::kDeposit, Status::kPending, Provenance::kReported, 3),
         Of(GoalType::kDeposit, Status::kApproved, Provenance::kReported, 2)}
    );
    EXPECT_EQ(contact.ftd_date, Time{2});
    EXPECT_EQ(contact.ftd_currency, "");
    SyncFlags(
        contact,
        {Of(GoalType::kDeposit, Status::kApproved, Provenance::kAuto, 1),
         Of(GoalType::kDeposit, Status::kPending, Provenance::kReported, 5),
         Of(GoalType::kDeposit, Status::kPending, Provenance::kForm, 2)}
    );
    EXPECT_EQ(contact.ftd_date, Time{5}) << "an invented one gives way";
    auto euros = Of(GoalType::kDeposit, Status::kApproved, Provenance::kReported, 2);
    euros.fields.Set(Field::kCurrency, "EUR");
    EXPECT_TRUE(SyncFlags(contact, {euros}));
    EXPECT_EQ(contact.ftd_currency, "EUR");
    EXPECT_EQ(TopText(Encode(contact), "ftd_currency"), "EUR");
    euros.fields.Set(Field::kCurrency, kDefaultCurrency);
    EXPECT_TRUE(SyncFlags(contact, {euros}));
    EXPECT_FALSE(TopText(Encode(contact), "ftd_currency")) << "the default one is not said";
    EXPECT_TRUE(SyncFlags(contact, {}));
    EXPECT_FALSE(contact.ftd || contact.ftd_amount || contact.ftd_date);
}

}  // namespace
}  // namespace barracuda::domain
