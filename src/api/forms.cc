#include "api/forms.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/auth.h"
#include "api/form_routes.h"
#include "api/ignored.h"
#include "api/origin.h"
#include "api/respond.h"
#include "base/steady_ms.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/email.h"
#include "domain/given_id.h"

namespace barracuda::api {

namespace {

constexpr const char* kTypes[] = {
    "affiliate", "publisher", "advertiser", "influencer", "media_buyer", "agency", "user"};

// The origin to allow; empty: none.
std::string AllowedOrigin(const Forms& forms, const http::Request& request) {
    auto origin = request.Header("origin");
    if (!origin) return {};
    for (const auto& allowed : forms.settings.origins) {
        if (allowed == "*") return "*";
        if (SameOrigin(allowed, *origin)) return std::string(*origin);
    }
    return {};
}

// A page of another site would post from its visitors' addresses, each below its own limit.
bool MayPost(const Forms& forms, const http::Request& request) {
    const auto& origins = forms.settings.origins;
    return !AllowedOrigin(forms, request).empty() ||
           std::find(origins.begin(), origins.end(), "*") != origins.end() ||
           !FromForeignPage(forms.accounts.proxies, request);
}

using Faults = tl::unexpected<std::vector<Error>>;

void ReadType(Reader& reader, domain::Contact& contact) {
    contact.type = reader.RequiredText("type");
    if (std::find(std::begin(kTypes), std::end(kTypes), contact.type) == std::end(kTypes)) {
        reader.Refuse(
            "type",
            "must be affiliate, publisher, advertiser, influencer, media_buyer, agency or user"
        );
    }
}

void ReadEmail(Reader& reader, domain::Contact& contact) {
    const std::string given = reader.RequiredText("email");
    const std::string email(TrimUnseen(given));
    if (!domain::IsHtmlEmail(email)) reader.Refuse("email", "is not an e-mail address");
    contact.email_key = Lower(email);
    contact.email = std::move(email);
}

// The caller of a form: a server with a key, else a visitor, as also with an unknown key.
auth::Caller CallerOf(Forms& forms, const http::Request& request) {
    auto caller = Authenticate(forms.accounts, request, Access::kIngest);
    return caller ? std::move(*caller) : auth::Caller{};
}

// A bound key speaks for its affiliate alone, here as on every route.
std::optional<Error> BindAffiliate(const auth::Caller& caller, domain::Contact& contact) {
    if (contact.affiliate_id.empty()) contact.affiliate_id = caller.affiliate.value;
    return CheckAffiliate(caller, AffiliateId(contact.affiliate_id));
}

}  // namespace

void DefaultAffiliate(domain::Contact& contact) {
    if (contact.affiliate_id.empty()) contact.affiliate_id = std::string(kFormsAffiliate);
}

FormWords WordsFor(const Forms& forms, const domain::Contact& contact) {
    const auto& texts = forms.settings;
    if (contact.type == "affiliate") return {texts.affiliate_message, texts.affiliate_note};
    return {texts.message, texts.note};
}

std::optional<http::Response> RefuseForm(Forms& forms, const Call& call) {
    if (!MayPost(forms, call.request)) {
        constexpr const char* kWhy =
            "the request comes from another site: forms.origins names those that may send it";
        return http::JsonError(403, kWhy);
    }
    auto wait = forms.limit.Check(ClientOf(forms.accounts, call.request), SteadyMs());
    if (!wait) return std::nullopt;
    constexpr const char* kWhy = "too many requests, wait a little";
    return http::JsonError(429, kWhy, static_cast<int>(*wait));
}

void RespondForm(const Forms& forms, const Call& call, http::Response response) {
    if (!forms.settings.origins.empty()) response.headers.emplace_back("Vary", "Origin");
    auto origin = AllowedOrigin(forms, call.request);
    if (!origin.empty()) response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    call.respond(std::move(response));
}

void FormPreflight(Forms& forms, std::shared_ptr<Call> call) {
    http::Response response;
    response.status = 204;
    response.content_type.clear();
    if (!AllowedOrigin(forms, call->request).empty()) {
        response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
        response.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type");
        response.headers.emplace_back("Access-Control-Max-Age", "600");
    }
    RespondForm(forms, *call, std::move(response));
}

tl::expected<domain::Contact, std::vector<Error>> ReadForm(
    Forms& forms, Call& call, const char* route, const std::vector<const char*>& required
) {
    auto input = Input::OfBody(call.request);
    if (!input) return Faults({input.error()});
    Reader reader(*input, Reader::StandIns::kDropped);
    domain::Contact contact;
    contact.id = ObjectId::New();
    contact.flow.route = route;
    for (const char* name : required) reader.RequiredText(name);
    ReadEmail(reader, contact);
    ReadType(reader, contact);
    contact.name = reader.Text("name");
    contact.company = reader.Text("company");
    contact.messenger = reader.Text("messenger");
    contact.username = reader.Text("username");
    contact.message = reader.Text("message");
    contact.tracking_source = reader.Text("trackingSource");
    if (contact.tracking_source.empty()) contact.tracking_source = "contact_form";
    contact.campaign_id = reader.Id("campaignId");
    contact.affiliate_id = reader.Id("affiliate_id");
    contact.url_id = reader.Id("url_id");
    contact.sub1 = reader.Sub1();
    contact.sub2 = reader.Text("sub2");
    contact.sub3 = reader.Text("sub3");
    auto deposit = reader.Amount("deposit_amount");
    auto sale = reader.Amount("sale_amount");
    NoteIgnored(call, *input);
    forms.ignored_values.fetch_add(reader.dropped(), std::memory_order_relaxed);
    call.explain = call.request.Asks("explain");  // no secret: the caller's own names
    if (reader.error()) return Faults(reader.faults());
    const auth::Caller caller = CallerOf(forms, call.request);
    if (auto refused = BindAffiliate(caller, contact)) return Faults({*refused});
    // A visitor must not name the sum of a sale; a server with a key may.
    if (forms.settings.trust_amounts || caller.scope != auth::Scope::kNone) {
        contact.flow.deposit_amount = deposit;
        contact.flow.sale_amount = sale;
    }
    if (contact.type == "affiliate") contact.affiliate_status = "pending";
    return contact;
}

}  // namespace barracuda::api
