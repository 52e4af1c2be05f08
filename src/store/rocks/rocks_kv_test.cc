// What only RocksDB can do wrong: locks, backups, a log that cannot be written or synced.
#include "store/rocks/rocks_kv.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

enum class Fault { kNone, kAppend, kSync };

class LyingFile final : public rocksdb::FSWritableFileOwnerWrapper {
public:
    LyingFile(std::unique_ptr<rocksdb::FSWritableFile> file, const std::atomic<Fault>& fault)
        : FSWritableFileOwnerWrapper(std::move(file)), fault_(fault) {}

    using FSWritableFileOwnerWrapper::Append;
    rocksdb::IOStatus Append(
        const rocksdb::Slice& data,
        const rocksdb::IOOptions& options,
        rocksdb::IODebugContext* debug
    ) override {
        if (fault_ == Fault::kAppend) return rocksdb::IOStatus::NoSpace("injected: disk full");
        return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    rocksdb::IOStatus Sync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug)
        override {
        if (fault_ == Fault::kSync) return rocksdb::IOStatus::IOError("injected: sync failed");
        return FSWritableFileOwnerWrapper::Sync(options, debug);
    }
    rocksdb::IOStatus Fsync(const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug)
        override {
        if (fault_ == Fault::kSync) return rocksdb::IOStatus::IOError("injected: sync failed");
        return FSWritableFileOwnerWrapper::Fsync(options, debug);
    }

private:
    const std::atomic<Fault>& fault_;
};

// Write-ahead logs fail on command, and RocksDB's own diary as on a full disk; every other file is
// honest.
class LyingFileSystem final : public rocksdb::FileSystemWrapper {
public:
    LyingFileSystem() : FileSystemWrapper(rocksdb::FileSystem::Default()) {}
    const char* Name() const override { return "LyingFileSystem"; }
    rocksdb::IOStatus NewWritableFile(
        const std::string& name,
        const rocksdb::FileOptions& options,
        std::unique_ptr<rocksdb::FSWritableFile>* file,
        rocksdb::IODebugContext* debug
    ) override {
        auto status = FileSystemWrapper::NewWritableFile(name, options, file, debug);
        if (status.ok() && (name.ends_with(".log") || name.ends_with("/LOG"))) {
            *file = std::make_unique<LyingFile>(std::move(*file), fault);
        }
        return status;
    }
    rocksdb::IOStatus NewLogger(
        const std::string& name,
        const rocksdb::IOOptions& options,
        std::shared_ptr<rocksdb::Logger>* log,
        rocksdb::IODebugContext* debug
    ) override {
        return FileSystem::NewLogger(name, options, log, debug);  // on a file of ours
    }
    std::atomic<Fault> fault = Fault::kNone;
};

std::unique_ptr<KvEngine> OpenEngine(const RocksOptions& options) {
    auto kv = OpenRocks(options);
    EXPECT_TRUE(kv) << kv.error().message;
    if (!kv) return nullptr;
    auto engine = KvEngine::Open(std::move(*kv));
    EXPECT_TRUE(engine);
    return engine ? std::move(*engine) : nullptr;
}

class RocksWriteError : public testing::TestWithParam<Fault> {};
INSTANTIATE_TEST_SUITE_P(
    Faults,
    RocksWriteError,
    testing::Values(Fault::kAppend, Fault::kSync),
    [](const auto& info) { return std::string(info.param == Fault::kAppend ? "Append" : "Sync"); }
);

