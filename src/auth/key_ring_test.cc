// Keys: what may be made, what names one, and what threads that make, use and revoke them see.
#include "auth/key_ring.h"

#include <gmock/gmock.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"

namespace barracuda::auth {
namespace {

using testing::ElementsAre;
using testing::UnorderedElementsAre;

TEST(KeyRules, WhatCannotBeIsNamed) {
    struct Case {
        std::string name, scope, affiliate, wrong;
    };
    const Case cases[] = {
        {"tracker", "ingest", "", ""},
        {"tracker", "ingest", "7", ""},
        {"tracker", "ingest", " 7\u200b", ""},
        {"tracker", "admin", "", ""},
        {std::string(64, 'n'), "ingest", "", ""},
        {"\U0001f41f ß", "ingest", "", ""},
        {"", "ingest", "", "name"},
        {std::string(65, 'n'), "ingest", "", "name"},
        {"a\nb", "ingest", "", "name"},
        {"a\x7f", "ingest", "", "name"},
        {"a\xC2\x9B"
         "b",
         "ingest",
         "",
         "name"},
        {"a\xff", "ingest", "", "name"},
        {"n", "", "", "scope"},
        {"n", "Admin", "", "scope"},
        {"n", "ingest ", "", "scope"},
        {"n", "admin", "7", "affiliate"},
        {"n", "ingest", "{affiliate}", "affiliate"},
        {"n", "ingest", "undefined", "affiliate"},
        {"n", "ingest", "a\tb", "affiliate"},
        {"n", "ingest", std::string(1025, '7'), "affiliate"},
        {"n", "ingest", " \u200b", "affiliate"}};
    for (const auto& [name, scope, affiliate, wrong] : cases) {
        SCOPED_TRACE(name + "|" + scope + "|" + affiliate.substr(0, 20));
        const auto judged = JudgeKey(name, scope, affiliate);
        ASSERT_EQ(judged.has_value(), wrong.empty());
        if (judged) {
            EXPECT_EQ(NameOf(judged->scope), scope);
            EXPECT_EQ(judged->affiliate.value, affiliate.empty() ? "" : "7");
        } else {
            EXPECT_EQ(judged.error().where, wrong);
            EXPECT_EQ(judged.error().code, ErrorCode::kInvalid);
        }
    }
}

struct KeyRingTest : testing::Test {
    std::unique_ptr<store::KvEngine> engine = std::move(*store::KvEngine::Open(
        std::make_unique<store::MemoryKv>(std::make_shared<store::MemoryKv::Data>())
    ));
    ledger::Ledger ledger{*engine, {.node = "n1"}, {}};
    KeyRing keys;

