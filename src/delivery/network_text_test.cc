#include "delivery/network_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/raw_json.h"

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

std::string One(const TextPairs& parameters) { return ConversionsJson(std::span(&parameters, 1)); }

TEST(ConversionsJson, HoldsSeveral) {
    const std::vector<TextPairs> two{{{"hash", "a"}}, {{"hash", "b"}, {"unique", "u"}}};
    EXPECT_EQ(
        ConversionsJson(two),
        R"({"conversions":[{"hash":"a","unique":"API"},{"hash":"b","unique":"u"}]})"
    );
}

TEST(ConversionsJson, WritesNumbersDigitForDigit) {
    EXPECT_EQ(
        One({{"hash", "123"}, {"goal_type_id", "7"}, {"payout", "10.50"}, {"empty", ""}}),
        R"({"conversions":[{"hash":"123","goal_type_id":7,"payout":10.50,"unique":"API"}]})"
    );
    EXPECT_EQ(
        One({{"unique", "one\"\n"}, {"is_test", "1"}, {"revenue", "-0.01"}}),
        R"({"conversions":[{"unique":"one\"\n","is_test":true,"revenue":-0.01}]})"
    );
}

TEST(ConversionsJson, WritesWhatIsNoJsonNumberAsAString) {
    for (const char* text : {"007", "1.", ".5", "1e3", "-", "1,5", "NaN", "1.2.3", "--1", "1}"}) {
        EXPECT_EQ(
            One({{"payout", text}, {"unique", "u"}}),
            std::string(R"({"conversions":[{"payout":")") + text + R"(","unique":"u"}]})"
        );
    }
}

// The id of the one entry that an answer keeps, as it is written in JSON.
std::string IdIn(std::string_view answer, std::string_view list) {
    const auto entries = RawItems(RawMember(answer, list));
    return entries.empty() ? std::string() : std::string(RawMember(entries.front(), "id"));
}

TEST(ReadLookup, FindsOnlyTheSameConversion) {
    EXPECT_TRUE(ReadLookup(R"({"data":[{"id":5}]})", "h", "1").found);
    EXPECT_EQ(IdIn(ReadLookup(R"({"data":[{"id":5}]})", "h", "1").answer, "data"), "5");
    const auto body = R"({"data":[{"id":"a","hash":"x","goal_type_id":1},
                                  {"id":"b","hash":"h","goal_type_id":2},
                                  {"id":"c","hash":"h","goal_type_id":1}]})";
    EXPECT_EQ(IdIn(ReadLookup(body, "h", "1").answer, "data"), "\"c\"");
    EXPECT_FALSE(ReadLookup(body, "other", "1").found);
    EXPECT_TRUE(ReadLookup(body, "other", "1").valid);
    EXPECT_FALSE(ReadLookup(R"({"data":[]})", "h", "1").found);
}

TEST(ReadLookup, TellsWhatIsNoAnswer) {
    for (const char* body : {"", "<html>", "[]", "{}", R"({"data":{}})", R"({"data":[)", "null"}) {
        EXPECT_FALSE(ReadLookup(body, "h", "1").valid) << body;
    }
}

using State = CreatedItem::State;
using testing::ElementsAre;

const std::vector<TextPairs> kSent = {
    {{"hash", "a"}, {"goal_type_id", "1"}},
    {{"hash", "a"}, {"goal_type_id", "2"}},
    {{"hash", "b"}, {"goal_type_id", "1"}},
};

std::vector<std::string> Ids(std::string_view body, std::span<const TextPairs> sent = kSent) {
    std::vector<std::string> ids;
    for (const auto& item : ReadCreated(body, sent)) {
        const char* state = item.state == State::kTaken     ? ""
                            : item.state == State::kRefused ? "refused "
                                                            : "unnamed ";
        const bool taken = item.state == State::kTaken;
        const std::string id = taken ? IdIn(item.answer, "conversions") : std::string();
        ids.push_back(state + id + item.error);
    }
    return ids;
}

TEST(ReadCreated, FindsEachByWhatItIs) {
    EXPECT_THAT(
        Ids(R"({"conversions":[{"id":3,"hash":"b","goal_type_id":1},
                               {"id":2,"hash":"a","goal_type_id":"2"},
                               {"id":1,"hash":"a","goal_type_id":1}]})"),
        ElementsAre("1", "2", "3")
    );
    EXPECT_THAT(Ids(R"({"conversions":[{"id":7},{"id":8},{"id":9}]})"), ElementsAre("7", "8", "9"))
        << "by place";
    EXPECT_THAT(
        Ids(R"({"conversions":[{"id":1,"hash":"a","goal_type_id":1}]})"),
        ElementsAre("1", "unnamed ", "unnamed ")
    );
    EXPECT_THAT(
        Ids(R"({"conversions":[{"hash":"a","goal_type_id":1,"error":"duplicate"},
                               {"hash":"a","goal_type_id":2,"error":null},
                               {"hash":"b","goal_type_id":1,"errors":["x"]}]})"),
        ElementsAre(
            "refused the network refused it: duplicate",
            "",
            "refused the network refused it: [\"x\"]"
        )
    );
}

TEST(ReadCreated, TwoHundredIsAYes) {
    for (const char* body : {"", "<html>", "{}", R"({"conversions":{}})"}) {
        EXPECT_THAT(Ids(body), ElementsAre("", "", "")) << body;
    }
    const auto one = std::span(kSent).first(1);
    EXPECT_THAT(Ids(R"({"conversions":[{"id":42}]})", one), ElementsAre("42"));
    for (const char* body : {"", "{}", R"({"conversions":[]})", R"({"conversions":[7]})"}) {
        EXPECT_THAT(Ids(body, one), ElementsAre("")) << body;
    }
}

}  // namespace
}  // namespace barracuda::delivery
