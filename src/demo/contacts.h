// Contacts: people of the forms, made up and numbered, each with the conversions that the form set
// off. Threads: any.
#pragma once

#include <vector>

#include "base/time.h"
#include "domain/contact.h"
#include "domain/conversion.h"

namespace barracuda::demo {

struct Visitor {
    domain::Contact contact;
    std::vector<domain::Conversion> conversions;  // of its click; its flags are of these
};

// `count` of them in the ninety days before `end`, oldest first.
std::vector<Visitor> Visitors(size_t count, Time end, uint64_t seed);

}  // namespace barracuda::demo
