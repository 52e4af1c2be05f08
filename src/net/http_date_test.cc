#include "net/http_date.h"

#include <gtest/gtest.h>

namespace barracuda::net {
namespace {

TEST(HttpDate, ReadsTheThreeForms) {
    for (const char* text :
         {"Sun, 06 Nov 1994 08:49:37 GMT",
          "Sunday, 06-Nov-94 08:49:37 GMT",
          "Sun Nov  6 08:49:37 1994"}) {
        ASSERT_TRUE(ParseHttpDate(text)) << text;
        EXPECT_EQ(ParseHttpDate(text)->ms, 784111777000) << text;
    }
}

TEST(HttpDate, RefusesWhatIsNone) {
    for (const std::string& text :
         {std::string(),
          std::string("soon"),
          std::string("20261231"),
          std::string("-1"),
          std::string("Sun, 06 Nov 1994 08:49:37 GMT\0", 30),
          std::string(65, 'x')}) {
        EXPECT_FALSE(ParseHttpDate(text)) << text;
    }
}

}  // namespace
}  // namespace barracuda::net
