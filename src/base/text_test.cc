#include "base/text.h"

#include <gtest/gtest.h>

#include <random>

#include "base/unseen.h"

namespace barracuda {
namespace {

// A code point as UTF-8 would write it, whether it may be written or not.
std::string Written(char32_t code, size_t size) {
    static constexpr unsigned char kLead[] = {0, 0x00, 0xC0, 0xE0, 0xF0};
    std::string text(size, '\0');
    for (size_t i = size; i-- > 1; code >>= 6) text[i] = static_cast<char>(0x80 | (code & 0x3F));
    text[0] = static_cast<char>(kLead[size] | code);
    return text;
}

size_t SizeOf(char32_t code) { return code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4; }

TEST(Utf8, EveryCharacterIsTakenAndNoOtherCodePoint) {
    for (char32_t code = 0; code < 0x120000; ++code) {
        const bool character = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
        const std::string text = Written(code, SizeOf(code));
        ASSERT_EQ(IsUtf8(text, Nul::kTaken), character) << std::hex << static_cast<uint32_t>(code);
        ASSERT_EQ(IsUtf8(text), character && code != 0);
        if (!character) continue;
        const auto first = FirstUtf8(text);
        ASSERT_EQ(first.code, code);
        ASSERT_EQ(first.size, text.size());
    }
}

TEST(Utf8, NoCharacterHasALongerForm) {
    for (char32_t code : {0x00u, 0x2Fu, 0x7Fu, 0x80u, 0x7FFu, 0x800u, 0xFFFFu}) {
        for (size_t size = SizeOf(code) + 1; size <= 4; ++size) {
            EXPECT_FALSE(IsUtf8(Written(code, size), Nul::kTaken)) << std::hex << uint32_t{code};
        }
    }
}

TEST(Utf8, NothingThatIsCutOffIsTaken) {
    for (char32_t code : {0xE9u, 0x20ACu, 0x1F41Fu}) {
        const std::string whole = Written(code, SizeOf(code));
        for (size_t size = 1; size < whole.size(); ++size) {
            EXPECT_FALSE(IsUtf8(whole.substr(0, size)));
            EXPECT_FALSE(IsUtf8(whole.substr(0, size) + "z")) << "nor where text follows";
            EXPECT_FALSE(IsUtf8(whole.substr(size)));
        }
    }
}

std::string RandomBytes(std::mt19937& random, size_t size_max) {
    // Half of them of the bytes that UTF-8 is made of: else hardly anything is nearly valid.
    static constexpr unsigned char kParts[] = {0x41, 0x80, 0xBF, 0xC2, 0xE2, 0xED, 0xF0, 0xF4};
    std::string bytes(random() % (size_max + 1), '\0');
    for (char& c : bytes) {
        c = static_cast<char>(random() % 2 == 0 ? kParts[random() % std::size(kParts)] : random());
    }
    return bytes;
}

TEST(Utf8, CleanedTextIsValidAndValidTextStaysAsItIs) {
    std::mt19937 random(1);
    for (int i = 0; i < 20'000; ++i) {
        const std::string bytes = RandomBytes(random, 24);
        const std::string clean = CleanUtf8(bytes);
        ASSERT_TRUE(IsUtf8(clean, Nul::kTaken)) << HexOf(bytes);
        ASSERT_EQ(clean == bytes, IsUtf8(bytes, Nul::kTaken)) << HexOf(bytes);
        ASSERT_EQ(CleanUtf8(clean), clean);
    }
}

TEST(Utf8, ACutSplitsNoCharacterAndTakesNoMoreThanItMust) {
    std::mt19937 random(2);
    for (int i = 0; i < 2'000; ++i) {
        const std::string text = CleanUtf8(RandomBytes(random, 24));
        for (size_t size = 0; size <= text.size() + 1; ++size) {
            const auto cut = CutUtf8(text, size);
            ASSERT_LE(cut.size(), size);
            ASSERT_TRUE(text.starts_with(cut));
            ASSERT_TRUE(IsUtf8(cut, Nul::kTaken)) << HexOf(text) << " at " << size;
            ASSERT_GT(cut.size() + 4, std::min(size, text.size()));
        }
    }
}

TEST(Utf8, ACutOfWhatIsNoUtf8EndsToo) {
    EXPECT_EQ(CutUtf8(std::string(10, '\x80'), 5), "");
    EXPECT_EQ(CutUtf8("\xFF\xFF\xFF", 2), "\xFF\xFF");
}

TEST(Hex, EveryByteComesBack) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
    EXPECT_EQ(HexOf(all).size(), 512u);
    EXPECT_EQ(BytesOfHex(HexOf(all)), all);
    EXPECT_EQ(HexOf("\x0f\xf0"), "0ff0");
}

TEST(Hash, IsThatOfBlake2bAndAsLongAsAsked) {
    // The first and last bytes of RFC 7693's example, BLAKE2b-512 of "abc".
    const std::string abc = HashHex("abc", 64);
    EXPECT_EQ(abc.size(), 128u);
    EXPECT_TRUE(abc.starts_with("ba80a53f981c4d0d")) << abc;
    EXPECT_TRUE(abc.ends_with("2386edd4009923")) << abc;
    EXPECT_EQ(HashHex("abc", 16).size(), 32u);
    EXPECT_NE(HashHex("abc", 16), abc.substr(0, 32)) << "the length is part of the hash";
    EXPECT_NE(HashHex(std::string("a\0b", 3), 16), HashHex("a", 16));
    EXPECT_DEATH(HashHex("abc", 15), "check failed");
    EXPECT_DEATH(HashHex("abc", 65), "check failed");
}

TEST(Text, TrimsAsciiWhiteSpaceAtTheEndsAlone) {
    EXPECT_EQ(Trim(" \t\r\n\v\fa b \t"), "a b");
    EXPECT_EQ(Trim("\t\n "), "");
    EXPECT_EQ(Trim("\xC2\xA0x"), "\xC2\xA0x") << "TrimUnseen takes that";
    EXPECT_EQ(Trim(std::string_view("\0a\0", 3)), std::string_view("\0a\0", 3));
}

TEST(Text, LowersAsciiAlone) { EXPECT_EQ(Lower("AZ az [@`{ \xC3\x84"), "az az [@`{ \xC3\x84"); }

TEST(Text, FindsEveryControlByteOfAscii) {
    for (int byte = 0; byte < 256; ++byte) {
        const std::string text{'a', static_cast<char>(byte), 'b'};
        EXPECT_EQ(HasControlByte(text), byte < 0x20 || byte == 0x7F) << byte;
        EXPECT_EQ(HasControl(text), byte < 0x20 || byte == 0x7F) << byte;
    }
    EXPECT_FALSE(HasControl(""));
    EXPECT_FALSE(HasControlByte(""));
}

// U+0080 to U+009F, among them the sequences' beginning of eight bits, and what stands beside them.
TEST(Text, FindsTheControlCharactersAboveAscii) {
    for (int low = 0x80; low < 0xC0; ++low) {
        const std::string character{'\xC2', static_cast<char>(low)};
        const std::string text = "a" + character + "b";
        ASSERT_TRUE(IsUtf8(text));
        EXPECT_EQ(HasControl(text), low < 0xA0) << low;
        EXPECT_FALSE(HasControlByte(text)) << "no byte of it is one";
        EXPECT_EQ(OneLine(text), low < 0xA0 ? "a b" : text);
        const std::string other{'\xC3', static_cast<char>(low)};
        EXPECT_FALSE(HasControl(other)) << "another character of the same last byte";
        EXPECT_EQ(OneLine(other), other);
    }
    EXPECT_EQ(
        OneLine("\xC2\x9B"
                "2Jgone\x1b[2J\n\xC2"),
        " 2Jgone [2J \xC2"
    );
}

}  // namespace
}  // namespace barracuda
