#include "base/raw_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kText = R"( { "a" : 50.1 , "b\"":[1,"]",{"a":2}], "c": "x\\", "a":
  [ {"n": 12345678901234567890123 , "s": " , \" "} , 0.10 ,null, "}" ] , "e":{} } )";

TEST(RawJson, MembersAsTheyWereWritten) {
    EXPECT_EQ(RawMember(R"({"a":50.10})", "a"), "50.10");
    EXPECT_EQ(RawMember(kText, "c"), R"("x\\")");
    EXPECT_EQ(RawMember(kText, "e"), "{}");
    EXPECT_EQ(RawMember(kText, "n"), "") << "one of a member's";
    EXPECT_EQ(RawMember(kText, "z"), "");
    EXPECT_EQ(RawMember("[1]", "a"), "");
    EXPECT_EQ(RawMember("{}", "a"), "");
}

TEST(RawJson, ItemsOfTheLastOfThatName) {
    EXPECT_THAT(
        RawItems(RawMember(kText, "a")),
        ElementsAre(R"({"n": 12345678901234567890123 , "s": " , \" "})", "0.10", "null", R"("}")")
    );
    EXPECT_THAT(RawItems("[ ]"), IsEmpty());
    EXPECT_THAT(RawItems("{}"), IsEmpty());
    EXPECT_THAT(RawItems(""), IsEmpty());
}

TEST(RawJson, Compact) {
    EXPECT_EQ(CompactJson("\n{ \"a b\" : [ 1 , \" \\\" \" ]\t}\r\n"), R"({"a b":[1," \" "]})");
}

}  // namespace
}  // namespace barracuda
