#include "app/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace barracuda::app {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(CommandLineTest, TakesFlagsAfterTheCommand) {
    auto parsed = ParseCommandLine(
        {"serve", "--config", "f.toml", "--data", "d", "--listen", "[::1]:1", "--store", "rocksdb"}
    );
    ASSERT_TRUE(parsed.line) << parsed.text;
    EXPECT_EQ(parsed.line->command, Command::kServe);
    EXPECT_EQ(parsed.line->config, "f.toml");
    EXPECT_EQ(
        parsed.line->flags,
        (config::Flags{{"server.listen", "[::1]:1"}, {"store.data", "d"}, {"store.url", "rocksdb"}})
    );
}

TEST(CommandLineTest, LeavesWhatWasNotGivenToTheSettings) {
    auto parsed = ParseCommandLine({"serve"});
    ASSERT_TRUE(parsed.line) << parsed.text;
    EXPECT_FALSE(parsed.line->config);
    EXPECT_TRUE(parsed.line->flags.empty());
}

TEST(CommandLineTest, NamesTheOperation) {
    auto create = ParseCommandLine(
        {"key", "create", "--name", "n", "--scope", "ingest", "--affiliate", "7", "--data", "d"}
    );
    ASSERT_TRUE(create.line) << create.text;
    EXPECT_EQ(
        create.line->ask,
        (Ask{.command = Command::kKeyCreate, .name = "n", .scope = "ingest", .affiliate = "7"})
    );
    auto retry = ParseCommandLine({"deliveries", "retry", "a", "b"});
    ASSERT_TRUE(retry.line) << retry.text;
    EXPECT_EQ(retry.line->ask, (Ask{.command = Command::kDeliveriesRetry, .ids = {"a", "b"}}));
    auto backup = ParseCommandLine({"backup", "x/../y"});
    ASSERT_TRUE(backup.line) << backup.text;
    EXPECT_EQ(backup.line->backup.to, std::filesystem::current_path() / "y");
}

TEST(CommandLineTest, AdoptsInEarnestUnlessToldOtherwise) {
    auto adopt = ParseCommandLine({"adopt", "--store", "mongodb://h/x"});
    ASSERT_TRUE(adopt.line) << adopt.text;
    EXPECT_EQ(adopt.line->command, Command::kAdopt);
    EXPECT_FALSE(adopt.line->dry_run);
    EXPECT_TRUE(ParseCommandLine({"adopt", "--dry-run"}).line->dry_run);
    EXPECT_THAT(ParseCommandLine({"adopt", "--help"}).text, HasSubstr("docs/operating/adopt.md"));
}

TEST(CommandLineTest, MistakesEndWithTwo) {
    for (auto arguments : std::vector<std::vector<std::string>>{
             {},
             {"swim"},
             {"serve", "--depth", "3"},
             {"key"},
             {"key", "create", "--name", "n"},
             {"key", "create", "--name", "n", "--scope", "root"},
             {"admin", "password", "--email", "a@example.com"},
             {"admin", "password", "--password-stdin"},
             {"backup"}}) {
        auto parsed = ParseCommandLine(arguments);
        EXPECT_FALSE(parsed.line);
        EXPECT_EQ(parsed.exit, 2);
        EXPECT_FALSE(parsed.text.empty());
    }
}

TEST(CommandLineTest, HelpTeaches) {
    auto help = ParseCommandLine({"--help"});
    EXPECT_EQ(help.exit, 0);
    for (const char* word :
         {"First steps", "key create", "check-config", "deliveries", "restore", "adopt"}) {
        EXPECT_THAT(help.text, HasSubstr(word));
    }
    EXPECT_THAT(ParseCommandLine({"key", "create", "--help"}).text, HasSubstr("--affiliate"));
    auto password = ParseCommandLine({"admin", "password", "--help"}).text;
    for (const char* word : {"every session", "--email", "--password-stdin", "10 characters"}) {
        EXPECT_THAT(password, HasSubstr(word));
    }
}

