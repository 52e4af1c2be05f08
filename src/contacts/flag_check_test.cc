#include "contacts/flag_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "contacts/contact_sync.h"
#include "store/forwarding_engine.h"
#include "store/kv_engine.h"
#include "store/kv_verify.h"
#include "store/memory/memory_kv.h"

namespace barracuda::contacts {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Counts what is asked of the store, and may fail.
class CountingEngine final : public store::ForwardingEngine {
public:
    using ForwardingEngine::ForwardingEngine;
    Result<store::Page> Scan(const store::ScanRequest& request) override {
        if (request.collection == store::Collection::kConversions && fail) {
            return Fail(ErrorCode::kUnavailable, "no answer");
        }
        largest = std::max(largest, request.limit);
        return ForwardingEngine::Scan(request);
    }
    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        largest = std::max(largest, refs.size());
        return ForwardingEngine::Load(refs);
    }
    bool fail = false;
    size_t largest = 0;
};

struct FlagCheckTest : testing::Test {
    std::unique_ptr<store::KvEngine> kv = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    CountingEngine engine{*kv};
    ledger::Ledger ledger{engine, {.node = "n"}, {}};
    std::vector<std::string> findings;
    const delivery::Mend mend = [this](store::Ref ref, ledger::EditFunction edit) {
        std::promise<Result<ledger::EditState>> done;
        ledger.Edit(std::move(ref), std::move(edit), [&](auto state) { done.set_value(state); });
        return done.get_future().get();
    };

