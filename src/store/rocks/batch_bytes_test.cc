// Our batches byte for byte beside those that RocksDB appends.
#include "store/rocks/batch_bytes.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>
#include <random>

#include "store/engine_fixture.h"

namespace barracuda::store {
namespace {

using Change = KvChange::Kind;

std::vector<KvChange> Changes(std::mt19937_64& random, size_t count) {
    std::vector<KvChange> changes(count);
    for (auto& change : changes) {
        change.space = static_cast<Space>(random() % kSpaces);
        change.kind = static_cast<Change>(random() % 3);
        // Few different ones, of every length up to two bytes of it: equal keys stay in order.
        change.key = std::string(random() % 4 == 0 ? random() % 300 : random() % 3, 'k');
        if (!change.key.empty()) change.key[0] = static_cast<char>(random() % 3 * 127);
        if (change.kind != Change::kDelete) change.value = std::to_string(random());
        if (random() % 50 == 0) change.value = std::string(70'000, 'v');
        if (change.kind == Change::kDelete) change.value.clear();
    }
    return changes;
}

// As it was said before there was InKeyOrder.
std::vector<const KvChange*> Sorted(const std::vector<KvChange>& changes) {
    std::vector<const KvChange*> sorted;
    for (const auto& change : changes) sorted.push_back(&change);
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
        return std::tie(a->space, a->key) < std::tie(b->space, b->key);
    });
    return sorted;
}

class BatchBytesTest : public testing::Test {
protected:
    BatchBytesTest() {
        rocksdb::DBOptions options;
        options.create_if_missing = options.create_missing_column_families = true;
        std::vector<rocksdb::ColumnFamilyDescriptor> families;
        for (const char* name : {"default", "a", "b", "c"}) families.emplace_back(name, own_);
        rocksdb::DB* db = nullptr;
        const auto status =
            rocksdb::DB::Open(options, directory_.At("db"), families, &families_, &db);
        EXPECT_TRUE(status.ok()) << status.ToString();
        db_.reset(db);
        for (size_t i = 0; i < kSpaces; ++i) ids_[i] = families_[i]->GetID();
    }
    ~BatchBytesTest() override {
        for (auto* family : families_) db_->DestroyColumnFamilyHandle(family);
    }

    std::string Theirs(const std::vector<const KvChange*>& changes, std::string_view log_data) {
        rocksdb::WriteBatch batch;
        EXPECT_TRUE(batch.PutLogData(rocksdb::Slice(log_data.data(), log_data.size())).ok());
        for (const auto* change : changes) {
            auto* family = families_[static_cast<size_t>(change->space)];
            const auto status =
                change->kind == Change::kPut      ? batch.Put(family, change->key, change->value)
                : change->kind == Change::kDelete ? batch.Delete(family, change->key)
                                                  : batch.Merge(family, change->key, change->value);
            EXPECT_TRUE(status.ok()) << status.ToString();
        }
        return batch.Data();
    }

    TempDirectory directory_;
    rocksdb::ColumnFamilyOptions own_;
    std::unique_ptr<rocksdb::DB> db_;
    std::vector<rocksdb::ColumnFamilyHandle*> families_;
    std::array<uint32_t, kSpaces> ids_;
};

TEST_F(BatchBytesTest, AreThoseThatRocksDbAppends) {
    std::mt19937_64 random(1);
    for (size_t count : {0u, 1u, 2u, 63u, 64u, 65u, 500u, 3'000u}) {
        const auto changes = Changes(random, count);
        const auto ordered = InKeyOrder(changes);
        ASSERT_EQ(ordered, Sorted(changes)) << count;
        for (const auto& stamp : {std::string(), std::string(200, 's')}) {
            ASSERT_TRUE(BatchBytes(ordered, stamp, ids_) == Theirs(ordered, stamp)) << count;
        }
    }
}

TEST_F(BatchBytesTest, AreWrittenAndReadBack) {
    std::mt19937_64 random(3);
    auto changes = Changes(random, 200);
    for (auto& change : changes) change.kind = Change::kPut;
    const auto ordered = InKeyOrder(changes);
    rocksdb::WriteBatch batch(BatchBytes(ordered, "stamp", ids_));
    EXPECT_EQ(batch.Count(), 200);
    ASSERT_TRUE(db_->Write({}, &batch).ok());
    for (size_t i = 0; i < ordered.size(); ++i) {
        const auto& change = *ordered[i];
        const bool last = i + 1 == ordered.size() || ordered[i + 1]->space != change.space ||
                          ordered[i + 1]->key != change.key;
        if (!last) continue;
        std::string value;
        auto* family = families_[static_cast<size_t>(change.space)];
        ASSERT_TRUE(db_->Get({}, family, change.key, &value).ok());
        EXPECT_TRUE(value == change.value);
    }
}

}  // namespace
}  // namespace barracuda::store
