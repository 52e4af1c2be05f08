#include "domain/given_id.h"

#include <gtest/gtest.h>

#include <string>

namespace barracuda::domain {
namespace {

const char* const kMacros[] = {
    "{x}",
    "{{x}}",
    "${x}",
    "#x#",
    "##x##",
    "[x]",
    "%x%",
    "<x>",
    "$x",
    "$click.id-1",
    "__X__",
    "__CLICKID__",
    "{{ click.id }}",
    "%%x%%",
    "{a}-{b}"};
const char* const kPlaceholders[] = {
    "undefined",
    "UNDEFINED",
    "null",
    "Null",
    "none",
    "None",
    "nil",
    "NIL",
    "nan",
    "NaN",
    "[object Object]",
    "[OBJECT OBJECT]"};
const char* const kIds[] = {"x",    "{",    "{}",     "a{x}",  "{x}a", "##",    "[]",         "%%",
                            "$",    "$5 a", "5%",     "nones", "anil", "nullx", "undefined1", "__",
                            "____", "_x_",  "banana", "a+b",   "%41b", "+49",   "N/A",        "0"};

std::string Encoded(std::string_view text) {
    std::string out;
    for (unsigned char c : text) {
        constexpr const char* kDigits = "0123456789ABCDEF";
        out += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
    return out;
}

// Only what is no letter or digit, as programs encode.
std::string EncodedLightly(std::string_view text) {
    std::string out;
    for (unsigned char c : text) {
        const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
                           (c >= 'a' && c <= 'z') || c == '_' || c == '.' || c == '-';
        out += plain ? std::string(1, static_cast<char>(c))
                     : Encoded(std::string_view(reinterpret_cast<char*>(&c), 1));
    }
    return out;
}

void ExpectStandIn(const std::string& text, const char* word) {
    const auto id = JudgeId(text);
    EXPECT_TRUE(id.stand_in) << text;
    EXPECT_NE(id.problem.find(word), std::string::npos) << text;
}

void ExpectStandInHoweverWritten(const std::string& text, const char* word) {
    for (const auto& written :
         {text, EncodedLightly(text), Encoded(text), Encoded(Encoded(text))}) {
        for (const char* blank : {"", " ", "\t", "\xC2\xA0", "\xEF\xBB\xBF", "\xE2\x80\x8B"}) {
            ExpectStandIn(blank + written + blank, word);
        }
    }
    ExpectStandIn(Encoded(" " + text + " "), word);
    ExpectStandIn("+" + EncodedLightly(text) + "+", word);
}

TEST(GivenId, AMacroIsTheWholeValueHoweverItIsWritten) {
    for (const char* macro : kMacros) ExpectStandInHoweverWritten(macro, "macro");
}

TEST(GivenId, APlaceholderIsTheWholeValueHoweverItIsWritten) {
    for (const char* word : kPlaceholders) ExpectStandInHoweverWritten(word, "placeholder");
}

TEST(GivenId, WhatMerelyContainsSuchLettersStaysAnId) {
    for (const char* id : kIds) {
        EXPECT_EQ(JudgeId(id).problem, "") << id;
        EXPECT_EQ(JudgeId(id).text, id) << id;
    }
}

TEST(GivenId, TakesOffTheEndsAndNothingInside) {
    EXPECT_EQ(JudgeId(" a b ").text, "a b");
    EXPECT_EQ(
        JudgeId("\xEF\xBB\xBF"
                "abc\r\n")
            .text,
        "abc"
    );
    EXPECT_EQ(JudgeId("\xC3\xA4\xE2\x80\x8B").text, "\xC3\xA4");
    for (const char* nothing : {"", " ", "\t\n", "\xE2\x80\x8B\xC2\xA0", "\xEF\xBB\xBF"}) {
        EXPECT_EQ(JudgeId(nothing).text, "");
        EXPECT_EQ(JudgeId(nothing).problem, "");
    }
    for (const char* inside : {"\t",           "\n",           "\v",
                               "\f",           "\r",           "\x01",
                               "\x7F",         "\xC2\x80",     "\xC2\x85",
                               "\xC2\x9F",     "\xC2\xA0",     "\xC2\xAD",
                               "\xE1\x85\x9F", "\xE2\x80\x8B", "\xE2\x80\x8D",
                               "\xE2\x80\xAE", "\xE3\x80\x80", "\xE3\x85\xA4",
                               "\xEF\xB8\x8F", "\xEF\xBB\xBF", "\xF3\xA0\x80\x81"}) {
        EXPECT_NE(JudgeId("a" + std::string(inside) + "b").problem, "");
    }
    EXPECT_EQ(JudgeId(std::string_view("a\0b", 3)).problem, "has a NUL character");
    EXPECT_EQ(JudgeId(std::string_view("a\0", 2)).problem, "has a NUL character");
}

TEST(GivenId, IsBounded) {
    EXPECT_EQ(JudgeId(std::string(1024, 'x')).problem, "");
    EXPECT_EQ(JudgeId(" " + std::string(1024, 'x') + " ").problem, "");
    EXPECT_EQ(JudgeId(std::string(1025, 'x')).problem, "is longer than 1024 bytes");
    EXPECT_EQ(JudgeId(std::string(1'000'000, '%')).stand_in, true) << "a macro by its ends";
    std::string deep = "a";
    for (int i = 0; i < 100'000; ++i) deep.insert(0, "%25");
    EXPECT_EQ(JudgeId(deep).problem, "is longer than 1024 bytes");
    EXPECT_EQ(JudgeId("a\xFF").problem, "is not valid UTF-8");
    EXPECT_EQ(JudgeId("\xED\xA0\x80").problem, "is not valid UTF-8");
}

}  // namespace
}  // namespace barracuda::domain
