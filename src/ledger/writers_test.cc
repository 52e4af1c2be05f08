// Several batches under way over a store that inserts first: whatever the store answers, and in
// whatever order, there is one conversion and one `recorded` a key.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <random>
#include <set>
#include <thread>

#include "domain/bson.h"
#include "ledger/lanes.h"
#include "ledger/ledger.h"

namespace barracuda::ledger {
namespace {

using domain::Verdict;
using std::chrono::milliseconds;
using store::WriteResult;
using store::WriteState;

int64_t RevOf(const std::string& document) { return domain::TopFields(document).Number("rev"); }

// What a replica set holds, as its majority sees it.
struct Cluster {
    std::mutex mutex;
    std::map<store::Ref, std::string> documents;
    bool arbiter = true;  // false, the negative control: a second insert replaces the first
    bool troubled = false;
    std::vector<std::jthread> late;  // writes that land after nobody waits for them any more

    bool Holds(const store::Write& write) {
        auto at = documents.find(write.ref);
        if (!write.before) return at == documents.end() || !arbiter;
        return at != documents.end() && RevOf(at->second) == RevOf(*write.before);
    }
    bool Apply(const store::Write& write) {
        std::lock_guard lock(mutex);
        if (!Holds(write)) return false;
        if (write.after) {
            documents[write.ref] = *write.after;
        } else {
            documents.erase(write.ref);
        }
        return true;
    }
};

// One node's way to the cluster: slow, and at times it loses answers.
class FarEngine final : public store::Engine {
public:
    FarEngine(Cluster& cluster, unsigned seed) : cluster_(cluster), random_(seed) {}

    std::atomic<int> loads = 0, loaded = 0, inserts = 0, replaces = 0, lost = 0;
    std::atomic<int> fail_commits = 0;     // so many whole commits
    std::atomic<bool> overlapped = false;  // two commits under way held one group

    bool InsertsFirst() const override { return true; }

    Result<std::vector<std::optional<std::string>>> Load(std::span<const store::Ref> refs
    ) override {
        ++loads;
        loaded += static_cast<int>(refs.size());
        Travel();
        if (cluster_.troubled && Percent() < 2) return Fail(ErrorCode::kUnavailable, "no answer");
        std::lock_guard lock(cluster_.mutex);
        std::vector<std::optional<std::string>> found;
        for (const auto& ref : refs) {
            auto at = cluster_.documents.find(ref);
            found.push_back(
                at == cluster_.documents.end() ? std::nullopt : std::optional(at->second)
            );
        }
        return found;
    }

    Result<std::vector<WriteResult>> Commit(std::span<const store::Write> writes) override {
        auto groups = Enter(writes);
        Travel();
        Result<std::vector<WriteResult>> states = std::vector<WriteResult>();
        if (fail_commits > 0) {
            --fail_commits;
            states = Fail(ErrorCode::kUnavailable, "no primary");
        } else {
            for (const auto& write : writes) states->push_back(One(write));
        }
        Travel();
        Leave(groups);
        return states;
    }

    Result<store::Page> Scan(const store::ScanRequest&) override { return store::Page{}; }
    Result<std::vector<store::WorkItem>> Work(const store::WorkQuery&) override {
        return std::vector<store::WorkItem>{};
    }
    Result<std::vector<NodeId>> WorkOwners() override { return std::vector<NodeId>{}; }
    Result<std::vector<store::RollupRow>> Rollup(store::Collection) override {
        return std::vector<store::RollupRow>{};
    }
    Result<bool> Backup(const std::string&) override { return true; }
    std::optional<std::string> Trouble() const override { return std::nullopt; }
    Result<std::vector<std::string>> Verify(bool) override { return std::vector<std::string>{}; }

private:
    int Percent() {
        std::lock_guard lock(mutex_);
        return std::uniform_int_distribution<int>(0, 99)(random_);
    }
    void Travel() {
        if (cluster_.troubled)
            std::this_thread::sleep_for(std::chrono::microseconds(10 * Percent()));
    }

