#include "store/rocks/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "store/engine_fixture.h"
#include "store/kv_keys.h"
#include "store/rocks/backup_place.h"
#include "store/rocks/backup_stream.h"
#include "store/rocks/copy_files.h"
#include "store/rocks/rocks_kv.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

std::string BytesOf(const std::string& path) {
    std::ifstream from(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(from), {}};
}

void PutBytes(const std::string& path, std::string_view bytes) {
    fs::remove(path);  // not through a hard link
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class BackupTest : public testing::Test {
protected:
    void SetUp() override {
        fs::create_directories(top_);
        auto kv = OpenRocks({.directory = top_ + "/db"});
        ASSERT_TRUE(kv) << kv.error().message;
        engine_ = std::move(KvEngine::Open(std::move(*kv)).value());
    }
    void TearDown() override {
        engine_.reset();
        fs::remove_all(top_);
    }

    void Deal(int count) {
        for (int i = 0; i < count; ++i, ++dealt_) {
            const std::string click = fmt::format("c{}", dealt_);
            Put(*engine_, DealRef(click), std::nullopt, Document({.click = click, .due = dealt_}));
        }
    }
    std::string Checkpoint() {
        const std::string directory = fmt::format("{}/checkpoint{}", top_, checkpoints_++);
        EXPECT_TRUE(engine_->Backup(directory));
        return directory;
    }
    Result<MadeBackup> Back(const std::string& to, const std::string& previous = {}) {
        return MakeBackup(
            {.checkpoint = Checkpoint(),
             .to = to,
             .previous = previous,
             .store = StoreName(top_ + "/db"),
             .made = Time::Now()}
        );
    }
    static std::vector<std::string> Check(const std::string& directory) {
        auto findings = CheckBackup(directory, {});
        return findings ? *findings : std::vector{findings.error().message};
    }
    static nlink_t LinksOf(const std::string& path) {
        struct stat found {};
        return stat(path.c_str(), &found) == 0 ? found.st_nlink : 0;
    }

    const std::string top_ =
        fs::temp_directory_path() / fmt::format("barracuda-backup-{}", getpid());
    std::unique_ptr<KvEngine> engine_;
    int dealt_ = 0, checkpoints_ = 0;
};

TEST_F(BackupTest, IsWholeAndAStoreOfItsOwn) {
    Deal(50);
    auto made = Back(top_ + "/one");
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->list.conversions, 50);
    EXPECT_EQ(made->copied, made->list.Bytes());
    EXPECT_THAT(Check(top_ + "/one"), IsEmpty());
    EXPECT_EQ(**ReadBackupList(top_ + "/one"), made->list);
    const auto before = NamesIn(top_ + "/one").value();
    EXPECT_THAT(Check(top_ + "/one"), IsEmpty());
    EXPECT_EQ(NamesIn(top_ + "/one").value(), before) << "a check leaves nothing in it";
    EXPECT_FALSE(Back(top_ + "/one")) << "it is there already";
    EXPECT_THAT(Check(top_ + "/one"), IsEmpty());
}

TEST_F(BackupTest, TablesAreSharedAndEachIsWholeAlone) {
    Deal(200);
    ASSERT_TRUE(Back(top_ + "/one"));
    Deal(1);
    auto two = Back(top_ + "/two", top_ + "/one");
    ASSERT_TRUE(two) << two.error().message;
    EXPECT_LT(two->copied, two->list.Bytes());
    size_t shared = 0;
    for (const auto& file : two->list.files) {
        if (LinksOf(top_ + "/two/" + file.name) > 1) ++shared;
    }
    EXPECT_GT(shared, 0u);
    fs::remove_all(top_ + "/one");
    EXPECT_THAT(Check(top_ + "/two"), IsEmpty());
}

// Damage of an old backup is not carried on into new ones.
TEST_F(BackupTest, ADamagedTableOfTheOneBeforeIsCopiedAnew) {
    Deal(100);
    auto one = Back(top_ + "/one");
    ASSERT_TRUE(one);
    size_t harmed = 0;
    for (const auto& file : one->list.files) {
        if (!file.name.ends_with(".sst")) continue;
        auto bytes = BytesOf(top_ + "/one/" + file.name);
        bytes[bytes.size() / 2] ^= 1;
        PutBytes(top_ + "/one/" + file.name, bytes);
        ++harmed;
    }
    ASSERT_GT(harmed, 0u);
    auto two = Back(top_ + "/two", top_ + "/one");
    ASSERT_TRUE(two);
    EXPECT_THAT(Check(top_ + "/one"), testing::SizeIs(harmed));
    EXPECT_THAT(Check(top_ + "/two"), IsEmpty());
}

