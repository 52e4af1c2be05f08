#include "base/unseen.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/text.h"

namespace barracuda {
namespace {

std::string Utf8(char32_t code) {
    std::string text;
    auto tail = [&](int shift) { text += static_cast<char>(0x80 | (code >> shift & 0x3F)); };
    if (code < 0x80) return {static_cast<char>(code)};
    if (code < 0x800) {
        text += static_cast<char>(0xC0 | code >> 6);
    } else if (code < 0x10000) {
        text += static_cast<char>(0xE0 | code >> 12);
        tail(6);
    } else {
        text += static_cast<char>(0xF0 | code >> 18);
        tail(12);
        tail(6);
    }
    tail(0);
    return text;
}

// Written out from PropList.txt and DerivedCoreProperties.txt, line by line.
std::vector<char32_t> Unseen() {
    std::vector<char32_t> codes = {0x20,   0x85,   0xA0,   0xAD,   0x34F,  0x61C,  0x115F,
                                   0x1160, 0x1680, 0x17B4, 0x17B5, 0x180F, 0x2028, 0x2029,
                                   0x202F, 0x205F, 0x3000, 0x3164, 0xFEFF, 0xFFA0};
    const std::pair<char32_t, char32_t> ranges[] = {
        {0x9, 0xD},
        {0x180B, 0x180E},
        {0x2000, 0x200A},
        {0x200B, 0x200F},
        {0x202A, 0x202E},
        {0x2060, 0x206F},
        {0xFE00, 0xFE0F},
        {0xFFF0, 0xFFF8},
        {0x1BCA0, 0x1BCA3},
        {0x1D173, 0x1D17A},
        {0xE0000, 0xE0FFF}};
    for (auto [first, last] : ranges) {
        for (char32_t code = first; code <= last; ++code) codes.push_back(code);
    }
    return codes;
}

TEST(Unseen, IsTheTwoPropertiesAndNothingElse) {
    std::vector<bool> wanted(0x110000);
    for (char32_t code : Unseen()) wanted[code] = true;
    for (char32_t code = 0; code < wanted.size(); ++code) {
        ASSERT_EQ(IsUnseen(code), wanted[code]) << std::hex << static_cast<uint32_t>(code);
    }
}

TEST(Unseen, IsTakenOffBothEndsOnly) {
    for (char32_t code : Unseen()) {
        const std::string c = Utf8(code);
        ASSERT_EQ(TrimUnseen(c + "a" + c + "b" + c + c), "a" + c + "b")
            << static_cast<uint32_t>(code);
        ASSERT_EQ(TrimUnseen(c + c), "") << static_cast<uint32_t>(code);
    }
    EXPECT_EQ(TrimUnseen("\xC3\xA4"), "\xC3\xA4");
    EXPECT_EQ(TrimUnseen(""), "");
    EXPECT_EQ(TrimUnseen(std::string_view("\0a\0", 3)), std::string_view("\0a\0", 3));
    // A byte that is no character ends it.
    EXPECT_EQ(TrimUnseen(" \x80 "), "\x80");
    EXPECT_EQ(TrimUnseen("a\x80\x80\x80\x80\x80"), "a\x80\x80\x80\x80\x80");
    EXPECT_EQ(TrimUnseen("\xE2\x80"), "\xE2\x80");
}

TEST(Unseen, DecodesWhatIsWellFormed) {
    for (char32_t code :
         {0x0u, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xD7FFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu}) {
        const auto c = FirstUtf8(Utf8(code) + "x");
        EXPECT_EQ(c.code, code);
        EXPECT_EQ(c.size, Utf8(code).size());
    }
    for (const char* none :
         {"",
          "\x80",
          "\xC0\x80",
          "\xC1\xBF",
          "\xE0\x9F\xBF",
          "\xED\xA0\x80",
          "\xF0\x8F\xBF\xBF",
          "\xF4\x90\x80\x80",
          "\xF5\x80\x80\x80",
          "\xE2\x82",
          "\xC3"}) {
        EXPECT_EQ(FirstUtf8(none).size, 0u) << none;
    }
}

TEST(Unseen, AByteOrderMarkIsSkippedOnce) {
    EXPECT_EQ(SkipByteOrderMark("\xEF\xBB\xBF{}"), "{}");
    EXPECT_EQ(SkipByteOrderMark("\xEF\xBB\xBF\xEF\xBB\xBF"), "\xEF\xBB\xBF");
    EXPECT_EQ(SkipByteOrderMark("\xEF\xBB"), "\xEF\xBB");
    EXPECT_EQ(SkipByteOrderMark(""), "");
}

}  // namespace
}  // namespace barracuda
