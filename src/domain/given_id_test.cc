#include "domain/given_id.h"

#include <gtest/gtest.h>

#include <string>

namespace barracuda::domain {
namespace {

TEST(GivenId, AMacroIsTheWholeValue) {
    for (const char* macro :
         {"{x}", "{{x}}", "${x}", "#x#", "##x##", "[x]", "%x%", "<x>", "$x", "$click.id-1"}) {
        EXPECT_TRUE(IsMacro(macro)) << macro;
    }
    for (const char* none : {"x", "{", "{}", "a{x}", "{x}a", "##", "[]", "%%", "$", "$5 a", "5%"}) {
        EXPECT_FALSE(IsMacro(none)) << none;
    }
}

TEST(GivenId, ProblemsAreNamed) {
    const auto problem = [](std::string_view text) { return std::string(ProblemOfId(text)); };
    EXPECT_EQ(problem(std::string(256, 'x')), "");
    EXPECT_EQ(problem("\xc3\xa4 b"), "");
    EXPECT_EQ(problem(""), "is empty");
    EXPECT_EQ(problem(std::string(257, 'x')), "is longer than 256 bytes");
    EXPECT_EQ(problem(std::string_view("a\0b", 3)), "has a control character");
    EXPECT_EQ(problem("a\nb"), "has a control character");
    EXPECT_EQ(problem("\xff"), "is not valid UTF-8");
    EXPECT_NE(problem("{click_id}").find("macro"), std::string::npos);
}

}  // namespace
}  // namespace barracuda::domain
