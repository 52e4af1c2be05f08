// The route that takes many reports in one body. Paths and methods: router.cc.
#pragma once

#include "api/service.h"

namespace barracuda::api {

// It takes the whole service: what it reports, and a record of each line for the logs.
void PostConversionsBatch(Service& service, std::shared_ptr<Call> call);

}  // namespace barracuda::api
