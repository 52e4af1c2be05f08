#include "delivery/network_text.h"

#include <gtest/gtest.h>

namespace barracuda::delivery {
namespace {

TEST(ToUtf8, KeepsTextAndCutsBetweenCharacters) {
    EXPECT_EQ(ToUtf8("plain é 漢 😀", 100), "plain é 漢 😀");
    EXPECT_EQ(ToUtf8("aé", 2), "a");
    EXPECT_EQ(ToUtf8("aé", 3), "aé");
    EXPECT_EQ(ToUtf8("😀", 3), "");
    EXPECT_EQ(ToUtf8("", 5), "");
    EXPECT_EQ(ToUtf8("abc", 0), "");
}

TEST(ToUtf8, ReplacesWhatIsNotUtf8) {
    EXPECT_EQ(
        ToUtf8(
            "a\xff\xfe"
            "b",
            100
        ),
        "a??b"
    );
    EXPECT_EQ(ToUtf8("\xc3", 100), "?");
    EXPECT_EQ(ToUtf8("\xc0\xaf", 100), "??");
    EXPECT_EQ(ToUtf8("\xed\xa0\x80", 100), "???");
    EXPECT_EQ(ToUtf8("\xf4\x90\x80\x80", 100), "????");
    EXPECT_EQ(ToUtf8(std::string_view("a\0b", 3), 100), "a?b");
}

TEST(ConversionJson, WritesNumbersDigitForDigit) {
    EXPECT_EQ(
        ConversionJson({{"hash", "123"}, {"goal_type_id", "7"}, {"payout", "10.50"}, {"empty", ""}}
        ),
        R"({"conversions":[{"hash":"123","goal_type_id":7,"payout":10.50,"unique":"API"}]})"
    );
    EXPECT_EQ(
        ConversionJson({{"unique", "one\"\n"}, {"is_test", "1"}, {"revenue", "-0.01"}}),
        R"({"conversions":[{"unique":"one\"\n","is_test":true,"revenue":-0.01}]})"
    );
}

TEST(ConversionJson, WritesWhatIsNoJsonNumberAsAString) {
    for (const char* text : {"007", "1.", ".5", "1e3", "-", "1,5", "NaN", "1.2.3", "--1", "1}"}) {
        EXPECT_EQ(
            ConversionJson({{"payout", text}, {"unique", "u"}}),
            std::string(R"({"conversions":[{"payout":")") + text + R"(","unique":"u"}]})"
        );
    }
}

TEST(ReadLookup, FindsOnlyTheSameConversion) {
    EXPECT_TRUE(ReadLookup(R"({"data":[{"id":5}]})", "h", "1").found);
    EXPECT_EQ(ReadLookup(R"({"data":[{"id":5}]})", "h", "1").id, "5");
    const auto body = R"({"data":[{"id":"a","hash":"x","goal_type_id":1},
                                  {"id":"b","hash":"h","goal_type_id":2},
                                  {"id":"c","hash":"h","goal_type_id":1}]})";
    EXPECT_EQ(ReadLookup(body, "h", "1").id, "c");
    EXPECT_FALSE(ReadLookup(body, "other", "1").found);
    EXPECT_TRUE(ReadLookup(body, "other", "1").valid);
    EXPECT_FALSE(ReadLookup(R"({"data":[]})", "h", "1").found);
}

TEST(ReadLookup, TellsWhatIsNoAnswer) {
    for (const char* body : {"", "<html>", "[]", "{}", R"({"data":{}})", R"({"data":[)", "null"}) {
        EXPECT_FALSE(ReadLookup(body, "h", "1").valid) << body;
    }
}

TEST(ReadCreatedId, ReadsTheFirst) {
    EXPECT_EQ(ReadCreatedId(R"({"conversions":[{"id":42}]})"), "42");
    for (const char* body : {"", "{}", R"({"conversions":[]})", R"({"conversions":[7]})"}) {
        EXPECT_EQ(ReadCreatedId(body), "") << body;
    }
}

}  // namespace
}  // namespace barracuda::delivery
