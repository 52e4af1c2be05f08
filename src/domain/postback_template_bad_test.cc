// Templates that are refused: each with the place and the reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "domain/postback_template_fixture.h"

namespace barracuda::domain {

void PrintTo(const Problem& problem, std::ostream* out) { *out << problem.Text(); }

namespace {

using testing::HasSubstr;

struct Bad {
    PostbackText text;
    const char* field;
    std::optional<size_t> position;
    const char* reason;
};

constexpr auto kWhole = std::nullopt;
using Where = std::optional<size_t>;

Bad BadUrl(const char* url, Where at, const char* why) {
    return {Get(url), "postback.url", at, why};
}
Bad BadJson(const char* body, Where at, const char* why) {
    return {Json(body), "postback.body", at, why};
}
Bad BadForm(const char* body, Where at, const char* why) {
    return {Form(body), "postback.body", at, why};
}
Bad BadHeader(const char* text, Where at, const char* why) {
    return {Header(text), "postback.headers[0]", at, why};
}

const std::vector<Bad> kAddresses = {
    BadUrl("", kWhole, "required"),
    BadUrl("t.example/p", 0, "http"),
    BadUrl("ftp://t.example/p", 0, "http"),
    BadUrl("HTTPS://t.example/p", 0, "http"),
    BadUrl("//t.example/p", 0, "http"),
    BadUrl("https://", 8, "host is missing"),
    BadUrl("https:///p", 8, "host is missing"),
    BadUrl("https://?a=1", 8, "host is missing"),
    BadUrl("https://{sub1}/p", 8, "host takes no macro"),
    BadUrl("https://a.{sub1}.example/p", 10, "host takes no macro"),
    BadUrl("https://t.example:{sub1}/p", 18, "host takes no macro"),
    BadUrl("https://user@t.example/p", 12, "user"),
    BadUrl("https://u:p@t.example/p", 11, "user"),
    BadUrl("https://t..example/p", 8, "empty part"),
    BadUrl("https://.example/p", 8, "empty part"),
    BadUrl("https://t ex/p", 9, "no host has"),
    BadUrl("https://t\xC3\xA9.example/p", 9, "no host has"),
    BadUrl("https://t.example:0/p", 17, "port"),
    BadUrl("https://t.example:65536/p", 17, "port"),
    BadUrl("https://t.example:/p", 17, "port"),
    BadUrl("https://t.example:8x/p", 17, "port"),
    BadUrl("https://[::1/p", 8, "bracket"),
    BadUrl("https://[fe80::1%25eth0]/p", 9, "IPv6"),
    BadUrl("https://[1.2.3.4]/p", 9, "IPv6"),
};

const std::vector<Bad> kCharacters = {
    BadUrl("https://t.example/a b", 19, "%XX"),
    BadUrl("https://t.example/a\nb", 19, "%XX"),
    BadUrl("https://t.example/\xC3\xA9", 18, "%XX"),
    BadUrl("https://t.example/a|b", 19, "%XX"),
    BadUrl("https://t.example/a\\b", 19, "%XX"),
    BadUrl("https://t.example/\"", 18, "%XX"),
    BadUrl("https://t.example/100%", 21, "hex digits"),
    BadUrl("https://t.example/%g1", 18, "hex digits"),
    BadUrl("https://t.example/#f", 18, "fragment"),
    BadUrl("https://t.example/?a=1#f", 22, "fragment"),
    BadUrl("https://t.example/../x", 18, "segment"),
    BadUrl("https://t.example/a/%2e%2e", 20, "segment"),
    BadUrl("https://t.example/a/./b?c=..", 20, "segment"),
};

const std::vector<Bad> kMacros = {
    BadUrl("https://t.example/?c={click_id", 21, "not closed"),
    BadUrl("https://t.example/?c=click_id}", 29, "without an opening"),
    BadUrl("https://t.example/?c={}", 21, "without a name"),
    BadUrl("https://t.example/?c={_}", 21, "without a name"),
    BadUrl("https://t.example/?c={clickid}", 21, "no macro {clickid}"),
    BadUrl("https://t.example/?c={Click_id}", 21, "no macro {Click_id}"),
    BadUrl("https://t.example/?c={ click_id }", 21, "no macro"),
    BadUrl("https://t.example/?c={__sub1}", 21, "no macro"),
    BadUrl("https://t.example/?c={{click_id}}", 21, "no macro"),
    BadUrl("https://t.example/?c=${click_id}&s={sub6}", 35, "no macro {sub6}"),
    BadUrl("https://t.example/{sig}", 18, "end of the URL's query"),
    BadUrl("https://t.example/?s={sig}&c={click_id}", 26, "closes the URL"),
    BadUrl("https://t.example/?s={_sig}", 21, "end of the URL's query"),
    BadUrl("https://t.example/{secret}", 18, "no place in a path"),
    BadUrl("https://t.example/?k={_secret}", 21, "no place in a path"),
    BadUrl("https://t.example/?k={secret}&s={sig}", kWhole, "signs nothing"),
};

const std::vector<Bad> kMaps = {
    BadUrl("https://t.example/?s={status:}", 29, "STATUS=VALUE"),
    BadUrl("https://t.example/?s={status:approved}", 29, "STATUS=VALUE"),
    BadUrl("https://t.example/?s={status:accepted=1}", 29, "no status"),
    BadUrl("https://t.example/?s={status:Approved=1}", 29, "no status"),
    BadUrl("https://t.example/?s={status:approved=1,approved=2}", 40, "mapped twice"),
    BadUrl("https://t.example/?s={status:approved=}", 38, "value"),
    BadUrl("https://t.example/?s={status:approved=1,}", 40, "STATUS=VALUE"),
    BadUrl("https://t.example/?s={status:approved=1;pending=0}", 38, "value"),
    BadUrl("https://t.example/?s={status:approved=a b}", 38, "value"),
    BadUrl("https://t.example/?s={goal_type:deposit=1}", 21, "only {status"),
};

const std::vector<Bad> kForms = {
    BadForm("", kWhole, "required"),
    BadForm("a={nope}", 2, "no macro {nope}"),
    BadForm("a=b c", 3, "%XX"),
    BadForm("a={sig}", 2, "end of the URL's query"),
};

const std::vector<Bad> kJson = {
    BadJson("", kWhole, "required"),
    BadJson("{", 1, "no JSON"),
    BadJson(R"({"a":})", 5, "no JSON"),
    BadJson(R"({"a":"{click_id}")", 17, "no JSON"),
    BadJson(R"({"a":"{click_id}"} x)", 19, "after its end"),
    BadJson(R"({"a":{click_id}})", 5, "in quotes"),
    BadJson(R"({"a":{status}})", 5, "in quotes"),
    BadJson(R"({"a":{status:approved=yes}})", 5, "in quotes"),
    BadJson(R"({"a":{status:approved=01}})", 5, "in quotes"),
    BadJson(R"({"a":"{_sub1}"})", 6, "raw"),
    BadJson(R"({"a":"{nope}"})", 6, "no macro {nope}"),
    BadJson(R"({"a":"{ b }"})", 6, "no macro"),
    BadJson(R"({"a":{nope}})", 5, "no macro {nope}"),
    BadJson(R"("{click_id}")", kWhole, "object or array"),
    BadJson(R"({amount:1})", 0, "only {status"),
    BadJson(R"({"a":{amount}{amount}})", 13, "no JSON"),
    BadJson(R"({"a":1{amount}})", 6, "no JSON"),
    BadJson(R"({"a":-{amount}})", 6, "no JSON"),
    BadJson(R"({"a":{amount}.5})", 13, "no JSON"),
    BadJson("{\"a\":\"\xff\"}", kWhole, "UTF-8"),
};

const std::vector<Bad> kHeaders = {
    BadHeader("X-Click", kWhole, "Name: value"),
    BadHeader(": v", 0, "no header has"),
    BadHeader("X Y: v", 0, "no header has"),
    BadHeader("X: ", 3, "no value"),
    BadHeader("X: a\r\nY: b", 4, "printable"),
    BadHeader("X: {nope}", 3, "no macro {nope}"),
    BadHeader("X: a}", 4, "without an opening"),
    BadHeader("X: {sig}", 3, "end of the URL's query"),
    BadHeader("Host: other", 0, "set by the program"),
    BadHeader("content-length: 3", 0, "set by the program"),
    BadHeader("Webhook-Id: x", 0, "set by the program"),
    BadHeader("Barracuda-Delivery: x", 0, "set by the program"),
};

std::vector<Bad> Others() {
    std::vector<Bad> bad;
    auto text = Get("https://t.example/p");
    text.method = "PUT";
    bad.push_back({text, "postback.method", kWhole, "GET or POST"});
    text = Json("{}");
    text.method = "GET";
    bad.push_back({text, "postback.body_type", kWhole, "no body"});
    text = Json("<a/>");
    text.body_type = "xml";
    bad.push_back({text, "postback.body_type", kWhole, "none, form or json"});
    text = Get("https://t.example/p");
    text.body = "x";
    bad.push_back({text, "postback.body", kWhole, "none"});
    text = Get("https://t.example/p");
    text.headers = {"X: 1", "x: 2"};
    bad.push_back({text, "postback.headers[1]", 0, "twice"});
    text.headers = std::vector<std::string>(17, "X: 1");
    bad.push_back({text, "postback.headers", kWhole, "at most 16"});
    bad.push_back(
        {Get("https://t.example/" + std::string(4096, 'a')), "postback.url", kWhole, "4096"}
    );
    return bad;
}

TEST(PostbackTemplate, BadTemplatesAreRefusedWithPlaceAndReason) {
    std::vector<Bad> bad = Others();
    for (const auto* list :
         {&kAddresses, &kCharacters, &kMacros, &kMaps, &kForms, &kJson, &kHeaders}) {
        bad.insert(bad.end(), list->begin(), list->end());
    }
    ASSERT_GE(bad.size(), 90u);
    for (const auto& [text, field, position, reason] : bad) {
        SCOPED_TRACE(text.url.substr(0, 80) + " | " + text.body);
        auto compiled = PostbackTemplate::Compile(text);
        ASSERT_FALSE(compiled);
        EXPECT_EQ(compiled.error().field, field);
        EXPECT_EQ(compiled.error().position, position) << compiled.error().Text();
        EXPECT_THAT(compiled.error().reason, HasSubstr(reason));
    }
}

}  // namespace
}  // namespace barracuda::domain
