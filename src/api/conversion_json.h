// A conversion as the admin's JSON shows it: every stored field, sums digit for digit.
//
// Threads: any; nothing is kept.
#pragma once

#include "api/respond.h"
#include "domain/conversion.h"

namespace barracuda::api {

JsonObject ConversionJson(const domain::Conversion& conversion);

}  // namespace barracuda::api
