// A contact as the admin's JSON shows it: every stored field, sums digit for digit.
//
// Threads: any; nothing is kept.
#pragma once

#include "api/respond.h"
#include "domain/contact.h"

namespace barracuda::api {

JsonObject ContactJson(const domain::Contact& contact);

}  // namespace barracuda::api
