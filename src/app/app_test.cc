#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <future>

#include "app/control.h"
#include "app/doctor.h"
#include "app/first_steps.h"
#include "app/log.h"
#include "app/operations.h"
#include "app/setup_link.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::app {
namespace {

using testing::HasSubstr;
using testing::Not;

// A data directory deeper than a socket's address is long, gone afterwards.
class ControlTest : public testing::Test {
protected:
    ControlTest() {
        std::string name = testing::TempDir() + "/app_test_XXXXXX";
        top_ = mkdtemp(name.data());
        data_ = top_ + "/" + std::string(120, 'd');
        std::filesystem::create_directory(data_);
    }
    ~ControlTest() override { std::filesystem::remove_all(top_); }

    std::string top_, data_;
};

TEST(ProtocolTest, AsksAndAnswersSurviveTheLine) {
    Ask ask{
        .command = Command::kBackup,
        .name = "a\nb \"q\" é",
        .scope = "s",
        .affiliate = "f",
        .directory = "/d",
        .ids = {"1", "2"},
        .repair = true,
        .email = "e",
        .click = "c",
        .password_hash = "h",
        .lines = {"{\"a\":\"\u00e9\"}", ""},
        .resume = true,
        .notify = true,
        .dry_run = true};
    EXPECT_THAT(Encode(ask), Not(HasSubstr("\n")));
    EXPECT_EQ(DecodeAsk(Encode(ask)).value(), ask);
    EXPECT_EQ(
        DecodeAsk(Encode(Ask{.command = Command::kBackup})).value(),
        Ask{.command = Command::kBackup}
    );
    Answer answer{1, "line\nline\n", "note"};
    using Fate = LineResult::Fate;
    answer.lines = {{Fate::kRecorded}, {Fate::kRefused, "amount", "a \"b\"\n"}, {Fate::kSound}};
    EXPECT_THAT(Encode(answer), Not(HasSubstr("\n")));
    EXPECT_EQ(DecodeAnswer(Encode(answer)).value(), answer);
}

TEST(ProtocolTest, RefusesWhatIsNoRequest) {
    for (const char* line :
         {"",
          "{",
          "[]",
          "1",
          "{}",
          R"({"command":1})",
          R"({"command":"swim"})",
          R"({"command":"backup","ids":1})",
          R"({"command":"backup","ids":[1]})",
          R"({"command":"import.lines","lines":"{}"})",
          R"({"command":"import.lines","lines":[{}]})"}) {
        EXPECT_FALSE(DecodeAsk(line)) << line;
    }
    EXPECT_FALSE(DecodeAnswer("{}"));
    for (const char* lines : {"1", "[1]", "[[]]", "[[-1]]", "[[6]]", "[[\"recorded\"]]"}) {
        EXPECT_FALSE(DecodeAnswer(fmt::format(R"({{"exit":0,"lines":{}}})", lines))) << lines;
    }
}

TEST_F(ControlTest, AnswersOnASocketOfTheOwner) {
    auto server = ControlServer::Start(data_, [](std::string_view line) {
        return "<" + std::string(line) + ">";
    });
    ASSERT_TRUE(server) << server.error().message;
    struct stat status {};
    ASSERT_EQ(stat((data_ + "/control.sock").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    for (const char* line : {"one", "two"}) {
        auto answer = AskServer(data_, line);
        ASSERT_TRUE(answer) << answer.error().message;
        EXPECT_EQ(*answer, "<" + std::string(line) + ">");
    }
    EXPECT_FALSE(AskServer(data_, std::string(kControlLineMax + 1, 'x')));
}

TEST_F(ControlTest, NobodyThereIsNoError) {
    EXPECT_EQ(AskServer(data_, "x").value(), std::nullopt);
    EXPECT_EQ(AskServer(data_ + "/absent", "x").value(), std::nullopt);
    {
        auto server = ControlServer::Start(data_, [](auto) { return std::string(); });
    }
    EXPECT_EQ(AskServer(data_, "x").value(), std::nullopt);
}

TEST_F(ControlTest, ALongCommandHoldsUpNoShortOneAndAHangIsNotWaitedFor) {
    std::promise<void> end;
    auto ended = end.get_future().share();
    auto server = ControlServer::Start(data_, [ended](std::string_view line) {
        if (line == "long") ended.wait();
        return std::string(line);
    });
    ASSERT_TRUE(server) << server.error().message;
    auto longs = std::async(std::launch::async, [this] { return AskServer(data_, "long"); });
    auto brief = AskServer(data_, "long", std::chrono::milliseconds(50));
    ASSERT_FALSE(brief);
    EXPECT_EQ(brief.error().code, ErrorCode::kUnavailable);
    EXPECT_THAT(brief.error().message, HasSubstr("within 1 s: it hangs, or 4 commands are"));
    EXPECT_EQ(AskServer(data_, "short", kAnswerPatience).value(), "short");
    end.set_value();
    EXPECT_EQ(longs.get().value(), "long");
}

class OperationsTest : public testing::Test {
protected:
    std::unique_ptr<store::KvEngine> engine_ =
        std::move(store::KvEngine::Open(
                      std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
        )
                      .value());
    auth::KeyRing keys_;
    auth::Admins admins_;
    auth::Sessions sessions_;
    ledger::Ledger ledger_{*engine_, {.node = "n"}, {}};  // ends first: it calls back into those
    Workplace place_{
        .engine = *engine_,
        .ledger = ledger_,
        .keys = keys_,
        .admins = admins_,
        .sessions = sessions_,
        .serving = true};
};

TEST_F(OperationsTest, AKeyIsShownOnceAloneAndCanBeRevoked) {
    auto made =
        Execute(place_, {.command = Command::kKeyCreate, .name = "shop", .scope = "ingest"});
    ASSERT_EQ(made.exit, 0) << made.note;
    std::string key = made.out.substr(0, made.out.find('\n'));
    EXPECT_EQ(made.out, key + "\n");
    ASSERT_TRUE(keys_.Find(key));
    auto listed = Execute(place_, {.command = Command::kKeyList});
    EXPECT_THAT(listed.out, HasSubstr("shop"));
    EXPECT_THAT(listed.out, Not(HasSubstr(key)));
    EXPECT_EQ(Execute(place_, {.command = Command::kKeyRevoke, .ids = {"shop"}}).exit, 0);
    EXPECT_FALSE(keys_.Find(key));
    EXPECT_EQ(Execute(place_, {.command = Command::kKeyRevoke, .ids = {"shop"}}).exit, 1);
}

TEST_F(OperationsTest, AWrongNameKeepsNoOtherKeyAlive) {
    for (const char* name : {"one", "two"}) {
        ASSERT_EQ(
            Execute(place_, {.command = Command::kKeyCreate, .name = name, .scope = "ingest"}).exit,
            0
        );
    }
    auto revoked = Execute(place_, {.command = Command::kKeyRevoke, .ids = {"one", "none", "two"}});
    EXPECT_EQ(revoked.exit, 1);
    EXPECT_EQ(revoked.out, "revoked one\nrevoked two\n");
    EXPECT_THAT(revoked.note, HasSubstr("none"));
    for (const auto& key : keys_.List()) EXPECT_TRUE(key.revoked) << key.name;
}

TEST_F(OperationsTest, ANameOfTwoKeysRevokesNeither) {
    Ask ask{.command = Command::kKeyCreate, .name = "twin", .scope = "admin"};
    ASSERT_EQ(Execute(place_, ask).exit, 0);
    ASSERT_EQ(Execute(place_, ask).exit, 0);
    auto revoked = Execute(place_, {.command = Command::kKeyRevoke, .ids = {"twin"}});
    EXPECT_EQ(revoked.exit, 1);
    EXPECT_THAT(revoked.note, HasSubstr("ID"));
}

TEST_F(OperationsTest, RefusesAndSaysWhy) {
    for (const Ask& ask : std::vector<Ask>{
             {.command = Command::kServe},
             {.command = Command::kKeyCreate, .name = "", .scope = "ingest"},
             {.command = Command::kKeyCreate, .name = "n", .scope = "root"},
             {.command = Command::kKeyCreate, .name = "n", .scope = "admin", .affiliate = "7"},
             {.command = Command::kKeyCreate,
             .name = "n",
             .scope = "ingest",
             .affiliate = "{affiliate}"},
             {.command = Command::kBackup, .directory = "/tmp"},
             {.command = Command::kDeliveriesRetry, .ids = {"absent"}},
             {.command = Command::kAdminCreate, .name = "n", .email = "nobody"},
             {.command = Command::kAdminPassword, .email = "nobody@example.com"},
             {.command = Command::kErase},
             {.command = Command::kErase, .email = "a@example.com", .click = "c"},
             {.command = Command::kErase, .click = "c"},
         }) {
        auto answer = Execute(place_, ask);
        EXPECT_EQ(answer.exit, 1) << NameOf(ask.command);
        EXPECT_FALSE(answer.note.empty()) << NameOf(ask.command);
    }
}

TEST_F(OperationsTest, ANewPasswordEndsTheSessionsOfThatAdminOnly) {
    for (const char* email : {"a@example.com", "b@example.com"}) {
        Ask ask{
            .command = Command::kAdminCreate, .name = "n", .email = email, .password_hash = "old"};
        ASSERT_EQ(Execute(place_, ask).exit, 0);
        for (int i = 0; i < 2; ++i) {
            std::promise<void> begun;
            sessions_.Create(ledger_, *admins_.Find(email), Time::Now(), [&](auto) {
                begun.set_value();
            });
            begun.get_future().wait();
        }
    }
    auto set = Execute(
        place_,
        {.command = Command::kAdminPassword, .email = " A@Example.com ", .password_hash = "new"}
    );
    EXPECT_EQ(set, (Answer{0, "admin a@example.com has a new password; 2 sessions ended\n", ""}));
    EXPECT_EQ(admins_.Find("a@example.com")->password, "new");
    EXPECT_EQ(admins_.Find("b@example.com")->password, "old");
    EXPECT_EQ(sessions_.Size(), 2u);
}

TEST_F(OperationsTest, DeadDeliveriesAreATable) {
    EXPECT_EQ(
        Execute(place_, {.command = Command::kDeliveriesList}), (Answer{0, "", "0 dead deliveries"})
    );
    domain::Conversion conversion;
    conversion.id = ObjectId::New();
    conversion.key = {ClickId{"c1"}, GoalId{"5"}, ""};
    auto& dead = conversion.deliveries.emplace_back();
    dead.id = DeliveryId(std::string(32, 'a'));
    dead.network = "partner";
    dead.kind = "postback";
    dead.state = domain::DeliveryState::kDead;
    dead.attempts = 1;
    dead.status = 422;
    dead.error = "line\nbreak";
    dead.last_at = Time{4'000};
    conversion.Reschedule("n");
    conversion.rev = 1;
    store::Write write{
        .ref = store::RefOf(conversion.key), .before = {}, .after = Encode(conversion)};
    ASSERT_EQ(engine_->Commit({&write, 1}).value().front(), store::WriteState::kApplied);
    auto listed = Execute(place_, {.command = Command::kDeliveriesList});
    EXPECT_EQ(listed.note, "1 dead delivery");
    EXPECT_EQ(
        listed.out,
        "ID                                DIED                      NETWORK           KIND        "
        " "
        "  ATTEMPTS  STATUS  CLICK  GOAL  ERROR\n"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa  1970-01-01T00:00:04.000Z  partner           postback    "
        " "
        "         1     422  c1  5  line break\n"
    );
    EXPECT_EQ(
        Execute(place_, {.command = Command::kDeliveriesRetry}),
        (Answer{0, "1 delivery will be sent again\n", ""})
    );
}

TEST_F(OperationsTest, VerifyOfASoundStore) {
    EXPECT_EQ(
        Execute(place_, {.command = Command::kVerify}), (Answer{0, "the store is sound\n", ""})
    );
}

// What the queue and the lists of dead deliveries go by, damaged one field at a time: a server may
// run, for the ledger mends it.
TEST_F(OperationsTest, VerifyComparesAConversionWithItsDeliveries) {
    struct Case {
        const char* what;
        void (*damage)(domain::Conversion&);
    };
    for (const auto& [what, damage] : std::vector<Case>{
             {"no due", [](auto& c) { c.due.reset(); }},
             {"another due", [](auto& c) { c.due = Time{9}; }},
             {"no owner", [](auto& c) { c.owner = {}; }},
             {"no dead", [](auto& c) { c.dead.reset(); }},
             {"another dead", [](auto& c) { c.dead = Time{9}; }},
             {"due with nothing owed", [](auto& c) { c.deliveries.clear(); }},
         }) {
        domain::Conversion sound;
        sound.id = ObjectId::New();
        sound.key = {ClickId{"c1"}, GoalId{"5"}, what};
        sound.deliveries.resize(2);
        sound.deliveries[0].next_at = Time{5'000};
        sound.deliveries[1].state = domain::DeliveryState::kDead;
        sound.deliveries[1].last_at = Time{4'000};
        sound.Reschedule("n");
        sound.rev = 1;
        auto damaged = sound;
        damage(damaged);
        const auto ref = store::RefOf(sound.key);
        store::Write write{.ref = ref, .before = {}, .after = Encode(damaged)};
        ASSERT_EQ(engine_->Commit({&write, 1}).value().front(), store::WriteState::kApplied);

        auto found = Execute(place_, {.command = Command::kVerify});
        EXPECT_EQ(found.exit, 1) << what;
        EXPECT_THAT(found.out, HasSubstr(std::string("conversion c1 5 ") + what + ": due"));
        auto mended = Execute(place_, {.command = Command::kVerify, .repair = true});
        EXPECT_EQ(mended.exit, 0) << what << mended.out << mended.note;
        EXPECT_EQ(Execute(place_, {.command = Command::kVerify}).out, "the store is sound\n")
            << what;
        auto stored = domain::DecodeConversion(*engine_->Load({&ref, 1}).value().front());
        const bool owes = !damaged.deliveries.empty();
        EXPECT_EQ(stored->due, owes ? sound.due : std::nullopt) << what;
        EXPECT_EQ(stored->dead, owes ? sound.dead : std::nullopt) << what;
        EXPECT_EQ(stored->owner.value, owes ? "n" : "") << what;
    }
}

TEST(FirstStepsTest, CommandsWorkAsPasted) {
    config::Config config = config::Load(std::nullopt, {}, {{"store.data", "/it's here"}}).value();
    Beginning from{.address = AddressOf(config, 81), .program = "/bin/barracuda"};
    auto text = FirstSteps(config, from);
    EXPECT_THAT(text, HasSubstr("/bin/barracuda key create"));
    EXPECT_THAT(text, HasSubstr("--data '/it'\\''s here')"));
    EXPECT_THAT(text, HasSubstr("$KEY"));
    EXPECT_THAT(text, Not(HasSubstr("admin")));
    from.key = "bki_x";
    text = FirstSteps(config, from);
    EXPECT_THAT(text, HasSubstr("registration' -H 'Authorization: Bearer bki_x'"));
    EXPECT_THAT(text, Not(HasSubstr("$KEY")));
    from.key = "";
    config.auth.ingest = "open";
    config.server.listen_host = "::";
    from.address = AddressOf(config, 81);
    text = FirstSteps(config, from);
    EXPECT_THAT(text, HasSubstr("http://[::1]:81/api/ftd"));
    EXPECT_THAT(text, Not(HasSubstr("KEY")));
}

TEST(FirstStepsTest, ALinkOrItsFileButNoLessonsOnceThereAreKeys) {
    config::Config config = config::Load(std::nullopt, {}, {}).value();
    Beginning from{.address = "http://h:1", .any_keys = true};
    EXPECT_EQ(FirstSteps(config, from), "barracuda listens on http://h:1\n");
    from.setup_link = SetupLink(from.address, "bkt_x");
    EXPECT_THAT(FirstSteps(config, from), HasSubstr("\n  http://h:1/setup?token=bkt_x\n"));
    from.setup_link = "";
    from.setup_file = "/d/setup-link";
    auto text = FirstSteps(config, from);
    EXPECT_THAT(text, HasSubstr("\n  /d/setup-link\n"));
    EXPECT_THAT(text, Not(HasSubstr("curl")));
}

TEST_F(ControlTest, ASetupLinkIsTheOwnersAndNeverWrittenThroughALink) {
    const std::string path = SetupLinkPath(data_), elsewhere = top_ + "/elsewhere";
    ASSERT_TRUE(WriteSetupLink(data_, "l"));
    struct stat status {};
    ASSERT_EQ(stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777, 0600u);
    EXPECT_FALSE(WriteSetupLink(data_, "l")) << "it is made anew or not at all";
    RemoveSetupLink(data_);
    std::filesystem::create_symlink(elsewhere, path);
    EXPECT_FALSE(WriteSetupLink(data_, "l"));
    EXPECT_FALSE(std::filesystem::exists(elsewhere));
    RemoveSetupLink(data_);
    EXPECT_TRUE(WriteSetupLink(data_, "l"));
}

TEST(DoctorTest, FindingsAreLinesAndTheWorstCounts) {
    Findings one;
    EXPECT_EQ(one.Exit(), 0);
    one.Ok("store", "RocksDB\nopens");
    EXPECT_EQ(one.Text(), "ok    store: RocksDB opens\n");
    EXPECT_EQ(one.Exit(), 0);
    one.Warn("data", "others may look\tinto ./d", "chmod 700 ./d");
    EXPECT_EQ(one.Exit(), 1);
    one.Fail("clock", "off", "NTP");
    EXPECT_EQ(one.Exit(), 2);
    const auto sent = DecodeAnswer(Encode(Answer{0, "", "", one.all()}));  // by a running server
    ASSERT_TRUE(sent) << sent.error().message;
    EXPECT_EQ(sent->findings, one.all()) << "also what stands on several lines";
    Findings other;
    other.Add(sent->findings);
    EXPECT_EQ(other.Text(), one.Text());
    EXPECT_EQ(other.Exit(), 2);
    EXPECT_THAT(
        other.Text(), HasSubstr("warn  data: others may look into ./d; do: chmod 700 ./d\n")
    );
    for (const char* findings : {"{}", "[1]", R"([{"health":"well"}])"}) {
        const std::string line = R"({"exit":0,"findings":)" + std::string(findings) + "}";
        EXPECT_FALSE(DecodeAnswer(line)) << line;
    }
}

TEST(LogTest, OneLineAnEvent) {
    EXPECT_EQ(
        LogLine(true, "2026-01-31T23:59:59.123Z", Level::kInfo, "m", {{"k", "a\n\"b\""}}),
        "{\"time\":\"2026-01-31T23:59:59.123Z\",\"level\":\"info\",\"message\":\"m\","
        "\"k\":\"a\\n\\\"b\\\"\"}\n"
    );
    EXPECT_EQ(
        LogLine(false, "2026-01-31T23:59:59.123Z", Level::kWarning, "m", {{"k", "v"}}),
        "23:59:59 warning: m k=v\n"
    );
    EXPECT_EQ(
        LogLine(
            false,
            "2026-01-31T23:59:59.123Z",
            Level::kError,
            "m",
            {{"k",
              "a\xC2\x9B"
              "2J"}}
        ),
        "23:59:59 error: m k=\"a 2J\"\n"
    ) << "a network's words give the terminal no orders";
}

}  // namespace
}  // namespace barracuda::app
