#include "site/page.h"

#include "site/address.h"

namespace barracuda::site {

namespace {

constexpr Markup kSprite =
    R"(<svg class="sprite" aria-hidden="true">)"
    R"(<symbol id="again" viewBox="0 0 16 16"><path d="M13.2 6.2A5.6 5.6 0 003 5.4M2.8 9.8A5.6 5.6 0 0013 10.6M13.4 2.8v3.4H10M2.6 13.2V9.8H6"/></symbol>)"
    R"(<symbol id="check" viewBox="0 0 16 16"><path d="M3 8.5l3.2 3.2L13 4.8"/></symbol>)"
    R"(<symbol id="chev" viewBox="0 0 16 16"><path d="M3.5 6L8 10.5 12.5 6"/></symbol>)"
    R"(<symbol id="dup" viewBox="0 0 16 16"><rect x="2.5" y="2.5" width="8" height="8" rx="1.5"/><path d="M13.5 6v6a1.5 1.5 0 01-1.5 1.5H6"/></symbol>)"
    R"(<symbol id="plus" viewBox="0 0 16 16"><path d="M8 3v10M3 8h10"/></symbol>)"
    R"(<symbol id="warn" viewBox="0 0 16 16"><path d="M8 2.2l6.3 11.2H1.7zM8 6.4v3.4M8 11.8v.1"/></symbol>)"
    "</svg>";

void PutHead(Html& to, const Frame& frame, bool wrong) {
    const Words& words = frame.words;
    to.Put("<!doctype html>\n<html").Attribute("lang", words.tag).Put("><head>");
    to.Put(
        R"(<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">)"
    );
    to.Put(R"(<meta name="color-scheme" content="light dark"><title>)");
    if (wrong) to.Text(words.trouble.wrong).Put(": ");
    to.Text(words.page_title).Put(" · ").Text(frame.settings.name).Put("</title>");
    to.Put(R"(<link rel="stylesheet")");
    to.Attribute("href", Versioned("/landing.css", frame.style_tag)).Put(">");
    to.Put(R"(<link rel="icon")");
    to.Attribute("href", Versioned("/landing-logo", frame.logo_tag)).Put("></head>");
}

}  // namespace

void PutIcon(Html& to, Markup use) {
    to.Put(R"(<svg class="i" aria-hidden="true"><use href=")").Put(use).Put(R"("/></svg>)");
}

void PutTop(Html& to, const Frame& frame, bool wrong) {
    const Words& words = frame.words;
    PutHead(to, frame, wrong);
    to.Put("<body>").Put(kSprite);
    if (frame.landing()) {
        to.Put(R"(<a class="skip" href="#join">)").Text(words.skip).Put("</a>");
    }
    to.Put(R"(<header class="head"><div class="w"><a class="brand")");
    to.Attribute("href", AddressOf("/", frame.kept, words.tag)).Put(R"(><img alt="")");
    to.Attribute("src", Versioned("/landing-logo", frame.logo_tag)).Put(">");
    to.Put("<bdi>").Text(frame.settings.name).Put("</bdi></a><nav");
    to.Attribute("aria-label", words.main).Put(">");
    if (frame.landing()) {
        to.Put(R"(<a href="#how">)").Text(words.how).Put(R"(</a><a href="#questions">)");
        to.Text(words.questions).Put("</a>");
    }
    to.Put(R"(<a class="b" href="/admin">)").Text(words.sign_in);
    to.Put("</a></nav></div></header><main>");
}

void PutBottom(Html& to, const Frame& frame) {
    const Words& words = frame.words;
    to.Put(R"(</main><footer class="foot"><div class="w"><bdi>)").Text(frame.settings.name);
    to.Put("</bdi>");
    const auto link = [&](const std::string& url, std::string_view word) {
        if (!url.empty()) to.Put("<a").Attribute("href", url).Put(">").Text(word).Put("</a>");
    };
    link(frame.settings.privacy_url, words.privacy);
    link(frame.settings.imprint_url, words.imprint);
    if (frame.settings.language.empty()) {
        to.Put(R"(<nav class="push row")").Attribute("aria-label", words.languages).Put(">");
        for (const Words* one : AllWords()) {
            if (one == &words) {
                to.Put("<b>").Text(one->name).Put("</b>");
                continue;
            }
            to.Put("<a").Attribute("href", AddressOf(frame.path, frame.kept, one->tag));
            to.Attribute("hreflang", one->tag).Attribute("lang", one->tag).Put(">");
            to.Text(one->name).Put("</a>");
        }
        to.Put("</nav>");
    }
    to.Put("</div></footer></body></html>\n");
}

}  // namespace barracuda::site
