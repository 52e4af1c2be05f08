#include "contacts/timeline.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "contacts/erasure_sweep.h"
#include "domain/contact.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::contacts {
namespace {

using domain::DeliveryState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class TimelineTest : public testing::Test {
protected:
    std::unique_ptr<store::KvEngine> engine_ = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));

    void Put(const store::Ref& ref, const std::string& document) {
        store::Write write{ref, std::nullopt, document};
        auto states = engine_->Commit(std::span(&write, 1));
        ASSERT_TRUE(states && states->front() == store::WriteState::kApplied);
    }
    domain::Contact Person(const char* click_id, const char* sub1) {
        domain::Contact c;
        c.id = ObjectId::New();
        c.name = "Ann";
        c.email = "ann@example.com";
        c.type = "affiliate";
        c.click_id = click_id;
        c.sub1 = sub1;
        c.created = Time{1'000};
        c.updated = Time{9'000};
        Put({store::Collection::kContacts, c.id.Hex()}, domain::Encode(c));
        return c;
    }
    domain::Conversion Deposit(const std::string& click, int64_t at, const char* occurrence = "") {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId(click), GoalId("6"), occurrence};
        c.goal_type = domain::GoalType::kDeposit;
        c.fields.Set(domain::Field::kAmount, "25");
        c.created = c.updated = Time{at};
        return c;
    }
    Timeline Of(const ObjectId& id) {
        auto timeline = TimelineOf(*engine_, id);
        EXPECT_TRUE(timeline && *timeline);
        return timeline && *timeline ? std::move(**timeline) : Timeline();
    }
};

std::vector<std::string> KindsOf(const Timeline& timeline) {
    std::vector<std::string> kinds;
    for (const auto& item : timeline.items) kinds.emplace_back(NameOf(item.kind));
    return kinds;
}