TEST_F(BackupTest, AnyHarmToAnyFileIsSeen) {
    Deal(60);
    const std::string at = top_ + "/one";
    ASSERT_TRUE(Back(at));
    size_t tried = 0;
    const auto names = NamesIn(at).value();
    for (const auto& name : names) {
        const std::string path = at + "/" + name, whole = BytesOf(path);
        for (size_t step = 0; step < 25; ++step) {
            const size_t i = whole.size() * step / 25;
            std::string harmed = whole;
            harmed[i] = static_cast<char>(harmed[i] ^ (1 << (step % 8)));
            PutBytes(path, harmed);
            EXPECT_FALSE(Check(at).empty()) << name << " byte " << i;
            PutBytes(path, std::string_view(whole).substr(0, i));
            EXPECT_FALSE(Check(at).empty()) << name << " cut to " << i;
            tried += 2;
        }
        fs::remove(path);
        EXPECT_FALSE(Check(at).empty()) << name << " removed";
        PutBytes(path, whole);
    }
    PutBytes(at + "/000999.sst", "x");
    EXPECT_THAT(Check(at), testing::ElementsAre("000999.sst does not belong to it"));
    fs::remove(at + "/000999.sst");
    EXPECT_GT(tried, 300u);
    EXPECT_THAT(Check(at), IsEmpty()) << "control";
}

TEST_F(BackupTest, AListIsTakenWholeOrNotAtAll) {
    Deal(5);
    const std::string text = Back(top_ + "/one")->list.Text();
    ASSERT_TRUE(BackupList::Parse(text)) << "control";
    for (size_t size = 0; size < text.size(); ++size) {
        EXPECT_FALSE(BackupList::Parse(std::string_view(text).substr(0, size))) << size;
        std::string harmed = text;
        harmed[size] = static_cast<char>(harmed[size] ^ (1 << (size % 8)));
        EXPECT_FALSE(BackupList::Parse(harmed)) << size;
    }
    EXPECT_FALSE(BackupList::Parse(text + "\n"));
}

TEST_F(BackupTest, AStreamIsTakenWholeOrNotAtAll) {
    Deal(30);
    const std::string path = top_ + "/stream";
    const int out = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    auto sent = WriteBackupStream(out, Checkpoint(), "s", Time::Now(), {});
    close(out);
    ASSERT_TRUE(sent) << sent.error().message;
    const std::string whole = BytesOf(path);
    const auto taken = [&](std::string_view bytes) {
        PutBytes(path, bytes);
        fs::remove_all(top_ + "/to");
        fs::create_directory(top_ + "/to");
        const int in = open(path.c_str(), O_RDONLY | O_CLOEXEC);
        auto list = ReadBackupStream(in, top_ + "/to", {});
        close(in);
        return list;
    };
    auto list = taken(whole);
    ASSERT_TRUE(list) << list.error().message;
    EXPECT_EQ(*list, *sent);
    for (const auto& file : list->files) {
        EXPECT_EQ(*HashOfFile(top_ + "/to/" + file.name, {}), file.hash);
    }
    for (size_t step = 0; step < 150; ++step) {
        const size_t i = whole.size() * step / 150;
        EXPECT_FALSE(taken(std::string_view(whole).substr(0, i))) << i;
    }
    EXPECT_FALSE(taken(std::string_view(whole).substr(0, whole.size() - 1)));
    EXPECT_FALSE(taken(std::string(whole.size(), '\0')));
    EXPECT_FALSE(taken(std::string(whole.size(), 'x')));
    size_t seen = 0;
    for (size_t step = 0; step < 150; ++step) {
        std::string harmed = whole;
        const size_t i = whole.size() * step / 150 + step % 7;
        harmed[i] = static_cast<char>(harmed[i] ^ (1 << (step % 8)));
        auto read = taken(harmed);
        // What fills up a tar's blocks says nothing: then everything is as it was.
        if (read) {
            EXPECT_EQ(read->files, sent->files);
        }
        seen += !read;
    }
    EXPECT_GT(seen, 100u);
}

