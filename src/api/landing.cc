#include "api/landing.h"

#include <algorithm>

#include "api/respond.h"
#include "base/text.h"
#include "site/address.h"
#include "site/site.h"
#include "web/pages.h"

namespace barracuda::api {

namespace {

// What a tracker puts into the page's address, and the form hands on.
constexpr std::string_view kIds[] = {"affiliate_id", "url_id", "campaignId"};
constexpr std::string_view kTexts[] = {"sub2", "sub3", "trackingSource"};

std::string_view ParameterOf(const http::Request& request, std::string_view name) {
    for (const auto& [key, value] : request.query) {
        if (key == name) return value;
    }
    return {};
}

// The page's own language, as the visitor has chosen it, or as the browser asks.
const site::Words& WordsOf(const site::Site& site, const http::Request& request) {
    const auto chosen = ParameterOf(request, "lang");
    return site.WordsOf(chosen.empty() ? request.Header("accept-language").value_or("") : chosen);
}

// The tracking parameters that route 2 would take. One that it would refuse is left out: a
// tracker's slip loses no visitor.
http::Pairs Kept(const Input& input) {
    http::Pairs kept;
    const auto keep = [&](std::string_view name, auto read) {
        Reader reader(input, Reader::StandIns::kDropped);
        std::string value = read(reader, name);
        if (!reader.error() && !value.empty()) kept.emplace_back(name, std::move(value));
    };
    keep("sub1", [](Reader& reader, std::string_view) { return reader.Sub1(); });
    for (auto name : kIds) keep(name, [](Reader& reader, auto field) { return reader.Id(field); });
    for (auto name : kTexts) {
        keep(name, [](Reader& reader, auto field) { return reader.Text(field); });
    }
    return kept;
}

// The first of each name: what is given twice is one fault too many for a visitor.
Input FirstsOf(const http::Request& request) {
    Input input;
    for (const auto& [name, value] : request.query) {
        if (input.Has(name)) continue;
        input.Add(name, {.kind = Value::Kind::kText, .text = value});
    }
    return input;
}

site::Fault FaultOf(std::string_view typed) {
    if (Trim(typed).empty()) return site::Fault::kMissing;
    if (typed.size() > Reader::kTextBytesMax) return site::Fault::kTooLong;
    return IsUtf8(typed) ? site::Fault::kWrong : site::Fault::kUnreadable;
}

site::Trouble TroubleOf(int status) {
    if (status == 403) return site::Trouble::kForeign;
    if (status == 429) return site::Trouble::kTooMany;
    if (status == 400) return site::Trouble::kUnfit;
    return site::Trouble::kNotNow;
}

bool IsSeen(std::string_view field) {
    return std::find(std::begin(site::kSeen), std::end(site::kSeen), field) !=
           std::end(site::kSeen);
}

// What is wrong, beside its field where a visitor sees that.
void Complain(const http::Response& refusal, const std::vector<Error>& faults, site::Form& form) {
    if (refusal.status == 409) {
        form.complaints.push_back({"email", site::Fault::kTaken});
        return;
    }
    for (const auto& fault : faults) {
        if (!IsSeen(fault.where)) continue;
        site::Fault what = FaultOf(form.Typed(fault.where));
        const bool judged = fault.where == "email" || fault.where == "type";
        if (what == site::Fault::kWrong && !judged) what = site::Fault::kUnreadable;
        form.complaints.push_back({fault.where, what});
    }
    if (form.complaints.empty()) form.trouble = TroubleOf(refusal.status);
}

}  // namespace

void LandingPage(Landing& landing, std::shared_ptr<Call> call) {
    const auto& request = call->request;
    if (!landing.site.on()) {
        auto root = web::Answer(request);
        return call->respond(root ? std::move(*root) : NotFound("page"));
    }
    site::Form form;
    form.kept = Kept(FirstsOf(request));
    call->respond(landing.site.Landing(WordsOf(landing.site, request), form, 200));
}

void ThanksPage(Landing& landing, std::shared_ptr<Call> call) {
    if (!landing.site.on()) return call->respond(NotFound("page: landing.page is off"));
    const auto& words = WordsOf(landing.site, call->request);
    call->respond(landing.site.Thanks(words, ParameterOf(call->request, "type")));
}

void LandingStyle(Landing& landing, std::shared_ptr<Call> call) {
    call->respond(landing.site.Style());
}

void LandingLogo(Landing& landing, std::shared_ptr<Call> call) {
    call->respond(landing.site.Logo());
}

bool IsPages(const site::Site& site, const http::Request& request) {
    return site.on() && web::WantsPage(request);
}

http::Response ToThanks(
    const site::Site& site, const http::Request& request, const std::string& type
) {
    http::Response response;
    response.status = 303;
    response.content_type.clear();
    const auto& words = WordsOf(site, request);
    const std::string kind = type == "affiliate" ? type : "other";
    response.headers = {
        {"Location", site::AddressOf("/thanks", {{"type", kind}}, words.tag)},
        {"Cache-Control", "no-store"}};
    return response;
}

http::Response FormAgain(
    const site::Site& site,
    const http::Request& request,
    const http::Response& refusal,
    const std::vector<Error>& faults
) {
    site::Form form;
    if (auto input = Input::OfBody(request)) {
        for (const auto& [name, value] : input->all()) {
            if (IsSeen(name)) form.typed.emplace_back(name, value.text);
        }
        form.kept = Kept(*input);
    }
    Complain(refusal, faults, form);
    auto page = site.Landing(WordsOf(site, request), form, refusal.status);
    page.reason = refusal.reason;
    for (const auto& [name, value] : refusal.headers) {
        if (name == "Retry-After") page.headers.emplace_back(name, value);
    }
    return page;
}

}  // namespace barracuda::api
