#include "api/forms.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

TEST(Forms, AClickHashIs32HexDigitsOrMore) {
    EXPECT_TRUE(IsClickHash(std::string(32, 'a')));
    EXPECT_TRUE(IsClickHash(std::string(64, 'F')));
    EXPECT_FALSE(IsClickHash(std::string(31, 'a')));
    EXPECT_FALSE(IsClickHash(std::string(32, 'g')));
    EXPECT_FALSE(IsClickHash("facebook"));
}

}  // namespace
}  // namespace barracuda::api
