#include "store/kv_changes.h"

#include <gtest/gtest.h>

namespace barracuda::store {
namespace {

using Kind = KvChange::Kind;

void Put(KvChanges& changes, std::string key, std::string value) {
    KvChange& change = changes.Add(Space::kDocuments, Kind::kPut);
    EXPECT_EQ(change.key, "") << "something of the batch before";
    EXPECT_EQ(change.value, "");
    change.key = std::move(key);
    change.value = std::move(value);
}

TEST(KvChanges, ABatchHoldsNothingOfTheOneBefore) {
    KvChanges changes;
    for (size_t count : {3u, 1u, 0u, 5u, 2u}) {
        changes.Clear();
        for (size_t i = 0; i < count; ++i) Put(changes, std::string(100, 'k'), "value");
        ASSERT_EQ(changes.all().size(), count);
        for (const auto& change : changes.all()) EXPECT_EQ(change.key.size(), 100u);
    }
}

TEST(KvChanges, ItsBlocksAreUsedAgain) {
    KvChanges changes;
    Put(changes, std::string(100, 'k'), std::string(500, 'v'));
    const void* key = changes.all()[0].key.data();
    const void* value = changes.all()[0].value.data();
    changes.Clear();
    KvChange& change = changes.Add(Space::kIndexes, Kind::kDelete);
    EXPECT_EQ(change.key.assign(90, 'l').data(), key);
    EXPECT_EQ(change.value.assign(400, 'w').data(), value);
    EXPECT_EQ(change.space, Space::kIndexes);
    EXPECT_EQ(change.kind, Kind::kDelete);
}

// One batch of huge documents must not stay in memory for ever.
TEST(KvChanges, KeepsNoMoreThanItsBounds) {
    KvChanges changes;
    Put(changes, "k", std::string(1 << 20, 'v'));
    changes.Clear();
    EXPECT_LE(changes.Add(Space::kWork, Kind::kPut).value.capacity(), KvChanges::kBytesKept);
    changes.Clear();
    for (size_t i = 0; i <= KvChanges::kChangesKept; ++i) Put(changes, std::string(100, 'k'), "");
    changes.Clear();
    EXPECT_LT(changes.Add(Space::kWork, Kind::kPut).key.capacity(), 100u) << "all are given back";
}

}  // namespace
}  // namespace barracuda::store
