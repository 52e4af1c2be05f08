// A store that became smaller is refused, every time, and opens again only with what was lost on
// record. Sound stores are never refused, whatever became of their mark.
#include <fmt/format.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>

#include "store/engine_fixture.h"
#include "store/rocks/high_water.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<std::string> Named(const std::string& directory, std::string_view ending) {
    auto names = NamesIn(directory);
    std::erase_if(*names, [&](const auto& name) { return !name.ends_with(ending); });
    return *names;
}

std::map<std::string, std::string> Contents(const std::string& directory) {
    std::map<std::string, std::string> all;
    const auto names = NamesIn(directory).value();
    for (const auto& name : names) {
        if (name == "LOCK" || name == "LOG") continue;
        std::ifstream from(directory + "/" + name, std::ios::binary);
        all[name] = {std::istreambuf_iterator<char>(from), {}};
    }
    return all;
}

class RocksLoss : public testing::Test {
protected:
    std::unique_ptr<KvEngine> Open(bool accept = false) {
        auto kv = OpenRocks({.directory = db_, .accept_loss = accept});
        EXPECT_TRUE(kv) << kv.error().message;
        if (!kv) return nullptr;
        auto engine = KvEngine::Open(std::move(*kv));
        EXPECT_TRUE(engine);
        return engine ? std::move(*engine) : nullptr;
    }

    void PutSome(KvEngine& engine, int from, int to) {
        for (int i = from; i < to; ++i) {
            std::string click = fmt::format("c{}", i);
            Put(engine, DealRef(click), std::nullopt, Document({.click = click, .due = i}));
        }
    }

    // Every time, for every way to open, and no file changes.
    std::string Refused() {
        const auto before = Contents(db_);
        std::string said;
        for (int time = 0; time < 3; ++time) {
            for (bool read_only : {false, true}) {
                auto opened = OpenRocks({.directory = db_, .read_only = read_only});
                EXPECT_FALSE(opened);
                if (opened) return {};
                said = opened.error().message;
            }
        }
        EXPECT_EQ(Contents(db_), before);
        return said;
    }

    // The queue is written out at 4 MB, the documents are not: their log stays.
    void FillWork(Kv& kv, int batch, bool with_documents) {
        std::vector<KvChange> changes;
        for (int i = 0; i < 1'000; ++i) {
            std::string key = fmt::format("{}-{:0>1000}", batch, i);
            changes.push_back({Space::kWork, KvChange::Kind::kPut, std::move(key), {}});
        }
        if (with_documents) {
            std::string key = fmt::format("\x01{}", batch);
            changes.push_back({Space::kDocuments, KvChange::Kind::kPut, std::move(key), "v"});
        }
        ASSERT_TRUE(kv.Apply(changes));
    }

    void CutLog(double part) {
        const std::string log = db_ + "/" + Named(db_, ".log").back();
        fs::resize_file(
            log, static_cast<uintmax_t>(static_cast<double>(fs::file_size(log)) * part)
        );
    }

    TempDirectory directory_;
    const std::string db_ = directory_.At("db");
};

TEST_F(RocksLoss, ALogThatLostItsEndIsRefusedAndItsLossAcceptedOnce) {
    PutSome(*Open(), 0, 40);
    CutLog(0.5);
    EXPECT_THAT(Refused(), AllOf(HasSubstr("writes are missing"), HasSubstr("of 40 conversions")));
    AcceptedLoss loss;
    size_t left = 0;
    {
        auto engine = Open(true);
        ASSERT_TRUE(engine);
        loss = engine->Accepted();
        EXPECT_EQ(loss.times, 1u);
        EXPECT_GT(loss.writes, 100u);
        left = engine->Scan({})->documents.size();
        EXPECT_LT(left, 40u);
        EXPECT_THAT(*engine->Verify(false), IsEmpty());
    }
    EXPECT_EQ(ReadHighWater(db_)->conversions, static_cast<int64_t>(left));
    auto engine = Open();
    ASSERT_TRUE(engine) << "it opens by itself from now on";
    EXPECT_EQ(engine->Accepted(), loss);
    PutSome(*engine, 100, 120);
    engine.reset();
    CutLog(0.7);
    EXPECT_THAT(Refused(), HasSubstr("missing")) << "the next loss is another one";
    engine = Open(true);
    ASSERT_TRUE(engine);
    EXPECT_EQ(engine->Accepted().times, 2u);
    EXPECT_GT(engine->Accepted().writes, loss.writes);
}