TEST_F(BackupTest, AStreamLeadsNowhereElse) {
    const std::string path = top_ + "/stream";
    Deal(3);
    const int out = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ASSERT_TRUE(WriteBackupStream(out, Checkpoint(), "s", Time::Now(), {}));
    close(out);
    for (const char* name : {"../CURRENT", "/etc/passwd", "secrets", "a/000001.sst", ""}) {
        std::string bytes = BytesOf(path);
        std::string field(100, '\0');
        std::copy_n(name, strlen(name), field.begin());
        bytes.replace(0, 100, field);
        std::fill_n(bytes.begin() + 148, 8, ' ');
        unsigned sum = 0;
        for (int i = 0; i < 512; ++i) sum += static_cast<unsigned char>(bytes[i]);
        const std::string digits = fmt::format("{:07o}", sum) + std::string(1, '\0');
        bytes.replace(148, 8, digits);
        PutBytes(top_ + "/harmed", bytes);
        fs::create_directories(top_ + "/to");
        const int in = open((top_ + "/harmed").c_str(), O_RDONLY | O_CLOEXEC);
        auto read = ReadBackupStream(in, top_ + "/to", {});
        close(in);
        ASSERT_FALSE(read) << name;
        EXPECT_THAT(read.error().message, HasSubstr("no file of a store")) << name;
        EXPECT_TRUE(fs::is_empty(top_ + "/to"));
    }
}

TEST_F(BackupTest, APlaceKeepsTheNewestAndIsOneRunsAlone) {
    const std::string at = top_ + "/place";
    Deal(2);
    {
        auto place = BackupPlace::Take(at);
        ASSERT_TRUE(place) << place.error().message;
        auto second = BackupPlace::Take(at);
        ASSERT_FALSE(second);
        EXPECT_EQ(second.error().code, ErrorCode::kConflict);
        std::string last;
        for (int i = 0; i < 4; ++i) {
            auto name =
                (*place)->NewName(Time{1'769'900'000'000 - i * 1'000});  // the clock goes back
            ASSERT_TRUE(name);
            EXPECT_GT(*name, last);
            last = *name;
            ASSERT_TRUE(Back((*place)->Making(*name)));
            ASSERT_TRUE((*place)->Finish(*name));
            fs::create_directory((*place)->LogOf(*name));
        }
        EXPECT_EQ((*place)->Keep(3).value(), 1u);
        EXPECT_EQ((*place)->Keep(3).value(), 0u);
        auto kept = BackupsIn(at).value();
        ASSERT_EQ(kept.size(), 3u);
        EXPECT_EQ(kept.back().name, last);
        EXPECT_FALSE(kept.back().log.empty());
    }
    // What a run that was killed leaves.
    fs::create_directory(at + "/20300101T000000.000Z.making");
    fs::create_directory(at + "/20300101T000000.000Z.log");
    fs::create_directory(at + "/20300101T000001.000Z.removing");
    PutBytes(at + "/mine", "stays");
    EXPECT_EQ(BackupsIn(at)->size(), 3u);
    ASSERT_TRUE(BackupPlace::Take(at));
    EXPECT_EQ(NamesIn(at)->size(), 3u * 2 + 2);
    fs::create_directory(top_ + "/other");
    PutBytes(top_ + "/other/mine", "x");
    auto other = BackupPlace::Take(top_ + "/other");
    ASSERT_FALSE(other);
    EXPECT_THAT(other.error().message, HasSubstr("holds something else"));
}

// ------------------------------------------------------------------------------------ upgrades

TEST(Upgrade, AStoreOfALaterVersionIsRefusedAndAnOlderOneCopiedBefore) {
    const std::string top =
        fs::temp_directory_path() / fmt::format("barracuda-upgrade-{}", getpid());
    fs::create_directories(top);
    const std::string db = top + "/db", copy = top + "/before";
    const auto open = [&](std::string_view version) -> Result<std::unique_ptr<KvEngine>> {
        auto kv = OpenRocks({.directory = db});
        if (!kv) return Fail(kv.error());
        const KvChange change{
            Space::kDocuments,
            KvChange::Kind::kPut,
            std::string(kVersionKey),
            std::string(version)};
        EXPECT_TRUE((*kv)->Apply(std::span(&change, 1)));
        return KvEngine::Open(std::move(*kv), KvEngine::Build::kFirst, copy);
    };
    ASSERT_TRUE(open(DerivedVersion()));
    EXPECT_FALSE(fs::exists(copy)) << "nothing changed";
    for (const auto& later : {"99", "1.99", "1.1.99", "1.1.1.99", "1.1.1.1.1"}) {
        auto engine = open(later);
        ASSERT_FALSE(engine) << later;
        EXPECT_THAT(engine.error().message, HasSubstr("a later version of barracuda"));
        EXPECT_FALSE(fs::exists(copy));
    }
    ASSERT_TRUE(open("1.1.1.0"));
    EXPECT_EQ(LookAtStore(copy).value(), Found::kStore);
    ASSERT_TRUE(open("1")) << "the first copy stays";
    fs::remove_all(top);
}

}  // namespace
}  // namespace barracuda::store
