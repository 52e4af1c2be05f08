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

// The same appends made by libbson, whose bytes ours are to be.
class Theirs {
public:
    Theirs() { bson_init(&bson_); }
    ~Theirs() { bson_destroy(&bson_); }
    std::string Bytes() const {
        return {reinterpret_cast<const char*>(bson_get_data(&bson_)), bson_.len};
    }
    // One of every kind, as `number` has it, on both sides.
    void Append(BsonWriter& ours, const std::string& key, uint64_t number) {
        const auto size = static_cast<int>(key.size());
        const std::string text(number % 3 == 0 ? number % 2'000 : number % 20, 'x');
        const auto value = static_cast<int64_t>(number * 0x9e3779b97f4a7c15u);
        ObjectId id;
        std::memcpy(id.bytes.data(), &value, sizeof(value));
        bson_oid_t oid;
        bson_oid_init_from_data(&oid, id.bytes.data());
        bson_decimal128_t decimal;
        const std::string sum = std::to_string(number) + ".25";
        switch (number % 6) {
            case 0:
                ours.Text(key, text);
                bson_append_utf8(&bson_, key.data(), size, text.data(), int(text.size()));
                return;
            case 1:
                ours.Int(key, value);
                bson_append_int64(&bson_, key.data(), size, value);
                return;
            case 2:
                ours.Bool(key, value > 0);
                bson_append_bool(&bson_, key.data(), size, value > 0);
                return;
            case 3:
                ours.Date(key, Time{value});
                bson_append_date_time(&bson_, key.data(), size, value);
                return;
            case 4:
                ours.Id(key, id);
                bson_append_oid(&bson_, key.data(), size, &oid);
                return;
            default:
                ours.Decimal(key, sum);
                bson_decimal128_from_string(sum.c_str(), &decimal);
                bson_append_decimal128(&bson_, key.data(), size, &decimal);
        }
    }
    bson_t* get() { return &bson_; }

private:
    bson_t bson_;
};

TEST(BsonWriter, ItsBytesAreThoseOfLibbson) {
    std::mt19937_64 random(1);
    for (int round = 0; round < 300; ++round) {
        BsonWriter ours;
        Theirs theirs;
        for (uint64_t i = random() % 40; i > 0; --i) {
            const std::string key(random() % 12, 'k');
            if (random() % 8 > 0) {
                theirs.Append(ours, key, random() % 100'000);
                continue;
            }
            // A list of a document, and what is put behind both.
            bson_t list, inner;
            const auto size = static_cast<int>(key.size());
            ours.BeginArray(key);
            ours.BeginDocument("0");
            ours.Text("deep", std::string(i * 100, 'd'));
            ours.End();
            ours.End();
            bson_append_array_begin(theirs.get(), key.data(), size, &list);
            bson_append_document_begin(&list, "0", 1, &inner);
            bson_append_utf8(&inner, "deep", 4, std::string(i * 100, 'd').c_str(), int(i * 100));
            bson_append_document_end(&list, &inner);
            bson_append_array_end(theirs.get(), &list);
        }
        ASSERT_TRUE(ours.Take() == theirs.Bytes()) << "round " << round;
        ASSERT_TRUE(ours.Take() == theirs.Bytes()) << "taken once more";
    }
}

TEST(BsonWriter, NoTextAtAllIsNull) {
    BsonWriter ours;
    ours.Text("none", std::string_view());
    Theirs theirs;
    bson_append_utf8(theirs.get(), "none", 4, nullptr, 0);
    EXPECT_EQ(ours.Take(), theirs.Bytes());
    EXPECT_FALSE(TopText(ours.Take(), "none"));
}

TEST(BsonWriterDeathTest, WhatWasBegunIsEndedBeforeItIsTaken) {
    BsonWriter to;
    to.BeginDocument("open");
    EXPECT_DEATH(to.Take(), "check failed");
    to.End();
    EXPECT_DEATH(to.End(), "check failed");
    for (size_t i = 0; i < BsonWriter::kDepthMax; ++i) to.BeginArray("0");
    EXPECT_DEATH(to.BeginArray("0"), "check failed");
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

// Names of one length, first and last byte share a place, and one that is absent may share theirs.
TEST(TopFields, FindsEachOfManyThatLookAlike) {
    BsonWriter to;
    for (char c = 'a'; c <= 'z'; ++c) to.Text(std::string{'f', c, 'e'}, std::string(1, c));
    to.Text("", "without a name");
    const std::string bson = to.Take();
    const TopFields fields(bson);
    for (char c = 'a'; c <= 'z'; ++c) {
        EXPECT_EQ(fields.Text(std::string{'f', c, 'e'}), std::string(1, c));
    }
    EXPECT_EQ(fields.Text(""), "without a name");
    for (const char* absent : {"fe", "f1e", "fee1", "eef"}) EXPECT_FALSE(fields.Find(absent));
}

TEST(TopFields, TextInPlaceIsTheSameText) {
    const std::string bson = OneOfEach();
    const TopFields fields(bson);
    for (const char* name :
         {"text", "empty", "whole", "yes", "date", "id", "sum", "words", "document", "absent"}) {
        std::string spare;
        EXPECT_EQ(fields.TextIn(name, spare), fields.TextOr(name)) << name;
    }
    std::string spare = "untouched";
    const auto text = fields.TextIn("text", spare);
    EXPECT_TRUE(text.data() > bson.data() && text.data() < bson.data() + bson.size());
    EXPECT_EQ(spare, "untouched");
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
