// A contact as the admin's JSON shows it.
#pragma once

#include "api/respond.h"
#include "domain/contact.h"

namespace barracuda::api {

JsonObject ContactJson(const domain::Contact& contact);

}  // namespace barracuda::api