TEST_F(RocksLoss, AnEndThatWasNeverAcknowledgedIsNoLoss) {
    PutSome(*Open(), 0, 5);
    std::ofstream(db_ + "/" + Named(db_, ".log").back(), std::ios::app) << "torn";
    auto engine = Open();
    ASSERT_TRUE(engine);
    EXPECT_THAT(engine->Scan({})->documents, SizeIs(5));
}

TEST_F(RocksLoss, ALogBeforeAnotherOneIsMissed) {
    {
        auto kv = OpenRocks({.directory = db_});
        ASSERT_TRUE(kv);
        FillWork(**kv, 0, true);
        ASSERT_TRUE((*kv)->Backup(directory_.At("copy"))) << "which writes tables";
        for (int batch = 1; batch < 6; ++batch) FillWork(**kv, batch, true);
    }
    const auto logs = Named(db_, ".log");
    ASSERT_GE(logs.size(), 2u);
    fs::copy(db_, directory_.At("whole"));
    const auto back = [&] {
        fs::remove_all(db_);
        fs::copy(directory_.At("whole"), db_);
    };
    for (size_t i = 0; i + 1 < logs.size(); ++i) {
        const std::string log = db_ + "/" + logs[i];
        for (double part : {0.0, 0.00001, 0.5, 0.99}) {
            const auto size = static_cast<double>(fs::file_size(log));
            fs::resize_file(log, static_cast<uintmax_t>(size * part));
            EXPECT_THAT(Refused(), HasSubstr("missing")) << logs[i] << " " << part;
            back();
        }
        fs::remove(log);
        EXPECT_THAT(Refused(), HasSubstr("missing")) << logs[i];
        {
            auto accepted = OpenRocks({.directory = db_, .accept_loss = true});
            EXPECT_TRUE(accepted);
        }
        EXPECT_TRUE(OpenRocks({.directory = db_})) << "it opens by itself from now on";
        back();
    }
    for (int life = 0; life < 3; ++life) EXPECT_TRUE(OpenRocks({.directory = db_}));
}

// Copies the directory before and after each log that goes: what a kill leaves at that moment.
class KillsAtLogs final : public rocksdb::FileSystemWrapper {
public:
    KillsAtLogs(std::string directory, std::string copies)
        : FileSystemWrapper(rocksdb::FileSystem::Default()),
          directory_(std::move(directory)),
          copies_(std::move(copies)) {}
    const char* Name() const override { return "KillsAtLogs"; }
    rocksdb::IOStatus DeleteFile(
        const std::string& name, const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug
    ) override {
        // One at a time: a table that the copied manifest names is there until it is copied too.
        std::lock_guard one(deleting_);
        if (!name.ends_with(".log")) return FileSystemWrapper::DeleteFile(name, options, debug);
        Copy();
        auto status = FileSystemWrapper::DeleteFile(name, options, debug);
        Copy();
        return status;
    }
    // A kill before the mark was written leaves this one: each copy is made with either.
    void KeepMark() {
        fs::copy_file(
            directory_ + "/HIGH_WATER", copies_ + "mark", fs::copy_options::overwrite_existing
        );
    }
    int copies() const { return count_; }

    std::mutex still;  // whoever writes holds it: a copy is of one moment

private:
    void Copy() {
        std::lock_guard lock(still);
        for (bool older : {false, true}) {
            if (older && !fs::exists(copies_ + "mark")) continue;
            const std::string to = copies_ + std::to_string(count_++);
            fs::create_directory(to);
            std::error_code gone;
            const auto copy = [&](bool manifest) {
                for (const auto& file : fs::directory_iterator(directory_)) {
                    const auto name = file.path().filename().string();
                    if (name.starts_with("MANIFEST-") != manifest) continue;
                    fs::copy_file(file.path(), fs::path(to) / name, gone);
                }
            };
            copy(true);  // first: what it names is whole by then, what is still written it has not
            copy(false);
            if (!older) continue;
            fs::copy_file(
                copies_ + "mark", to + "/HIGH_WATER", fs::copy_options::overwrite_existing
            );
        }
    }

