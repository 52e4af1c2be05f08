#include "domain/email.h"

#include <gtest/gtest.h>

#include <string>

namespace barracuda::domain {
namespace {

TEST(HtmlEmail, AcceptsWhatBrowsersAccept) {
    for (const char* text :
         {"a@b", "Ann.Lee+tag@Example.co.uk", "!#$%&'*+/=?^_`{|}~-@x.y", ".a.@b.c", "a..b@c-d.e"}) {
        EXPECT_TRUE(IsHtmlEmail(text)) << text;
    }
    EXPECT_TRUE(IsHtmlEmail("a@" + std::string(63, 'b') + ".c"));
}

TEST(HtmlEmail, RefusesWhatBrowsersRefuse) {
    for (const char* text :
         {"",
          "a",
          "@b",
          "a@",
          "a@b@c",
          "a b@c",
          "a@b c",
          "a@-b",
          "a@b-",
          "a@b..c",
          "a@.b",
          "a@b.",
          "a@b_c",
          "\"a\"@b",
          "a@[127.0.0.1]",
          "ä@b",
          "a@ä",
          "a@b\n",
          "a,b@c"}) {
        EXPECT_FALSE(IsHtmlEmail(text)) << text;
    }
    EXPECT_FALSE(IsHtmlEmail("a@" + std::string(64, 'b')));
    EXPECT_FALSE(IsHtmlEmail(std::string(253, 'a') + "@b"));
}

}  // namespace
}  // namespace barracuda::domain
