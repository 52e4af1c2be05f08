#include "delivery/erase_contact.h"

#include <fmt/format.h>

#include "delivery/contact_sync.h"
#include "delivery/flow_fixture.h"

namespace barracuda::delivery {
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
        EraseParts parts{*program.engine, program.ledger, program.flows, [](auto query) {
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

// The network is being told of the person at that moment.
TEST_F(EraseTest, AnAttemptUnderWayDoesNotBringThemBack) {
    for (int status : {200, 422, 500}) {
        hold_goals = true;
        goal_status = status;
        goals = 0;
        data = std::make_shared<store::MemoryKv::Data>();
        Program program(*this, fmt::format("n{}", status), {});
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
}  // namespace barracuda::delivery
