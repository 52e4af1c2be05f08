// The bytes of keys and index entries: their order is the order of lists, and bytes of a disk that
// are no entry of ours are known as such.
#include "store/kv_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "store/document_ref.h"
#include "store/index.h"

namespace barracuda::store {
namespace {

using testing::ElementsAre;

std::string DateKey(int64_t ms) {
    std::string key;
    AppendDate(key, Time{ms});
    return key;
}

TEST(Keys, DatesSortAsNumbers) {
    std::vector<int64_t> moments = {INT64_MIN, INT64_MIN + 1, -1, 0, 1, 255, 256, INT64_MAX};
    std::mt19937_64 random(1);
    for (int i = 0; i < 1'000; ++i) moments.push_back(static_cast<int64_t>(random()));
    std::sort(moments.begin(), moments.end());
    for (size_t i = 0; i < moments.size(); ++i) {
        ASSERT_EQ(DateIn(DateKey(moments[i]), 0), Time{moments[i]});
        if (i > 0 && moments[i - 1] < moments[i]) {
            ASSERT_LT(DateKey(moments[i - 1]), DateKey(moments[i])) << moments[i];
        }
    }
    EXPECT_FALSE(DateIn(DateKey(0).substr(0, 7), 0));
    EXPECT_FALSE(DateIn(DateKey(0), 1));
}

TEST(Keys, AConversionsKeyComesBackAndNoTwoAreOne) {
    const domain::ConversionKey keys[] = {
        {ClickId("a"), GoalId("b"), ""},
        {ClickId("a"), GoalId("b"), "c"},
        {ClickId("ab"), GoalId(""), ""},
        {ClickId("a"), GoalId("bc"), ""},
        {ClickId(""), GoalId(""), ""}};
    std::vector<std::string> seen;
    for (const auto& key : keys) {
        const Ref ref = RefOf(key);
        EXPECT_EQ(ConversionKeyOf(ref), key);
        EXPECT_EQ(ref.collection, Collection::kConversions);
        EXPECT_EQ(std::count(seen.begin(), seen.end(), ref.key), 0);
        seen.push_back(ref.key);
    }
}

std::string ConversionOf(const char* affiliate, int64_t created_ms) {
    domain::BsonWriter to;
    to.Id("_id", *ObjectId::Parse("0102030405060708090a0b0c"));
    to.Text("affiliate_id", affiliate);
    to.Date("createdAt", Time{created_ms});
    return to.Take();
}

const Ref kRef{Collection::kConversions, std::string("click\0goal\0", 11)};

TEST(Entries, EachGivesItsPrimaryKeyBack) {
    const std::string bson = ConversionOf("7", 1'000);
    const auto entries = EntriesOf(kRef, domain::TopFields(bson));
    ASSERT_EQ(entries.size(), 4u) << "_id, createdAt, affiliate_id, state: nothing is dead";
    for (const auto& entry : entries) {
        const auto& index = IndexOf(static_cast<IndexId>(entry.key[0]));
        EXPECT_EQ(KeyInEntry(index, entry.key), kRef.key) << index.name;
        EXPECT_EQ(entry.unique_prefix > 0, index.unique) << index.name;
        const size_t prefix =
            index.unique ? entry.unique_prefix : entry.key.size() - kRef.key.size();
        EXPECT_EQ(entry.key.substr(prefix), kRef.key);
    }
}

TEST(Entries, NoPrefixOfAnEntryIsTakenForAnotherIndexs) {
    const std::string bson = ConversionOf("7", 1'000);
    for (const auto& entry : EntriesOf(kRef, domain::TopFields(bson))) {
        const auto& own = IndexOf(static_cast<IndexId>(entry.key[0]));
        for (const auto& index : Indexes()) {
            EXPECT_EQ(KeyInEntry(index, entry.key).has_value(), index.id == own.id) << index.name;
        }
        const size_t values = entry.key.size() - kRef.key.size();
        for (size_t size = 0; size < values; ++size) {
            EXPECT_FALSE(KeyInEntry(own, entry.key.substr(0, size)))
                << own.name << " cut at " << size;
        }
    }
}

TEST(Entries, ADocumentWithoutAFieldOrWithANulInItIsInNoIndexByIt) {
    domain::BsonWriter bare, odd;
    bare.Date("createdAt", Time{1});
    odd.Text("affiliate_id", std::string_view("a\0b", 3));
    odd.Date("createdAt", Time{1});
    for (auto* writer : {&bare, &odd}) {
        const std::string bson = writer->Take();
        const auto entries = EntriesOf(kRef, domain::TopFields(bson));
        std::set<IndexId> found;
        for (const auto& entry : entries) found.insert(static_cast<IndexId>(entry.key[0]));
        // A missing word of a closed vocabulary is its first one, so that every state is found.
        EXPECT_EQ(found, (std::set{IndexId::kConversionCreated, IndexId::kConversionState}));
    }
}

TEST(Entries, PutOverOthersTheyAreTheSame) {
    const std::string whole = ConversionOf("7", 1'000), bare = domain::BsonWriter().Take();
    domain::BsonWriter to;
    to.Text("email_key", "ann@example.test");
    const std::string contact = to.Take();
    const Ref contacts{Collection::kContacts, "c"}, key{Collection::kApiKeys, "k"};
    std::vector<IndexEntry> used;
    for (const auto& [ref, bson] : std::vector<std::pair<Ref, std::string>>{
             {kRef, whole}, {kRef, bare}, {contacts, contact}, {key, whole}, {kRef, whole}}) {
        const auto fresh = EntriesOf(ref, domain::TopFields(bson));
        const size_t count = PutEntries(ref, domain::TopFields(bson), used);
        ASSERT_EQ(count, fresh.size());
        for (size_t i = 0; i < count; ++i) {
            EXPECT_EQ(used[i].key, fresh[i].key);
            EXPECT_EQ(used[i].unique_prefix, fresh[i].unique_prefix);
        }
    }
}

TEST(Entries, AnEmailStandsInNoKey) {
    domain::BsonWriter to;
    to.Text("email_key", "ann@example.test");
    const std::string bson = to.Take();
    const Ref ref{Collection::kContacts, "c"};
    for (const auto& entry : EntriesOf(ref, domain::TopFields(bson))) {
        EXPECT_EQ(entry.key.find("ann"), std::string::npos);
    }
    EXPECT_EQ(IndexedText(IndexId::kContactEmail, 0, "ann@example.test").size(), 32u);
    EXPECT_EQ(IndexedText(IndexId::kContactSub1, 0, "ann"), "ann");
}

std::string Waiting(const char* owner, int64_t due_ms) {
    domain::BsonWriter to;
    to.Date("due", Time{due_ms});
    to.Text("owner", owner);
    return to.Take();
}

TEST(WorkKeys, ComeBackAndSortByOwnerThenCollectionThenDue) {
    const Ref contact{Collection::kContacts, "c"};
    std::vector<std::string> keys;
    for (const auto& [ref, bson] :
         {std::pair(kRef, Waiting("", 5)),
          std::pair(kRef, Waiting("boot1", -1)),
          std::pair(kRef, Waiting("boot1", 9)),
          std::pair(contact, Waiting("boot1", 1)),
          std::pair(kRef, Waiting("boot2", 0))}) {
        const auto key = WorkKeyOf(ref, domain::TopFields(bson));
        ASSERT_TRUE(key);
        const auto item = WorkItemOf(*key);
        ASSERT_TRUE(item);
        EXPECT_EQ(item->ref, ref);
        EXPECT_EQ(item->owner.value, domain::TopText(bson, "owner"));
        EXPECT_EQ(item->due, domain::TopFields(bson).Date("due"));
        keys.push_back(*key);
    }
    EXPECT_TRUE(std::is_sorted(keys.begin(), keys.end()));
}

TEST(WorkKeys, WhatIsFinishedHasNoneAndWhatIsCutIsNone) {
    domain::BsonWriter done;
    done.Text("owner", "boot1");
    const std::string bson = done.Take(), waiting = Waiting("boot1", 1);
    EXPECT_FALSE(WorkKeyOf(kRef, domain::TopFields(bson)));
    const std::string key = *WorkKeyOf(kRef, domain::TopFields(waiting));
    for (size_t size = 0; size < key.size() - kRef.key.size(); ++size) {
        EXPECT_FALSE(WorkItemOf(key.substr(0, size))) << size;
    }
}

TEST(Rollups, AValueComesBackAndAddsUp) {
    const __int128 large = static_cast<__int128>(INT64_MAX) * 1'000;
    RollupValue sum{.count = -3, .micros = large};
    EXPECT_EQ(RollupValue::Parse(sum.Bytes())->micros, large);
    sum.Add({.count = 3, .micros = -large});
    EXPECT_EQ(sum.Bytes(), RollupValue().Bytes());
    EXPECT_FALSE(RollupValue::Parse(""));
    EXPECT_FALSE(RollupValue::Parse(std::string(23, '\0')));
    EXPECT_FALSE(RollupValue::Parse(std::string(25, '\0')));
}

TEST(Rollups, ADocumentCountsInItsMonthAndOneThatIsNoneOfOursNowhere) {
    domain::BsonWriter to;
    to.Text("affiliate_id", "7");
    to.Text("goal_type", "deposit");
    to.Decimal("amount", "12.5");
    to.Date("createdAt", *Time::ParseIso("2026-02-28T23:59:59.999Z"));
    const std::string bson = to.Take();
    const auto delta = RollupOf(kRef, domain::TopFields(bson));
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->second.count, 1);
    EXPECT_EQ(delta->second.micros, 12'500'000);
    EXPECT_NE(delta->first.find("2026-02"), std::string::npos);
    for (auto other : {Collection::kAdmins, Collection::kSettings, Collection::kNodes}) {
        EXPECT_FALSE(RollupOf({other, "x"}, domain::TopFields(bson)));
    }
}

TEST(References, ADocumentIsFoundWhereItSaysItBelongs) {
    domain::BsonWriter conversion, setting;
    conversion.Text("click_id", "c");
    conversion.Text("goal_id", "6");
    conversion.Text("occurrence", "t1");
    setting.Text("_id", kMarkerId);
    const std::string sale = conversion.Take(), marker = setting.Take();
    EXPECT_EQ(
        RefOfDocument(Collection::kConversions, sale),
        RefOf(domain::ConversionKey{ClickId("c"), GoalId("6"), "t1"})
    );
    EXPECT_EQ(RefOfDocument(Collection::kSettings, marker).key, kMarkerId);
    EXPECT_TRUE(IsStoresOwn(Collection::kSettings, marker));
    EXPECT_FALSE(IsStoresOwn(Collection::kAdmins, marker));
    EXPECT_FALSE(IsStoresOwn(Collection::kSettings, sale));
}

}  // namespace
}  // namespace barracuda::store
