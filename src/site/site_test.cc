#include "site/site.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "site/html.h"

namespace barracuda::site {
namespace {

using testing::HasSubstr;
using testing::Not;

class SiteTest : public testing::Test {
protected:
    SiteTest() {
        config_.landing.page = true;
        config_.landing.name = "North";
    }
    std::string Page(const Form& form = {}, const char* language = "en") {
        auto site = Site::Open(config_);
        EXPECT_TRUE(site);
        return site->Landing(site->WordsOf(language), form, 200).body;
    }
    config::Config config_;
};

std::string HeaderOf(const http::Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
        if (key == name) return value;
    }
    return {};
}

TEST(Html, TextIsNeverMarkup) {
    Html page;
    page.Put("<p")
        .Attribute("title", "\"'><script>")
        .Put(">")
        .Text("a<b>&c\x01\r\n\xff")
        .Put("</p>");
    EXPECT_EQ(
        page.Take(),
        "<p title=\"&quot;&#39;&gt;&lt;script&gt;\">a&lt;b&gt;&amp;c \r\n\xef\xbf\xbd</p>"
    );
}

TEST(Words, TheBestLanguageThatThereIs) {
    EXPECT_EQ(WordsFor("").tag, "en");
    EXPECT_EQ(WordsFor("fr, *").tag, "en");
    EXPECT_EQ(WordsFor("de-AT").tag, "de");
    EXPECT_EQ(WordsFor("DE").tag, "de");
    EXPECT_EQ(WordsFor("fr, de;q=0.4, en;q=0.8").tag, "en");
    EXPECT_EQ(WordsFor("en;q=0.3 , de ; q=x, de;q=0.5").tag, "de");
    EXPECT_EQ(WordsFor("de;q=0").tag, "en");
    EXPECT_EQ(WordsFor(std::string(8'000, ',')).tag, "en");
}

TEST_F(SiteTest, WhatATrackerSaidGoesThroughTheForm) {
    Form form;
    form.kept = {{"sub1", "9f\"><b>"}, {"affiliate_id", "204"}};
    const std::string page = Page(form);
    EXPECT_THAT(page, HasSubstr(R"(name="sub1" value="9f&quot;&gt;&lt;b&gt;")"));
    EXPECT_THAT(page, HasSubstr(R"(name="affiliate_id" value="204")"));
    // To the other language and back, too.
    EXPECT_THAT(page, HasSubstr("/?sub1=9f%22%3E%3Cb%3E&amp;affiliate_id=204&amp;lang=de"));
}

TEST_F(SiteTest, AComplaintStandsBesideItsField) {
    Form form;
    form.typed = {{"email", "x@y"}, {"message", "</textarea><script>"}, {"type", "agency"}};
    form.complaints = {{"email", Fault::kWrong}, {"message", Fault::kTooLong}};
    const std::string page = Page(form);
    EXPECT_THAT(page, HasSubstr("<title>Not sent: "));
    EXPECT_THAT(
        page,
        HasSubstr(
            R"(aria-invalid="true" aria-describedby="w-email" autofocus value="x@y"><span class="wrong" id="w-email">)"
        )
    );
    EXPECT_THAT(page, HasSubstr(R"(aria-describedby="w-message")"));
    EXPECT_THAT(page, HasSubstr("&lt;/textarea&gt;&lt;script&gt;</textarea>"));
    EXPECT_THAT(page, HasSubstr(R"(value="agency" checked)"));
    EXPECT_THAT(page, Not(HasSubstr(R"(value="affiliate" checked)")));
    EXPECT_THAT(page, Not(HasSubstr("role=\"alert\"")));
}

TEST_F(SiteTest, TextsOfTheSettingsGoBeforeItsOwn) {
    EXPECT_THAT(Page(), HasSubstr("Every sale counted once."));
    EXPECT_THAT(Page({}, "de"), HasSubstr("Jeder Abschluss"));
    config_.landing.title = "Join <us>";
    config_.landing.lead = "L & L";
    config_.landing.promise = "Soon";
    config_.landing.privacy_url = "https://north.example/privacy";
    config_.landing.language = "de";
    const std::string page = Page({}, "en");
    for (const char* text :
         {"Join &lt;us&gt;", "L &amp; L", "Soon", "https://north.example/privacy", "lang=\"de\""}) {
        EXPECT_THAT(page, HasSubstr(text));
    }
    EXPECT_THAT(page, Not(HasSubstr("hreflang"))) << "the language is set";
}

TEST_F(SiteTest, ThanksAreTheSettingsWordsWhereSomebodySetThem) {
    config_.forms.note = "We ring you";
    auto site = Site::Open(config_);
    EXPECT_THAT(site->Thanks(site->WordsOf("de"), "agency").body, HasSubstr("Wir melden uns"));
    config_.sources["forms.note"] = "barracuda.toml:3";
    EXPECT_THAT(site->Thanks(site->WordsOf("de"), "agency").body, HasSubstr("We ring you"));
    EXPECT_THAT(site->Thanks(site->WordsOf("en"), "affiliate").body, HasSubstr("under review"));
}

TEST_F(SiteTest, NoScriptMayRun) {
    auto site = Site::Open(config_);
    const auto page = site->Landing(site->WordsOf("en"), {}, 400);
    EXPECT_EQ(page.status, 400);
    const std::string policy = HeaderOf(page, "Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("default-src 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("script-src")));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_THAT(page.body, Not(HasSubstr("<script")));
    EXPECT_THAT(page.body, Not(HasSubstr(" style=")));
    // Else a browser without Sec-Fetch-Site posts the form with `Origin: null`.
    EXPECT_EQ(HeaderOf(page, "Referrer-Policy"), "same-origin");
}

TEST_F(SiteTest, ColoursAreTheSettingsAndReadable) {
    EXPECT_THAT(Site::Open(config_)->Style().body, Not(HasSubstr("--on-accent:light-dark")));
    config_.landing.colours = {"#102030", "#ffee00"};
    auto site = Site::Open(config_);
    EXPECT_THAT(site->Style().body, HasSubstr("--accent:light-dark(#102030,#ffee00)"));
    EXPECT_THAT(site->Style().body, HasSubstr("--on-accent:light-dark(#fff,#131821)"));
    EXPECT_THAT(site->Logo().body, HasSubstr("fill=\"#102030\""));
}

TEST_F(SiteTest, ALogoIsReadOnce) {
    const auto directory = std::filesystem::temp_directory_path() / "barracuda_site_test";
    std::filesystem::create_directories(directory);
    const std::string png = directory / "logo.PNG", text = directory / "logo.txt";
    std::ofstream(png) << "\x89PNG";
    std::ofstream(text) << "x";
    config_.landing.logo = png;
    auto site = Site::Open(config_);
    ASSERT_TRUE(site) << site.error().message;
    std::filesystem::remove(png);
    EXPECT_EQ(site->Logo().body, "\x89PNG");
    EXPECT_EQ(site->Logo().content_type, "image/png");
    for (const auto& path : {png, text}) {
        config_.landing.logo = path;
        const auto refused = Site::Open(config_);
        ASSERT_FALSE(refused) << path;
        EXPECT_EQ(refused.error().where, "landing.logo");
        EXPECT_THAT(refused.error().message, HasSubstr(path));
    }
    std::ofstream(png) << std::string(kLogoBytesMax + 1, 'x');
    config_.landing.logo = png;
    EXPECT_FALSE(Site::Open(config_));
    config_.landing.page = false;
    EXPECT_TRUE(Site::Open(config_)) << "nobody asks for it";
    std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace barracuda::site
