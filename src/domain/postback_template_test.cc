// Templates: what each place does to a value, signatures by the Standard Webhooks vector, and
// properties over values nobody would send. What is refused: postback_template_bad_test.cc.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <random>

#include "domain/postback_template_fixture.h"

namespace barracuda::domain {

namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::string> kNoSecret;
constexpr Time kNow{1'614'265'330'000};

Result<RenderedCall> Render(
    const PostbackText& text,
    const Parameters& parameters,
    const std::vector<std::string>& secrets = kNoSecret,
    bool mask = false
) {
    auto compiled = PostbackTemplate::Compile(text);
    if (!compiled) return Fail(ErrorCode::kInvalid, compiled.error().Text());
    return compiled->Render({parameters, "d1", kNow, secrets, mask});
}

std::string UrlOf(const std::string& url, const Parameters& parameters) {
    auto call = Render(Get(url), parameters);
    return call ? call->url : "refused: " + call.error().message;
}

std::string BodyOf(const PostbackText& text, const Parameters& parameters) {
    auto call = Render(text, parameters);
    return call ? call->body : "refused: " + call.error().message;
}

TEST(PostbackTemplate, EachPlaceEncodesItsValue) {
    const Parameters odd = {{"click_id", "a b&c=/%é\"\\"}, {"sub1", "x%20y"}, {"amount", "12.5"}};
    const std::string encoded = "a%20b%26c%3D%2F%25%C3%A9%22%5C";
    EXPECT_EQ(UrlOf("https://t.example/{click_id}/z", odd), "https://t.example/" + encoded + "/z");
    EXPECT_EQ(UrlOf("https://t.example/?c={click_id}", odd), "https://t.example/?c=" + encoded);
    EXPECT_EQ(BodyOf(Form("c={click_id}&a={amount}"), odd), "c=" + encoded + "&a=12.5");
    EXPECT_EQ(
        BodyOf(Json(R"({"c":"{click_id}","a":{amount}})"), odd), R"({"c":"a b&c=/%é\"\\","a":12.5})"
    );
    EXPECT_EQ(
        Render(Header("X-Click: <{click_id}>"), odd)->headers.at(0),
        "X-Click: <a b&c=/%25%C3%A9\"\\>"
    );
}

TEST(PostbackTemplate, RawValuesStayButCannotBreakTheRequest) {
    const Parameters odd = {{"sub1", "x%20y&z=1"}, {"sub2", "a b\r\nX: y\x01é"}};
    EXPECT_EQ(UrlOf("https://t.example/?s={_sub1}", odd), "https://t.example/?s=x%20y&z=1");
    EXPECT_EQ(UrlOf("https://t.example/?s={sub1}", odd), "https://t.example/?s=x%2520y%26z%3D1");
    EXPECT_EQ(
        UrlOf("https://t.example/?s={_sub2}", odd),
        "https://t.example/?s=a%20b%0D%0AX:%20y%01%C3%A9"
    );
    EXPECT_EQ(Render(Header("X: {_sub2}"), odd)->headers.at(0), "X: a b%0D%0AX: y%01%C3%A9");
    EXPECT_EQ(Render(Header("X: {_sub1}"), odd)->headers.at(0), "X: x%20y&z=1");
    // What stands behind a `#` is not sent.
    const Parameters hash = {{"sub1", "a#b"}, {"amount", "5"}};
    EXPECT_EQ(
        UrlOf("https://t.example/?s={_sub1}&p={amount}", hash), "https://t.example/?s=a%23b&p=5"
    );
    EXPECT_EQ(UrlOf("https://t.example/{_sub1}/z", hash), "https://t.example/a%23b/z");
    EXPECT_EQ(BodyOf(Form("s={_sub1}&p={amount}"), hash), "s=a#b&p=5");
    EXPECT_EQ(Render(Header("X: {_sub1}"), hash)->headers.at(0), "X: a#b");
}