TEST(CommandLineTest, VersionByFlag) {
    auto version = ParseCommandLine({"--version"});
    EXPECT_EQ(version.exit, 0);
    EXPECT_THAT(version.text, testing::MatchesRegex("barracuda [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

TEST(CommandLineTest, AnEmptyValueIsNotTheDefault) {
    for (const char* flag : {"--data", "--config", "--store", "--listen"}) {
        auto parsed = ParseCommandLine({"serve", flag, ""});
        EXPECT_EQ(parsed.exit, 2) << flag;
        EXPECT_THAT(parsed.text, HasSubstr(flag));
        EXPECT_THAT(parsed.text, HasSubstr("empty"));
    }
    for (const auto& arguments : std::vector<std::vector<std::string>>{
             {"key", "create", "--name", "n", "--scope", "ingest", "--affiliate", ""},
             {"key", "create", "--name", "", "--scope", "ingest"},
             {"key", "revoke", "one", ""},
             {"admin", "create", "--name", "n", "--email", "", "--password-stdin"},
             {"backup", ""},
             {"import", ""},
             {"migrate", "--from", ""},
             {"migrate", "--to", ""}}) {
        auto parsed = ParseCommandLine(arguments);
        EXPECT_EQ(parsed.exit, 2) << arguments.front();
        EXPECT_THAT(parsed.text, HasSubstr("empty")) << arguments.front();
    }
}

TEST(CommandLineTest, AnImportIsTakenAsItIsSaid) {
    auto plain = ParseCommandLine({"import", "f.csv"});
    ASSERT_TRUE(plain.line) << plain.text;
    EXPECT_EQ(plain.line->import, ImportOptions{.path = "f.csv"});
    auto all = ParseCommandLine(
        {"import",
         "f",
         "--format",
         "csv",
         "--map",
         "a=click_id",
         "--map",
         "b=",
         "--state",
         "s",
         "--refused",
         "r",
         "--from-line",
         "7",
         "--dry-run",
         "--notify"}
    );
    ASSERT_TRUE(all.line) << all.text;
    const ImportOptions wanted{
        .path = "f",
        .format = "csv",
        .maps = {"a=click_id", "b="},
        .state = "s",
        .refused = "r",
        .from_line = 7,
        .dry_run = true,
        .notify = true};
    EXPECT_EQ(all.line->import, wanted);
    for (const auto& wrong : std::vector<std::vector<std::string>>{
             {"import", "f", "--format", "xml"},
             {"import", "f", "--from-line", "-1"},
             {"import"},
             {"import", "f", "--map"},
             {"import", "f", "g"}}) {
        EXPECT_EQ(ParseCommandLine(wrong).exit, 2);
    }
}

TEST(CommandLineTest, ASlipInAnOptionIsNamedAsItWasWritten) {
    auto slip = ParseCommandLine({"key", "create", "--nam", "x", "--scope", "ingest"});
    EXPECT_EQ(slip.exit, 2);
    EXPECT_THAT(slip.text, testing::StartsWith("barracuda: not expected: --nam x\n"));
    EXPECT_THAT(
        ParseCommandLine({"serve", "--port", "80"}).text, HasSubstr("not expected: --port 80\n")
    );
}

TEST(CommandLineTest, ACommandThatIsNoneIsNamed) {
    auto none = ParseCommandLine({"serv", "--data", "d"});
    EXPECT_EQ(none.exit, 2);
    EXPECT_EQ(none.text, "barracuda: there is no command \"serv\"; barracuda --help shows all\n");
    EXPECT_EQ(
        ParseCommandLine({"deliveries", "show"}).text,
        "barracuda: there is no command \"deliveries show\"; barracuda deliveries --help shows "
        "all\n"
    );
    EXPECT_THAT(ParseCommandLine({"serve", "now"}).text, HasSubstr("now")) << "no command either";
}

TEST(CommandLineTest, AGroupAloneShowsItsOwnHelp) {
    auto group = ParseCommandLine({"deliveries"});
    EXPECT_EQ(group.exit, 2);
    EXPECT_THAT(group.text, HasSubstr("Usage: barracuda deliveries"));
    EXPECT_THAT(group.text, HasSubstr("oldest first"));
    EXPECT_THAT(group.text, Not(HasSubstr("First steps")));
    auto one = ParseCommandLine({"deliveries", "retry", "--help"});
    EXPECT_EQ(one.exit, 0);
    EXPECT_THAT(one.text, HasSubstr("/api/admin/replays"));
    EXPECT_THAT(one.text, Not(HasSubstr("First steps")));
}

}  // namespace
}  // namespace barracuda::app
