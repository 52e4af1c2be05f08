#include "net/url.h"

#include <gtest/gtest.h>

namespace barracuda::net {
namespace {

TEST(Url, HostIsWithoutItsPort) {
    EXPECT_EQ(HostOf("https://a.example/x"), "a.example");
    EXPECT_EQ(HostOf("http://a.example:80?x=http://b"), "a.example");
    EXPECT_EQ(HostOf("http://[2001:db8::1]:80/"), "[2001:db8::1]");
    EXPECT_EQ(HostOf("http://[2001:db8::1]/"), "[2001:db8::1]");
    EXPECT_EQ(HostOf("nothing"), "");
}

TEST(PercentEncode, LeavesOnlyUnreservedBytes) {
    EXPECT_EQ(PercentEncode("aZ09-._~"), "aZ09-._~");
    EXPECT_EQ(PercentEncode("a b&c=d/e?f#g%h+i"), "a%20b%26c%3Dd%2Fe%3Ff%23g%25h%2Bi");
    EXPECT_EQ(PercentEncode("é"), "%C3%A9");
    EXPECT_EQ(PercentEncode(std::string_view("\r\n\0", 3)), "%0D%0A%00");
}

TEST(BuildQuery, IsReadBackByParseQuery) {
    const QueryParameters parameters{{"a", "1 & 2"}, {"b=", "%41+"}, {"c", ""}, {"a", "é"}};
    const auto read = ParseQuery("http://h.example/p?" + BuildQuery(parameters));
    ASSERT_TRUE(read);
    EXPECT_EQ(*read, parameters);
}

TEST(ParseQuery, ReadsFormsOfTheWild) {
    const auto read = ParseQuery("https://h.example:8443/p?sub1=a+b&&flag&x=%zz&y=1=2#sub=no");
    ASSERT_TRUE(read);
    const QueryParameters expected{{"sub1", "a b"}, {"flag", ""}, {"x", "%zz"}, {"y", "1=2"}};
    EXPECT_EQ(*read, expected);
    EXPECT_TRUE(ParseQuery("http://h.example")->empty());
    EXPECT_EQ(ParseQuery("app://open?sub1=h")->front().second, "h");
}

TEST(ParseQuery, RefusesWhatIsNotAUrl) {
    for (const char* text : {"", "nothing", "/p?a=1", "http://"})
        EXPECT_FALSE(ParseQuery(text)) << text;
}

TEST(MaskSecrets, HidesValuesAndLongSecretsAnywhere) {
    const std::vector<std::string> secrets{"ab", "long&secret", ""};
    EXPECT_EQ(
        MaskSecrets("http://h.example/ab?hash=ab&x=abc&y=ab", secrets),
        "http://h.example/ab?hash=***&x=abc&y=***"
    );
    EXPECT_EQ(
        MaskSecrets("http://h.example/p/long%26secret?k=xlong%26secrety", secrets),
        "http://h.example/p/***?k=x***y"
    );
    EXPECT_EQ(MaskSecrets("http://h.example", secrets), "http://h.example");
    EXPECT_EQ(
        MaskSecrets(R"({"k":"a\"long\\one","p":"Bearer a"long\one"})", {R"(a"long\one)"}),
        R"({"k":"***","p":"Bearer ***"})"
    );
}

// Answers of a network, as PHP, Python, a browser or an XML library writes it.
TEST(MaskSecrets, HidesHoweverItIsEchoed) {
    const std::string secret = "top/secret+ha\"sh&x";
    for (const char* echo :
         {R"(top/secret+ha"sh&x)",
          R"(top\/secret+ha\"sh&x)",
          "top%2Fsecret%2Bha%22sh%26x",
          "top%2fsecret%2bha%22sh%26x",
          "top/secret ha\"sh&x",
          "TOP/SECRET+HA\"SH&X",
          R"(top\u002Fsecret\u002bha\u0022sh\u0026x)",
          "top%252Fsecret%252Bha%2522sh%2526x",
          R"(top\\\/secret+ha\\\"sh&x)",
          "top/secret+ha&quot;sh&amp;x",
          "top&#x2F;secret&#43;ha&#34;sh&#38;x",
          "dG9wL3NlY3JldCtoYSJzaCZ4",
          "746f702f7365637265742b6861227368267"
          "8"}) {
        const auto masked = MaskSecrets("{\"e\":\"<" + std::string(echo) + ">\"}", {secret});
        EXPECT_EQ(masked, "{\"e\":\"<***>\"}") << echo;
    }
    EXPECT_EQ(
        MaskSecrets(R"({"hash":"ab7","x":"ab78","y":ab7})", {"ab7"}),
        R"({"hash":"***","x":"ab78","y":ab7})"
    );
}

TEST(ResolveUrl, FollowsALocationHeader) {
    const std::string base = "https://h.example/a/b?c=d";
    EXPECT_EQ(ResolveUrl(base, "http://o.example/x?sub1=1#f").value(), "http://o.example/x?sub1=1");
    EXPECT_EQ(ResolveUrl(base, "/x?y=1").value(), "https://h.example/x?y=1");
    EXPECT_EQ(ResolveUrl(base, "x").value(), "https://h.example/a/x");
    EXPECT_EQ(ResolveUrl(base, "?sub1=1").value(), "https://h.example/a/b?sub1=1");
    EXPECT_EQ(ResolveUrl(base, "//o.example/x").value(), "https://o.example/x");
    EXPECT_EQ(ResolveUrl(base, "/x y?a=b c").value(), "https://h.example/x%20y?a=b+c");
}

}  // namespace
}  // namespace barracuda::net