TEST_P(RocksWriteError, RefusesAllWritesUntilARestartAndStillReads) {
    TempDirectory directory;
    auto files = std::make_shared<LyingFileSystem>();
    auto env = rocksdb::NewCompositeEnv(files);
    RocksOptions options{.directory = directory.At("db"), .env = env.get()};
    auto a = Document({.click = "a"});
    std::vector<Write> b = {{DealRef("b"), std::nullopt, Document({.click = "b"})}};
    {
        auto engine = OpenEngine(options);
        ASSERT_TRUE(engine);
        ASSERT_EQ(Put(*engine, DealRef("a"), std::nullopt, a), WriteState::kApplied);
        files->fault = GetParam();
        auto states = engine->Commit(b);
        ASSERT_FALSE(states);
        EXPECT_EQ(states.error().code, ErrorCode::kUnavailable);
        EXPECT_THAT(states.error().message, HasSubstr("injected"));
        files->fault = Fault::kNone;
        EXPECT_FALSE(engine->Commit(b)) << "only a restart clears it";
        EXPECT_TRUE(engine->Trouble());
        EXPECT_EQ(Get(*engine, DealRef("a")), a);
        EXPECT_THAT(engine->Scan({})->documents, Not(IsEmpty()));
    }
    auto engine = OpenEngine(options);
    ASSERT_TRUE(engine);
    EXPECT_EQ(engine->Trouble(), std::nullopt);
    EXPECT_EQ(Get(*engine, DealRef("a")), a) << "what was acknowledged stays";
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
    // The failed write may or may not be there; deciding it again settles it either way.
    auto stored = Get(*engine, DealRef("b"));
    auto expected = stored ? WriteState::kLost : WriteState::kApplied;
    EXPECT_EQ(Commit(*engine, b), States{expected});
    EXPECT_EQ(Get(*engine, DealRef("b")), b[0].after);
}

TEST(Rocks, ASecondOpenIsRefusedReadably) {
    TempDirectory directory;
    auto first = OpenRocks({.directory = directory.At("db")});
    ASSERT_TRUE(first);
    auto second = OpenRocks({.directory = directory.At("db")});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kConflict);
    EXPECT_THAT(second.error().message, HasSubstr("in use by a running barracuda"));
    EXPECT_THAT(second.error().message, HasSubstr(directory.At("db")));
    first->reset();
    EXPECT_TRUE(OpenRocks({.directory = directory.At("db")}));
}

TEST(Rocks, AnAbsentStoreIsNotCalledInUse) {
    TempDirectory directory;
    auto opened = OpenRocks({.directory = directory.At("block"), .create_if_missing = false});
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, Not(HasSubstr("in use")));
    EXPECT_THAT(opened.error().message, HasSubstr("does not exist"));
}

TEST(Rocks, ABackupOpensAndHoldsWhatWasThere) {
    TempDirectory directory;
    auto engine = OpenEngine({.directory = directory.At("db")});
    ASSERT_TRUE(engine);
    for (int i = 0; i < 50; ++i) {
        std::string click = "c" + std::to_string(i);
        Put(*engine, DealRef(click), std::nullopt, Document({.click = click, .due = i}));
    }
    ASSERT_TRUE(engine->Backup(directory.At("copy")));
    EXPECT_FALSE(engine->Backup(directory.At("copy"))) << "never over another one";
    Put(*engine, DealRef("later"), std::nullopt, Document({.click = "later"}));
    auto copy = OpenEngine({.directory = directory.At("copy"), .create_if_missing = false});
    ASSERT_TRUE(copy);
    EXPECT_THAT(copy->Scan({})->documents, SizeIs(50));
    EXPECT_EQ(Get(*copy, DealRef("later")), std::nullopt);
    EXPECT_THAT(*copy->Work({.until = Time{1000}}), SizeIs(50));
    EXPECT_THAT(*copy->Verify(false), IsEmpty());
    EXPECT_EQ(
        Put(*copy, DealRef("own"), std::nullopt, Document({.click = "own"})), WriteState::kApplied
    );
    EXPECT_EQ(Get(*engine, DealRef("own")), std::nullopt);
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
}

std::string FileWith(const std::string& directory, std::string_view word) {
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string bytes(std::istreambuf_iterator<char>(in), {});
        if (bytes.find(word) != std::string::npos) return entry.path().filename();
    }
    return {};
}

