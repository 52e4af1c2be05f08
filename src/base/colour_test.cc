#include "base/colour.h"

#include <gtest/gtest.h>

namespace barracuda {
namespace {

TEST(Colour, IsSixHexDigits) {
    const auto colour = Colour::Parse("#2446C7");
    ASSERT_TRUE(colour);
    EXPECT_EQ(colour->red, 0x24);
    EXPECT_EQ(colour->green, 0x46);
    EXPECT_EQ(colour->blue, 0xc7);
    for (const char* text : {"", "2446c7", "#2446c", "#2446c7f", "#2446cg", "blue"}) {
        EXPECT_FALSE(Colour::Parse(text)) << text;
    }
}

// The examples of WCAG's own understanding documents.
TEST(Colour, ContrastIsWcags) {
    const Colour white{255, 255, 255}, black{0, 0, 0}, grey{0x76, 0x76, 0x76};
    EXPECT_NEAR(ContrastOf(white, black), 21, 0.001);
    EXPECT_NEAR(ContrastOf(black, white), 21, 0.001);
    EXPECT_NEAR(ContrastOf(grey, white), 4.54, 0.01);
    EXPECT_EQ(ContrastOf(grey, grey), 1);
}

}  // namespace
}  // namespace barracuda