    WriteState One(const store::Write& write) {
        ++(write.before ? replaces : inserts);
        const int what = cluster_.troubled ? Percent() : 99;
        if (what < 4) return WriteState::kFailed;  // it never arrived
        if (what < 8) {                            // it did, but nobody can tell
            (void)cluster_.Apply(write);
            return WriteState::kFailed;
        }
        if (what < 12) {  // it will
            std::lock_guard lock(cluster_.mutex);
            cluster_.late.emplace_back([this, write, pause = milliseconds(what)] {
                std::this_thread::sleep_for(pause);
                (void)cluster_.Apply(write);
            });
            return WriteState::kFailed;
        }
        if (cluster_.Apply(write)) return WriteState::kApplied;
        ++lost;
        return WriteState::kLost;
    }

    std::set<size_t> Enter(std::span<const store::Write> writes) {
        std::set<size_t> groups;
        for (const auto& write : writes) groups.insert(GroupOf(write.ref));
        std::lock_guard lock(mutex_);
        for (size_t group : groups) {
            if (!under_way_.insert(group).second) overlapped = true;
        }
        return groups;
    }
    void Leave(const std::set<size_t>& groups) {
        std::lock_guard lock(mutex_);
        for (size_t group : groups) under_way_.erase(group);
    }

    Cluster& cluster_;
    std::mutex mutex_;
    std::mt19937 random_;
    std::set<size_t> under_way_;
};

domain::Report ReportOf(const std::string& click, const std::string& goal = "6") {
    domain::Report report;
    report.route = "ftd";
    report.key = {ClickId(click), GoalId(goal), ""};
    report.goal_type = domain::GoalType::kDeposit;
    report.given.Set(domain::Field::kAmount, "10");
    report.deliveries.push_back({"default", "goal_postback"});
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
    return report;
}

domain::Outcome OutcomeOf(const domain::Conversion& conversion) {
    domain::Outcome outcome;
    outcome.key = conversion.key;
    outcome.delivery_id = conversion.deliveries.front().id;
    outcome.accepted = true;
    outcome.status = 200;
    outcome.command_id = ObjectId::New();
    return outcome;
}

struct WritersTest : testing::Test {
    Cluster cluster;
    FarEngine engine{cluster, 1};

