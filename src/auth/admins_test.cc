#include "auth/admins.h"

#include <gtest/gtest.h>

#include <future>

#include "auth/credentials.h"
#include "auth/login_challenge.h"
#include "domain/bson.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::auth {
namespace {

constexpr const char* kPassword = "$argon2id$x";

struct AdminsTest : testing::Test {
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    ledger::Ledger ledger{*engine, {.node = "n1"}, {}};
    Admins admins;

    // What a call answers, awaited.
    template <typename Call>
    static Result<Admin> Answer(Call call) {
        auto answer = std::make_shared<std::promise<Result<Admin>>>();
        auto coming = answer->get_future();
        call([answer](Result<Admin> admin) { answer->set_value(std::move(admin)); });
        return coming.get();
    }
    Result<Admin> Create(const std::string& email, Role role, std::string password = kPassword) {
        Admin wanted{.email = email, .name = "N", .role = role, .password = std::move(password)};
        return Answer([&](auto done) { admins.Create(ledger, wanted, done); });
    }
    Result<Admin> SetRole(const std::string& email, Role role) {
        auto edit = [role](Admin& admin) -> std::optional<Error> {
            admin.role = role;
            return std::nullopt;
        };
        return Answer([&](auto done) { admins.Change(ledger, email, edit, done); });
    }
    Result<Admin> Remove(const std::string& email) {
        return Answer([&](auto done) { admins.Remove(ledger, email, done); });
    }
    std::vector<Admin> Stored() const {
        Admins later;
        EXPECT_TRUE(later.LoadFrom(*engine));
        return later.List();
    }
};

TEST_F(AdminsTest, EveryWordOfTheTimeBeforeRolesIsAnOwner) {
    for (const char* word : {"", "admin", "superadmin", "Operator"}) {
        domain::BsonWriter old;
        old.Text("email", "a@b");
        old.Text("role", word);
        EXPECT_EQ(DecodeAdmin(old.Take()).role, Role::kOwner) << word;
    }
    for (const auto& [role, name] : kRoles) {
        EXPECT_EQ(DecodeAdmin(EncodeAdmin({.email = "a@b", .role = role})).role, role) << name;
    }
}

TEST_F(AdminsTest, TheLastOwnerStays) {
    ASSERT_TRUE(Create("a@b", Role::kOwner));
    ASSERT_TRUE(Create("o@b", Role::kOperator));
    ASSERT_TRUE(Create("invited@b", Role::kOwner, ""));
    EXPECT_EQ(SetRole("a@b", Role::kOperator).error().code, ErrorCode::kConflict);
    EXPECT_EQ(Remove("a@b").error().code, ErrorCode::kConflict);
    ASSERT_TRUE(SetRole("o@b", Role::kOwner));
    ASSERT_TRUE(SetRole("a@b", Role::kReadOnly));
    EXPECT_EQ(Remove("o@b").error().code, ErrorCode::kConflict);
    ASSERT_TRUE(Remove("a@b")) << "who is none may go";
    EXPECT_EQ(Remove("a@b").error().code, ErrorCode::kNotFound);
    EXPECT_EQ(Stored().size(), 2u);
}

TEST_F(AdminsTest, OwnersWhoGoAtOnceLeaveOneBehind) {
    for (const char* email : {"a@b", "b@b", "c@b"}) ASSERT_TRUE(Create(email, Role::kOwner));
    std::atomic<int> gone = 0;
    std::vector<std::promise<void>> done(3);
    int next = 0;
    for (const char* email : {"a@b", "b@b", "c@b"}) {
        admins.Remove(ledger, email, [&gone, &one = done[next++]](Result<Admin> admin) {
            if (admin) ++gone;
            one.set_value();
        });
    }
    for (auto& one : done) one.get_future().get();
    EXPECT_EQ(gone, 2);
    EXPECT_EQ(Stored().size(), 1u);
}

TEST_F(AdminsTest, AnInvitationIsTakenOnceUntilItEnds) {
    Admin wanted{.email = "i@b", .name = "I", .role = Role::kOperator};
    wanted.invitation = HashSecret("secret");
    wanted.invited_until = Time{Time::Now().ms + 60'000};
    ASSERT_TRUE(Answer([&](auto done) { admins.Create(ledger, wanted, done); }));
    EXPECT_TRUE(admins.empty()) << "nobody can log in yet";
    EXPECT_TRUE(admins.FindInvited("secret", Time::Now()));
    EXPECT_FALSE(admins.FindInvited("secret", wanted.invited_until));
    EXPECT_FALSE(admins.FindInvited("", Time::Now()));
    auto accept = [&](const char* secret) {
        return Answer([&](auto done) { admins.Accept(ledger, "i@b", secret, kPassword, done); });
    };
    EXPECT_EQ(accept("other").error().code, ErrorCode::kUnauthorized);
    ASSERT_TRUE(accept("secret"));
    EXPECT_EQ(accept("secret").error().code, ErrorCode::kUnauthorized);
    EXPECT_TRUE(Stored()[0].CanLogIn());
    EXPECT_TRUE(Stored()[0].invitation.empty());
}

TEST_F(AdminsTest, AChallengeIsOfOnePasswordAndEnds) {
    ASSERT_TRUE(Create("a@b", Role::kOwner));
    const Time now = Time::Now();
    const auto challenge = NewChallenge(*admins.Find("a@b"), now);
    ASSERT_TRUE(ChallengedBy(admins, challenge, now));
    EXPECT_EQ(ChallengedBy(admins, challenge, now)->email, "a@b");
    EXPECT_FALSE(ChallengedBy(admins, challenge, Time{now.ms + kChallengeMs}));
    for (const auto& bad :
         std::vector<std::string>{"", "bkc_", "bkc_.", "bkc_..", challenge + "0"}) {
        EXPECT_FALSE(ChallengedBy(admins, bad, now)) << bad;
    }
    std::string longer = challenge;
    longer.insert(longer.rfind('.'), "0");
    EXPECT_FALSE(ChallengedBy(admins, longer, now)) << "its end is signed";
    ASSERT_TRUE(Answer([&](auto done) { admins.SetPassword(ledger, "a@b", "$argon2id$y", done); }));
    EXPECT_FALSE(ChallengedBy(admins, challenge, now)) << "of the password before";
}

}  // namespace
}  // namespace barracuda::auth
