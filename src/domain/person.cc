#include "domain/person.h"

#include <algorithm>

#include "base/text.h"

namespace barracuda::domain {

namespace {

constexpr size_t kLeast = 4;  // bytes: what is shorter stands in any text
constexpr const char* kErased = "(erased with the person)";

// As it stands in a URL.
std::string Encoded(std::string_view text) {
    static constexpr std::string_view kPlain = "-._~";
    std::string out;
    for (char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (c >= '0' && c <= '9') || kPlain.find(c) != std::string_view::npos) {
            out.push_back(c);
        } else {
            out.append("%").append(HexOf(std::string_view(&c, 1)));
        }
    }
    return out;
}

// Whole, as nobody knows in how many ways a network words it.
void Scrub(std::string& text, const Parameters& person) {
    const std::string lower = Lower(text);
    for (const auto& [name, value] : person) {
        if (value.size() < kLeast) continue;
        for (const auto& form : {Lower(value), Lower(Encoded(value))}) {
            if (lower.find(form) == std::string::npos) continue;
            text = kErased;
            return;
        }
    }
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
