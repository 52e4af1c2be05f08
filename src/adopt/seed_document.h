// How the seed wrote its documents: ids and dates in several types. Internal to adopt.
//
// Threads: pure functions.
#pragma once

#include "adopt/plan.h"
#include "domain/bson.h"
#include "domain/entity.h"

namespace barracuda::adopt {

bool HoldsObjectId(const domain::TopFields& fields);
bool HoldsText(const domain::TopFields& fields, const char* name);
// Neither text nor absent.
bool HoldsOtherScalar(const domain::TopFields& fields, const char* name);

// A date, also where it is ISO text or a number of seconds or milliseconds.
std::optional<Time> SeedTime(const domain::TopFields& fields, const char* name);

// Same name, type and bytes.
bool SameValue(const bson_iter_t& a, const bson_iter_t& b);

}  // namespace barracuda::adopt