TEST_F(TimelineTest, OfBothClicksNewestFirst) {
    const auto person = Person("c1", "h1");
    auto told = Deposit("c1", 2'000);
    told.history.push_back(
        {.at = Time{4'000},
         .by = "admin:e",
         .field = "amount",
         .from = "25",
         .to = "30",
         .reason = "as the invoice says"}
    );
    domain::Delivery delivery;
    delivery.id = DeliveryId("d1");
    delivery.network = NetworkName("north");
    delivery.kind = "postback";
    delivery.state = DeliveryState::kDead;
    delivery.attempts = 3;
    delivery.status = 500;
    delivery.error = "refused";
    delivery.last_at = Time{3'000};
    told.deliveries = {delivery};
    Put(store::RefOf(told.key), domain::Encode(told));
    const auto other = Deposit("h1", 5'000);
    Put(store::RefOf(other.key), domain::Encode(other));
    const auto stranger = Deposit("c11", 6'000);
    Put(store::RefOf(stranger.key), domain::Encode(stranger));

    const auto timeline = Of(person.id);
    EXPECT_TRUE(timeline.complete);
    EXPECT_THAT(
        KindsOf(timeline),
        ElementsAre("edit", "conversion", "change", "delivery", "conversion", "contact")
    );
    const auto& items = timeline.items;
    EXPECT_EQ(items[1].id, other.id.Hex());
    EXPECT_EQ(items[2].text, "amount: 25 to 30, by admin:e: as the invoice says");
    EXPECT_EQ(items[3].id, told.id.Hex() + "-d1");
    EXPECT_EQ(items[3].text, "postback to north: dead, 3 attempts, HTTP 500: refused");
    EXPECT_EQ(items[4].text, "deposit, goal 6, 25 USD, pending (reported)");
    EXPECT_EQ(items[5].id, person.id.Hex());
    for (const auto& item : items) EXPECT_THAT(item.text, Not(HasSubstr("ann@example.com")));

    const auto said = [](const TimelineItem& item) {
        std::string text;
        for (const auto& [name, value] : item.facts.all())
            text += fmt::format("{}={} ", name, value);
        return text;
    };
    EXPECT_EQ(said(items[0]), "status=new ");
    EXPECT_EQ(said(items[2]), "field=amount from=25 to=30 by=admin:e reason=as the invoice says ");
    EXPECT_EQ(
        said(items[3]), "kind=postback network=north state=dead attempts=3 code=500 error=refused "
    );
    EXPECT_EQ(
        said(items[4]),
        "goal_type=deposit goal_id=6 amount=25 currency=USD status=pending provenance=reported "
    );
    EXPECT_EQ(said(items[5]), "type=affiliate ");
}

TEST_F(TimelineTest, WhatAnItemSaysIsInItsFactsToo) {
    auto person = Person("c1", "");
    person.status = "done";
    person.affiliate_status = "rejected";
    person.affiliate_reason = "unknown to us";
    person.affiliate_id = "7";
    person.ftd = true;
    person.affiliate_error = "no such offer";
    person.flow.route = "contact";
    person.flow.step = domain::FlowStep::kRegistration;
    person.flow.attempts = 1;
    person.flow.last_error = "timeout";
    person.id = ObjectId::New();
    Put({store::Collection::kContacts, person.id.Hex()}, domain::Encode(person));
    std::vector<std::string> texts;
    for (const auto& item : Of(person.id).items) {
        texts.push_back(item.text);
        for (const auto& [name, value] : item.facts.all()) {
            const bool flag = std::string_view(name) == "ftd";
            EXPECT_THAT(item.text, HasSubstr(flag ? "first deposit made" : value)) << name;
        }
    }
    EXPECT_THAT(
        texts,
        ElementsAre(
            "next step: registration, 1 attempt failed: timeout",
            "last changed: status done, affiliate rejected (unknown to us), first deposit made, "
            "the "
            "network: no such offer",
            "the form was filled in: contact, as affiliate, from affiliate 7"
        )
    );
}

TEST_F(TimelineTest, OfNobodyThereIsNone) {
    auto timeline = TimelineOf(*engine_, ObjectId::New());
    ASSERT_TRUE(timeline);
    EXPECT_FALSE(timeline->has_value());
    EXPECT_THAT(KindsOf(Of(Person("", "").id)), ElementsAre("edit", "contact"));
}

TEST_F(TimelineTest, OfOneWhoWasErasedTheErasure) {
    const auto id = ObjectId::New();
    const auto ref = ErasureMarkRef(id);
    Put(ref, Encode(ErasureMark{ref.key, {"c1"}, Time{7'000}}));
    const auto timeline = Of(id);
    EXPECT_THAT(KindsOf(timeline), ElementsAre("erasure"));
    EXPECT_EQ(timeline.items[0].at.ms, 7'000);
}

TEST_F(TimelineTest, MoreThanTheBoundsIsCutAndSaidSo) {
    const auto person = Person("c1", "");
    const auto put = [&](int from, int to) {
        for (int i = from; i < to; ++i) {
            const auto c = Deposit("c1", 10'000 + i, fmt::format("t{:05}", i).c_str());
            Put(store::RefOf(c.key), domain::Encode(c));
        }
    };
    put(0, 498);
    EXPECT_TRUE(Of(person.id).complete);
    EXPECT_THAT(Of(person.id).items, SizeIs(500));
    put(498, 499);
    auto timeline = Of(person.id);
    EXPECT_FALSE(timeline.complete) << "the oldest has no room";
    EXPECT_THAT(timeline.items, SizeIs(500));
    EXPECT_EQ(timeline.items.front().at.ms, 10'498);
    EXPECT_EQ(timeline.items.back().at.ms, 9'000) << "the newest of them stay";
    put(499, 600);
    EXPECT_FALSE(Of(person.id).complete);
    EXPECT_THAT(Of(person.id).items, SizeIs(Timeline::kItemsMax));
}

TEST_F(TimelineTest, ChangesThatAHistoryLeftOutAreSaid) {
    const auto person = Person("c1", "");
    auto c = Deposit("c1", 2'000);
    c.history_dropped = 1;
    Put(store::RefOf(c.key), domain::Encode(c));
    EXPECT_FALSE(Of(person.id).complete);
}

}  // namespace
}  // namespace barracuda::contacts