    void Put(store::Ref ref, std::string bson) {
        auto before = kv->Load({&ref, 1}).value().front();
        store::Write write{.ref = std::move(ref), .before = before, .after = std::move(bson)};
        ASSERT_EQ(kv->Commit({&write, 1}).value().front(), store::WriteState::kApplied);
    }
    static store::Ref RefOf(const domain::Contact& contact) {
        return {store::Collection::kContacts, contact.id.Hex()};
    }
    void Put(const domain::Contact& contact) { Put(RefOf(contact), Encode(contact)); }
    void Put(const domain::Conversion& c) { Put(store::RefOf(c.key), Encode(c)); }
    std::optional<domain::Contact> Read(const domain::Contact& contact) {
        const auto ref = RefOf(contact);
        auto document = kv->Load({&ref, 1}).value().front();
        return document ? std::optional(*domain::DecodeContact(*document)) : std::nullopt;
    }
    static domain::Conversion Deal(const std::string& click, domain::GoalType type) {
        domain::Conversion c;
        c.id = ObjectId::New();
        c.key = {ClickId(click), GoalId(type == domain::GoalType::kDeposit ? "6" : "5"), ""};
        c.goal_type = type;
        c.provenance = domain::Provenance::kReported;
        c.fields.Set(domain::Field::kAmount, "12.5");
        c.created = Time{4'000};
        c.rev = 1;
        return c;
    }
    // With a registration and a deposit, and what follows from them.
    domain::Contact Sound(const std::string& click) {
        domain::Contact contact = Untouched(click);
        Put(Deal(click, domain::GoalType::kRegistration));
        Put(Deal(click, domain::GoalType::kDeposit));
        contact.affiliate_registered = contact.ftd = true;
        contact.ftd_amount = *Money::Parse("12.5");
        contact.ftd_date = Time{4'000};
        return contact;
    }
    static domain::Contact Untouched(const std::string& click) {
        domain::Contact contact;
        contact.id = ObjectId::New();
        contact.email = "ann@example.com";
        contact.click_id = click;
        contact.rev = 1;
        return contact;
    }
    size_t Check(const FlagCheckOptions& options = {}, bool mending = false) {
        findings.clear();
        auto wrong = CheckFlags(engine, options, mending ? mend : delivery::Mend(), findings);
        EXPECT_TRUE(wrong);
        return wrong.value_or(0);
    }
};

TEST_F(FlagCheckTest, EveryFlagIsComparedAndMended) {
    struct Case {
        const char* fields;
        void (*damage)(domain::Contact&);
    };
    for (const auto& [fields, damage] : std::vector<Case>{
             {"affiliateRegistered", [](auto& c) { c.affiliate_registered = false; }},
             {"ftd", [](auto& c) { c.ftd = false; }},
             {"ftd_amount", [](auto& c) { c.ftd_amount = *Money::Parse("12.6"); }},
             {"ftd_amount, ftd_date", [](auto& c) { c.ftd_amount.reset(), c.ftd_date.reset(); }},
             {"ftd_currency", [](auto& c) { c.ftd_currency = "EUR"; }},
             {"ftd_date", [](auto& c) { c.ftd_date = Time{1}; }},
         }) {
        const auto sound = Sound(fields);
        auto damaged = sound;
        damage(damaged);
        Put(damaged);
        EXPECT_EQ(Check(), 1u) << fields;
        EXPECT_THAT(
            findings,
            ElementsAre("contact " + sound.id.Hex() + ": not what its conversions say: " + fields)
        );
        EXPECT_EQ(Read(sound)->rev, 1) << "looking changes nothing";
        EXPECT_EQ(Check({}, true), 1u) << "what was found is said, mended or not";
        EXPECT_EQ(Check(), 0u) << fields;
        EXPECT_THAT(findings, IsEmpty());
        auto mended = *Read(sound);
        EXPECT_EQ(mended.rev, 2);
        mended.rev = sound.rev;
        mended.updated = sound.updated;
        EXPECT_EQ(Encode(mended), Encode(sound)) << "and nothing else";
    }
}

TEST_F(FlagCheckTest, AFlagThatNoConversionBearsOutIsWrong) {
    auto contact = Untouched("c1");
    contact.ftd = contact.affiliate_registered = true;
    Put(contact);
    auto nobody = Untouched("");  // without a click no conversion can be its own
    nobody.ftd = true;
    Put(nobody);
    Put(Sound("c2"));
    EXPECT_EQ(Check({}, true), 2u);
    EXPECT_THAT(findings, testing::Each(Not(HasSubstr("@"))));
    EXPECT_FALSE(Read(contact)->ftd);
    EXPECT_FALSE(Read(contact)->affiliate_registered);
    EXPECT_FALSE(Read(nobody)->ftd);
    EXPECT_EQ(Check(), 0u);
}

TEST_F(FlagCheckTest, ConversionsOfTheHashCountToo) {
    auto contact = Untouched("click");
    contact.sub1 = "hash";
    Put(contact);
    EXPECT_EQ(Check(), 0u);
    Put(Deal("hash", domain::GoalType::kDeposit));
    EXPECT_EQ(Check(), 1u);
    EXPECT_THAT(findings, ElementsAre(HasSubstr("ftd, ftd_amount, ftd_date")));
}

TEST_F(FlagCheckTest, AFlowThatWaitsForWhatHasHappenedIsWrong) {
    auto contact = Sound("c1");
    contact.flow.route = "contact";
    contact.flow.step = domain::FlowStep::kRefused;
    contact.flow.next_at = Time{Time::Now().ms + 3'600'000};
    contact.owner = "n";
    Put(contact);
    EXPECT_EQ(Check(), 0u) << "this registration was not taken by the network";
    auto registration = Deal("c1", domain::GoalType::kRegistration);
    auto& delivery = registration.deliveries.emplace_back();
    delivery.id = DeliveryId(std::string(32, 'a'));
    delivery.network = domain::kDefaultNetwork;
    delivery.kind = domain::kGoalPostback;
    delivery.state = domain::DeliveryState::kDone;
    registration.rev = 2;
    Put(registration);
    EXPECT_EQ(Check(), 1u);
    EXPECT_THAT(findings, ElementsAre(HasSubstr("say: flow")));
    EXPECT_EQ(Check({}, true), 1u);
    EXPECT_EQ(Check(), 0u);
    EXPECT_LE(Read(contact)->flow.next_at.ms, Time::Now().ms) << "a poll takes it up";
}

TEST_F(FlagCheckTest, WhatFollowsAMomentLaterIsNotWrong) {
    auto late = Sound("late"), never = Sound("never"), erased = Sound("erased");
    const auto followed = late;
    for (auto* contact : {&late, &never, &erased}) {
        contact->ftd = false;
        Put(*contact);
    }
    std::vector<milliseconds> pauses;
    const FlagCheckOptions options{
        .trail = milliseconds(1'000), .pause = [&](milliseconds pause) {
            pauses.push_back(pause);
            if (pauses.size() == 2) Put(followed);
            if (pauses.size() != 3) return;
            store::Write gone{
                .ref = RefOf(erased), .before = Encode(erased), .after = std::nullopt};
            ASSERT_EQ(kv->Commit({&gone, 1}).value().front(), store::WriteState::kApplied);
        }};
    EXPECT_EQ(Check(options), 1u);
    EXPECT_THAT(findings, ElementsAre(HasSubstr(never.id.Hex())));
    milliseconds whole{0};
    for (auto pause : pauses) whole += pause;
    EXPECT_EQ(whole, options.trail) << "bounded, however many readings it takes";
    pauses.clear();
    never.ftd = true;
    Put(never);
    EXPECT_EQ(Check(options), 0u);
    EXPECT_THAT(pauses, IsEmpty()) << "a sound store is not waited for";
}

TEST_F(FlagCheckTest, ManyAreReadInPagesAndCounted) {
    const size_t many = store::FindingList::kNamedMax + 30;
    for (size_t i = 0; i < many; ++i) {
        auto contact = Untouched("c" + std::to_string(i));
        contact.ftd = i != 5;
        Put(contact);
    }
    EXPECT_EQ(Check({}, true), many - 1);
    EXPECT_EQ(findings.size(), store::FindingList::kNamedMax + 1);
    EXPECT_EQ(findings.back(), "and 29 more contacts");
    EXPECT_LE(engine.largest, 500u);
    EXPECT_EQ(Check(), 0u) << "those are mended that were not named";
}

TEST_F(FlagCheckTest, MoreThanAreKeptInMemoryAreJudgedInParts) {
    for (size_t i = 0; i < 25; ++i) {
        auto contact = Untouched("c" + std::to_string(i));
        contact.ftd = true;
        Put(contact);
    }
    milliseconds whole{0};
    const FlagCheckOptions options{
        .trail = milliseconds(50),
        .pause = [&](milliseconds pause) { whole += pause; },
        .suspects_max = 10};
    EXPECT_EQ(Check(options), 25u);
    EXPECT_EQ(whole, 3 * options.trail);
}

TEST_F(FlagCheckTest, AStoreThatFailsIsNoSoundOne) {
    Put(Sound("c1"));
    engine.fail = true;
    auto wrong = CheckFlags(engine, {}, {}, findings);
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().message, "no answer");
}

// A contact that is written after it was compared is compared anew, not written over.
TEST_F(FlagCheckTest, MendingLeavesAContactThatMovedOn) {
    auto contact = Sound("c1");
    contact.ftd = false;
    Put(contact);
    const delivery::Mend late = [&](store::Ref ref, ledger::EditFunction edit) {
        auto moved = contact;
        moved.notes = "called";
        moved.rev = 2;
        Put(moved);
        return mend(std::move(ref), std::move(edit));
    };
    ASSERT_EQ(*CheckFlags(engine, {}, late, findings), 1u);
    EXPECT_EQ(Read(contact)->notes, "called");
    EXPECT_FALSE(Read(contact)->ftd);
    EXPECT_EQ(Check({}, true), 1u);
    EXPECT_TRUE(Read(contact)->ftd);
    EXPECT_EQ(Read(contact)->notes, "called");
}

}  // namespace
}  // namespace barracuda::contacts
