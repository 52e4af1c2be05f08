#include "base/said_words.h"

#include <gtest/gtest.h>

namespace barracuda {
namespace {

TEST(SaidWords, AreFoundHoweverTheyAreWritten) {
    const std::string name = "Zoë \"Z\" B+ee\xf0\x9f\x90\x9d";  // with a bee beyond 16 bits
    for (std::string text :
         {name,
          std::string("ZOë \"z\" b+ee\xf0\x9f\x90\x9d"),
          std::string("Zo%C3%AB%20%22Z%22%20B%2Bee%F0%9F%90%9D"),
          std::string("zo%c3%ab+%22z%22+b%2bee%f0%9f%90%9d"),
          std::string(R"(Zo\u00eb \"Z\" B+ee\ud83d\udc1d)"),
          std::string(R"(Zo\u00EB%20\"Z\"+B\u002bee%F0%9F%90%9D)"),
          std::string("Zo&#235; &quot;Z&QUOT;&nbsp;B&#x2B;ee&#x1f41d;"),
          std::string("Zo%25C3%25AB%2520%2522Z%2522%2520B%252Bee%25F0%259F%2590%259D"),
          std::string(R"(Zo\\u00eb \\\"Z\\\" B+ee\\ud83d\\udc1d)"),
          std::string("5a6fc3ab20225a2220422b6565f09f909d")}) {
        EXPECT_TRUE(Says("[" + text + "]", name)) << text;
        EXPECT_EQ(WithoutWords("<" + text + "&" + text + ">", {name}, "***"), "<***&***>");
    }
    EXPECT_FALSE(Says("Zoe", name));
}

TEST(SaidWords, WhatIsNotMeantStays) {
    const std::string text = R"({"a":"100%","b":"\u12","c":"1+1=%zz\")";
    EXPECT_EQ(
        WithoutWords(text, {"Ann Bee", "0", "zz"}, "***"),
        R"({"a":"100%","b":"\u12","c":"1+1=%***\")"
    );
    EXPECT_EQ(WithoutWords(text, {"Ann Bee", "1"}, "***"), text) << "too short, or not there";
    EXPECT_EQ(WithoutWords("", {"Ann Bee", ""}, "***"), "");
    EXPECT_EQ(WithoutWords("\\", {"Ann Bee"}, "***"), "\\");
    EXPECT_TRUE(Says("{\"n\":\"AL\"}", "Al"));
    EXPECT_FALSE(Says(
        "value, Alan, \xc3\xa9"
        "al",
        "Al"
    )) << "short words count alone";
}

TEST(SaidWords, MayStandEscapedThemselves) {
    EXPECT_EQ(WithoutWords("ann@bee.example x", {"Ann%40Bee.example"}, "***"), "*** x");
}

// Whatever stands before and behind them in what was encoded.
TEST(SaidWords, AreFoundInBase64) {
    for (const char* text :
         {"dG9wc2VjcmV0K2hhc2g/fg==",          // alone
          "YTp0b3BzZWNyZXQraGFzaD9+",          // a:…
          "YWI6dG9wc2VjcmV0K2hhc2g/fjp6enp6",  // ab:…:zzzz
          "YWI6dG9wc2VjcmV0K2hhc2g_fjp6enp6",  // for URLs
          R"(YWI6dG9wc2VjcmV0K2hhc2g\/fjp6enp6)",
          "YWI6dG9wc2VjcmV0K2hhc2g%2Ffjp6enp6"}) {
        EXPECT_TRUE(Says(text, "topsecret+hash?~")) << text;
    }
    EXPECT_FALSE(Says("dG9wc2VjcmV0LWhhc2g/fg==", "topsecret+hash?~"));
}

}  // namespace
}  // namespace barracuda
