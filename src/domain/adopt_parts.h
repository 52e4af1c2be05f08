// What the files of the adoption share. Internal to domain.
#pragma once

#include "domain/adopt.h"
#include "domain/bson.h"
#include "domain/entity.h"

namespace barracuda::domain {

bool HoldsObjectId(const TopFields& fields);
bool HoldsText(const TopFields& fields, const char* name);
bool HoldsOtherScalar(const TopFields& fields, const char* name);  // neither text nor absent

// A date, also where it is ISO text or a number of seconds or milliseconds.
std::optional<Time> SeedTime(const TopFields& fields, const char* name);

// Same name, type and bytes.
bool SameValue(const bson_iter_t& a, const bson_iter_t& b);

}  // namespace barracuda::domain