TEST(PostbackTemplate, EveryMacroHasItsValue) {
    Parameters parameters;
    std::string url = "https://t.example/?";
    for (auto name : PostbackTemplate::MacroNames()) {
        if (name == "sig" || name == "secret") continue;
        url += std::string(name) + "={" + std::string(name) + "}&";
        parameters.emplace_back(name, "v-" + std::string(name));
    }
    std::string rendered = UrlOf(url, parameters);
    for (auto name : PostbackTemplate::MacroNames()) {
        if (name == "sig" || name == "secret") continue;
        std::string value = name == "delivery_id" ? "d1"
                            : name == "timestamp" ? "1614265330"
                                                  : "v-" + std::string(name);
        EXPECT_THAT(rendered, HasSubstr(std::string(name) + "=" + value + "&"));
    }
}

TEST(PostbackTemplate, AbsentValuesAreEmptyOrNull) {
    EXPECT_EQ(UrlOf("https://t.example?a={sub1}&b={amount}", {}), "https://t.example/?a=&b=");
    EXPECT_EQ(BodyOf(Json(R"({"a":{sale_amount},"b":"{sub1}"})"), {}), R"({"a":null,"b":""})");
    EXPECT_EQ(BodyOf(Json(R"({"a":{amount}})"), {{"amount", "a lot"}}), R"({"a":null})");
}

TEST(PostbackTemplate, StatusMaps) {
    const std::string url = "https://t.example/?s={status:approved=1,pending=0}";
    EXPECT_EQ(UrlOf(url, {{"status", "approved"}}), "https://t.example/?s=1");
    EXPECT_EQ(UrlOf(url, {{"status", "pending"}}), "https://t.example/?s=0");
    EXPECT_EQ(UrlOf(url, {{"status", "rejected"}}), "https://t.example/?s=");
    EXPECT_EQ(
        BodyOf(
            Json(R"({"s":{status:approved=1,pending=0},"t":"{status:pending=a/b}"})"),
            {{"status", "pending"}}
        ),
        R"({"s":0,"t":"a/b"})"
    );
    auto compiled = PostbackTemplate::Compile(Get(url));
    ASSERT_TRUE(compiled);
    StatusSet sent = StatusSet::None();
    sent.Add(Status::kApproved);
    EXPECT_FALSE(compiled->Unmapped(sent));
    sent.Add(Status::kRejected);
    auto problem = compiled->Unmapped(sent);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->field, "postback.url");
    EXPECT_EQ(problem->position, 21u);
    EXPECT_THAT(problem->reason, HasSubstr("rejected"));
}

TEST(PostbackTemplate, ASegmentThatIsDotsIsNotSent) {
    for (const char* value : {".", "..", "%2e%2E"}) {
        auto call = Render(Get("https://t.example/a/{_sub1}/b"), {{"sub1", value}});
        ASSERT_FALSE(call) << value;
        EXPECT_EQ(call.error().code, ErrorCode::kInvalid);
    }
    EXPECT_TRUE(Render(Get("https://t.example/a/{sub1}.x/b?c={sub1}"), {{"sub1", ".."}}));
}

TEST(PostbackTemplate, StandardWebhooksVector) {
    EXPECT_EQ(
        SignWebhook(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1614265330,
            R"({"test": 2432232314})"
        ),
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    );
    EXPECT_EQ(SignWebhook("whsec_not base64!", "i", 1, "b"), "");
    // RFC 4231, test case 2.
    EXPECT_EQ(
        SignHex("Jefe", "what do ya want for nothing?"),
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    );
}

TEST(PostbackTemplate, ABodyIsSignedByEveryLiveSecret) {
    const std::vector<std::string> secrets = {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "older"};
    auto call = Render(Json(R"({"c":"{click_id}"})"), {{"click_id", "c1"}}, secrets);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->body, R"({"c":"c1"})");
    EXPECT_THAT(
        call->headers,
        ElementsAre(
            "Content-Type: application/json",
            "webhook-id: d1",
            "webhook-timestamp: 1614265330",
            "webhook-signature: " + SignWebhook(secrets[0], "d1", 1614265330, call->body) + " " +
                SignWebhook(secrets[1], "d1", 1614265330, call->body)
        )
    );
}

