// contract.md "What a second report does", cell by cell. The properties: decide_property_test.cc.
#include "domain/decide.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::domain {

// A failing row is named by this.
void PrintTo(Verdict verdict, std::ostream* out) { *out << NameOf(verdict); }
void PrintTo(Status status, std::ostream* out) { *out << NameOf(status); }
void PrintTo(Provenance provenance, std::ostream* out) { *out << NameOf(provenance); }

namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::SizeIs;

constexpr Time kThen{1'700'000'000'000};
constexpr Time kNow{1'700'000'100'000};
const NodeId kNode = "node-1";
const ObjectId kStoredId = *ObjectId::Parse("65a000000000000000000001");
const ObjectId kNewId = *ObjectId::Parse("65a000000000000000000002");

ConversionKey Key() { return {ClickId("c1"), GoalId("6"), ""}; }

Conversion Stored(Provenance provenance, Status status = Status::kPending) {
    Conversion c;
    c.id = kStoredId;
    c.key = Key();
    c.goal_type = GoalType::kDeposit;
    c.status = status;
    c.provenance = provenance;
    c.route = "before";
    c.fields.Set(Field::kAmount, "10");
    c.fields.Set(Field::kOfferId, "2");
    c.rev = 1;
    c.created = c.updated = kThen;
    return c;
}

Report Says(Speaker speaker) {
    Report report;
    report.speaker = speaker;
    report.route = "ftd";
    report.key = Key();
    report.goal_type = GoalType::kDeposit;
    report.given.Set(Field::kAmount, "50");
    report.given.Set(Field::kOfferId, "9");
    report.defaults.Set(Field::kSource, "default-source");
    report.new_id = kNewId;
    report.by = "key:tracker";
    return report;
}

Decision Ask(const std::optional<Conversion>& state, const Command& command) {
    return Decide(state, command, kNow, kNode);
}

std::vector<std::string> ConflictFields(const Decision& decision) {
    std::vector<std::string> names;
    for (const auto& conflict : decision.conflicts) names.push_back(conflict.field);
    return names;
}

Conversion WithDelivery(DeliveryState state, Status status = Status::kPending) {
    Conversion c = Stored(Provenance::kReported, status);
    Delivery d;
    d.id = DeliveryIdOf(c.id, "NetB", "private_api");
    d.network = "NetB";
    d.kind = "private_api";
    d.state = state;
    d.next_at = kThen;
    c.deliveries.push_back(d);
    c.Reschedule("node-0");
    return c;
}

Outcome OutcomeFor(const Conversion& c) {
    Outcome outcome;
    outcome.key = c.key;
    outcome.delivery_id = c.deliveries.at(0).id;
    outcome.status = 200;
    return outcome;
}

struct Cell {
    std::optional<Provenance> stored;
    Speaker speaker;
    Verdict verdict;
    bool is_duplicate;
    Provenance after;
    const char* amount;
    std::vector<std::string> conflicts;
};

constexpr auto kKeyed = Speaker::kKeyed;
constexpr auto kForm = Speaker::kForm;
constexpr auto kChain = Speaker::kChain;
constexpr auto kAdmin = Speaker::kAdmin;

