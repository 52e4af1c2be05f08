#include "domain/person.h"

#include <algorithm>

#include "base/text.h"
#include "domain/said_words.h"

namespace barracuda::domain {

namespace {

constexpr const char* kErased = "(erased with the person)";

// Whole, as nobody knows in how many ways a network words it.
void Scrub(std::string& text, const Parameters& person) {
    const bool told = std::any_of(person.begin(), person.end(), [&](const auto& one) {
        return Says(text, one.second);
    });
    if (told) text = kErased;
}

}  // namespace

bool IsPersonal(std::string_view parameter) {
    return parameter == "name" || parameter == "email" || parameter == "company";
}

void ForgetPerson(Delivery& delivery, const Parameters& sent) {
    Parameters person = sent;
    person.insert(person.end(), delivery.parameters.begin(), delivery.parameters.end());
    std::erase_if(person, [](const auto& one) { return !IsPersonal(one.first); });
    std::erase_if(delivery.parameters, [](const auto& one) { return IsPersonal(one.first); });
    Scrub(delivery.error, person);
    Scrub(delivery.response, person);
    delivery.erased = true;
}

bool ErasePerson(Conversion& conversion, std::string_view email) {
    const std::string wanted = Lower(email);
    bool changed = false;
    for (auto& delivery : conversion.deliveries) {
        auto own = [&](const auto& one) {
            return one.first == "email" && Lower(one.second) == wanted;
        };
        const auto& parameters = delivery.parameters;
        if (std::none_of(parameters.begin(), parameters.end(), own)) continue;
        ForgetPerson(delivery, {});
        changed = true;
    }
    return changed;
}

}  // namespace barracuda::domain