// The log, the tables, and the manifest with its first and last keys.
TEST(Rocks, WhatIsPurgedIsInNoFile) {
    TempDirectory directory;
    constexpr const char* kWho = "purged@example.com";
    auto engine = OpenEngine({.directory = directory.At("db")});
    ASSERT_TRUE(engine);
    for (int round = 0; round < 3; ++round) {  // in a table and in the log
        const std::string id = std::to_string(round), email = id + kWho;
        Put(*engine, ContactRef(id), std::nullopt, Contact(id, email));
        Put(*engine, DealRef("c" + id), std::nullopt, Document({.click = "c" + id}));
        if (round == 2) break;  // what came last is in the log
        ASSERT_TRUE(engine->Backup(directory.At("copy" + id))) << "writes the tables out";
    }
    EXPECT_NE(FileWith(directory.At("db"), kWho), "") << "control";
    std::vector<Ref> refs;
    for (int round = 0; round < 3; ++round) {
        const std::string id = std::to_string(round);
        Put(*engine, ContactRef(id), Contact(id, id + kWho), std::nullopt);
        refs.push_back(ContactRef(id));
    }
    ASSERT_TRUE(engine->Purge(refs));
    EXPECT_EQ(FileWith(directory.At("db"), kWho), "");
    EXPECT_THAT(engine->Scan({})->documents, SizeIs(3)) << "and nothing else";
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
}

// An erasure took words out of a conversion's source: they are in no cell's key either.
TEST(Rocks, WordsThatWereErasedAreInNoCell) {
    TempDirectory directory;
    constexpr const char* kWho = "purged-source";
    auto engine = OpenEngine({.directory = directory.At("db")});
    ASSERT_TRUE(engine);
    auto sale = domain::DecodeConversion(Document({.click = "c1"}));
    auto before = *sale;
    before.fields.Set(domain::Field::kSource, kWho);
    Put(*engine, DealRef("c1"), std::nullopt, domain::Encode(before));
    ASSERT_TRUE(engine->Backup(directory.At("copy"))) << "writes the tables out";
    EXPECT_NE(FileWith(directory.At("db"), kWho), "") << "control";
    sale->rev = 2;
    Put(*engine, DealRef("c1"), domain::Encode(before), domain::Encode(*sale));
    const Ref refs[] = {DealRef("c1")};
    ASSERT_TRUE(engine->Purge(refs));
    const auto where = FileWith(directory.At("db"), kWho);
    EXPECT_TRUE(where.empty() || where.starts_with("MANIFEST")) << where << ": a table's last key";
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
}

// A store of version 0.1.0: its index of e-mails is built anew, and they go out of the tables.
TEST(Rocks, AnOlderVersionsEmailsGoWithItsIndex) {
    TempDirectory directory;
    constexpr const char* kWho = "older@example.com";
    {
        auto kv = *OpenRocks({.directory = directory.At("db")});
        std::vector<KvChange> changes{
            {Space::kDocuments, KvChange::Kind::kPut, std::string("\0index_version", 14), "2.2.2"},
            {Space::kIndexes, KvChange::Kind::kPut, std::string("\x0a") + kWho + '\0' + "1", ""}};
        ASSERT_TRUE(kv->Apply(changes));
        ASSERT_TRUE(kv->Backup(directory.At("copy"))) << "writes the tables out";
    }
    auto tables_say = [&] {
        for (const auto& entry : std::filesystem::directory_iterator(directory.At("db"))) {
            if (entry.path().extension() != ".sst" && entry.path().extension() != ".log") continue;
            std::ifstream in(entry.path(), std::ios::binary);
            const std::string bytes(std::istreambuf_iterator<char>(in), {});
            if (bytes.find(kWho) != std::string::npos) return true;
        }
        return false;
    };
    EXPECT_TRUE(tables_say()) << "control";
    auto engine = OpenEngine({.directory = directory.At("db")});
    ASSERT_TRUE(engine);
    EXPECT_FALSE(tables_say());
    EXPECT_THAT(*engine->Verify(false), IsEmpty());
}

// Name, size and time of each file.
std::map<std::string, std::pair<uintmax_t, std::filesystem::file_time_type>> FilesIn(
    const std::string& directory
) {
    std::map<std::string, std::pair<uintmax_t, std::filesystem::file_time_type>> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        files[entry.path().filename()] = {entry.file_size(), entry.last_write_time()};
    }
    return files;
}