TEST(DecideTable, EveryCell) {
    using P = Provenance;
    const auto nothing = std::nullopt;
    const auto recorded = Verdict::kRecorded, duplicate = Verdict::kDuplicate,
               updated = Verdict::kUpdated;
    const std::vector<std::string> differ = {"offer_id", "amount"};
    const std::vector<Cell> cells = {
        {nothing, kKeyed, recorded, false, P::kReported, "50", {}},
        {nothing, kForm, recorded, false, P::kForm, "50", {}},
        {nothing, kChain, recorded, false, P::kAuto, "50", {}},
        {nothing, kAdmin, recorded, false, P::kAdmin, "50", {}},
        {P::kForm, kKeyed, updated, false, P::kReported, "50", {}},
        {P::kForm, kForm, duplicate, true, P::kForm, "10", {}},
        {P::kForm, kChain, duplicate, true, P::kForm, "10", {}},
        {P::kForm, kAdmin, updated, false, P::kAdmin, "50", {}},
        {P::kAuto, kKeyed, updated, false, P::kReported, "50", {}},
        {P::kAuto, kForm, duplicate, true, P::kAuto, "10", {}},
        {P::kAuto, kChain, duplicate, true, P::kAuto, "10", {}},
        {P::kAuto, kAdmin, updated, false, P::kAdmin, "50", {}},
        {P::kUnknown, kKeyed, updated, false, P::kReported, "50", {}},
        {P::kUnknown, kForm, duplicate, true, P::kUnknown, "10", {}},
        {P::kUnknown, kChain, duplicate, true, P::kUnknown, "10", {}},
        {P::kUnknown, kAdmin, updated, false, P::kAdmin, "50", {}},
        {P::kReported, kKeyed, duplicate, true, P::kReported, "10", differ},
        {P::kReported, kForm, duplicate, true, P::kReported, "10", {}},
        {P::kReported, kChain, duplicate, true, P::kReported, "10", {}},
        {P::kReported, kAdmin, updated, true, P::kReported, "50", {}},
        {P::kAdmin, kKeyed, duplicate, true, P::kAdmin, "10", differ},
        {P::kAdmin, kForm, duplicate, true, P::kAdmin, "10", {}},
        {P::kAdmin, kChain, duplicate, true, P::kAdmin, "10", {}},
        {P::kAdmin, kAdmin, updated, true, P::kAdmin, "50", {}},
    };
    for (const auto& cell : cells) {
        SCOPED_TRACE(
            std::string(cell.stored ? NameOf(*cell.stored) : "nothing") + " x speaker " +
            std::to_string(static_cast<int>(cell.speaker))
        );
        std::optional<Conversion> state;
        if (cell.stored) state = Stored(*cell.stored);
        auto decision = Ask(state, Says(cell.speaker));
        EXPECT_EQ(decision.verdict, cell.verdict);
        EXPECT_EQ(decision.is_duplicate, cell.is_duplicate);
        EXPECT_EQ(decision.changed, cell.verdict != duplicate);
        EXPECT_FALSE(decision.trace.empty());
        ASSERT_TRUE(decision.document);
        const Conversion& after = *decision.document;
        EXPECT_EQ(after.id, cell.stored ? kStoredId : kNewId);
        EXPECT_EQ(after.provenance, cell.after);
        EXPECT_EQ(after.fields.Get(Field::kAmount), cell.amount);
        EXPECT_EQ(after.fields.Get(Field::kOfferId), cell.amount == std::string("50") ? "9" : "2");
        EXPECT_THAT(ConflictFields(decision), testing::UnorderedElementsAreArray(cell.conflicts));
        EXPECT_EQ(after.rev, cell.stored ? 1 : 0) << "the ledger counts revisions";
        EXPECT_EQ(after.created, cell.stored ? kThen : kNow);
        EXPECT_EQ(after.updated, decision.changed ? kNow : kThen);
        // Defaults fill only what is recorded anew.
        EXPECT_EQ(after.fields.Find(Field::kSource) != nullptr, !cell.stored);
    }
}

TEST(DecideTable, UpdateLeavesHistoryThatSaysWho) {
    auto report = Says(kAdmin);
    report.by = "admin:ann@example.org";
    auto decision = Ask(Stored(Provenance::kReported), report);
    ASSERT_THAT(decision.document->history, SizeIs(2));
    for (const auto& entry : decision.document->history) {
        EXPECT_EQ(entry.by, "admin:ann@example.org");
        EXPECT_EQ(entry.at, kNow);
    }
    EXPECT_EQ(decision.document->history[0].field, "offer_id");
    EXPECT_EQ(decision.document->history[1].from, "10");
    EXPECT_EQ(decision.document->history[1].to, "50");
}

