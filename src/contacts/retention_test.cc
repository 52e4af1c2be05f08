#include "contacts/retention.h"

#include <fmt/format.h>

#include "contacts/erasure_sweep.h"
#include "contacts/flow_fixture.h"

namespace barracuda::contacts {
namespace {

using domain::Field;

constexpr std::chrono::hours kDay{24};

struct RetentionTest : FlowTest {
    Time now = Time::Now();
    std::set<std::string> gone;

    void Pass(std::chrono::milliseconds time) { now = Time{now.ms + time.count()}; }

    // Erases as the program does: what reads the store is on a thread of its own.
    Retention::Parts PartsOf(Program& program) {
        auto run = [](auto query) {
            std::thread(query).detach();
            return true;
        };
        Retention::Parts parts{.erase = {*program.engine, program.ledger, &program.flows, run}};
        parts.is_gone = [this](const NodeId& node) { return gone.contains(node.value); };
        parts.now = [this] { return now; };
        return parts;
    }
    static void Report(
        Program& program, const std::string& click, const char* address, bool corrects = false
    ) {
        domain::Report report;
        report.key = {ClickId(click), GoalId("6"), ""};
        report.goal_type = domain::GoalType::kDeposit;
        report.given.Set(Field::kIpAddress, address);
        report.given.Set(Field::kSub2, "campaign-9");
        if (corrects) report.speaker = domain::Speaker::kAdmin;
        report.new_id = report.command_id = ObjectId::New();
        std::promise<bool> done;
        program.ledger.SubmitInternal(report, [&](auto decision) {
            done.set_value(bool(decision));
        });
        ASSERT_TRUE(done.get_future().get());
    }
    static std::string AddressOf(Program& program, const std::string& click) {
        const auto ref = store::RefOf({ClickId(click), GoalId("6"), ""});
        auto loaded = program.engine->Load(std::span(&ref, 1));
        const auto conversion = domain::DecodeConversion(loaded->front().value_or(""));
        EXPECT_EQ(conversion->fields.Get(Field::kSub2), "campaign-9");
        return std::string(conversion->fields.Get(Field::kIpAddress));
    }
    static size_t Addresses(Program& program) {
        store::ScanRequest request;
        request.limit = 10'000;
        size_t found = 0;
        const auto page = program.engine->Scan(request);
        for (const auto& document : page->documents) {
            found += document.find("203.0.113.9") != document.npos;
        }
        return found;
    }
    static std::optional<RetentionState> StateOf(Program& program) {
        const store::Ref ref{store::Collection::kSettings, kRetention};
        auto loaded = program.engine->Load(std::span(&ref, 1));
        if (!loaded->front()) return std::nullopt;
        return DecodeRetentionState(*loaded->front());
    }
    static std::vector<ErasureMark> Marks(Program& program) {
        store::ScanRequest request;
        request.collection = store::Collection::kSettings;
        request.key_prefix = kErasures;
        std::vector<ErasureMark> marks;
        const auto page = program.engine->Scan(request);
        for (const auto& document : page->documents) marks.push_back(DecodeErasureMark(document));
        return marks;
    }
    static size_t Contacts(Program& program) {
        store::ScanRequest request;
        request.collection = store::Collection::kContacts;
        return program.engine->Scan(request)->documents.size();
    }
};

TEST_F(RetentionTest, OldContactsAreErasedAndYoungOnesStay) {
    Program program(*this, "n1", {});
    auto parts = PartsOf(program);
    int woken = 0;
    parts.contacts_max_age = kDay;
    parts.erase.marked = [&] { ++woken; };
    Retention retention(std::move(parts));
    auto old = program.Create(Person("contact", "old@example.com"), milliseconds(5'000));
    auto other = program.Create(Person("contact", "other@example.com"), milliseconds(5'000));
    ASSERT_TRUE(old && other && old->contact.ftd);
    EXPECT_FALSE(retention.Step());
    EXPECT_EQ(Contacts(program), 2u) << "they are young";
    Pass(kDay * 2);
    EXPECT_FALSE(retention.Step());
    EXPECT_EQ(Contacts(program), 0u);
    EXPECT_EQ(retention.counts().contacts, 2u);
    EXPECT_EQ(woken, 1) << "the logs are swept once for all of them";
    const auto marks = Marks(program);
    ASSERT_EQ(marks.size(), 1u);
    EXPECT_EQ(marks[0].contacts, (std::vector{old->contact.id, other->contact.id}));
    EXPECT_EQ(marks[0].clicks, (std::vector<std::string>{"theclick", "thehash"}));
    EXPECT_EQ(program.engine->Scan({})->documents.size(), 2u) << "conversions stay";
    now = Time::Now();
    auto again = program.Create(Person("contact", "old@example.com"), milliseconds(5'000));
    EXPECT_TRUE(again) << "the e-mail is free";
    EXPECT_FALSE(retention.Step());
    EXPECT_EQ(Contacts(program), 1u);
}

TEST_F(RetentionTest, OldConversionsLoseTheirVisitorPageByPageAndStay) {
    Program program(*this, "n1", {});
    constexpr size_t kMany = Retention::kConversions * 2 + 50;
    for (size_t i = 0; i < kMany; ++i) Report(program, fmt::format("c{}", i), "203.0.113.9");
    auto parts = PartsOf(program);
    parts.visitors_max_age = kDay;
    Retention retention(std::move(parts));
    EXPECT_FALSE(retention.Step());
    EXPECT_EQ(Addresses(program), kMany) << "they are young";
    Pass(kDay * 2);
    EXPECT_TRUE(retention.Step());
    EXPECT_GE(Addresses(program), kMany - 2 * Retention::kConversions) << "a page of each order";
    const Time begun = StateOf(program)->created;
    EXPECT_GT(begun.ms, 0) << "how far it is stays over a restart";
    auto later = PartsOf(program);
    later.visitors_max_age = kDay;
    Retention restarted(std::move(later));
    int steps = 0;
    while (restarted.Step() && steps < 20) ++steps;
    EXPECT_LT(steps, 20);
    EXPECT_EQ(Addresses(program), 0u);
    EXPECT_EQ(AddressOf(program, "c7"), "");
    EXPECT_EQ(retention.counts().conversions + restarted.counts().conversions, kMany);
    Report(program, "young", "203.0.113.9");
    now = Time::Now();
    EXPECT_FALSE(restarted.Step());
    EXPECT_EQ(AddressOf(program, "young"), "203.0.113.9");
}

// What comes after a conversion was read goes that long after it was written.
TEST_F(RetentionTest, AnAddressThatComesLateGoesLater) {
    Program program(*this, "n1", {});
    Report(program, "c1", "198.51.100.1");
    std::this_thread::sleep_for(milliseconds(2));
    Report(program, "c2", "198.51.100.1");  // what is read last is read again
    auto parts = PartsOf(program);
    parts.visitors_max_age = kDay;
    Retention retention(std::move(parts));
    Pass(kDay * 2);
    retention.Step();
    ASSERT_EQ(AddressOf(program, "c1"), "");
    Report(program, "c1", "203.0.113.9", true);
    ASSERT_EQ(AddressOf(program, "c1"), "203.0.113.9") << "control: it came";
    now = Time{Time::Now().ms + std::chrono::milliseconds(kDay).count() / 2};
    retention.Step();
    EXPECT_EQ(AddressOf(program, "c1"), "203.0.113.9");
    Pass(kDay);
    retention.Step();
    EXPECT_EQ(AddressOf(program, "c1"), "");
}

TEST_F(RetentionTest, OneNodeDoesItUntilItIsGone) {
    Program program(*this, "n2", {});
    Report(program, "c1", "203.0.113.9");
    const RetentionState others{NodeId("n1"), {}, {}, 7};
    std::promise<bool> written;
    program.ledger.Edit(
        {store::Collection::kSettings, kRetention},
        [&](const auto&) {
            return ledger::EditPlan{true, Encode(others)};
        },
        [&](Result<ledger::EditState> state) { written.set_value(bool(state)); }
    );
    ASSERT_TRUE(written.get_future().get());
    auto parts = PartsOf(program);
    parts.visitors_max_age = kDay;
    Retention retention(std::move(parts));
    Pass(kDay * 2);
    EXPECT_FALSE(retention.Step());
    EXPECT_EQ(AddressOf(program, "c1"), "203.0.113.9") << "another node does it";
    EXPECT_EQ(StateOf(program)->node.value, "n1");
    gone.insert("n1");
    retention.Step();
    EXPECT_EQ(AddressOf(program, "c1"), "");
    EXPECT_EQ(StateOf(program)->node.value, "n2");
}

TEST_F(RetentionTest, WithoutAnAgeNothingBegins) {
    Program program(*this, "n1", {});
    Report(program, "c1", "203.0.113.9");
    Retention retention(PartsOf(program));
    Pass(kDay * 1000);
    retention.Start();
    retention.Stop();
    EXPECT_FALSE(StateOf(program));
    EXPECT_FALSE(retention.Step());
    EXPECT_EQ(AddressOf(program, "c1"), "203.0.113.9");
}

}  // namespace
}  // namespace barracuda::contacts