TEST(Rocks, ReadOnlyShowsTheLogAndChangesNoFile) {
    TempDirectory directory;
    auto a = Document({.click = "a"});
    {
        auto engine = OpenEngine({.directory = directory.At("db")});
        ASSERT_TRUE(engine);
        ASSERT_EQ(Put(*engine, DealRef("a"), std::nullopt, a), WriteState::kApplied);
    }
    const auto before = FilesIn(directory.At("db"));
    {
        auto kv = OpenRocks({.directory = directory.At("db"), .read_only = true});
        ASSERT_TRUE(kv) << kv.error().message;
        auto engine = KvEngine::OpenToRead(std::move(*kv));
        EXPECT_EQ(Get(*engine, DealRef("a")), a);
        EXPECT_FALSE(engine->Commit(std::vector<Write>{
            {DealRef("b"), std::nullopt, Document({.click = "b"})}}));
    }
    EXPECT_EQ(FilesIn(directory.At("db")), before);
}

TEST(Rocks, ReadOnlyLeavesABackupAsItIs) {
    TempDirectory directory;
    const std::string copy = directory.At("copy");
    auto a = Document({.click = "a"});
    {
        auto engine = OpenEngine({.directory = directory.At("db")});
        ASSERT_TRUE(engine);
        ASSERT_EQ(Put(*engine, DealRef("a"), std::nullopt, a), WriteState::kApplied);
        ASSERT_TRUE(engine->Backup(copy));
    }
    const auto before = FilesIn(copy);
    {
        auto kv = OpenRocks({.directory = copy, .read_only = true});
        ASSERT_TRUE(kv) << kv.error().message;
        EXPECT_EQ(Get(*KvEngine::OpenToRead(std::move(*kv)), DealRef("a")), a);
    }
    EXPECT_EQ(FilesIn(copy), before);
}

void RemoveLogs(const std::string& directory) {
    for (const auto& [name, is] : FilesIn(directory)) {
        if (name.ends_with(".log")) std::filesystem::remove(directory + "/" + name);
    }
}

TEST(Rocks, AStoreWithoutItsLogIsRefused) {
    TempDirectory directory;
    const std::string db = directory.At("db"), copy = directory.At("copy");
    for (int flushed = 0; flushed < 2; ++flushed) {
        {
            auto engine = OpenEngine({.directory = db});
            ASSERT_TRUE(engine) << "after a clean close";
            Put(*engine, DealRef("a"), std::nullopt, Document({.click = "a"}));
            if (flushed) {
                ASSERT_TRUE(engine->Backup(copy));
            }
        }
        std::filesystem::copy(db, directory.At("whole"));
        RemoveLogs(db);
        for (bool read_only : {false, true}) {
            auto opened = OpenRocks({.directory = db, .read_only = read_only});
            ASSERT_FALSE(opened);
            EXPECT_THAT(opened.error().message, HasSubstr("its *.log files are gone"));
        }
        std::filesystem::remove_all(db);
        std::filesystem::rename(directory.At("whole"), db);
    }
    EXPECT_FALSE(std::filesystem::exists(copy + "/HAS_LOG"));
    RemoveLogs(copy);
    EXPECT_TRUE(OpenRocks({.directory = copy})) << "a backup needs none";
    RemoveLogs(copy);
    EXPECT_FALSE(OpenRocks({.directory = copy})) << "it is a store since it was opened";
    std::filesystem::remove(copy + "/HAS_LOG");
    EXPECT_TRUE(OpenRocks({.directory = copy})) << "who knows what is lost may go on";
}

// RocksDB writes IDENTITY before it makes a log, and a backup has come far beyond its first
// manifest.
TEST(Rocks, AFirstOpenOfABackupThatWasCutOffIsNoLoss) {
    TempDirectory directory;
    const std::string copy = directory.At("copy");
    {
        auto engine = OpenEngine({.directory = directory.At("db")});
        ASSERT_TRUE(engine);
        ASSERT_TRUE(engine->Backup(copy));
    }
    rocksdb::Env* env = rocksdb::Env::Default();
    ASSERT_TRUE(rocksdb::WriteStringToFile(env, env->GenerateUniqueId(), copy + "/IDENTITY").ok());
    RemoveLogs(copy);
    EXPECT_TRUE(OpenRocks({.directory = copy}));
}

}  // namespace
}  // namespace barracuda::store
