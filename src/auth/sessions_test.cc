#include "auth/sessions.h"

#include <gtest/gtest.h>

#include <future>

#include "auth/credentials.h"
#include "domain/bson.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::auth {
namespace {

struct SessionsTest : testing::Test {
    std::shared_ptr<store::MemoryKv::Data> data = std::make_shared<store::MemoryKv::Data>();
    std::unique_ptr<store::KvEngine> engine =
        std::move(*store::KvEngine::Open(std::make_unique<store::MemoryKv>(data)));
    ledger::Ledger ledger{*engine, {.node = "n1"}, {}};
    Sessions sessions{3};
    Admins admins;
    Time now = Time::Now();

    std::string Create(const std::string& email, Time at) {
        std::promise<Result<std::string>> token;
        sessions.Create(ledger, Admin{.email = email}, at, [&](auto result) {
            token.set_value(std::move(result));
        });
        return *token.get_future().get();
    }
    Result<Admin> CreateAdmin(const std::string& email) {
        std::promise<Result<Admin>> made;
        Admin wanted{.email = email, .name = "Ann", .password = "$argon2id$x"};
        admins.Create(ledger, wanted, [&](auto result) { made.set_value(std::move(result)); });
        return made.get_future().get();
    }
    Result<Admin> SetPassword(const std::string& email, const std::string& hash) {
        std::promise<Result<Admin>> set;
        admins.SetPassword(ledger, email, hash, [&](auto result) {
            set.set_value(std::move(result));
        });
        return set.get_future().get();
    }
    Time After(int64_t ms) const { return Time{now.ms + ms}; }
};

TEST_F(SessionsTest, LastsHalfAnHourIdleAndTwelveHoursInAll) {
    std::string token = Create("Ann@Example.com", now);
    EXPECT_EQ(sessions.Find(ledger, token, now)->email, "ann@example.com");
    EXPECT_FALSE(sessions.Find(ledger, token + "x", now));
    EXPECT_FALSE(sessions.Find(ledger, token, After(Sessions::kIdleMs)));
    Time at = now;
    while (at.ms + Sessions::kIdleMs - 1 < now.ms + Sessions::kAbsoluteMs) {
        at.ms += Sessions::kIdleMs - 1;
        ASSERT_TRUE(sessions.Find(ledger, token, at));
    }
    EXPECT_FALSE(sessions.Find(ledger, token, After(Sessions::kAbsoluteMs)));
}

TEST_F(SessionsTest, SurvivesARestartAndItsEndToo) {
    std::string kept = Create("a@b", now), ended = Create("a@b", now);
    std::promise<void> done;
    EXPECT_TRUE(sessions.End(ledger, ended, [&](auto result) {
        EXPECT_TRUE(result);
        done.set_value();
    }));
    EXPECT_FALSE(sessions.Find(ledger, ended, now));
    done.get_future().get();
    Sessions later;
    ASSERT_TRUE(later.LoadFrom(*engine));
    EXPECT_TRUE(later.Find(ledger, kept, now));
    EXPECT_FALSE(later.Find(ledger, ended, now));
}

TEST_F(SessionsTest, ATokenThatIsNoSessionsCausesNoWrite) {
    const std::string ended = Create("a@b", now);
    std::promise<void> done;
    ASSERT_TRUE(sessions.End(ledger, ended, [&](auto) { done.set_value(); }));
    done.get_future().get();
    const auto before = ledger.counters().commands;
    for (const auto& token : {std::string(), std::string("bks_invented"), ended, ended + "x"}) {
        EXPECT_FALSE(sessions.End(ledger, token, [](auto) { ADD_FAILURE(); })) << token;
    }
    ASSERT_TRUE(ledger.Pass(std::chrono::seconds(5)));
    EXPECT_EQ(ledger.counters().commands, before);
}

TEST_F(SessionsTest, BeyondTheBoundTheLongestUnseenEnds) {
    std::string first = Create("a@b", now), second = Create("a@b", After(1));
    Create("c@d", After(2));
    EXPECT_TRUE(sessions.Find(ledger, first, After(3)));
    Create("a@b", After(4));
    EXPECT_EQ(sessions.Size(), 3u);
    EXPECT_TRUE(sessions.Find(ledger, first, After(5)));
    EXPECT_FALSE(sessions.Find(ledger, second, After(5)));
    EXPECT_EQ(sessions.EndAllOf(ledger, "A@b"), 2u);
    EXPECT_EQ(sessions.Size(), 1u);
}

TEST_F(SessionsTest, TheStoreHoldsNoToken) {
    std::string token = Create("a@b", now);
    store::ScanRequest request;
    request.collection = store::Collection::kSessions;
    auto page = engine->Scan(request);
    ASSERT_EQ(page->documents.size(), 1u);
    EXPECT_EQ(page->documents[0].find(token), std::string::npos);
    EXPECT_EQ(DecodeSession(page->documents[0]).hash, HashSecret(token));
}

TEST_F(SessionsTest, ANewPasswordIsAnotherMark) {
    ASSERT_TRUE(CreateAdmin("Ann@Example.com"));
    const Admin before = *admins.Find("ann@example.com");
    auto set = SetPassword("ANN@example.com", "$argon2id$y");
    ASSERT_TRUE(set);
    EXPECT_EQ(set->password, "$argon2id$y");
    Admins later;
    ASSERT_TRUE(later.LoadFrom(*engine));
    for (const Admins* one : {&admins, &later}) {
        const Admin after = *one->Find("ann@example.com");
        EXPECT_EQ(after.password, "$argon2id$y");
        EXPECT_EQ(after.name, "Ann");
        EXPECT_EQ(after.rev, 2);
        EXPECT_EQ(after.created, before.created);
        EXPECT_NE(PasswordMark(after), PasswordMark(before));
    }
    auto unknown = SetPassword("nobody@example.com", "$argon2id$y");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
}

// A login that was under way begins its session after the change: by its mark it is over as well.
TEST_F(SessionsTest, ASessionKeepsTheMarkOfItsLogin) {
    ASSERT_TRUE(CreateAdmin("a@b"));
    const Admin before = *admins.Find("a@b");
    ASSERT_TRUE(SetPassword("a@b", "$argon2id$y"));
    std::promise<std::string> token;
    sessions.Create(ledger, before, now, [&](auto result) { token.set_value(*result); });
    const std::string late = token.get_future().get();
    EXPECT_NE(sessions.Find(ledger, late, now)->mark, PasswordMark(*admins.Find("a@b")));
    Sessions later;
    ASSERT_TRUE(later.LoadFrom(*engine));
    EXPECT_EQ(later.Find(ledger, late, now)->mark, PasswordMark(before));
}

// The seed's admins have an ObjectId for a key and fields of their own.
TEST_F(SessionsTest, AnAdminOfTheSeedGetsAPassword) {
    domain::BsonWriter to;
    const ObjectId id = ObjectId::New();
    to.Id("_id", id);
    to.Text("email", "Boss@Example.com");
    to.Text("password", "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8");
    to.Text("theirs", "kept");
    const store::Ref ref{store::Collection::kAdmins, id.Hex()};
    std::vector<store::Write> writes = {{ref, std::nullopt, to.Take()}};
    ASSERT_TRUE(engine->Commit(writes));
    ASSERT_TRUE(admins.LoadFrom(*engine));
    ASSERT_TRUE(SetPassword("boss@example.com", "$argon2id$y"));
    auto stored = engine->Load(std::span(&ref, 1))->front();
    ASSERT_TRUE(stored);
    EXPECT_EQ(domain::TopText(*stored, "_id"), id.Hex());
    EXPECT_EQ(domain::TopText(*stored, "theirs"), "kept");
    EXPECT_EQ(domain::TopText(*stored, "password"), "$argon2id$y");
    EXPECT_EQ(domain::TopText(*stored, "rev"), "1");
}

TEST_F(SessionsTest, AnAdminIsMadeOncePerEmail) {
    EXPECT_TRUE(admins.empty());
    EXPECT_TRUE(CreateAdmin("Ann@Example.com"));
    auto again = CreateAdmin("ann@example.COM");
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, ErrorCode::kConflict);
    Admins later;
    ASSERT_TRUE(later.LoadFrom(*engine));
    auto found = later.Find("ANN@example.com");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, "Ann");
    EXPECT_EQ(found->role, Role::kOwner);
    EXPECT_EQ(found->password, "$argon2id$x");
    EXPECT_EQ(later.List().size(), 1u);
}