TEST(DecideTable, GivenWinsOverDefaultWhenRecorded) {
    auto report = Says(kKeyed);
    report.given.Set(Field::kSource, "given-source");
    report.default_status = Status::kApproved;
    auto decision = Ask(std::nullopt, report);
    EXPECT_EQ(decision.document->fields.Get(Field::kSource), "given-source");
    EXPECT_EQ(decision.document->status, Status::kApproved);
    report.status = Status::kRejected;
    EXPECT_EQ(Ask(std::nullopt, report).document->status, Status::kRejected);
}

// Rows: stored status; columns: given status. Who may move it there.
TEST(DecideStatus, MovesForwardOnlyExceptByAdmin) {
    const Status all[] = {Status::kPending, Status::kApproved, Status::kRejected};
    for (auto provenance :
         {Provenance::kReported,
          Provenance::kAdmin,
          Provenance::kForm,
          Provenance::kAuto,
          Provenance::kUnknown}) {
        for (auto speaker : {kKeyed, kForm, kChain, kAdmin}) {
            for (auto from : all) {
                for (auto to : all) {
                    SCOPED_TRACE(
                        testing::Message()
                        << NameOf(provenance) << " speaker " << static_cast<int>(speaker) << " "
                        << NameOf(from) << "->" << NameOf(to)
                    );
                    Report report;
                    report.speaker = speaker;
                    report.key = Key();
                    report.status = to;
                    auto decision = Ask(Stored(provenance, from), report);
                    bool forward = static_cast<int>(to) > static_cast<int>(from);
                    bool moves = speaker == kAdmin ||
                                 (speaker == kKeyed && provenance != Provenance::kAdmin && forward);
                    EXPECT_EQ(decision.document->status, moves ? to : from);
                    bool conflict = speaker == kKeyed && !moves && from != to;
                    EXPECT_EQ(ConflictFields(decision).size(), conflict ? 1u : 0u);
                    if (speaker == kKeyed && provenance == Provenance::kReported) {
                        EXPECT_EQ(
                            decision.verdict, forward ? Verdict::kUpdated : Verdict::kDuplicate
                        );
                        EXPECT_TRUE(decision.is_duplicate);
                    }
                }
            }
        }
    }
}

TEST(DecideStatus, DefaultStatusDoesNotCountAsGiven) {
    Report report;
    report.key = Key();
    report.default_status = Status::kRejected;
    auto decision = Ask(Stored(Provenance::kReported), report);
    EXPECT_EQ(decision.document->status, Status::kPending);
    EXPECT_FALSE(decision.changed);
}

TEST(DecideAmount, ZeroOrAbsentIsFilledOnce) {
    for (bool absent : {false, true}) {
        auto state = Stored(Provenance::kReported);
        Fields fields;
        if (!absent) fields.Set(Field::kAmount, "0");
        state.fields = fields;
        Report report;
        report.key = Key();
        report.given.Set(Field::kAmount, "12.5");
        auto filled = Ask(state, report);
        EXPECT_EQ(filled.verdict, Verdict::kUpdated);
        EXPECT_TRUE(filled.is_duplicate);
        EXPECT_THAT(filled.conflicts, IsEmpty());
        EXPECT_EQ(filled.document->fields.Get(Field::kAmount), "12.5");
        report.given.Set(Field::kAmount, "13");
        auto again = Ask(filled.document, report);
        EXPECT_EQ(again.verdict, Verdict::kDuplicate);
        EXPECT_FALSE(again.changed);
        ASSERT_THAT(again.conflicts, SizeIs(1));
        EXPECT_EQ(again.conflicts[0].stored, "12.5");
        EXPECT_EQ(again.conflicts[0].given, "13");
    }
}

