// What a conversion's deliveries know of the person who filled in a form, and how it is taken out:
// the parameters a form's delivery carries, and answers of the network that repeat them. Pure.
#pragma once

#include <string>

#include "domain/conversion.h"

namespace barracuda::domain {

bool IsPersonal(std::string_view parameter);  // name, email, company

// Takes the person with this e-mail out of every delivery that was told of them; who else shares
// the click stays. True when something changed.
bool ErasePerson(Conversion& conversion, std::string_view email);

// Of a delivery whose person was erased while an attempt was under way: what the attempt brings
// back of them goes again. `sent`: what it carried.
void ForgetPerson(Delivery& delivery, const Parameters& sent);

}  // namespace barracuda::domain
