#include "domain/bson.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <random>

namespace barracuda::domain {
namespace {

// A document with one of everything, in every type that somebody's application may have written.
std::string OneOfEach() {
    BsonWriter to, inner, list;
    inner.Text("name", "inner");
    list.Text("0", "first");
    to.Text("text", "caf\xC3\xA9");
    to.Text("empty", "");
    to.Int("whole", INT64_MIN);
    to.Bool("yes", true);
    to.Date("date", Time{-1});
    to.Id("id", *ObjectId::Parse("0102030405060708090a0b0c"));
    to.Decimal("sum", "12.50");
    to.Decimal("words", "twelve");
    to.Document("document", inner.Take());
    to.Array("list", list);
    return to.Take();
}

TEST(BsonWriter, EveryValueIsReadBackAsTheTextOfItsType) {
    const std::string bson = OneOfEach();
    const TopFields fields(bson);
    EXPECT_EQ(fields.Text("text"), "caf\xC3\xA9");
    EXPECT_EQ(fields.Text("empty"), "") << "empty text is text, not nothing";
    EXPECT_EQ(fields.Text("whole"), "-9223372036854775808");
    EXPECT_EQ(fields.Number("whole"), INT64_MIN);
    EXPECT_EQ(fields.Text("yes"), "true");
    EXPECT_EQ(fields.Date("date"), Time{-1});
    EXPECT_EQ(fields.Number("date"), -1);
    EXPECT_EQ(fields.Text("id"), "0102030405060708090a0b0c");
    EXPECT_EQ(fields.Text("sum"), "12.5");
    EXPECT_EQ(fields.Text("words"), "twelve") << "what is no number is kept as it is";
    EXPECT_EQ(TopText(fields.Bytes("document"), "name"), "inner");
}

TEST(BsonWriter, WhatIsNoScalarHasNoText) {
    const std::string bson = OneOfEach();
    const TopFields fields(bson);
    EXPECT_FALSE(fields.Text("document"));
    EXPECT_FALSE(fields.Text("list"));
    EXPECT_FALSE(fields.Text("absent"));
    EXPECT_EQ(fields.TextOr("absent", "otherwise"), "otherwise");
    EXPECT_EQ(fields.Number("text"), 0);
    EXPECT_FALSE(fields.Date("text"));
    EXPECT_EQ(fields.Bytes("list"), "") << "an array is no document";
}

TEST(BsonWriter, BytesThatAreNoDocumentBecomeAnEmptyOne) {
    for (const auto& bad : {std::string(), std::string("x"), std::string("\x50\0\0\0\0", 5)}) {
        BsonWriter to;
        to.Document("metadata", bad);
        to.Text("after", "stands");
        const std::string bson = to.Take();
        EXPECT_EQ(TopFields(bson).Bytes("metadata").size(), 5u);
        EXPECT_EQ(TopText(bson, "after"), "stands");
    }
}

TEST(BsonWriter, AnElementIsCopiedByteForByte) {
    const std::string bson = OneOfEach();
    BsonWriter copy;
    bson_iter_t at;
    ASSERT_TRUE(OpenBson(at, bson));
    while (bson_iter_next(&at)) copy.Element(at);
    EXPECT_EQ(copy.Take(), bson);
}

TEST(ScalarText, NumbersOfAnyTypeAreTheSameText) {
    bson_t bson;
    bson_init(&bson);
    BSON_APPEND_INT32(&bson, "int32", 7);
    BSON_APPEND_INT64(&bson, "int64", 7);
    BSON_APPEND_DOUBLE(&bson, "double", 7.0);
    BSON_APPEND_DOUBLE(&bson, "infinite", HUGE_VAL);
    BSON_APPEND_DOUBLE(&bson, "negative", -0.25);
    BSON_APPEND_NULL(&bson, "null");
    BSON_APPEND_UNDEFINED(&bson, "undefined");
    const std::string bytes(reinterpret_cast<const char*>(bson_get_data(&bson)), bson.len);
    bson_destroy(&bson);
    const TopFields fields(bytes);
    for (const char* name : {"int32", "int64", "double"}) EXPECT_EQ(fields.Text(name), "7") << name;
    EXPECT_FALSE(fields.Text("infinite"));
    EXPECT_EQ(fields.Text("negative"), "-0.25");
    EXPECT_FALSE(fields.Text("null"));
    EXPECT_FALSE(fields.Text("undefined"));
}

TEST(TopFields, FindsMoreFieldsThanItNotesInPlace) {
    BsonWriter to;
    for (int i = 0; i < 100; ++i) to.Int("f" + std::to_string(i), i);
    const std::string bson = to.Take();
    const TopFields fields(bson);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(fields.Number("f" + std::to_string(i)), i);
    EXPECT_FALSE(fields.Find("f100"));
}

TEST(TopFields, OfTwoFieldsOfOneNameTheFirstCounts) {
    BsonWriter to;
    to.Int("rev", 1);
    to.Int("rev", 2);
    const std::string bson = to.Take();
    EXPECT_EQ(TopFields(bson).Number("rev"), 1);
    EXPECT_EQ(TopText(bson, "rev"), "1");
}

// Bytes of a disk: whatever is left of them or flipped in them, reading ends and aborts nothing.
TEST(DamagedBson, EveryCutIsRead) {
    const std::string whole = OneOfEach();
    for (size_t size = 0; size < whole.size(); ++size) {
        const std::string cut = whole.substr(0, size);
        const TopFields fields(cut);
        EXPECT_FALSE(fields.Find("text")) << size << ": the length says more than there is";
        EXPECT_FALSE(TopText(cut, "text"));
    }
}

TEST(DamagedBson, EveryFlippedBitIsRead) {
    const std::string whole = OneOfEach();
    for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
        std::string bytes = whole;
        bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
        const TopFields fields(bytes);
        bson_iter_t at;
        if (!OpenBson(at, bytes)) continue;
        int elements = 0;
        while (bson_iter_next(&at)) {
            ++elements;
            (void)ScalarText(at);
            (void)BytesOf(at);
        }
        EXPECT_LE(elements, static_cast<int>(whole.size()));
        EXPECT_LE(fields.TextOr("text").size(), whole.size());
    }
}

TEST(DamagedBson, RandomBytesAreRead) {
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        std::string bytes(4 + random() % 60, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        const auto size = static_cast<uint32_t>(bytes.size());
        std::memcpy(bytes.data(), &size, sizeof size);  // else nearly all fail at the length
        bytes.back() = '\0';
        const TopFields fields(bytes);
        (void)fields.TextOr("a");
        (void)fields.Bytes("a");
    }
}

}  // namespace
}  // namespace barracuda::domain