TEST(DecideAmount, OnlyTheAmountIsFilled) {
    auto state = Stored(Provenance::kReported);
    Report report;
    report.key = Key();
    report.given.Set(Field::kSaleAmount, "5");
    report.given.Set(Field::kSub1, "s");
    auto decision = Ask(state, report);
    EXPECT_FALSE(decision.changed);
    EXPECT_THAT(ConflictFields(decision), ElementsAre("sale_amount", "sub1"));
}

TEST(DecideAmount, ZeroNeverReplacesAConfirmedAmount) {
    Report report;
    report.key = Key();
    report.given.Set(Field::kAmount, "0");
    auto decision = Ask(Stored(Provenance::kReported), report);
    EXPECT_FALSE(decision.changed);
    EXPECT_EQ(decision.document->fields.Get(Field::kAmount), "10");
}

TEST(DecideDeliveries, AddedInEveryCellAndOnlyTheMissingOnes) {
    for (auto provenance : {Provenance::kReported, Provenance::kAdmin, Provenance::kForm}) {
        for (auto speaker : {kKeyed, kForm, kChain, kAdmin}) {
            auto state = WithDelivery(DeliveryState::kDone);
            state.provenance = provenance;
            Report report;
            report.speaker = speaker;
            report.key = Key();
            report.deliveries = {
                {"NetB", "private_api"}, {"NetA", "goal_postback"}, {"NetA", "goal_postback"}};
            auto decision = Ask(state, report);
            EXPECT_TRUE(decision.changed);
            ASSERT_THAT(decision.document->deliveries, SizeIs(2));
            const auto& fresh = decision.document->deliveries[1];
            EXPECT_THAT(decision.fresh_deliveries, ElementsAre(fresh.id));
            EXPECT_EQ(fresh.id, DeliveryIdOf(kStoredId, "NetA", "goal_postback"));
            EXPECT_EQ(fresh.state, DeliveryState::kWaiting);
            EXPECT_EQ(decision.document->due, kNow);
            EXPECT_EQ(decision.document->owner, kNode);
            if (speaker == kForm) {
                EXPECT_EQ(decision.verdict, Verdict::kDuplicate);
                EXPECT_TRUE(decision.is_duplicate);
                EXPECT_EQ(decision.document->fields.Get(Field::kAmount), "10");
            }
        }
    }
}

TEST(DecideDeliveries, RejectedGetsNone) {
    auto report = Says(kKeyed);
    report.deliveries = {{"NetA", "goal_postback"}};
    EXPECT_THAT(
        Ask(Stored(Provenance::kReported, Status::kRejected), report).fresh_deliveries, IsEmpty()
    );
    report.status = Status::kRejected;  // rejected by this very report
    auto moved = Ask(Stored(Provenance::kForm), report);
    EXPECT_EQ(moved.document->status, Status::kRejected);
    EXPECT_THAT(moved.document->deliveries, IsEmpty());
    auto recorded = Ask(std::nullopt, report);
    EXPECT_THAT(recorded.document->deliveries, IsEmpty());
    EXPECT_FALSE(recorded.document->due);
    EXPECT_EQ(recorded.document->owner, "");
}

TEST(DecideDeliveries, AtMostSoMany) {
    auto report = Says(kKeyed);
    for (int i = 0; i < 40; ++i)
        report.deliveries.push_back({NetworkName(std::to_string(i)), "goal_postback"});
    const auto decision = Ask(std::nullopt, report);
    EXPECT_THAT(decision.fresh_deliveries, SizeIs(Conversion::kDeliveriesMax));
    EXPECT_EQ(decision.no_room, 40 - Conversion::kDeliveriesMax);
}

