// Filters, keys and the way back, without a server: what they say is what the server is asked.
#include "store/mongo/address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/object_id.h"
#include "domain/bson.h"
#include "domain/conversion.h"
#include "store/index.h"

namespace barracuda::store {
namespace {

std::string JsonOf(const Bson& bson) {
    char* text = bson_as_relaxed_extended_json(bson.get(), nullptr);
    std::string json = text;
    bson_free(text);
    return json;
}

domain::Conversion Sale() {
    domain::Conversion c;
    c.id = *ObjectId::Parse("0102030405060708090a0b0c");
    c.key = {ClickId("click"), GoalId("6"), ""};
    c.rev = 3;
    return c;
}

TEST(StoredFilter, NamesTheConversionExactlyAsItWasRead) {
    const std::string json = JsonOf(StoredFilter(Collection::kConversions, domain::Encode(Sale())));
    EXPECT_EQ(
        json,
        R"({ "_id" : { "$oid" : "0102030405060708090a0b0c" }, "click_id" : "click", )"
        R"("goal_id" : "6", "rev" : 3 })"
    );
}

TEST(StoredFilter, AMissingRevisionIsThatOfADocumentWithout) {
    domain::BsonWriter old;
    old.Text("_id", "a@example.test");
    EXPECT_EQ(
        JsonOf(StoredFilter(Collection::kAdmins, old.Take())),
        R"({ "_id" : "a@example.test", "rev" : { "$in" : [ 0, null ] } })"
    );
}

TEST(StoredFilter, ASettingThatWasMadeAnewIsAnotherOne) {
    auto setting = [](int64_t created_ms) {
        domain::BsonWriter to;
        to.Text("_id", "network:a");
        to.Int("rev", 1);
        to.Date("createdAt", Time{created_ms});
        return to.Take();
    };
    EXPECT_NE(
        JsonOf(StoredFilter(Collection::kSettings, setting(1))).find("createdAt"), std::string::npos
    );
    EXPECT_TRUE(IsStill(Collection::kSettings, setting(1), setting(1)));
    EXPECT_FALSE(IsStill(Collection::kSettings, setting(2), setting(1)));
    EXPECT_TRUE(IsStill(Collection::kAdmins, setting(2), setting(1))) << "of settings alone";
}

TEST(IsStill, AnotherRevisionOrAnotherIdIsNot) {
    domain::Conversion before = Sale(), later = before, other = before;
    ++later.rev;
    other.id = ObjectId::New();
    const auto was = domain::Encode(before);
    EXPECT_TRUE(IsStill(Collection::kConversions, was, was));
    EXPECT_FALSE(IsStill(Collection::kConversions, domain::Encode(later), was));
    EXPECT_FALSE(IsStill(Collection::kConversions, domain::Encode(other), was));
}

TEST(WithId, GivesOneToADocumentWithoutAndLeavesTheOthers) {
    domain::BsonWriter bare;
    bare.Text("name", "x");
    const Ref contact{Collection::kContacts, "0102030405060708090a0b0c"};
    const Ref setting{Collection::kSettings, "stop:a"};
    const std::string bson = bare.Take();
    const std::string with = WithId(contact, bson);
    bson_iter_t at;
    ASSERT_TRUE(domain::OpenBson(at, with) && bson_iter_next(&at));
    EXPECT_STREQ(bson_iter_key(&at), "_id") << "first, as MongoDB stores it";
    EXPECT_TRUE(BSON_ITER_HOLDS_OID(&at)) << "a key of 24 hex digits is an ObjectId";
    EXPECT_EQ(domain::TopText(with, "name"), "x");
    const std::string text = WithId(setting, bson);
    EXPECT_EQ(domain::TopText(text, "_id"), "stop:a");
    EXPECT_EQ(WithId(contact, text), text);
}

TEST(RevIn, IsZeroWhereThereIsNone) {
    domain::BsonWriter bare, text;
    bare.Text("_id", "a");
    text.Text("rev", "3");
    EXPECT_EQ(RevIn(domain::Encode(Sale())), 3);
    EXPECT_EQ(RevIn(bare.Take()), 0);
    EXPECT_EQ(RevIn(text.Take()), 0) << "text is no revision";
}

class ComesOfTest : public testing::Test {
protected:
    domain::Conversion before_ = Sale();
    domain::Conversion after_ = [this] {
        domain::Conversion c = before_;
        ++c.rev;
        c.AddHistory({.at = Time{1}, .by = "key:a", .command = "c1", .field = "status"});
        return c;
    }();
    bool Comes(const domain::Conversion& stored) {
        return ComesOf(domain::Encode(stored), domain::Encode(before_), domain::Encode(after_));
    }
};

TEST_F(ComesOfTest, TheWriteItselfAndWhatWasBuiltOnIt) {
    EXPECT_TRUE(Comes(after_));
    domain::Conversion later = after_;
    ++later.rev;
    later.AddHistory({.at = Time{2}, .by = "key:b", .command = "c2", .field = "amount"});
    EXPECT_TRUE(Comes(later));
}

TEST_F(ComesOfTest, NotWhatStoodBeforeNorWhatOthersMadeOfIt) {
    EXPECT_FALSE(Comes(before_));
    domain::Conversion other = before_;
    ++other.rev;
    other.AddHistory({.at = Time{1}, .by = "key:b", .command = "c2", .field = "status"});
    EXPECT_FALSE(Comes(other)) << "another node's write of the same revision";
    other.rev = 9;
    EXPECT_FALSE(Comes(other));
    domain::Conversion same_command = before_;
    ++same_command.rev;
    same_command.AddHistory({.at = Time{1}, .by = "key:a", .command = "c1", .field = "amount"});
    EXPECT_FALSE(Comes(same_command)) << "another field of the command";
}

TEST_F(ComesOfTest, AWriteThatLeftNoHistoryCannotBeProven) {
    after_ = before_;
    ++after_.rev;
    domain::Conversion later = after_;
    ++later.rev;
    EXPECT_TRUE(Comes(after_)) << "byte for byte it can";
    EXPECT_FALSE(Comes(later));
}

}  // namespace
}  // namespace barracuda::store