    std::string Create(const std::string& name, Scope scope = Scope::kIngest) {
        std::promise<Result<std::string>> made;
        keys.Create(ledger, {name, scope, {}}, [&](auto secret) { made.set_value(secret); });
        return *made.get_future().get();
    }
    Result<bool> Revoke(const std::string& id) {
        std::promise<Result<bool>> revoked;
        keys.Revoke(ledger, id, [&](auto done) { revoked.set_value(done); });
        return revoked.get_future().get();
    }
    std::string IdOf(const std::string& secret) { return keys.Find(secret)->id; }
    // Names of the keys that are not revoked, as a node that begins now knows them.
    std::vector<std::string> Live() const {
        KeyRing later;
        EXPECT_TRUE(later.LoadFrom(*engine));
        std::vector<std::string> names;
        for (const auto& key : later.List()) {
            if (!key.revoked) names.push_back(key.name);
        }
        return names;
    }
};

TEST_F(KeyRingTest, AnIdIsItsOwnKeysForEver) {
    const auto first = Create("first");
    const auto id = IdOf(first);
    const auto twin = Create(id);  // called as the other one's id
    const auto twin_id = IdOf(twin);
    ASSERT_TRUE(Revoke(id));
    EXPECT_THAT(Live(), ElementsAre(id));
    for (int i = 0; i < 3; ++i) {
        const auto again = Revoke(id);
        ASSERT_FALSE(again);
        EXPECT_EQ(again.error().code, ErrorCode::kNotFound);
    }
    EXPECT_TRUE(keys.Find(twin)) << "its name is no way to it while a key has that id";
    ASSERT_TRUE(Revoke(twin_id));
    EXPECT_FALSE(keys.Find(twin));
}

TEST_F(KeyRingTest, ANameMeansALiveOne) {
    const auto old = Create("shop");
    ASSERT_TRUE(Revoke("shop"));
    EXPECT_FALSE(Revoke("shop"));
    const auto fresh = Create("shop");
    EXPECT_FALSE(keys.Find(old));
    EXPECT_TRUE(keys.Find(fresh));
    ASSERT_TRUE(Revoke("shop"));
    EXPECT_FALSE(keys.Find(fresh));
    EXPECT_FALSE(Revoke("nobody"));
    EXPECT_FALSE(Revoke(""));
    EXPECT_THAT(Live(), ElementsAre());
}

TEST_F(KeyRingTest, ASecretIsFoundByItselfAlone) {
    const auto secret = Create("k");
    for (std::string other :
         {secret.substr(1),
          secret + "0",
          secret.substr(0, secret.size() - 1),
          IdOf(secret),
          keys.Find(secret)->hash,
          std::string(),
          std::string("k")}) {
        EXPECT_FALSE(keys.Find(other)) << other;
    }
    EXPECT_TRUE(secret.starts_with("bki_"));
    EXPECT_TRUE(Create("a", Scope::kAdmin).starts_with("bka_"));
}

TEST_F(KeyRingTest, AUseIsNotedOnceAMinute) {
    const auto secret = Create("k");
    const auto key = *keys.Find(secret);
    const Time begin = *Time::ParseIso("2026-06-01T12:00:00Z");
    EXPECT_EQ(keys.List()[0].used.ms, 0);
    for (int second = 0; second < 150; second += 10) {
        keys.NoteUse(ledger, key, Time{begin.ms + second * 1'000});
    }
    EXPECT_EQ(keys.List()[0].used, Time{begin.ms + 120'000});
    ASSERT_TRUE(Revoke("k"));  // the ledger has done what came before it
    KeyRing later;
    ASSERT_TRUE(later.LoadFrom(*engine));
    EXPECT_EQ(later.List()[0].used, Time{begin.ms + 120'000});
    EXPECT_EQ(later.List()[0].rev, 5) << "made, noted three times, revoked";
}

TEST_F(KeyRingTest, ADocumentIsReadAsItWasWritten) {
    ApiKey key;
    key.hash = std::string(64, 'a');
    key.id = key.hash.substr(0, 12);
    key.name = "“n”";
    key.scope = Scope::kAdmin;
    key.affiliate = AffiliateId("7");
    key.created = Time{5};
    for (const bool revoked : {false, true}) {
        key.revoked = revoked;
        key.revoked_at = Time{revoked ? 9 : 0};
        key.used = Time{revoked ? 7 : 0};
        const auto read = DecodeKey(EncodeKey(key));
        EXPECT_EQ(read.id, key.id);
        EXPECT_EQ(read.name, key.name);
        EXPECT_EQ(read.scope, key.scope);
        EXPECT_EQ(read.affiliate, key.affiliate);
        EXPECT_EQ(read.created, key.created);
        EXPECT_EQ(read.revoked, key.revoked);
        EXPECT_EQ(read.revoked_at, key.revoked_at);
        EXPECT_EQ(read.used, key.used);
    }
}

// Some make keys, some revoke them, some look, and one reads the store anew all the while.
TEST_F(KeyRingTest, WhatThreadsSeeIsNeverARevokedKey) {
    constexpr int kWorkers = 4, kEach = 40;
    std::atomic<bool> over = false;
    std::jthread reads([&] {
        while (!over) {
            EXPECT_TRUE(keys.LoadFrom(*engine));
            std::this_thread::yield();
        }
    });
    std::atomic<int> wrong = 0;
    {
        std::vector<std::jthread> workers;
        for (int worker = 0; worker < kWorkers; ++worker) {
            workers.emplace_back([&, worker] {
                for (int n = 0; n < kEach; ++n) {
                    const auto secret = Create(std::to_string(worker) + "-" + std::to_string(n));
                    const auto key = keys.Find(secret);
                    if (!key) ++wrong;
                    if (!key || n % 2) continue;
                    keys.NoteUse(ledger, *key, Time{60'000});
                    if (!Revoke(key->id) || keys.Find(secret) || keys.MayBeNew(secret)) ++wrong;
                }
            });
        }
    }
    over = true;
    reads.join();
    EXPECT_EQ(wrong, 0);
    std::set<std::string> expected;
    for (int worker = 0; worker < kWorkers; ++worker) {
        for (int n = 1; n < kEach; n += 2)
            expected.insert(std::to_string(worker) + "-" + std::to_string(n));
    }
    const auto live = Live();
    EXPECT_EQ(std::set<std::string>(live.begin(), live.end()), expected);
}

}  // namespace
}  // namespace barracuda::auth
