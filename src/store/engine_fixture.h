// What the store's tests share: one engine over each kind of key-value store, and documents.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>

#include "domain/bson.h"
#include "store/index.h"
#include "store/kv_engine.h"
#include "store/memory/memory_kv.h"
#include "store/mongo/mongo_engine.h"
#include "store/rocks/rocks_kv.h"

namespace barracuda::store {

// A directory of its own, gone afterwards.
class TempDirectory {
public:
    TempDirectory() {
        static std::atomic<int> count = 0;
        path_ = std::filesystem::temp_directory_path() /
                ("barracuda-store-" + std::to_string(getpid()) + "-" + std::to_string(++count));
        std::filesystem::create_directories(path_);
    }
    ~TempDirectory() { std::filesystem::remove_all(path_); }
    TempDirectory(const TempDirectory&) = delete;
    TempDirectory& operator=(const TempDirectory&) = delete;
    std::string At(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

// Hands out stores over the same data; `lent` reaches past the engine, for damage.
class Store {
public:
    explicit Store(bool rocks) : rocks_(rocks) { Reopen(); }

    void Reopen() {
        engine.reset();
        std::unique_ptr<Kv> kv;
        if (rocks_) {
            auto opened = OpenRocks({.directory = directory.At("db")});
            ASSERT_TRUE(opened) << opened.error().message;
            kv = std::move(*opened);
        } else {
            kv = std::make_unique<MemoryKv>(memory);
        }
        lent = kv.get();
        auto opened = KvEngine::Open(std::move(kv));
        ASSERT_TRUE(opened) << opened.error().message;
        engine = std::move(*opened);
    }

    TempDirectory directory;
    std::shared_ptr<MemoryKv::Data> memory = std::make_shared<MemoryKv::Data>();
    Kv* lent = nullptr;
    std::unique_ptr<KvEngine> engine;

private:
    bool rocks_;
};

// The engines of one suite. MongoDB's is there when a server is: BARRACUDA_TEST_MONGODB names it
// (tests/mongo_server.py starts one, and ./dev test always does).
enum class Kind { kMemory, kRocks, kMongo };

inline const char* NameOf(Kind kind) {
    static constexpr const char* kNames[] = {"Memory", "RocksDB", "MongoDB"};
    return kNames[static_cast<int>(kind)];
}

inline const char* TestMongo() { return std::getenv("BARRACUDA_TEST_MONGODB"); }

inline std::vector<Kind> Kinds() {
    std::vector<Kind> kinds = {Kind::kMemory, Kind::kRocks};
    if (TestMongo()) {
        kinds.push_back(Kind::kMongo);
    } else {
        std::fprintf(stderr, "MongoDB is left out: BARRACUDA_TEST_MONGODB is not set\n");
    }
    return kinds;
}

// A client past the engine, one for all tests: closing one takes half a second.
inline MongoClient& MongoBeside() {
    MongoOptions options;
    options.uri = TestMongo();
    options.database = "barracuda_store";
    static auto* const client = MongoClient::Open(options).value().release();
    return *client;
}

// A database of its own, gone afterwards.
class TempDatabase {
public:
    TempDatabase() {
        static std::atomic<int> count = 0;
        name_ = "barracuda_store_" + std::to_string(getpid()) + "_" + std::to_string(++count);
    }
    ~TempDatabase() {
        auto lease = MongoBeside().Take();
        if (!lease) return;
        std::unique_ptr<mongoc_database_t, decltype(&mongoc_database_destroy)> ours(
            mongoc_client_get_database(lease->get(), name_.c_str()), mongoc_database_destroy
        );
        mongoc_database_drop(ours.get(), nullptr);
    }
    TempDatabase(const TempDatabase&) = delete;
    TempDatabase& operator=(const TempDatabase&) = delete;

    MongoEngineOptions Options() const {
        MongoEngineOptions options;
        // By the name of its own: a fail point for it strikes no suite that runs beside it.
        options.client.uri = TestMongo();
        options.client.uri += options.client.uri.find('?') == std::string::npos ? "/?" : "&";
        options.client.uri += "appName=" + name_;
        options.client.database = name_;
        return options;
    }
    const std::string& name() const { return name_; }
    std::unique_ptr<MongoEngine> Open() const {
        auto opened = MongoEngine::Open(Options());
        EXPECT_TRUE(opened) << opened.error().message;
        return opened ? std::move(*opened) : nullptr;
    }

private:
    std::string name_;
};

// Any engine over data of its own.
class AnyStore {
public:
    explicit AnyStore(Kind kind) {
        if (kind != Kind::kMongo) {
            kv_ = std::make_unique<Store>(kind == Kind::kRocks);
            return;
        }
        database_ = std::make_unique<TempDatabase>();
        mongo_ = database_->Open();
    }

    void Reopen() {
        if (kv_) return kv_->Reopen();
        mongo_.reset();
        mongo_ = database_->Open();
    }
    Engine& engine() {
        if (kv_) return *kv_->engine;
        return *mongo_;
    }

private:
    std::unique_ptr<Store> kv_;
    std::unique_ptr<TempDatabase> database_;
    std::unique_ptr<MongoEngine> mongo_;
};

struct Deal {
    std::string click = "c1";
    std::string affiliate = "a1";
    std::string amount = "1.5";
    int64_t created = 1'700'000'000'000;
    int64_t rev = 1;
    std::optional<int64_t> due = std::nullopt;
    NodeId owner{"n1"};
};

inline domain::ConversionKey KeyOf(const std::string& click) {
    return {ClickId(click), GoalId("6"), ""};
}
inline Ref DealRef(const std::string& click) { return RefOf(KeyOf(click)); }

inline std::string Document(const Deal& deal) {
    domain::Conversion c;
    // Ordered as the clicks are, so that every engine pages equal dates in one order.
    for (size_t i = 0; i < 12 && i < deal.click.size(); ++i) c.id.bytes[i] = deal.click[i];
    c.key = KeyOf(deal.click);
    c.goal_type = domain::GoalType::kDeposit;
    c.fields.Set(domain::Field::kAffiliateId, deal.affiliate);
    c.fields.Set(domain::Field::kAmount, deal.amount);
    c.fields.Set(domain::Field::kCurrency, "USD");
    c.rev = deal.rev;
    c.created = c.updated = Time{deal.created};
    if (deal.due) {
        c.due = Time{*deal.due};
        c.owner = deal.owner;
    }
    return domain::Encode(c);
}

inline std::string Contact(
    const std::string& id, const std::string& email, int64_t rev = 1, int64_t created = 5
) {
    domain::BsonWriter to;
    to.Text("_id", id);
    to.Text("email_key", email);
    to.Text("type", "user");
    to.Date("createdAt", Time{created});
    to.Int("rev", rev);
    return to.Take();
}
inline Ref ContactRef(const std::string& id) { return {Collection::kContacts, id}; }

using States = std::vector<WriteState>;
inline States Commit(Engine& engine, std::vector<Write> writes) {
    auto states = engine.Commit(writes);
    EXPECT_TRUE(states) << states.error().message;
    return states ? States(states->begin(), states->end()) : States();
}
inline WriteState Put(
    Engine& engine,
    const Ref& ref,
    std::optional<std::string> before,
    std::optional<std::string> after
) {
    auto states = Commit(engine, {{ref, std::move(before), std::move(after)}});
    return states.empty() ? WriteState::kLost : states[0];
}
inline std::optional<std::string> Get(Engine& engine, const Ref& ref) {
    auto loaded = engine.Load(std::span(&ref, 1));
    EXPECT_TRUE(loaded);
    return loaded ? loaded->front() : std::nullopt;
}

}  // namespace barracuda::store
