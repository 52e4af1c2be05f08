// Below the form: how a sale travels, with drawn examples, and what partners ask.
#include <iterator>
#include <tuple>

#include "site/page.h"

namespace barracuda::site {

namespace {

void PutRequests(Html& to, const ExampleWords&) {
    for (int i = 0; i < 2; ++i) {
        to.Put(R"(<span class="row"><span class="mono">GET /api/postback</span>)");
        to.Put(R"(<span class="push muted">14:05:26.104</span></span>)");
    }
}

void PutState(Html& to, Markup open, Markup icon, std::string_view word) {
    to.Put(R"(<span class="row"><span class=")").Put(open).Put(R"(">)");
    PutIcon(to, icon);
    to.Text(word).Put("</span>");
}

void PutVerdicts(Html& to, const ExampleWords& words) {
    PutState(to, "s good", "#plus", words.recorded);
    to.Put(R"(<span class="push">250.00 <span class="muted">USD</span></span></span>)");
    PutState(to, "s", "#dup", words.duplicate);
    to.Put(R"(<span class="push muted">)").Text(words.no_change).Put("</span></span>");
}

void PutCalls(Html& to, const ExampleWords& words) {
    PutState(to, "s good", "#check", words.accepted);
    to.Put("<span>")
        .Text(words.yours)
        .Put(R"(</span><span class="push muted">184 ms</span></span>)");
    PutState(to, "s wait", "#again", words.retried);
    to.Put("<span>").Text(words.other).Put(R"(</span><span class="push muted">)");
    to.Text(words.later).Put("</span></span>");
}

constexpr void (*kDrawn[])(Html&, const ExampleWords&) = {PutRequests, PutVerdicts, PutCalls};
static_assert(std::size(kDrawn) == std::tuple_size_v<decltype(Words::steps)>);

}  // namespace

void PutHow(Html& to, const Words& words) {
    to.Put(R"(<section class="band" id="how"><div class="w"><h2>)").Text(words.how_title);
    to.Put(R"(</h2><div class="three">)");
    for (size_t i = 0; i < words.steps.size(); ++i) {
        to.Put(R"(<article><div class="mini">)");
        kDrawn[i](to, words.example);
        to.Put("</div><h3>").Text(words.steps[i].title).Put("</h3><p>");
        to.Text(words.steps[i].text).Put("</p></article>");
    }
    to.Put("</div></div></section>");
}

void PutQuestions(Html& to, const Words& words) {
    to.Put(R"(<section class="w plain faq" id="questions"><h2>)").Text(words.questions_title);
    to.Put("</h2><div>");
    bool first = true;
    for (const auto& [question, answer] : words.answers) {
        to.Put(first ? Markup("<details open><summary>") : Markup("<details><summary>"));
        to.Text(question);
        PutIcon(to, "#chev");
        to.Put("</summary><p>").Text(answer).Put("</p></details>");
        first = false;
    }
    to.Put("</div></section>");
}

}  // namespace barracuda::site
