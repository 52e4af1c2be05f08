#include "api/forms.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "api/auth.h"
#include "api/form_routes.h"
#include "api/respond.h"
#include "base/text.h"
#include "domain/email.h"

namespace barracuda::api {

namespace {

constexpr const char* kTypes[] = {
    "affiliate", "publisher", "advertiser", "influencer", "media_buyer", "agency", "user"};

int64_t SteadyMs() {
    auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

// The origin to allow; empty: none.
std::string AllowedOrigin(const Service& service, const http::Request& request) {
    auto origin = request.Header("origin");
    if (!origin) return {};
    for (const auto& allowed : service.config.forms.origins) {
        if (allowed == "*") return "*";
        if (http::EqualNoCase(allowed, *origin)) return std::string(*origin);
    }
    return {};
}

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
    std::string email(Trim(reader.RequiredText("email")));
    if (!domain::IsHtmlEmail(email)) reader.Refuse("email", "is not an e-mail address");
    contact.email = contact.email_key = Lower(email);
}

// A visitor must not name the sum of a sale; a server with a key may.
bool TrustsAmounts(Service& service, const http::Request& request) {
    if (service.config.forms.trust_amounts) return true;
    auto caller = Authenticate(service, request, Access::kIngest);
    return caller && caller->scope != Scope::kNone;
}

}  // namespace

bool IsClickHash(std::string_view sub1) {
    return sub1.size() >= 32 &&
           sub1.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

bool AdmitForm(Service& service, const Call& call) {
    auto wait = service.forms.Check(ClientOf(service, call.request), SteadyMs());
    if (!wait) return true;
    constexpr const char* kWhy = "too many requests from your address, wait a little";
    RespondForm(service, call, http::JsonError(429, kWhy, static_cast<int>(*wait)));
    return false;
}

void RespondForm(const Service& service, const Call& call, http::Response response) {
    if (!service.config.forms.origins.empty()) response.headers.emplace_back("Vary", "Origin");
    auto origin = AllowedOrigin(service, call.request);
    if (!origin.empty()) response.headers.emplace_back("Access-Control-Allow-Origin", origin);
    call.respond(std::move(response));
}

void FormPreflight(Service& service, std::shared_ptr<Call> call) {
    http::Response response;
    response.status = 204;
    response.content_type.clear();
    if (!AllowedOrigin(service, call->request).empty()) {
        response.headers.emplace_back("Access-Control-Allow-Methods", "POST");
        response.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type");
        response.headers.emplace_back("Access-Control-Max-Age", "600");
    }
    RespondForm(service, *call, std::move(response));
}

Result<domain::Contact> ReadForm(
    Service& service, const Call& call, const char* route, const std::vector<const char*>& required
) {
    auto input = Input::OfBody(call.request);
    if (!input) return Fail(input.error());
    Reader reader(*input);
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
    contact.campaign_id = reader.Id("campaignId");
    contact.affiliate_id = reader.Id("affiliate_id");
    contact.url_id = reader.Id("url_id");
    contact.sub1 = reader.Id("sub1");
    contact.sub2 = reader.Text("sub2");
    contact.sub3 = reader.Text("sub3");
    auto deposit = reader.Amount("deposit_amount");
    auto sale = reader.Amount("sale_amount");
    if (reader.error()) return Fail(*reader.error());
    if ((deposit || sale) && TrustsAmounts(service, call.request)) {
        contact.flow.deposit_amount = deposit;
        contact.flow.sale_amount = sale;
    }
    if (contact.type == "affiliate") contact.affiliate_status = "pending";
    return contact;
}

}  // namespace barracuda::api
