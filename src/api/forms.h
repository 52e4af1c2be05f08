// What the two public forms (routes 2 and 3) share: who may post how often, CORS, and reading the
// fields into a contact.
#pragma once

#include "api/service.h"
#include "domain/contact.h"

namespace barracuda::api {

// Counts the request; false when it was answered with 429.
bool AdmitForm(Service& service, const Call& call);

// Answers with the CORS headers of [forms] origins.
void RespondForm(const Service& service, const Call& call, http::Response response);

// The contact as a form describes it: flow.route is `route`, no step yet. `required` are the text
// fields that this form insists on beside e-mail and type.
Result<domain::Contact> ReadForm(
    Service& service, const Call& call, const char* route, const std::vector<const char*>& required
);

// Whether `sub1` is a click the network has given out: 32 hex digits or more.
bool IsClickHash(std::string_view sub1);

}  // namespace barracuda::api
