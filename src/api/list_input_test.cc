#include "api/list_input.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

TEST(CursorPage, SaysThatItIsShort) {
    JsonList one;
    one.Text("row");
    const auto says = [&](size_t limit, const char* cursor) {
        return CursorPage(one, limit, cursor).body.find("\"complete\":false") != std::string::npos;
    };
    EXPECT_TRUE(says(2, "x")) << "more follows, and the page has room";
    EXPECT_FALSE(says(1, "x")) << "full";
    EXPECT_FALSE(says(2, "")) << "the end";
    JsonList none;
    EXPECT_NE(CursorPage(none, 1, "x").body.find("\"complete\":false"), std::string::npos);
}

}  // namespace
}  // namespace barracuda::api