    static Result<domain::Decision> Ask(Ledger& ledger, domain::Command command) {
        auto promise = std::make_shared<std::promise<Result<domain::Decision>>>();
        auto answer = promise->get_future();
        ledger.SubmitInternal(std::move(command), [promise](Result<domain::Decision> decision) {
            promise->set_value(std::move(decision));
        });
        return answer.get();
    }
    domain::Conversion Stored(const std::string& click) {
        std::lock_guard lock(cluster.mutex);
        auto at = cluster.documents.find(store::RefOf({ClickId(click), GoalId("6"), ""}));
        return *domain::DecodeConversion(at->second);
    }
};

// What clients of several nodes were told of one key, and what the dispatchers were handed.
struct Told {
    int recorded = 0, duplicate = 0, failed = 0;
    std::set<std::string> ids;  // of the documents in the answers
};

struct Storm {
    std::mutex mutex;
    std::map<std::string, Told> told;
    std::map<DeliveryId, int> owed;
    bool overlapped = false;
    uint64_t lost = 0;
};

// Three clients at each of two nodes report few keys often, under every trouble a store can make.
void Rage(Cluster& cluster, unsigned seed, Storm& storm) {
    constexpr int kNodes = 2, kClients = 3, kKeys = 12, kEach = 60;
    std::vector<std::unique_ptr<FarEngine>> engines;
    std::vector<std::unique_ptr<Ledger>> ledgers;
    for (int n = 0; n < kNodes; ++n) {
        engines.push_back(std::make_unique<FarEngine>(cluster, seed * 10 + static_cast<unsigned>(n))
        );
        Hooks hooks;
        hooks.owed = [&](const domain::Conversion&, const std::vector<DeliveryId>& ids) {
            std::lock_guard lock(storm.mutex);
            for (const auto& id : ids) ++storm.owed[id];
        };
        ledgers.push_back(std::make_unique<Ledger>(
            *engines.back(), Options{.node = NodeId("n" + std::to_string(n))}, std::move(hooks)
        ));
    }
    std::vector<std::jthread> clients;
    for (int c = 0; c < kNodes * kClients; ++c) {
        clients.emplace_back([&, c] {
            std::mt19937 random(seed * 100 + static_cast<unsigned>(c));
            for (int i = 0; i < kEach; ++i) {
                auto click = "c" + std::to_string(random() % kKeys);
                bool taken = ledgers[static_cast<size_t>(c % kNodes)]->Submit(
                    ReportOf(click),
                    0,
                    [&storm, click](Result<domain::Decision> decision) {
                        std::lock_guard lock(storm.mutex);
                        Told& told = storm.told[click];
                        told.failed += !decision;
                        if (!decision) return;
                        told.recorded += decision->verdict == Verdict::kRecorded;
                        told.duplicate += decision->verdict == Verdict::kDuplicate;
                        told.ids.insert(decision->document->id.Hex());
                    }
                );
                EXPECT_TRUE(taken);
                if (i % 3 == 0) std::this_thread::sleep_for(milliseconds(1));
            }
        });
    }
    clients.clear();
    for (auto& ledger : ledgers) ledger->Stop();
    cluster.late.clear();
    for (auto& engine : engines) {
        storm.overlapped |= engine->overlapped;
        storm.lost += static_cast<uint64_t>(engine->lost);
    }
}

TEST(WritersStorm, OneConversionAndOneRecordedAKeyWhateverTheStoreAnswers) {
    uint64_t lost = 0;
    int failed = 0;
    for (unsigned seed = 1; seed <= 6; ++seed) {
        Cluster cluster;
        cluster.troubled = true;
        Storm storm;
        Rage(cluster, seed, storm);
        EXPECT_FALSE(storm.overlapped) << "two batches of one node held one click";
        for (const auto& [click, told] : storm.told) {
            failed += told.failed;
            EXPECT_LE(told.recorded, 1) << seed << click;
            // Told to nobody only where an answer was lost.
            if (told.failed == 0) {
                EXPECT_EQ(told.recorded, 1) << seed << click;
            }
            auto at = cluster.documents.find(store::RefOf({ClickId(click), GoalId("6"), ""}));
            if (told.recorded + told.duplicate == 0) continue;
            ASSERT_NE(at, cluster.documents.end()) << "answered and not stored: " << click;
            EXPECT_THAT(
                told.ids, testing::ElementsAre(domain::DecodeConversion(at->second)->id.Hex())
            ) << "everybody was told of the one document";
        }
        for (const auto& [id, times] : storm.owed) EXPECT_EQ(times, 1) << id.value;
        lost += storm.lost;
    }
    EXPECT_GT(lost, 0u) << "nobody met anybody";
    EXPECT_GT(failed, 0) << "the store was never in trouble";
}

TEST(WritersStorm, ControlAStoreThatDoesNotJudgeIsSeen) {
    Cluster cluster;
    cluster.arbiter = false;
    cluster.troubled = true;
    Storm storm;
    Rage(cluster, 1, storm);
    int most = 0;
    for (const auto& [_, told] : storm.told) most = std::max(most, told.recorded);
    EXPECT_GT(most, 1) << "the test above would not see a key recorded twice";
}

TEST_F(WritersTest, ANewKeyIsInsertedWithoutALoadAndAKnownOneIsNotInserted) {
    Ledger ledger(engine, {.node = "n"}, {});
    EXPECT_EQ(Ask(ledger, ReportOf("a"))->verdict, Verdict::kRecorded);
    EXPECT_EQ(engine.loads, 0);
    EXPECT_EQ(engine.inserts, 1);
    EXPECT_EQ(Ask(ledger, ReportOf("a"))->verdict, Verdict::kDuplicate);
    EXPECT_EQ(engine.loads, 1);
    EXPECT_EQ(engine.inserts, 1);
}

TEST_F(WritersTest, AKeyOfAnotherNodeIsLostThenLoadedAndADuplicate) {
    FarEngine other_engine(cluster, 2);
    Ledger ledger(engine, {.node = "n"}, {}), other(other_engine, {.node = "o"}, {});
    ASSERT_TRUE(Ask(other, ReportOf("a")));
    auto second = Ask(ledger, ReportOf("a"));
    EXPECT_EQ(second->verdict, Verdict::kDuplicate);
    EXPECT_EQ(second->document->owner, "o");
    EXPECT_EQ(engine.loads, 1);
    EXPECT_EQ(ledger.counters().lost, 1u);
}

TEST_F(WritersTest, AnOutcomeOfWhatWasJustRecordedIsOneWrite) {
    Ledger ledger(engine, {.node = "n"}, {});
    auto recorded = Ask(ledger, ReportOf("a"));
    auto done = Ask(ledger, OutcomeOf(*recorded->document));
    EXPECT_TRUE(done->changed);
    EXPECT_EQ(engine.loads, 0);
    EXPECT_EQ(engine.replaces, 1);
    EXPECT_EQ(Stored("a").deliveries.front().state, domain::DeliveryState::kDone);
}

TEST_F(WritersTest, AnOutcomeThatMeetsAnotherNodesWriteIsDecidedAgain) {
    FarEngine other_engine(cluster, 2);
    Ledger ledger(engine, {.node = "n"}, {}), other(other_engine, {.node = "o"}, {});
    auto recorded = Ask(ledger, ReportOf("a"));
    auto report = ReportOf("a");
    report.deliveries.push_back({"second", "goal_postback"});
    ASSERT_TRUE(Ask(other, report)->changed);
    ASSERT_TRUE(Ask(ledger, OutcomeOf(*recorded->document))->changed);
    EXPECT_EQ(Stored("a").deliveries.size(), 2u) << "nothing of the other node is overwritten";
    EXPECT_EQ(Stored("a").deliveries[0].state, domain::DeliveryState::kDone);
    EXPECT_EQ(Stored("a").deliveries[1].state, domain::DeliveryState::kWaiting);
}

// What would change nothing is answered from the store, never from memory.
TEST_F(WritersTest, AnAnswerThatNoWriteProvesIsLoaded) {
    FarEngine other_engine(cluster, 2);
    Ledger ledger(engine, {.node = "n"}, {}), other(other_engine, {.node = "o"}, {});
    auto recorded = Ask(ledger, ReportOf("a"));
    ASSERT_TRUE(Ask(other, OutcomeOf(*recorded->document))->changed);
    auto outcome = OutcomeOf(*recorded->document);
    outcome.delivery_id = "nobody's";
    auto same = Ask(ledger, outcome);
    EXPECT_FALSE(same->changed);
    EXPECT_EQ(engine.loads, 1);
    EXPECT_EQ(same->document->deliveries.front().state, domain::DeliveryState::kDone);
}

TEST_F(WritersTest, AnOutcomeIsTriedAgainUntilItIsStored) {
    Ledger ledger(engine, {.node = "n", .outcome_again = milliseconds(1)}, {});
    auto recorded = Ask(ledger, ReportOf("a"));
    engine.fail_commits = 5;
    auto done = Ask(ledger, OutcomeOf(*recorded->document));
    ASSERT_TRUE(done) << "the network was told: that is not forgotten";
    EXPECT_EQ(engine.fail_commits, 0);
    EXPECT_EQ(Stored("a").deliveries.front().attempts, 1);
    engine.fail_commits = 1;
    EXPECT_FALSE(Ask(ledger, ReportOf("b"))) << "a report is: its client is told";
}

// A node left cleanly while an outcome was not stored yet, and another one sent it again.
TEST_F(WritersTest, NothingPassesAnOutcomeThatIsNotStored) {
    Ledger ledger(engine, {.node = "n", .outcome_again = milliseconds(1)}, {});
    for (int i = 0; i < 20; ++i) {
        const std::string click = "a" + std::to_string(i);
        auto recorded = Ask(ledger, ReportOf(click));
        engine.fail_commits = 3;
        ledger.SubmitInternal(OutcomeOf(*recorded->document), [](Result<domain::Decision>) {});
        ASSERT_TRUE(ledger.Pass(milliseconds(20'000)));
        EXPECT_EQ(engine.fail_commits, 0) << "passed before it was tried again";
        EXPECT_EQ(Stored(click).deliveries.front().state, domain::DeliveryState::kDone);
    }
    EXPECT_EQ(ledger.counters().again, 60u);
}

TEST_F(WritersTest, AnOutcomeIsGivenUpWhenTheLedgerStops) {
    auto ledger = std::make_unique<Ledger>(
        engine, Options{.node = "n", .outcome_again = std::chrono::hours(1)}, Hooks{}
    );
    auto recorded = Ask(*ledger, ReportOf("a"));
    engine.fail_commits = 1'000'000;
    std::promise<bool> answered;
    ledger->SubmitInternal(OutcomeOf(*recorded->document), [&](Result<domain::Decision> decision) {
        answered.set_value(decision.has_value());
    });
    ledger->Stop();
    EXPECT_FALSE(answered.get_future().get());
}

TEST_F(WritersTest, WhatIsAskedOfOneDocumentGoesInOrder) {
    Ledger ledger(engine, {.node = "n", .batch_commands_max = 4}, {});
    constexpr int kDocuments = 5, kEach = 40;
    std::atomic<int> written = 0;
    for (int i = 0; i < kEach; ++i) {
        for (int d = 0; d < kDocuments; ++d) {
            auto append = [i](const std::optional<std::string>& stored) {
                domain::BsonWriter to;
                const std::string before = stored.value_or(domain::BsonWriter().Take());
                const domain::TopFields fields(before);
                to.Text("all", fields.TextOr("all") + std::to_string(i) + " ");
                to.Int("rev", fields.Number("rev") + 1);
                return EditPlan{true, to.Take()};
            };
            ledger.Edit(
                {store::Collection::kSettings, std::to_string(d)},
                append,
                [&](Result<EditState> state) { written += state && *state == EditState::kWritten; }
            );
        }
    }
    ASSERT_TRUE(ledger.Pass(std::chrono::seconds(60)));
    EXPECT_EQ(written, kDocuments * kEach);
    std::string all;
    for (int i = 0; i < kEach; ++i) all += std::to_string(i) + " ";
    for (const auto& [_, document] : cluster.documents) {
        EXPECT_EQ(domain::TopFields(document).TextOr("all"), all);
    }
    EXPECT_EQ(cluster.documents.size(), size_t{kDocuments});
    EXPECT_FALSE(engine.overlapped);
}

TEST_F(WritersTest, ARefusedReportIsAnsweredWithoutTheStore) {
    Hooks hooks;
    hooks.refuse = [](const domain::Report&) {
        return std::optional(Error{ErrorCode::kUnavailable, "the goal rules changed", {}});
    };
    Ledger ledger(engine, {.node = "n"}, hooks);
    EXPECT_FALSE(Ask(ledger, ReportOf("a")));
    EXPECT_EQ(engine.loads + engine.inserts, 0);
}

}  // namespace
}  // namespace barracuda::ledger
