#include "domain/said_words.h"

#include <gtest/gtest.h>

namespace barracuda::domain {
namespace {

TEST(SaidWords, AreFoundHoweverTheyAreWritten) {
    const std::string name = "Zoë \"Z\" B+ee\xf0\x9f\x90\x9d";  // with a bee beyond 16 bits
    for (std::string text :
         {name,
          std::string("ZOë \"z\" b+ee\xf0\x9f\x90\x9d"),
          std::string("Zo%C3%AB%20%22Z%22%20B%2Bee%F0%9F%90%9D"),
          std::string("zo%c3%ab+%22z%22+b%2bee%f0%9f%90%9d"),
          std::string(R"(Zo\u00eb \"Z\" B+ee\ud83d\udc1d)"),
          std::string(R"(Zo\u00EB%20\"Z\"+B\u002bee%F0%9F%90%9D)")}) {
        EXPECT_TRUE(Says("[" + text + "]", name)) << text;
        EXPECT_EQ(WithoutWords("<" + text + "&" + text + ">", {name}, "***"), "<***&***>");
    }
    EXPECT_FALSE(Says("Zoe", name));
}

TEST(SaidWords, WhatIsNotMeantStays) {
    const std::string text = R"({"a":"100%","b":"\u12","c":"1+1=%zz\")";
    EXPECT_EQ(WithoutWords(text, {"Ann Bee", "100"}, "***"), text) << "too short, or not there";
    EXPECT_EQ(WithoutWords("", {"Ann Bee", ""}, "***"), "");
    EXPECT_EQ(WithoutWords("\\", {"Ann Bee"}, "***"), "\\");
    EXPECT_FALSE(Says("Al", "Al"));
}

TEST(SaidWords, MayStandEscapedThemselves) {
    EXPECT_EQ(WithoutWords("ann@bee.example x", {"Ann%40Bee.example"}, "***"), "*** x");
}

}  // namespace
}  // namespace barracuda::domain
