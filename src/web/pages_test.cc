#include "web/pages.h"

#include <gtest/gtest.h>

#include "web/coding.h"

namespace barracuda::web {
namespace {

constexpr File kMade[] = {
    {"index.html", "text/html; charset=utf-8", "aaa", false, "<p>", "gz-page", "br-page"},
    {"assets/main-1f.js", "text/javascript", "bbb", true, "let x", "gz-js", "br-js"},
    {"icon.svg", "image/svg+xml", "ccc", false, "<svg>", "gz-svg", "br-svg"},
};

http::Request Ask(std::string path, http::Pairs headers = {}, std::string method = "GET") {
    http::Request request;
    request.method = std::move(method);
    request.path = std::move(path);
    request.headers = std::move(headers);
    return request;
}

std::string HeaderOf(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return {};
}

http::Response Get(std::string path, http::Pairs headers = {}, std::string method = "GET") {
    auto answer = Answer(kMade, Ask(std::move(path), std::move(headers), std::move(method)));
    http::Response none;
    none.status = 0;
    return answer.value_or(none);
}

TEST(Pages, OthersPathsAreNotAnswered) {
    for (const char* path : {"/api/admin/conversions", "/administrator", "/livez", "/setup", ""}) {
        EXPECT_FALSE(Answer(kMade, Ask(path))) << path;
    }
}

TEST(Pages, EveryAddressOfTheDeskIsItsPage) {
    for (const char* path :
         {"/admin", "/admin/", "/admin/conversions", "/admin/contacts/6748b2e1"}) {
        const auto page = Get(path);
        EXPECT_EQ(page.status, 200) << path;
        EXPECT_EQ(page.body, "<p>") << path;
        EXPECT_EQ(HeaderOf(page, "Cache-Control"), "no-cache") << path;
    }
}

TEST(Pages, AFileThatIsGoneIsNoPage) {
    for (const char* path : {"/admin/assets/main-0e.js", "/admin/assets/x", "/admin/other.svg"}) {
        EXPECT_EQ(Get(path).status, 404) << path;
    }
}

TEST(Pages, HashedFilesAreKeptForAYear) {
    const auto file = Get("/admin/assets/main-1f.js");
    EXPECT_EQ(HeaderOf(file, "Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(file.content_type, "text/javascript");
    EXPECT_EQ(HeaderOf(Get("/admin/icon.svg"), "Cache-Control"), "no-cache");
}

TEST(Pages, TheKnownVersionIsNotSentAgain) {
    const auto page = Get("/admin", {{"If-None-Match", "W/\"aaa\""}});
    EXPECT_EQ(page.status, 304);
    EXPECT_TRUE(page.body.empty());
    EXPECT_EQ(Get("/admin", {{"If-None-Match", "W/\"aab\""}}).status, 200);
}

TEST(Pages, TheCodingIsTheClients) {
    const auto br = Get("/admin/assets/main-1f.js", {{"Accept-Encoding", "gzip, deflate, br"}});
    EXPECT_EQ(HeaderOf(br, "Content-Encoding"), "br");
    EXPECT_EQ(br.body, "br-js");
    const auto gzip = Get("/admin/assets/main-1f.js", {{"Accept-Encoding", "gzip"}});
    EXPECT_EQ(HeaderOf(gzip, "Content-Encoding"), "gzip");
    EXPECT_EQ(gzip.body, "gz-js");
    const auto plain = Get("/admin/assets/main-1f.js");
    EXPECT_EQ(HeaderOf(plain, "Content-Encoding"), "");
    EXPECT_EQ(plain.body, "let x");
    EXPECT_EQ(HeaderOf(plain, "Vary"), "Accept-Encoding");
}

TEST(Pages, NothingIsWrittenHere) {
    EXPECT_EQ(Get("/admin/conversions", {}, "POST").status, 405);
    EXPECT_EQ(HeaderOf(Get("/", {}, "DELETE"), "Allow"), "GET, HEAD");
    EXPECT_EQ(Get("/admin", {}, "HEAD").status, 200);
}

TEST(Pages, EveryAnswerHasThePolicy) {
    for (const char* path : {"/", "/admin", "/admin/assets/main-1f.js", "/admin/assets/none"}) {
        const auto policy = HeaderOf(Get(path), "Content-Security-Policy");
        EXPECT_NE(policy.find("script-src 'self';"), std::string::npos) << path;
        EXPECT_EQ(policy.find("unsafe"), std::string::npos) << path;
    }
}

TEST(Pages, WithoutFilesTheRootSaysSo) {
    const auto root = Answer(std::span<const File>(), Ask("/"));
    ASSERT_TRUE(root);
    EXPECT_EQ(root->status, 200);
    EXPECT_NE(root->body.find("the API alone"), std::string::npos);
    EXPECT_FALSE(Answer(std::span<const File>(), Ask("/admin")));
    EXPECT_FALSE(Page(std::span<const File>(), Ask("/setup")));
    EXPECT_EQ(HeaderOf(Get("/"), "Location"), "/admin");
}

TEST(Pages, ABrowserWantsAPageAndCurlDoesNot) {
    EXPECT_TRUE(WantsPage(Ask("/setup", {{"Accept", "text/html,application/xml;q=0.9"}})));
    EXPECT_FALSE(WantsPage(Ask("/setup", {{"Accept", "*/*"}})));
    EXPECT_FALSE(WantsPage(Ask("/setup")));
}

Coding Choose(std::vector<std::string_view> fields) { return ChooseCoding(fields); }

TEST(Coding, TheBestThatIsAllowed) {
    EXPECT_EQ(Choose({}), Coding::kPlain);
    EXPECT_EQ(Choose({""}), Coding::kPlain);
    EXPECT_EQ(Choose({"identity"}), Coding::kPlain);
    EXPECT_EQ(Choose({"deflate, GZip"}), Coding::kGzip);
    EXPECT_EQ(Choose({"gzip", "br"}), Coding::kBrotli);
    EXPECT_EQ(Choose({"br;q=0, gzip;q=0.001"}), Coding::kGzip);
    EXPECT_EQ(Choose({"br ; Q = 0.000, gzip;q=0"}), Coding::kPlain);
    EXPECT_EQ(Choose({"*"}), Coding::kBrotli);
    EXPECT_EQ(Choose({"*;q=0, gzip"}), Coding::kGzip);
    EXPECT_EQ(Choose({"brr, gz"}), Coding::kPlain);
}

}  // namespace
}  // namespace barracuda::web
