#include "ledger/recent.h"

#include <gtest/gtest.h>

namespace barracuda::ledger {
namespace {

store::Ref RefNamed(size_t i) {
    return {store::Collection::kConversions, "click" + std::to_string(i)};
}

TEST(Recent, RemembersTheBytesOfWhatIsWrittenAgain) {
    Recent recent;
    recent.Note(RefNamed(1), "first", true);
    EXPECT_TRUE(recent.Knows(RefNamed(1)));
    EXPECT_EQ(recent.Find(RefNamed(1)), "first");
    recent.Note(RefNamed(1), "second", true);
    EXPECT_EQ(recent.Find(RefNamed(1)), "second");
    EXPECT_FALSE(recent.Knows(RefNamed(2)));
}

TEST(Recent, OfWhatIsFinishedOnlyTheKeyIsKept) {
    Recent recent;
    recent.Note(RefNamed(1), "waiting", true);
    recent.Note(RefNamed(1), "finished", false);
    EXPECT_FALSE(recent.Find(RefNamed(1))) << "never the bytes of before";
    EXPECT_TRUE(recent.Knows(RefNamed(1)));
}

TEST(Recent, WhatIsDoubtedIsLoadedNextTime) {
    Recent recent;
    recent.Note(RefNamed(1), "bytes", true);
    recent.Forget(RefNamed(1));
    EXPECT_FALSE(recent.Find(RefNamed(1)));
    EXPECT_TRUE(recent.Knows(RefNamed(1))) << "a load, rather than an insert that is lost";
}

TEST(Recent, AnOlderGenerationNeverShowsWhatWasReplaced) {
    Recent recent;
    recent.Note(RefNamed(0), "old", true);
    for (size_t i = 1; i <= Recent::kDocumentsMax; ++i) recent.Note(RefNamed(i), "other", true);
    EXPECT_EQ(recent.Find(RefNamed(0)), "old") << "it is of the older half now";
    recent.Note(RefNamed(0), "new", true);
    EXPECT_EQ(recent.Find(RefNamed(0)), "new");
    recent.Note(RefNamed(0), "finished", false);
    EXPECT_FALSE(recent.Find(RefNamed(0)));
}

TEST(Recent, IsBoundedHoweverMuchIsWritten) {
    Recent recent;
    const size_t many = 3 * Recent::kKeysMax;
    for (size_t i = 0; i < many; ++i) recent.Note(RefNamed(i), "bytes", i % 2 == 0);
    size_t known = 0, found = 0;
    for (size_t i = 0; i < many; ++i) {
        known += recent.Knows(RefNamed(i));
        found += recent.Find(RefNamed(i)).has_value();
    }
    EXPECT_LE(known, 2 * Recent::kKeysMax + 8) << "but for keys of one hash";
    EXPECT_GE(known, Recent::kKeysMax);
    EXPECT_LE(found, 2 * Recent::kDocumentsMax);
    EXPECT_GE(found, Recent::kDocumentsMax);
    EXPECT_TRUE(recent.Knows(RefNamed(many - 1))) << "the latest are the ones that are kept";
}

}  // namespace
}  // namespace barracuda::ledger