TEST(DecideOutcome, AcceptedMovesPendingToApprovedAndNothingElse) {
    for (auto status : {Status::kPending, Status::kApproved, Status::kRejected}) {
        auto state = WithDelivery(DeliveryState::kWaiting, status);
        auto outcome = OutcomeFor(state);
        outcome.accepted = true;
        outcome.parameters = {{"goal", "6"}};
        auto decision = Ask(state, outcome);
        const auto& delivery = decision.document->deliveries[0];
        EXPECT_EQ(
            decision.document->status, status == Status::kPending ? Status::kApproved : status
        );
        EXPECT_EQ(delivery.state, DeliveryState::kDone);
        EXPECT_EQ(delivery.attempts, 1);
        EXPECT_EQ(delivery.parameters, outcome.parameters);
        EXPECT_FALSE(decision.document->due);
        EXPECT_EQ(decision.document->owner, "");
        EXPECT_EQ(decision.document->fields, state.fields);
        EXPECT_EQ(decision.document->provenance, state.provenance);
        EXPECT_FALSE(Ask(decision.document, outcome).changed) << "settled once";
    }
}

TEST(DecideOutcome, RefusedIsRetriedThenDeadAndStatusStays) {
    auto state = WithDelivery(DeliveryState::kWaiting);
    auto outcome = OutcomeFor(state);
    outcome.retry_at = Time{kNow.ms + 5000};
    outcome.parameters = {{"a", "1"}};
    auto retried = Ask(state, outcome);
    EXPECT_EQ(retried.document->due, outcome.retry_at);
    EXPECT_EQ(retried.document->owner, "node-0");
    outcome.retry_at.reset();
    outcome.parameters = {{"a", "2"}};
    outcome.error = "refused";
    auto dead = Ask(retried.document, outcome);
    const auto& delivery = dead.document->deliveries[0];
    EXPECT_EQ(delivery.state, DeliveryState::kDead);
    EXPECT_EQ(delivery.attempts, 2);
    EXPECT_EQ(delivery.error, "refused");
    EXPECT_THAT(delivery.parameters, ElementsAre(std::pair<std::string, std::string>("a", "1")));
    EXPECT_EQ(dead.document->status, Status::kPending);
    EXPECT_FALSE(dead.document->due);
}

TEST(DecideOutcome, UnknownDeliveryOrKeyChangesNothing) {
    auto state = WithDelivery(DeliveryState::kWaiting);
    auto outcome = OutcomeFor(state);
    outcome.delivery_id = "another";
    EXPECT_FALSE(Ask(state, outcome).changed);
    auto none = Ask(std::nullopt, outcome);
    EXPECT_EQ(none.verdict, Verdict::kNone);
    EXPECT_FALSE(none.document);
    EXPECT_EQ(
        Ask(std::nullopt, Replay{.key = Key(), .delivery_id = {}, .command_id = {}}).verdict,
        Verdict::kNone
    );
    EXPECT_FALSE(Ask(std::nullopt, TakeOver{Key(), "dead"}).document);
}

TEST(DecideReplay, WakesDeadOnesOnly) {
    for (auto before : {DeliveryState::kWaiting, DeliveryState::kDone, DeliveryState::kDead}) {
        auto state = WithDelivery(before);
        state.deliveries[0].attempts = 7;
        bool dead = before == DeliveryState::kDead;
        for (const DeliveryId& id : {DeliveryId(), state.deliveries[0].id}) {
            Replay replay{.key = Key(), .delivery_id = id, .command_id = {}};
            auto decision = Ask(state, replay);
            EXPECT_EQ(decision.changed, dead);
            EXPECT_THAT(decision.fresh_deliveries, SizeIs(dead ? 1 : 0));
            EXPECT_EQ(decision.document->deliveries[0].attempts, dead ? 0 : 7);
            if (dead) {
                EXPECT_EQ(decision.document->due, kNow);
            }
        }
        Replay other{.key = Key(), .delivery_id = "another", .command_id = {}};
        EXPECT_FALSE(Ask(state, other).changed);
    }
}

