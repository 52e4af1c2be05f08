// A conversion as the admin sees it: every stored field, JSON.
#pragma once

#include "api/respond.h"
#include "domain/conversion.h"

namespace barracuda::api {

JsonObject ConversionJson(const domain::Conversion& conversion);

}  // namespace barracuda::api
