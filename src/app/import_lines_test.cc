// Lines of a file into a ledger: what each may say, that a bad one stands alone, and what networks
// are owed for it.
#include "app/import_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/settings.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::app {
namespace {

using domain::Field;
using testing::ElementsAre;
using testing::HasSubstr;
using Fate = LineResult::Fate;

class ImportLinesTest : public testing::Test {
protected:
    std::vector<LineResult> Record(
        const std::vector<std::string>& lines, LinesOptions options = {}
    ) {
        ledger::Ledger ledger(*engine_, {.node = NodeId("n")}, {});
        auto rules = RulesOfStore(*engine_, config_);
        EXPECT_TRUE(rules) << rules.error().message;
        return RecordLines(ledger, *rules, lines, options);
    }
    std::vector<Fate> Fates(const std::vector<std::string>& lines, LinesOptions options = {}) {
        std::vector<Fate> fates;
        for (const auto& one : Record(lines, options)) fates.push_back(one.fate);
        return fates;
    }
    LineResult One(const std::string& line) { return Record({line}).front(); }
    std::optional<domain::Conversion> Stored(const std::string& click, const std::string& goal) {
        const store::Ref ref = store::RefOf({ClickId(click), GoalId(goal), ""});
        auto loaded = engine_->Load(std::span(&ref, 1));
        if (!loaded || !loaded->front()) return std::nullopt;
        return *domain::DecodeConversion(*loaded->front());
    }

    config::Config config_ = *config::Load(std::nullopt, {}, {});
    std::unique_ptr<store::Engine> engine_ = [] {
        auto data = std::make_shared<store::MemoryKv::Data>();
        return std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(data)));
    }();
};

TEST_F(ImportLinesTest, RecordsWhatALineSays) {
    EXPECT_EQ(
        One(R"({"click_id":"c","goal_id":6,"affiliate_id":7,"amount":"1.50","payout":1,"currency":"EUR",)"
            R"("status":"approved","country":"DE","sub2":"x","click_hash":"h","unique":"u"})")
            .fate,
        Fate::kRecorded
    );
    auto c = Stored("c", "6");
    ASSERT_TRUE(c);
    EXPECT_EQ(c->goal_type, domain::GoalType::kDeposit);
    EXPECT_EQ(c->status, domain::Status::kApproved);
    EXPECT_EQ(c->provenance, domain::Provenance::kReported);
    EXPECT_EQ(c->route, "import");
    for (const auto& [field, value] : std::vector<std::pair<Field, std::string>>{
             {Field::kAffiliateId, "7"},
             {Field::kAmount, "1.5"},
             {Field::kPayout, "1"},
             {Field::kCurrency, "EUR"},
             {Field::kCountry, "DE"},
             {Field::kSub2, "x"},
             {Field::kClickHash, "h"},
             {Field::kUnique, "u"},
             {Field::kOfferId, "2"}}) {
        EXPECT_EQ(c->fields.Get(field), value) << domain::InfoOf(field).name;
    }
    EXPECT_TRUE(c->deliveries.empty()) << "history is not told to networks";
    EXPECT_EQ(One(R"({"click_id":"d","goal_type":"registration"})").fate, Fate::kRecorded);
    EXPECT_EQ(Stored("d", "5")->status, domain::Status::kPending);
    EXPECT_EQ(
        One(R"({"click_id":"e","goal_type_id":"6","deposit_amount":3})").fate, Fate::kRecorded
    );
    EXPECT_EQ(Stored("e", "6")->fields.Get(Field::kAmount), "3");
}

