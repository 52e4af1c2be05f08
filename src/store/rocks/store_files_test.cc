#include "store/rocks/store_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace barracuda::store {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class StoreFiles : public testing::Test {
protected:
    void SetUp() override {
        fs::remove_all(directory_);
        fs::create_directories(directory_);
    }
    void TearDown() override { fs::remove_all(directory_); }

    void Make(const std::string& name, const std::string& text = "") {
        std::ofstream(directory_ + "/" + name) << text;
    }
    // Every file of a whole store, as far as a look reads them.
    void MakeStore() {
        Make("CURRENT", "MANIFEST-000005\n");
        Make("MANIFEST-000005");
        Make("000012.sst");
        Make("000013.log");
        Make("HAS_LOG");
    }
    std::string WhyNot(Lenient to = {}) {
        auto found = LookAtStore(directory_, to);
        return found ? "" : found.error().message;
    }

    const std::string directory_ = testing::TempDir() + "store_files_" +
                                   testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(StoreFiles, KnowsItsOwnFilesAndNobodyElses) {
    for (const char* ours :
         {"CURRENT",
          "IDENTITY",
          "LOG",
          "LOG.old",
          "LOG.old.1700000000",
          "MANIFEST-000005",
          "OPTIONS-000007",
          "000012.sst",
          "000013.log",
          "000014.blob",
          "000015.dbtmp",
          "HAS_LOG",
          "HIGH_WATER"}) {
        EXPECT_TRUE(IsStoreFile(ours)) << ours;
    }
    for (const char* other :
         {"",
          "LOCK",
          "UNFINISHED",
          "nginx.log",
          "a.sst",
          ".log",
          "12.log.gz",
          "current",
          "CURRENT~",
          "000012.sst.bak",
          "secrets",
          "control.sock"}) {
        EXPECT_FALSE(IsStoreFile(other)) << other;
    }
}

TEST_F(StoreFiles, AnEmptyOrAbsentDirectoryHoldsNothing) {
    EXPECT_EQ(*LookAtStore(directory_), Found::kNothing);
    EXPECT_FALSE(*HoldsStore(directory_));
    EXPECT_EQ(*LookAtStore(directory_ + "/absent"), Found::kNothing);
    Make("nginx.log");
    EXPECT_EQ(*LookAtStore(directory_), Found::kNothing) << "another program's";
}

TEST_F(StoreFiles, AWholeStoreIsOne) {
    MakeStore();
    EXPECT_EQ(*LookAtStore(directory_), Found::kStore);
    EXPECT_TRUE(*HoldsStore(directory_));
    EXPECT_FALSE(LostItsLog(directory_));
}

TEST_F(StoreFiles, EachFileThatEveryStoreHasIsMissedByName) {
    for (const char* name : {"CURRENT", "MANIFEST-000005", "000013.log"}) {
        SetUp();
        MakeStore();
        fs::remove(directory_ + "/" + name);
        const std::string why = WhyNot();
        EXPECT_THAT(why, HasSubstr(directory_)) << name;
        EXPECT_THAT(why, HasSubstr("restore a backup")) << name;
    }
}

TEST_F(StoreFiles, ADamagedCurrentNamesNothing) {
    for (const char* text : {"", "\n", "MANIFEST-\n", "MANIFEST-x\n", "../MANIFEST-000005\n"}) {
        MakeStore();
        Make("CURRENT", text);
        EXPECT_THAT(WhyNot(), HasSubstr("CURRENT is damaged")) << text;
    }
}

TEST_F(StoreFiles, AMissingLogIsAcceptedOnlyByWhoSaysSo) {
    MakeStore();
    fs::remove(directory_ + "/000013.log");
    EXPECT_TRUE(LostItsLog(directory_));
    EXPECT_NE(WhyNot(), "");
    EXPECT_EQ(WhyNot({.without_log = true}), "");
    fs::remove(directory_ + "/HAS_LOG");
    EXPECT_FALSE(LostItsLog(directory_)) << "a backup has neither";
    EXPECT_EQ(WhyNot(), "");
}

TEST_F(StoreFiles, WhatHasBegunIsUnfinishedUntilItsEnd) {
    ASSERT_TRUE(BeginStore(directory_, kNewStore));
    EXPECT_EQ(UnfinishedIn(directory_), kNewStore);
    EXPECT_EQ(*LookAtStore(directory_), Found::kBegun);
    Make("CURRENT");
    EXPECT_EQ(*LookAtStore(directory_), Found::kBegun) << "nothing in it counts";
    ASSERT_TRUE(FinishStore(directory_));
    EXPECT_FALSE(UnfinishedIn(directory_));
    ASSERT_TRUE(FinishStore(directory_)) << "twice is once";
}

TEST_F(StoreFiles, ABeginningThatWasCutOffIsNone) {
    Make("UNFINISHED.new");  // as a kill leaves it between its making and its text
    EXPECT_EQ(*LookAtStore(directory_), Found::kNothing);
    EXPECT_FALSE(UnfinishedIn(directory_));
    ASSERT_TRUE(BeginStore(directory_, kNewStore));
    EXPECT_EQ(UnfinishedIn(directory_), kNewStore);
    ASSERT_TRUE(FinishStore(directory_));
    EXPECT_TRUE(fs::is_empty(directory_));
}

TEST_F(StoreFiles, AnUnfinishedRestoreIsRefusedButByItself) {
    MakeStore();
    ASSERT_TRUE(BeginStore(directory_, "restore of /backups/monday"));
    EXPECT_THAT(WhyNot(), HasSubstr("/backups/monday"));
    EXPECT_EQ(WhyNot({.restoring = true}), "");
    Make("UNFINISHED", "");  // the machine stopped before its text was durable
    EXPECT_EQ(UnfinishedIn(directory_), "restore");
    EXPECT_NE(WhyNot(), "");
}

TEST_F(StoreFiles, ANewStoreThatHasTablesIsNoNewStore) {
    ASSERT_TRUE(BeginStore(directory_, kNewStore));
    MakeStore();
    EXPECT_NE(*LookAtStore(directory_), Found::kBegun) << "its documents are somebody's";
}

TEST_F(StoreFiles, RemovingTakesTheStoreAndLeavesTheRest) {
    MakeStore();
    Make("LOCK");
    Make("notes.txt", "mine");
    ASSERT_TRUE(RemoveStoreFiles(directory_));
    EXPECT_EQ(*NamesIn(directory_), std::vector<std::string>{"notes.txt"});
}

TEST_F(StoreFiles, TheMarkOfALogIsMadeOnce) {
    ASSERT_TRUE(MarkHasLog(directory_));
    ASSERT_TRUE(MarkHasLog(directory_));
    EXPECT_EQ(*NamesIn(directory_), std::vector<std::string>{"HAS_LOG"});
}

TEST_F(StoreFiles, ErrorsNameTheFileAndTheSystemsReason) {
    EXPECT_THAT(FileError("cannot write F", ENOSPC).message, HasSubstr("No space left on device"));
    Make("file");
    EXPECT_FALSE(NamesIn(directory_ + "/file")) << "no directory";
    EXPECT_FALSE(SyncDirectory(directory_ + "/absent"));
    EXPECT_FALSE(BeginStore(directory_ + "/absent", kNewStore));
}

}  // namespace
}  // namespace barracuda::store
