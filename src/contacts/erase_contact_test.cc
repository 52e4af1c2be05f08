#include "contacts/erase_contact.h"

#include <fmt/format.h>

#include "contacts/contact_sync.h"
#include "contacts/erasure_sweep.h"
#include "contacts/flow_fixture.h"
#include "domain/bson.h"
#include "store/memory/memory_log.h"

namespace barracuda::contacts {
namespace {

constexpr const char* kTraces[] = {
    "ann.example", "ann%2eexample", "Ann Zebulon", "Zebulon", "Acme"};

struct EraseTest : FlowTest {
    EraseTest() { echo = true; }

    static domain::Contact Ann(const char* route) {
        auto contact = Person(route, "ann.example@example.com");
        contact.name = "Ann Zebulon";
        contact.company = "Acme and Sons";
        contact.messenger = "ann.example";
        return contact;
    }
    // Where the person stands in the whole store: every collection, index and queue.
    std::string Trace() {
        std::lock_guard lock(data->mutex);
        for (const auto& [space, map] : data->spaces) {
            for (const auto& [key, value] : *map) {
                for (const char* trace : kTraces) {
                    if (key.find(trace) == key.npos && value.find(trace) == value.npos) continue;
                    return fmt::format("{} in space {} {}", trace, static_cast<int>(space), key);
                }
            }
        }
        return "";
    }
    static Result<bool> Erase(Program& program, const ObjectId& id) {
        std::promise<Result<bool>> erased;
        EraseParts parts{*program.engine, program.ledger, &program.flows, [](auto query) {
                             std::thread(query).detach();
                             return true;
                         }};
        EraseContact(std::move(parts), id, [&](Result<bool> result) {
            erased.set_value(std::move(result));
        });
        return erased.get_future().get();
    }
    static std::optional<std::string> ClickOf(Program& program, const std::string& hash) {
        std::promise<std::optional<std::string>> click;
        program.flows.ClickOfHash(hash, [&](auto found) { click.set_value(*found); });
        return click.get_future().get();
    }
    static size_t Conversions(Program& program) {
        return program.engine->Scan({})->documents.size();
    }
};

TEST_F(EraseTest, NothingOfThePersonStaysAndTheSaleKeepsItsKey) {
    ObjectId id;
    {
        Program program(*this, "n1", {});
        auto progress = program.Create(Ann("contact"), kWait);
        ASSERT_TRUE(progress && progress->contact.ftd);
        id = progress->contact.id;
        EXPECT_NE(Trace(), "") << "control: they are there before";
        auto erased = Erase(program, id);
        ASSERT_TRUE(erased);
        EXPECT_TRUE(*erased);
        EXPECT_EQ(Trace(), "");
        EXPECT_EQ(Conversions(program), 2u) << "what happened stays";
        EXPECT_EQ(ClickOf(program, "thehash"), "theclick");
        EXPECT_FALSE(*Erase(program, id)) << "gone";
        EXPECT_FALSE(*Erase(program, ObjectId::New()));
    }
    Program later(*this, "n2", {});
    EXPECT_TRUE(Comes([&] { return ClickOf(later, "thehash") == "theclick"; }))
        << "a report by the hash meets the sale's conversion, also after a restart";
    EXPECT_EQ(Trace(), "");
    auto again = later.Create(Ann("contact"), kWait);
    EXPECT_TRUE(again) << "the e-mail is free";
}

// A form names another's click as its sub1: the erasure of whoever sent it takes none of its facts.
TEST_F(EraseTest, AClickThatTheFormMerelyNamedKeepsItsFacts) {
    using domain::Field;
    Program program(*this, "n1", {});
    domain::Report report;
    report.key = {ClickId("SALE-1"), GoalId("6"), ""};
    report.goal_type = domain::GoalType::kDeposit;
    report.given.Set(Field::kIpAddress, "203.0.113.9");
    report.given.Set(Field::kUserAgent, "Mozilla/5.0");
    report.given.Set(Field::kBrowser, "Acme and Sons");  // as in the form, by design
    report.new_id = report.command_id = ObjectId::New();
    std::promise<bool> reported;
    program.ledger.SubmitInternal(report, [&](Result<domain::Decision> decision) {
        reported.set_value(bool(decision));
    });
    ASSERT_TRUE(reported.get_future().get());
    auto form = Ann("contact");
    form.sub1 = "SALE-1";
    auto progress = program.Create(std::move(form), kWait);
    ASSERT_TRUE(progress && progress->contact.click_id == "theclick");
    ASSERT_EQ(ConversionsOf(*program.engine, progress->contact)->size(), 3u) << "control";
    ASSERT_TRUE(*Erase(program, progress->contact.id));
    const auto ref = store::RefOf(report.key);
    auto stored = domain::DecodeConversion(*program.engine->Load(std::span(&ref, 1))->front());
    EXPECT_EQ(stored->fields.Get(Field::kIpAddress), "203.0.113.9");
    EXPECT_EQ(stored->fields.Get(Field::kUserAgent), "Mozilla/5.0");
    EXPECT_EQ(stored->fields.Get(Field::kBrowser), "Acme and Sons");
}

// Behind the answer: the logs of the click at once, again when attempts of that moment have ended,
// and a day later nothing reminds of it.
TEST_F(EraseTest, WhatTheLogsKeepGoesBehindTheAnswer) {
    Program program(*this, "n1", {});
    auto progress = program.Create(Ann("contact"), kWait);
    ASSERT_TRUE(progress);
    const std::string click = progress->contact.click_id;
    store::MemoryLog logs({{store::LogId::kAttempts, {1 << 20, std::chrono::hours(1'000'000)}}});
    auto attempt = [&](const std::string& of) {
        domain::BsonWriter to;
        to.Text("click_id", of);
        store::LogEntry entry{.at = Time{1}, .bson = to.Take()};
        ASSERT_TRUE(logs.Append(store::LogId::kAttempts, std::span(&entry, 1)));
    };
    auto left = [&] { return logs.stats(store::LogId::kAttempts).records; };
    Time now = Time::Now();
    ErasureSweep sweep({*program.engine, program.ledger, &logs, [&] { return now; }});
    attempt(click);
    attempt("another");
    sweep.Step();
    EXPECT_EQ(left(), 2u) << "nobody was erased";
    ASSERT_TRUE(*Erase(program, progress->contact.id));
    sweep.Step();
    EXPECT_EQ(left(), 1u);
    attempt(click);  // it was under way
    sweep.Step();
    EXPECT_EQ(left(), 2u) << "once by then";
    now = Time{now.ms + ErasureSweep::kSettled.count() + 1'000};
    sweep.Step();
    EXPECT_EQ(left(), 1u);
    auto marks = [&] {
        store::ScanRequest request;
        request.collection = store::Collection::kSettings;
        request.key_prefix = kErasures;
        return program.engine->Scan(request)->documents.size();
    };
    EXPECT_EQ(marks(), 1u) << "other nodes have logs of their own";
    attempt(click);
    ErasureSweep restarted({*program.engine, program.ledger, &logs, [&] { return now; }});
    restarted.Step();
    EXPECT_EQ(left(), 1u) << "a restart does it once more";
    now = Time{now.ms + std::chrono::milliseconds(ErasureSweep::kKept).count()};
    sweep.Step();
    EXPECT_TRUE(Comes([&] { return marks() == 0; }));
}

// The network is being told of the person at that moment.
TEST_F(EraseTest, AnAttemptUnderWayDoesNotBringThemBack) {
    for (int status : {200, 422, 500}) {
        hold_goals = true;
        goal_status = status;
        goals = 0;
        data = std::make_shared<store::MemoryKv::Data>();
        Program program(*this, NodeId(fmt::format("n{}", status)), {});
        auto created = program.Create(Ann("register"), milliseconds(0));
        ASSERT_TRUE(created);
        ASSERT_TRUE(Comes([&] { return goals == 1; }));
        EXPECT_NE(Trace(), "");
        ASSERT_TRUE(*Erase(program, created->contact.id));
        EXPECT_EQ(Trace(), "");
        hold_goals = false;
        auto outcome = [&] {
            auto documents = program.engine->Scan({})->documents;
            return domain::DecodeConversion(documents.front())->deliveries.front().status;
        };
        EXPECT_TRUE(Comes([&] { return outcome() == status; })) << "it is recorded";
        EXPECT_EQ(Trace(), "") << status;
        EXPECT_EQ(Conversions(program), 1u) << "their flow has ended";
    }
}

TEST_F(EraseTest, BeforeThereIsAClickNothingIsRecorded) {
    hold_offers = true;
    Program program(*this, "n1", {});
    auto created = program.Create(Ann("register"), milliseconds(0));
    ASSERT_TRUE(Comes([&] { return offers == 1; }));
    ASSERT_TRUE(*Erase(program, created->contact.id));
    hold_offers = false;
    std::promise<void> idle;
    ASSERT_TRUE(Comes([&] { return program.client.in_flight() == 0; }));
    program.flows.AfterJobs([&] { idle.set_value(); });
    idle.get_future().wait();
    EXPECT_EQ(Trace(), "");
    EXPECT_EQ(Conversions(program), 0u);
    EXPECT_EQ(goals, 0);
}

// Another node has erased the contact, having read the click's conversions before this node's flow
// wrote one: the flow cleans up behind itself.
TEST_F(EraseTest, AFlowWhoseContactIsGoneCleansUp) {
    hold_goals = true;
    goal_status = 422;
    Program program(*this, "n1", {});
    auto created = program.Create(Ann("register"), milliseconds(0));
    ASSERT_TRUE(Comes([&] { return goals == 1; }));
    program.ledger.Edit(
        {store::Collection::kContacts, created->contact.id.Hex()},
        [](const auto&) {
            return ledger::EditPlan{true, std::nullopt};
        },
        [](Result<ledger::EditState> state) { EXPECT_TRUE(state); }
    );
    EXPECT_NE(Trace(), "");
    hold_goals = false;
    EXPECT_TRUE(Comes([&] { return Trace().empty(); }));
    EXPECT_EQ(Conversions(program), 1u);
}

}  // namespace
}  // namespace barracuda::contacts