    const std::string directory_, copies_;
    std::mutex deleting_;
    std::atomic<int> count_ = 0;
};

TEST_F(RocksLoss, AKillWhileALogGoesRefusesNothing) {
    for (bool with_documents : {true, false}) {
        const std::string top = directory_.At(with_documents ? "both" : "work only");
        const std::string db = top + "/db";
        fs::create_directories(top);
        { ASSERT_TRUE(OpenRocks({.directory = db})); }
        auto files = std::make_shared<KillsAtLogs>(db, top + "/kill");
        auto env = rocksdb::NewCompositeEnv(files);
        for (int life = 0; life < 2; ++life) {
            auto kv = OpenRocks({.directory = db, .env = env.get()});
            ASSERT_TRUE(kv) << kv.error().message;
            for (int batch = 0; batch < 6; ++batch) {
                std::lock_guard lock(files->still);
                FillWork(**kv, batch, with_documents);
                if (batch == 0) files->KeepMark();
            }
            if (with_documents) {
                ASSERT_TRUE((*kv)->Backup(fmt::format("{}/copy{}", top, life)));
            }
        }
        ASSERT_GE(files->copies(), 4);
        for (int i = 0; i < files->copies(); ++i) {
            const std::string killed = top + "/kill" + std::to_string(i);
            for (bool read_only : {true, false}) {
                auto opened = OpenRocks({.directory = killed, .read_only = read_only});
                EXPECT_TRUE(opened) << i << " " << opened.error().message;
            }
        }
    }
}

TEST_F(RocksLoss, AnOlderManifestBesideANewerLogIsMissed) {
    auto engine = Open();
    PutSome(*engine, 0, 10);
    std::string manifest;
    std::ifstream(db_ + "/CURRENT") >> manifest;
    fs::copy_file(db_ + "/" + manifest, directory_.At("older"));
    ASSERT_TRUE(engine->Backup(directory_.At("copy"))) << "which writes tables";
    PutSome(*engine, 10, 20);
    engine.reset();
    fs::copy_file(
        directory_.At("older"), db_ + "/" + manifest, fs::copy_options::overwrite_existing
    );
    EXPECT_THAT(Refused(), HasSubstr("missing in the middle"));
    fs::remove(db_ + "/HIGH_WATER");
    EXPECT_THAT(Refused(), HasSubstr("missing in the middle")) << "the mark is not needed for it";
}

