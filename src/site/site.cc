#include "site/site.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "base/colour.h"
#include "base/text.h"
#include "site/page.h"
#include "site/style.h"

namespace barracuda::site {

namespace {

constexpr size_t kTagBytes = 16;
constexpr std::string_view kDefaultFill = "#4a6be0";  // seen on white and on the darkest ground

// No script, and nothing from elsewhere; the form goes here alone.
constexpr char kPolicy[] =
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

struct PictureType {
    std::string_view ending, type;
};
constexpr PictureType kPictures[] = {
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".webp", "image/webp"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
};

std::string DrawnLogo(std::string_view fill) {
    return fmt::format(
        R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" fill="{}">)"
        R"(<path d="M30.6 15.9c-4.9-3.6-10-5.1-15.2-4.6-3 .3-5.7 1.3-8 3L2 9.7c.7 2.2 1 4.3 1 6.3s-.3 4.1-1 6.3l5.4-4.6c2.3 1.7 5 2.7 8 3 5.2.5 10.3-1 15.2-4.8z"/>)"
        R"(<path opacity=".55" d="M13.5 10.2c1.2-2.3 3.2-3.7 6-4.2-.5 1.6-.3 3.1.8 4.5-2.2-.4-4.5-.5-6.8-.3zM14.4 21.8c1 1.9 2.6 3.1 4.9 3.6-.5-1.3-.4-2.5.4-3.7-1.8.2-3.5.3-5.3.1z"/>)"
        R"(<circle cx="24.6" cy="14.9" r="1" fill="#fff"/></svg>)",
        fill
    );
}

std::string OnColour(const std::string& colour) {
    constexpr Colour kWhite{255, 255, 255}, kInk{0x13, 0x18, 0x21};
    const Colour ground = *Colour::Parse(colour);
    return ContrastOf(ground, kWhite) >= ContrastOf(ground, kInk) ? "#fff" : "#131821";
}

// The settings' colours in the place of the tokens'.
std::string ColoursOf(const std::vector<std::string>& colours) {
    if (colours.empty()) return {};
    const std::string &light = colours.front(), &dark = colours.back();
    return fmt::format(
        ":root{{--accent:light-dark({0},{1});--accent-fill:light-dark({0},{1});"
        "--accent-fill-2:color-mix(in srgb,light-dark({0},{1}) 88%,light-dark(#000,#fff));"
        "--on-accent:light-dark({2},{3});--focus:light-dark({0},{1})}}\n",
        light,
        dark,
        OnColour(light),
        OnColour(dark)
    );
}

Result<std::string> ReadLogo(const std::string& path) {
    constexpr const char* kWhere = "landing.logo";
    std::ifstream file(path, std::ios::binary);
    std::ostringstream bytes;
    if (!file || !(bytes << file.rdbuf())) {
        return Fail(
            ErrorCode::kInvalid, fmt::format("{}: cannot read file {}", kWhere, path), kWhere
        );
    }
    if (bytes.view().size() <= kLogoBytesMax) return bytes.str();
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{}: {} is larger than {} KiB", kWhere, path, kLogoBytesMax >> 10),
        kWhere
    );
}

http::Response PageResponse(Html page, int status) {
    http::Response response;
    response.status = status;
    response.content_type = "text/html; charset=utf-8";
    response.headers = {
        {"Content-Security-Policy", kPolicy},
        // The address holds a visitor's click. Of its own requests this site is told, or a browser
        // without Sec-Fetch-Site would post the form with the origin of nobody.
        {"Referrer-Policy", "same-origin"},
        {"X-Frame-Options", "DENY"},
        {"Cross-Origin-Opener-Policy", "same-origin"},
        {"Cache-Control", "no-cache"},
        {"Vary", "Accept, Accept-Language"}};
    response.body = page.Take();
    return response;
}

http::Response FileResponse(const std::string& body, const std::string& type) {
    http::Response response;
    response.content_type = type;
    response.headers = {// An SVG that is opened by itself is a document.
                        {"Content-Security-Policy", "default-src 'none'; sandbox"},
                        {"Cache-Control", "public, max-age=31536000, immutable"}};
    response.body = body;
    return response;
}

}  // namespace

