#include "auth/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>

namespace barracuda::auth {
namespace {

using testing::MatchesRegex;
using testing::StartsWith;

TEST(Secrets, AreRandomAndPrefixed) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto secret = NewSecret("bk_");
        EXPECT_EQ(secret.size(), 3u + 43u);
        EXPECT_THAT(secret, MatchesRegex("bk_[A-Za-z0-9_-]+"));
        EXPECT_TRUE(seen.insert(secret).second);
    }
    EXPECT_EQ(NewSecret("").size(), 43u);
}

TEST(Secrets, HashIsSha256) {
    EXPECT_EQ(
        HashSecret("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    EXPECT_EQ(HashSecret(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Secrets, ConstantTimeEquals) {
    EXPECT_TRUE(ConstantTimeEquals("", ""));
    EXPECT_TRUE(ConstantTimeEquals("abc", "abc"));
    EXPECT_FALSE(ConstantTimeEquals("abc", "abd"));
    EXPECT_FALSE(ConstantTimeEquals("abc", "ab"));
    EXPECT_FALSE(ConstantTimeEquals("", "a"));
}

TEST(Passwords, HashAndVerify) {
    const auto hash = HashPassword("correct horse");
    ASSERT_TRUE(hash);
    EXPECT_THAT(*hash, StartsWith("$argon2id$v=19$m=65536,t=3,p=1$"));
    EXPECT_TRUE(VerifyPassword(*hash, "correct horse"));
    EXPECT_FALSE(VerifyPassword(*hash, "correct horsf"));
    EXPECT_FALSE(VerifyPassword(*hash, ""));
    EXPECT_NE(*hash, *HashPassword("correct horse")) << "salted";
    EXPECT_FALSE(VerifyNobody("correct horse"));
}

TEST(Passwords, RefusedWithoutWork) {
    EXPECT_EQ(HashPassword("").error().code, ErrorCode::kInvalid);
    EXPECT_EQ(HashPassword(std::string(1025, 'x')).error().code, ErrorCode::kInvalid);
    // The seed's bare SHA-256, an empty hash, a cut one, one too long for libsodium's buffer.
    for (const std::string& hash :
         {HashSecret("p"),
          std::string(),
          std::string("$argon2id$v=19$"),
          std::string("$argon2i$x"),
          "$argon2id$" + std::string(500, 'a')}) {
        EXPECT_FALSE(VerifyPassword(hash, "p")) << hash;
    }
}

TEST(PasswordWorker, AnswersOnItsOwnThread) {
    PasswordWorker worker;
    std::promise<Result<std::string>> hashed;
    std::thread::id where;
    worker.Hash(worker.Reserve(true), "secret", [&](Result<std::string> hash) {
        where = std::this_thread::get_id();
        hashed.set_value(std::move(hash));
    });
    const auto hash = hashed.get_future().get();
    ASSERT_TRUE(hash);
    EXPECT_NE(where, std::this_thread::get_id());
    const std::tuple<std::string, std::string, bool> rows[] = {
        {*hash, "secret", true}, {*hash, "secres", false}, {"", "secret", false}};
    for (const auto& [stored, password, expected] : rows) {
        std::promise<bool> verified;
        worker.Verify(worker.Reserve(false), stored, password, [&](bool ok) {
            verified.set_value(ok);
        });
        EXPECT_EQ(verified.get_future().get(), expected);
    }
}

struct HeldWorker : testing::Test {
    std::promise<void> started, release;
    std::vector<std::string> called;  // by the worker's one thread

    // An invalid hash costs nothing, so the callback itself holds the only thread.
    void Hold(PasswordWorker& worker) {
        worker.Verify(worker.Reserve(false), "x", "p", [&](bool) {
            started.set_value();
            release.get_future().wait();
            called.push_back("held");
        });
        started.get_future().wait();
    }
    void Add(PasswordWorker& worker, PasswordWorker::Place place, const char* name) {
        ASSERT_TRUE(place);
        worker.Verify(std::move(place), "x", "p", [this, name](bool) { called.push_back(name); });
    }
};

TEST_F(HeldWorker, QueueIsBoundedAndDropsOnDestruction) {
    std::thread releaser;
    {
        PasswordWorker worker({.threads = 1, .queue = 2});
        Hold(worker);
        Add(worker, worker.Reserve(false), "a");
        Add(worker, worker.Reserve(false), "b");
        EXPECT_FALSE(worker.Reserve(false)) << "full";
        releaser = std::thread([&] {
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
            release.set_value();
        });
    }
    releaser.join();
    EXPECT_EQ(called, std::vector<std::string>{"held"});
}

TEST_F(HeldWorker, StrangersWhoFillTheirQueueKeepNobodyOut) {
    std::promise<void> last;
    PasswordWorker worker({.threads = 1, .queue = 2, .known_queue = 1});
    Hold(worker);
    Add(worker, worker.Reserve(false), "stranger");
    auto place = worker.Reserve(false);
    EXPECT_FALSE(worker.Reserve(false)) << "a place that is held counts";
    Add(worker, worker.Reserve(true), "known");
    EXPECT_FALSE(worker.Reserve(true));
    place.reset();
    place = worker.Reserve(false);
    ASSERT_TRUE(place) << "given back";
    worker.Verify(std::move(place), "x", "p", [&](bool) { last.set_value(); });
    release.set_value();
    last.get_future().wait();
    EXPECT_EQ(called, (std::vector<std::string>{"held", "known", "stranger"}));
    EXPECT_TRUE(worker.Reserve(true));
}

TEST(Passwords, OneRuleForNewOnes) {
    EXPECT_EQ(ProblemOfPassword("123456789"), "needs at least 10 characters");
    EXPECT_EQ(ProblemOfPassword("1234567890"), "");
    EXPECT_EQ(ProblemOfPassword(std::string(1024, 'x')), "");
    EXPECT_EQ(ProblemOfPassword(std::string(1025, 'x')), "may have 1024 bytes at most");
    EXPECT_EQ(ProblemOfPassword("123456789\xff"), "must be UTF-8");
}

}  // namespace
}  // namespace barracuda::auth
