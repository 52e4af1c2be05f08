// Site: the pages for strangers, `/` with the contact form and `/thanks`. Whole pages without a
// script, in a policy that allows none; texts, colours and logo by the settings of [landing].
//
//     auto site = Site::Open(config);
//     call->respond(site->Landing(WordsFor("de"), form, 200));
//
// Threads: any; nothing changes after Open.
#pragma once

#include <string>

#include "base/result.h"
#include "config/config.h"
#include "http/response.h"
#include "site/form.h"
#include "site/words.h"

namespace barracuda::site {

inline constexpr size_t kLogoBytesMax = 256 * 1024;

class Site {
public:
    // Reads the logo. Errors: kInvalid, naming the setting: a file that cannot be read, is larger
    // than kLogoBytesMax, or whose name ends like no picture's. `config` outlives the site.
    static Result<Site> Open(const config::Config& config);

    bool on() const { return config_->landing.page; }
    // The settings' language, else the one that `wishes` (Accept-Language, or a tag) ask for.
    const Words& WordsOf(std::string_view wishes) const;

    http::Response Landing(const Words& words, const Form& form, int status) const;
    // `type` as route 2 names it: affiliates read other words.
    http::Response Thanks(const Words& words, std::string_view type) const;
    http::Response Style() const;
    http::Response Logo() const;

private:
    explicit Site(const config::Config& config);

    const config::Config* config_;
    std::string style_, style_tag_;  // the tag changes with what it is of
    std::string logo_, logo_type_, logo_tag_;
};

}  // namespace barracuda::site