TEST(PostbackTemplate, AUrlIsSignedUpToItsSignature) {
    const auto text = Get("https://t.example?c={click_id}&t={timestamp}&sig={sig}");
    const std::string signed_text = "/?c=a%20b&t=1614265330&sig=";
    const Parameters parameters = {{"click_id", "a b"}};
    auto one = Render(text, parameters, {"new"});
    ASSERT_TRUE(one);
    EXPECT_EQ(one->url, "https://t.example" + signed_text + SignHex("new", signed_text));
    auto two = Render(text, parameters, {"new", "old"});
    ASSERT_TRUE(two);
    EXPECT_EQ(two->url, one->url + "." + SignHex("old", signed_text));
    auto none = Render(text, parameters);
    ASSERT_FALSE(none);
    EXPECT_EQ(none.error().code, ErrorCode::kUnavailable);
}

TEST(PostbackTemplate, ASecretInClearIsMaskedAndSignsNothing) {
    auto text = Json(R"({"key":"{secret}"})");
    text.url = "https://t.example/?k={secret}";
    text.headers = {"Authorization: Bearer {secret}"};
    auto call = Render(text, {}, {"s3"});
    ASSERT_TRUE(call);
    EXPECT_EQ(call->url, "https://t.example/?k=s3");
    EXPECT_EQ(call->body, R"({"key":"s3"})");
    EXPECT_THAT(
        call->headers, ElementsAre("Authorization: Bearer s3", "Content-Type: application/json")
    );
    auto masked = Render(text, {}, {"s3"}, true);
    ASSERT_TRUE(masked);
    EXPECT_EQ(masked->url, "https://t.example/?k=***");
    EXPECT_EQ(masked->body, R"({"key":"***"})");
    EXPECT_EQ(masked->headers.at(0), "Authorization: Bearer ***");
    auto odd = Render(text, {}, {"100% s/3"});
    EXPECT_EQ(odd->headers.at(0), "Authorization: Bearer 100% s/3") << "it is compared as it is";
    EXPECT_EQ(odd->url, "https://t.example/?k=100%25%20s%2F3");
}

TEST(PostbackTemplate, GoodTemplatesThatLookOdd) {
    for (const char* url :
         {"http://127.0.0.1:8080/p?x={click_id}",
          "https://[2001:db8::1]:8443/p",
          "https://t.example",
          "https://T.Example./a.b/..c/...?q=$[1]&n={sub1}={sub2}",
          "https://t.example/%7Bx%7D/{goal_id}{goal_id}",
          "https://t.example/?{sub1}",
          "https://t.example/?a={_click_id}&b=https://x.example/?y"}) {
        auto compiled = PostbackTemplate::Compile(Get(url));
        EXPECT_TRUE(compiled) << url << ": " << (compiled ? "" : compiled.error().Text());
    }
    for (const char* body :
         {R"({})",
          R"({"a":{"b":[{amount},{"c":"{sub1}\"{sub2}"}]}})",
          R"([{timestamp}, "\u007b{status:approved=ok,pending=no}"])",
          R"({ "{sub1}" : null })"}) {
        auto compiled = PostbackTemplate::Compile(Json(body));
        EXPECT_TRUE(compiled) << body << ": " << (compiled ? "" : compiled.error().Text());
    }
}

// Values of any bytes a document can hold.
class Odd {
public:
    explicit Odd(unsigned seed) : random_(seed) {}
    int Roll(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }
    std::string Text() {
        static const char* kParts[] = {"a",   "Z",    "0", "/",  "?",  "&",   "=", "%",
                                       "%2F", "..",   " ", "\"", "\\", "{",   "}", "\n",
                                       "\r",  "\x01", "é", "😀",  "<",  "#",   ":", "@",
                                       "'",   "+",    ";", ",",  "\t", "\x7f"};
        std::string text;
        for (int n = Roll(6); n > 0; --n) text += kParts[Roll(30)];
        return text;
    }

private:
    std::mt19937 random_;
};

