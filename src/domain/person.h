// Takes a person who filled in a form out of a conversion: out of the document itself, the
// parameters that deliveries carry, and the networks' answers. Pure.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "domain/contact.h"
#include "domain/conversion.h"

namespace barracuda::domain {

bool IsPersonal(std::string_view parameter);  // name, email, company

struct PersonWords {
    std::string email;               // lower case
    std::vector<std::string> whole;  // what they typed: taken out wherever it stands
    std::vector<std::string> parts;  // of their names: enough to drop what a network answered
};
PersonWords WordsOf(const Contact& contact);

// How a conversion's click belongs to the person. One that they merely named in a form may be
// anybody's: it loses only what says their e-mail, so that no form takes facts out of another's.
enum class ClickIs { kTheirs, kNamed };

// Takes this person out of a conversion. Of their own click address, browser and metadata go
// whoever reported them, every other text and every delivery that says them as well; of a delivery
// that was told of somebody else who shares the click, that one's name stays. True when something
// changed.
bool ErasePerson(Conversion& conversion, const PersonWords& person, ClickIs click);

// What a visitor loses whom no contact names, so that nobody knows the words that say them.
enum class VisitorLoses {
    kTraces,      // address, browser and metadata; of deliveries name, e-mail and company
    kEverything,  // also sub1 to sub5, and whatever networks answered
};

// Takes the visitor out of a conversion, whoever reported it, and out of its history and its
// deliveries. `clicks`: ids of clicks, which stay where they stand. True when something changed.
bool EraseVisitor(
    Conversion& conversion,
    VisitorLoses loses,
    const std::set<std::string, std::less<>>& clicks = {}
);

// Of a delivery whose person was erased while an attempt was under way: what the attempt brings
// back of them goes again. `sent`: what it carried.
void ForgetPerson(const Conversion& conversion, Delivery& delivery, const Parameters& sent);

}  // namespace barracuda::domain
