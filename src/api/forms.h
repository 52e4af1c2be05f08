// Shared by the two public forms (routes 2 and 3): limits per address, CORS, and reading the fields
// into a contact. Errors are kInvalid and name the field.
//
// Threads: any.
#pragma once

#include "api/service.h"
#include "domain/contact.h"

namespace barracuda::api {

// Counts the request. The refusal: 403 to a page of another site that is not of [forms] origins,
// 429 to who posts too often; nullopt: it may go on.
std::optional<http::Response> RefuseForm(Forms& forms, const Call& call);

// Answers with the CORS headers of [forms] origins.
void RespondForm(const Forms& forms, const Call& call, http::Response response);

// The contact as a form describes it: flow.route is `route`, no step yet. `required` are the text
// fields that this form insists on beside e-mail and type.
// Notes in `call` what nobody read. Fails with each field's fault, the first one at least.
tl::expected<domain::Contact, std::vector<Error>> ReadForm(
    Forms& forms, Call& call, const char* route, const std::vector<const char*>& required
);

// The affiliate of a visitor whom nobody sent: the form's own, as in the old application.
inline constexpr std::string_view kFormsAffiliate = "2";
void DefaultAffiliate(domain::Contact& contact);  // where the form names none

// The text that a visitor of this type reads after the form. Lives as long as the settings.
struct FormWords {
    const std::string& message;
    const std::string& note;
};
FormWords WordsFor(const Forms& forms, const domain::Contact& contact);

}  // namespace barracuda::api