TEST(PostbackTemplateProperty, NoValueLeavesItsPlace) {
    const std::vector<std::string> secrets = {"k"};
    auto text = Json(R"({"a":"{sub1}","n":{amount},"b":["{_}"]})");
    text.body = R"({"a":"{sub1}","n":{amount},"b":["{click_id}x{sub2}"]})";
    text.url = "https://t.example/p/{click_id}/{_sub3}?a={sub1}&b={sub2}&sig={sig}";
    text.headers = {"X-A: {sub1}", "X-B: {_sub2}"};
    auto compiled = PostbackTemplate::Compile(text);
    ASSERT_TRUE(compiled) << compiled.error().Text();
    auto form = PostbackTemplate::Compile(Form("a={sub1}&b={sub2}&c={_sub3}"));
    ASSERT_TRUE(form);
    int rendered = 0;
    for (unsigned seed = 1; seed <= 3000; ++seed) {
        SCOPED_TRACE(seed);
        Odd odd(seed);
        const std::string sub1 = odd.Text(), sub2 = odd.Text(), click = odd.Text();
        const Parameters parameters = {
            {"sub1", sub1},
            {"sub2", sub2},
            {"sub3", odd.Text()},
            {"click_id", click},
            {"amount", odd.Roll(2) ? "12.5" : odd.Text()}};
        auto call = compiled->Render({parameters, "d", kNow, secrets, false});
        if (!call) {
            ASSERT_EQ(call.error().code, ErrorCode::kInvalid);
            continue;
        }
        ++rendered;
        ASSERT_TRUE(call->url.starts_with("https://t.example/p/"));
        for (unsigned char c : call->url) ASSERT_TRUE(c > ' ' && c < 127) << call->url;
        for (const auto& header : call->headers) {
            for (unsigned char c : header) ASSERT_TRUE(c >= ' ' && c < 127) << header;
        }
        auto body = boost::json::parse(call->body);
        ASSERT_EQ(body.at("a").as_string(), sub1);
        ASSERT_EQ(body.at("b").at(0).as_string(), click + "x" + sub2);
        ASSERT_EQ(body.as_object().size(), 3u);
        auto same = compiled->Render({parameters, "d", kNow, secrets, false});
        ASSERT_EQ(same->url, call->url);
        auto rendered_form = form->Render({parameters, "d", kNow, kNoSecret, false});
        ASSERT_TRUE(rendered_form);
        auto count = [&](char wanted, const std::string& in) {
            return std::count(in.begin(), in.end(), wanted);
        };
        const std::string until_raw =
            rendered_form->body.substr(0, rendered_form->body.find("&c="));
        ASSERT_EQ(count('&', until_raw), 1);
        ASSERT_EQ(count('=', until_raw), 2);
    }
    ASSERT_GT(rendered, 2000);
}

TEST(PostbackTemplateProperty, AnyTextIsCompiledOrRefusedAtAPlaceInside) {
    static const char* kParts[] = {"https://", "t.example", "/", "?",          "{",      "}",
                                   "click_id", "status",    ":", "approved=1", ",",      "_",
                                   "sub1",     "%41",       "%", "&a=",        "\"",     "sig",
                                   " ",        "#",         "[", "]",          "amount", "x"};
    int compiled_some = 0;
    for (unsigned seed = 1; seed <= 5000; ++seed) {
        std::mt19937 random(seed);
        std::string rest;
        for (auto n = random() % 12; n > 0; --n) rest += kParts[random() % 24];
        std::string url = random() % 4 ? "https://t.example/" + rest : rest;
        for (const auto& text :
             {Get(url), Form(rest), Json("{\"a\":\"" + rest + "\"}"), Json(rest)}) {
            auto compiled = PostbackTemplate::Compile(text);
            if (compiled) {
                ++compiled_some;
                Parameters parameters = {{"click_id", "c"}, {"status", "approved"}};
                (void)compiled->Render({parameters, "d", kNow, {"k"}, false});
                continue;
            }
            const auto& problem = compiled.error();
            ASSERT_FALSE(problem.reason.empty());
            if (problem.position) {
                ASSERT_LE(*problem.position, std::max(text.url.size(), text.body.size()));
            }
        }
    }
    ASSERT_GT(compiled_some, 500);
}

}  // namespace
}  // namespace barracuda::domain