TEST_F(SessionsTest, AnAdminWithoutAPasswordIsNobodyUntilGivenOne) {
    domain::BsonWriter seeds;
    seeds.Id("_id", *ObjectId::Parse("65a000000000000000000001"));
    seeds.Text("email", "Ann@example.com");
    seeds.Text("password", "5e884898");
    seeds.Text("role", "owner");
    store::Write write{
        {store::Collection::kAdmins, "65a000000000000000000001"}, std::nullopt, seeds.Take()};
    ASSERT_TRUE(engine->Commit(std::span(&write, 1)));
    ASSERT_TRUE(admins.LoadFrom(*engine));
    EXPECT_TRUE(admins.empty()) << "nobody can log in: a link makes the first admin";
    int created = 0;
    admins.OnCreated([&] { ++created; });
    ASSERT_TRUE(CreateAdmin("ann@example.com"));
    EXPECT_EQ(created, 1);
    EXPECT_FALSE(admins.empty());
    Admins later;
    ASSERT_TRUE(later.LoadFrom(*engine));
    ASSERT_EQ(later.List().size(), 1u) << "the same one";
    EXPECT_EQ(later.List()[0].role, Role::kOwner);
    EXPECT_EQ(later.List()[0].id, "65a000000000000000000001");
    EXPECT_FALSE(CreateAdmin("ann@example.com")) << "now there is one who can";
}

}  // namespace
}  // namespace barracuda::auth