TEST(DecideTakeOver, ChangesTheOwnerOfWhatIsOwed) {
    auto state = WithDelivery(DeliveryState::kWaiting);
    auto taken = Ask(state, TakeOver{Key(), state.owner});
    EXPECT_TRUE(taken.changed);
    EXPECT_EQ(taken.document->owner, kNode);
    EXPECT_EQ(taken.document->due, state.due);
    EXPECT_FALSE(Ask(taken.document, TakeOver{Key(), state.owner}).changed) << "taken by another";
    EXPECT_FALSE(Ask(taken.document, TakeOver{Key(), kNode}).changed);
    EXPECT_FALSE(Ask(WithDelivery(DeliveryState::kDone), TakeOver{Key(), state.owner}).changed);
}

TEST(DecideOwner, OfWhatAnotherNodeDeliversStays) {
    auto state = WithDelivery(DeliveryState::kWaiting);
    Report report = Says(Speaker::kKeyed);
    report.deliveries = {{"default", "another_kind", {}}};
    auto added = Ask(state, report);
    ASSERT_THAT(added.fresh_deliveries, SizeIs(1));
    EXPECT_EQ(added.document->owner, state.owner) << "its first delivery may be under way there";
    Outcome late;
    late.key = Key();
    late.delivery_id = state.deliveries[0].id;
    late.retry_at = Time{kNow.ms + 1};
    EXPECT_EQ(Ask(state, late).document->owner, state.owner) << "an outcome takes nothing over";
    auto done = Ask(WithDelivery(DeliveryState::kDone), report);
    EXPECT_EQ(done.document->owner, kNode) << "nobody owned it";
}

TEST(DecideBoundKey, ChangesAndSeesOnlyItsOwn) {
    for (auto provenance :
         {Provenance::kReported,
          Provenance::kAdmin,
          Provenance::kUnknown,
          Provenance::kForm,
          Provenance::kAuto}) {
        for (const char* owner : {"7", "8", ""}) {
            Conversion stored = Stored(provenance);
            if (*owner) stored.fields.Set(Field::kAffiliateId, owner);
            Report report = Says(kKeyed);
            report.given.Set(Field::kAffiliateId, "7");
            report.status = Status::kRejected;
            report.deliveries = {{"NetA", "goal_postback"}};
            report.bound_affiliate = "7";
            const bool foreign = std::string(owner) != "7";  // nobody's too, whoever said it
            Decision decision = Ask(stored, report);
            SCOPED_TRACE(std::string(NameOf(provenance)) + " of " + owner);
            EXPECT_EQ(decision.foreign, foreign);
            if (!foreign) continue;
            EXPECT_EQ(decision.verdict, Verdict::kDuplicate);
            EXPECT_TRUE(decision.is_duplicate);
            EXPECT_FALSE(decision.changed);
            EXPECT_EQ(decision.document->fields, stored.fields);
            EXPECT_EQ(decision.document->rev, stored.rev);
            EXPECT_THAT(decision.conflicts, IsEmpty());
            EXPECT_THAT(decision.fresh_deliveries, IsEmpty());
            report.bound_affiliate.clear();  // any other key: the table, whoever it belongs to
            EXPECT_FALSE(Ask(stored, report).foreign);
        }
    }
}

TEST(DecideTable, TransactionIdOfAnOccurrenceStays) {
    auto state = Stored(Provenance::kAuto);
    state.key.occurrence = "t1";
    state.fields.Set(Field::kTransactionId, "t1");
    auto report = Says(kAdmin);
    report.key = state.key;
    report.given.Set(Field::kTransactionId, "t2");
    EXPECT_EQ(Ask(state, report).document->fields.Get(Field::kTransactionId), "t1");
}

TEST(DecideTable, LongValuesAreCutInHistoryWithinUtf8) {
    std::string text = "x";
    while (text.size() < 5000) text += "\xc3\xa9";  // é: 4096 falls inside one
    auto report = Says(kAdmin);
    report.given.Set(Field::kUserAgent, text);
    auto decision = Ask(Stored(Provenance::kReported), report);
    EXPECT_EQ(decision.document->fields.Get(Field::kUserAgent), text);
    EXPECT_EQ(decision.document->history.back().to.size(), 4095u);
}

}  // namespace
}  // namespace barracuda::domain
