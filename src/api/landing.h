// The pages for strangers, and the contact form as they send it: without a script, so that an
// answer is a page. Route 2's own answer stays JSON for everybody else.
//
// Threads: any.
#pragma once

#include <vector>

#include "api/service.h"

namespace barracuda::api {

void LandingPage(Landing& landing, std::shared_ptr<Call> call);   // GET /
void ThanksPage(Landing& landing, std::shared_ptr<Call> call);    // GET /thanks
void LandingStyle(Landing& landing, std::shared_ptr<Call> call);  // GET /landing.css
void LandingLogo(Landing& landing, std::shared_ptr<Call> call);   // GET /landing-logo

// Whether this form comes from a page of ours: the landing page is on, and `Accept` names
// text/html.
bool IsPages(const site::Site& site, const http::Request& request);

// 303: a reload of what follows sends nothing again.
http::Response ToThanks(
    const site::Site& site, const http::Request& request, const std::string& type
);

// The form once more, with what was typed and what is wrong, in place of `refusal`.
// `faults`: of fields, in their order; none: `refusal` alone says why.
http::Response FormAgain(
    const site::Site& site,
    const http::Request& request,
    const http::Response& refusal,
    const std::vector<Error>& faults
);

}  // namespace barracuda::api