Site::Site(const config::Config& config) : config_(&config) {
    const auto& colours = config.landing.colours;
    style_ = std::string(kStyle) + ColoursOf(colours);
    style_tag_ = HashHex(style_, kTagBytes);
    logo_ = DrawnLogo(colours.empty() ? kDefaultFill : std::string_view(colours.front()));
    logo_type_ = kPictures[0].type;
}

Result<Site> Site::Open(const config::Config& config) {
    Site site(config);
    const std::string& path = config.landing.logo;
    if (config.landing.page && !path.empty()) {
        const auto at = std::find_if(
            std::begin(kPictures),
            std::end(kPictures),
            [name = Lower(path)](const PictureType& one) { return name.ends_with(one.ending); }
        );
        if (at == std::end(kPictures)) {
            return Fail(
                ErrorCode::kInvalid,
                fmt::format("landing.logo: {} ends like no .svg, .png, .webp or .jpg", path),
                "landing.logo"
            );
        }
        auto bytes = ReadLogo(path);
        if (!bytes) return Fail(bytes.error());
        site.logo_ = std::move(*bytes);
        site.logo_type_ = at->type;
    }
    site.logo_tag_ = HashHex(site.logo_, kTagBytes);
    return site;
}

const Words& Site::WordsOf(std::string_view wishes) const {
    const std::string& set = config_->landing.language;
    return WordsFor(set.empty() ? wishes : std::string_view(set));
}

http::Response Site::Landing(const Words& words, const Form& form, int status) const {
    const auto& settings = config_->landing;
    const Frame frame{settings, words, style_tag_, logo_tag_, "/", form.kept};
    Html page;
    PutTop(page, frame, form.refused());
    page.Put(R"(<section class="w hero"><div class="say"><h1>)");
    if (settings.title.empty()) {
        for (const auto& line : words.headline) page.Put("<span>").Text(line).Put("</span> ");
    } else {
        page.Text(settings.title);
    }
    page.Put(R"(</h1><p class="lead">)");
    page.Text(settings.lead.empty() ? words.lead : settings.lead).Put("</p>");
    page.Put(R"(<ul class="ticks">)");
    for (const auto& [strong, rest] : words.promises) {
        page.Put("<li>");
        PutIcon(page, "#check");
        page.Put("<span><b>").Text(strong).Put("</b> ").Text(rest).Put("</span></li>");
    }
    page.Put("</ul></div>");
    PutForm(page, frame, form);
    page.Put("</section>");
    PutHow(page, words);
    PutQuestions(page, words);
    PutBottom(page, frame);
    return PageResponse(std::move(page), status);
}

http::Response Site::Thanks(const Words& words, std::string_view type) const {
    const bool affiliate = type == "affiliate";
    const auto& forms = config_->forms;
    // The settings' own words go before the page's, which are in the visitor's language.
    const auto chosen = [&](const std::string& set, std::string_view of_words, const char* path) {
        const auto at = config_->sources.find(path);
        const bool ours = at == config_->sources.end() || at->second == "default";
        return ours ? of_words : std::string_view(set);
    };
    const auto message =
        affiliate
            ? chosen(forms.affiliate_message, words.affiliate_message, "forms.affiliate_message")
            : chosen(forms.message, words.message, "forms.message");
    const auto note =
        affiliate ? chosen(forms.affiliate_note, words.affiliate_note, "forms.affiliate_note")
                  : chosen(forms.note, words.note, "forms.note");
    const http::Pairs kept{{"type", std::string(affiliate ? "affiliate" : "other")}};
    const Frame frame{config_->landing, words, style_tag_, logo_tag_, "/thanks", kept};
    Html page;
    PutTop(page, frame, false);
    page.Put(R"(<section class="w thanks" id="join">)");
    PutIcon(page, "#check");
    page.Put("<h1>").Text(words.thanks_title).Put("</h1><p>").Text(message).Put("</p><p>");
    page.Text(note)
        .Put(R"(</p><a class="b")")
        .Attribute("href", "/?lang=" + std::string(words.tag));
    page.Put(">").Text(words.thanks_back).Put("</a></section>");
    PutBottom(page, frame);
    return PageResponse(std::move(page), 200);
}

http::Response Site::Style() const { return FileResponse(style_, "text/css; charset=utf-8"); }
http::Response Site::Logo() const { return FileResponse(logo_, logo_type_); }

}  // namespace barracuda::site