TEST_F(ImportLinesTest, ABadLineStandsAlone) {
    const std::string good = R"({"click_id":"a","goal_id":"5"})";
    EXPECT_THAT(
        Fates({good, "{", R"({"click_id":"b"})", R"({"click_id":"b","goal_id":"5"})", good}),
        ElementsAre(
            Fate::kRecorded, Fate::kRefused, Fate::kRefused, Fate::kRecorded, Fate::kDuplicate
        )
    );
    for (const auto& [line, field] : std::vector<std::pair<std::string, std::string>>{
             {"[]", "line"},
             {R"({"goal_id":"5"})", "click_id"},
             {R"({"click_id":"{x}","goal_id":"5"})", "click_id"},
             {R"({"click_id":"x","goal_id":"5","amount":-1})", "amount"},
             {R"({"click_id":"x","goal_id":"5","status":"paid"})", "status"},
             {R"({"click_id":"x","goal_id":"5","goal_type":"deposit"})", "goal_type"},
             {R"({"click_id":"x","goal_id":"5","goal_type_id":"6"})", "goal_type_id"},
             {R"({"click_id":"x","goal_type":"other"})", "goal_type"},
             {R"({"click_id":"x","goal_id":"5","currency":"XXX"})", "currency"},
             {R"({"click_id":"x","goal_id":"5","click_id":"y"})", "click_id"}}) {
        auto refused = One(line);
        EXPECT_EQ(refused.fate, Fate::kRefused) << line;
        EXPECT_EQ(refused.field, field) << line;
        EXPECT_FALSE(refused.message.empty());
    }
    EXPECT_FALSE(Stored("x", "5"));
}

TEST_F(ImportLinesTest, ASecondLineIsDecidedAsAnyReport) {
    EXPECT_THAT(
        Fates(
            {R"({"click_id":"a","goal_id":"6"})",
             R"({"click_id":"a","goal_id":"6","amount":4})",
             R"({"click_id":"a","goal_id":"6","amount":9})"}
        ),
        ElementsAre(Fate::kRecorded, Fate::kUpdated, Fate::kDuplicate)
    );
    EXPECT_EQ(Stored("a", "6")->fields.Get(Field::kAmount), "4");
}

TEST_F(ImportLinesTest, ADryRunWritesNothing) {
    EXPECT_THAT(
        Fates({R"({"click_id":"a","goal_id":"6"})", "x"}, {.dry_run = true}),
        ElementsAre(Fate::kSound, Fate::kRefused)
    );
    EXPECT_FALSE(Stored("a", "6"));
}

TEST_F(ImportLinesTest, NetworksAreOwedWhatIsAskedForAlone) {
    const std::string line = R"({"click_id":"a","goal_id":"6","click_hash":"h"})";
    EXPECT_THAT(Fates({line}, {.notify = true}), ElementsAre(Fate::kRecorded));
    auto c = Stored("a", "6");
    const auto* owed = c->FindDelivery(domain::kDefaultNetwork, domain::kPrivateApi);
    ASSERT_TRUE(owed);
    EXPECT_EQ(owed->state, domain::DeliveryState::kWaiting);
    EXPECT_THAT(
        Fates({R"({"click_id":"b","goal_id":"6","click_hash":"h"})"}), ElementsAre(Fate::kRecorded)
    );
    EXPECT_TRUE(Stored("b", "6")->deliveries.empty()) << "control";
}

TEST_F(ImportLinesTest, AFullQueueLeavesTheLineForLater) {
    ledger::Ledger ledger(*engine_, {.node = NodeId("n")}, {});
    auto rules = RulesOfStore(*engine_, config_);
    ledger.Stop();
    auto results = RecordLines(
        ledger, *rules, std::vector<std::string>{R"({"click_id":"a","goal_id":"5"})"}, {}
    );
    EXPECT_EQ(results.front().fate, Fate::kLater);
    EXPECT_FALSE(Stored("a", "5"));
}

TEST_F(ImportLinesTest, AGoalWhoseRuleIsNotSettledIsNotImported) {
    for (auto& goal : config_.goals) goal.repeatable |= goal.id == "6";
    auto rules = RulesOfStore(*engine_, config_);
    ASSERT_FALSE(rules);
    EXPECT_THAT(rules.error().message, HasSubstr("goal 6"));
    nodes::GoalRecord record{.epoch = 2, .repeatable = {"6"}, .announced = {}, .rev = 1};
    store::Write write{{store::Collection::kSettings, "goal_rules"}, std::nullopt, Encode(record)};
    ASSERT_TRUE(engine_->Commit(std::span(&write, 1)));
    EXPECT_EQ(One(R"({"click_id":"a","goal_id":"6"})").field, "transaction_id");
    EXPECT_THAT(
        Fates(
            {R"({"click_id":"a","goal_id":"6","transaction_id":"1"})",
             R"({"click_id":"a","goal_id":"6","transaction_id":"2"})"}
        ),
        ElementsAre(Fate::kRecorded, Fate::kRecorded)
    );
}

}  // namespace
}  // namespace barracuda::app
