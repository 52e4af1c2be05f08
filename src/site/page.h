// The beginning and the end of every page for strangers, and the parts of the landing page.
//
// Threads: one a page; everything is written into the Html that is handed in.
#pragma once

#include <string>
#include <string_view>

#include "config/config.h"
#include "site/form.h"
#include "site/html.h"
#include "site/words.h"

namespace barracuda::site {

struct Frame {
    const config::Config::Landing& settings;
    const Words& words;
    std::string_view style_tag, logo_tag;
    // The page's own address without its language; its links to the other languages keep the rest.
    std::string_view path;
    const http::Pairs& kept;

    bool landing() const { return path == "/"; }
};

// A picture of the page's sprite.
void PutIcon(Html& to, Markup use);

// `wrong`: the title says that a form was not taken.
void PutTop(Html& to, const Frame& frame, bool wrong);
void PutBottom(Html& to, const Frame& frame);

void PutForm(Html& to, const Frame& frame, const Form& form);
void PutHow(Html& to, const Words& words);
void PutQuestions(Html& to, const Words& words);

}  // namespace barracuda::site