TEST_F(RocksLoss, AMarkThatIsGoneDamagedOrOldRefusesNothing) {
    PutSome(*Open(), 0, 5);
    const std::string mark = db_ + "/HIGH_WATER";
    fs::copy_file(mark, directory_.At("older"));
    PutSome(*Open(), 5, 10);
    const auto damages = std::vector<std::function<void()>>{
        [&] { fs::remove(mark); },
        [&] { fs::resize_file(mark, 0); },
        [&] { fs::resize_file(mark, 40); },
        [&] { std::ofstream(mark) << std::string(1'024, 'x'); },
        [&] { fs::copy_file(directory_.At("older"), mark, fs::copy_options::overwrite_existing); }};
    for (const auto& damage : damages) {
        damage();
        {
            auto engine = Open();
            ASSERT_TRUE(engine);
            EXPECT_THAT(engine->Scan({})->documents, SizeIs(10));
        }
        ASSERT_TRUE(ReadHighWater(db_));
        EXPECT_EQ(ReadHighWater(db_)->conversions, 10);
    }
}

TEST_F(RocksLoss, AMarkOfBeforeAnAcceptedLossIsOutOfDate) {
    PutSome(*Open(), 0, 30);
    fs::copy_file(db_ + "/HIGH_WATER", directory_.At("before"));
    CutLog(0.5);
    ASSERT_TRUE(Open(true));
    fs::copy_file(
        directory_.At("before"), db_ + "/HIGH_WATER", fs::copy_options::overwrite_existing
    );
    auto engine = Open();
    ASSERT_TRUE(engine);
    EXPECT_EQ(engine->Accepted().times, 1u);
}

TEST_F(RocksLoss, AnAcceptanceThatWasCutOffIsRecordedByTheNextOpen) {
    PutSome(*Open(), 0, 30);
    auto mark = *ReadHighWater(db_);
    mark.accepting = 123;
    { ASSERT_TRUE(HighWaterFile::Open(db_, mark)); }
    EXPECT_EQ(Open()->Accepted().writes, 123u);
    EXPECT_EQ(Open()->Accepted().writes, 123u) << "once";
}

TEST_F(RocksLoss, ABackupHasAMarkThatFitsIt) {
    auto engine = Open();
    PutSome(*engine, 0, 20);
    const std::string copy = directory_.At("copy");
    ASSERT_TRUE(engine->Backup(copy));
    const auto mark = ReadHighWater(copy);
    ASSERT_TRUE(mark);
    EXPECT_EQ(mark->conversions, 20);
    auto opened = OpenRocks({.directory = copy, .create_if_missing = false});
    EXPECT_TRUE(opened) << opened.error().message;
}

TEST_F(RocksLoss, WhereATraceLiesNothingIsMade) {
    for (const char* trace :
         {"CURRENT",
          "MANIFEST-000004",
          "000007.sst",
          "000008.log",
          "HAS_LOG",
          "HIGH_WATER",
          "IDENTITY",
          "OPTIONS-000005",
          "LOG"}) {
        fs::create_directories(db_);
        std::ofstream(db_ + "/" + trace) << "x";
        EXPECT_THAT(Refused(), HasSubstr("CURRENT")) << trace;
        fs::remove_all(db_);
    }
    fs::create_directories(db_ + "/secrets");
    std::ofstream(db_ + "/notes.log") << "x";
    EXPECT_TRUE(OpenRocks({.directory = db_})) << "these are no files of a store";
}

TEST_F(RocksLoss, WhatIsUnfinishedIsMadeAgainOrLeftToRestore) {
    fs::create_directories(db_);
    ASSERT_TRUE(BeginStore(db_, kNewStore));
    std::ofstream(db_ + "/MANIFEST-000001") << "half";
    EXPECT_TRUE(OpenRocks({.directory = db_})) << "a first open that was cut off";
    EXPECT_EQ(UnfinishedIn(db_), std::nullopt);
    EXPECT_TRUE(OpenRocks({.directory = db_}));
    ASSERT_TRUE(BeginStore(db_, "restore of /b"));
    EXPECT_THAT(Refused(), HasSubstr("unfinished restore of /b"));
    EXPECT_TRUE(OpenRocks({.directory = db_, .restoring = true}));
    std::ofstream(db_ + "/000099.sst") << "x";
    ASSERT_TRUE(BeginStore(db_, kNewStore));
    EXPECT_TRUE(OpenRocks({.directory = db_})) << "a whole store is opened, and stays";
}

TEST(HighWater, WithoutALogItHasTheBytesOfBeforeLogsWereNamed) {
    TempDirectory directory;
    { ASSERT_TRUE(HighWaterFile::Open(directory.At(""), {.sequence = 1, .losses = 7})); }
    std::ifstream from(directory.At("HIGH_WATER"), std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(from), {}};
    EXPECT_EQ(bytes.substr(56, 68), std::string("\7", 1) + std::string(67, '\0'));
    EXPECT_EQ(ReadHighWater(directory.At(""))->losses, 7u);
}

TEST(HighWater, TheNewerRecordCountsAndATornOneLeavesTheOther) {
    TempDirectory directory;
    const std::string place = directory.At("");
    {
        auto file = HighWaterFile::Open(place, {.sequence = 1});
        ASSERT_TRUE(file);
        for (uint64_t at = 2; at <= 9; ++at) {
            HighWater mark{.sequence = at, .at = Time{5}, .conversions = -1, .contacts = 3};
            mark.logged_from = at / 3;  // 0: as a mark of before these were in it
            mark.first_log = at / 2;
            ASSERT_TRUE((*file)->NameLogs(mark.logged_from, mark.first_log));
            (*file)->Advance(mark);
            EXPECT_EQ(ReadHighWater(place), mark);
        }
    }
    std::ifstream from(place + "HIGH_WATER", std::ios::binary);
    const std::string whole{std::istreambuf_iterator<char>(from), {}};
    ASSERT_EQ(whole.size(), 1'024u);
    for (size_t at = 0; at < whole.size(); ++at) {
        std::string torn = whole;
        torn[at] ^= 4;
        std::ofstream(place + "HIGH_WATER", std::ios::binary) << torn;
        auto read = ReadHighWater(place);
        ASSERT_TRUE(read);
        EXPECT_THAT(read->sequence, testing::AnyOf(8u, 9u)) << at;
    }
}

// A power cut between the write of a batch and its sync: the mark says what was durable before, and
// of the batch the disk has some parts.
class RocksTornEnd : public RocksLoss {
protected:
    std::string log_, whole_;  // the newest log and its bytes, with the batch that is torn
    size_t durable_ = 0;       // where that begins

    void PutAndTear(size_t bytes, const std::function<void(std::string& batch)>& tear) {
        auto engine = Open();
        PutSome(*engine, 0, 40);
        log_ = db_ + "/" + Named(db_, ".log").back();
        durable_ = fs::file_size(log_);
        const std::string mark = Contents(db_)["HIGH_WATER"];
        Deal last{.click = "last"};
        last.affiliate = std::string(bytes, 'a');
        Put(*engine, DealRef("last"), std::nullopt, Document(last));
        engine.reset();
        Write(db_ + "/HIGH_WATER", mark);
        whole_ = Contents(db_)[fs::path(log_).filename()];
        std::string batch = whole_.substr(durable_);
        tear(batch);
        Write(log_, whole_.substr(0, durable_) + batch);
    }
    static void Write(const std::string& path, const std::string& bytes) {
        std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    }
    void OpensWithAllButTheLast() {
        for (int time = 0; time < 2; ++time) {
            auto engine = Open();
            ASSERT_TRUE(engine);
            EXPECT_EQ(engine->Accepted().times, 0u) << "nothing was lost";
            EXPECT_THAT(*engine->Verify(false), IsEmpty());
            EXPECT_EQ(engine->Rollup(Collection::kConversions)->front().count, 40 + time);
            EXPECT_EQ(Get(*engine, DealRef("last")).has_value(), time > 0);
            Put(*engine, DealRef("last"), std::nullopt, Document({.click = "last"}));
        }
    }
};

TEST_F(RocksTornEnd, ZerosInPlaceOfItsBodyAreNoLoss) {
    PutAndTear(200, [](std::string& batch) { std::fill(batch.begin() + 60, batch.end(), '\0'); });
    OpensWithAllButTheLast();
}

TEST_F(RocksTornEnd, NorAreZerosInPlaceOfItsBeginWhereLaterBlocksWereWritten) {
    PutAndTear(100'000, [](std::string& batch) {
        std::fill(batch.begin(), batch.begin() + 4'096, '\0');
    });
    OpensWithAllButTheLast();
}

TEST_F(RocksTornEnd, NorIsAHoleInItsMiddle) {
    PutAndTear(100'000, [](std::string& batch) {
        std::fill(batch.begin() + 20'000, batch.begin() + 60'000, '\0');
    });
    OpensWithAllButTheLast();
}

TEST_F(RocksTornEnd, WhatTheMarkKnowsToBeDurableIsALossAllTheSame) {
    {
        auto engine = Open();
        PutSome(*engine, 0, 40);
        log_ = db_ + "/" + Named(db_, ".log").back();
    }
    std::string bytes = Contents(db_)[fs::path(log_).filename()];
    std::fill(bytes.end() - 100, bytes.end(), '\0');
    Write(log_, bytes);
    EXPECT_THAT(Refused(), HasSubstr("missing"));
}

TEST_F(RocksTornEnd, AFlippedBitIsDamageNotATornEnd) {
    PutAndTear(200, [](std::string& batch) { batch[batch.size() / 2] ^= 1; });
    EXPECT_THAT(Refused(), HasSubstr("orruption"));
}

TEST_F(RocksTornEnd, ZerosInFrontOfAnotherWholeBatchAreDamage) {
    PutAndTear(200, [](std::string& batch) {
        const std::string same = batch;
        std::fill(batch.begin() + 60, batch.end(), '\0');
        batch += same;
    });
    EXPECT_THAT(Refused(), HasSubstr("orruption"));
}

}  // namespace
}  // namespace barracuda::store
