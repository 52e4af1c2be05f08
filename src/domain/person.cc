#include "domain/person.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/said_words.h"
#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::domain {

namespace {

constexpr const char* kErased = "(erased with the person)";
constexpr size_t kPartBytesMin = 3;
static_assert(kPartBytesMin >= 2, "shorter words are looked for by nobody (said_words.h)");

using Words = std::vector<std::string>;

bool SaysAny(const SaidText& text, const Words& words) {
    return std::any_of(words.begin(), words.end(), [&](const auto& one) { return text.Says(one); });
}

bool SaysAny(std::string_view text, const Words& words) {
    return !text.empty() && SaysAny(SaidText(text), words);
}

// Whole, as nobody knows in how many ways a network words it.
void Scrub(std::string& text, const Words& words) {
    if (SaysAny(text, words)) text = kErased;
}

// Fields that are a visitor's own, whoever reports them.
constexpr Field kVisitors[] = {Field::kIpAddress, Field::kUserAgent, Field::kMetadata};

constexpr Field kSubs[] = {Field::kSub1, Field::kSub2, Field::kSub3, Field::kSub4, Field::kSub5};

// The ledger's own terms: what a conversion is found and counted by stays.
bool IsTerm(const Conversion& conversion, Field field) {
    switch (field) {
        case Field::kAffiliateId:
        case Field::kOfferId:
        case Field::kCurrency:
            return true;
        case Field::kTransactionId:
            return !conversion.key.occurrence.empty();
        default:
            return InfoOf(field).type != FieldType::kText;
    }
}

bool IsTermOfACall(std::string_view parameter) {
    constexpr std::string_view kTerms[] = {
        "click_id", "goal_id", "goal_type", "goal_type_id", "affiliate_id", "offer_id", "hash"};
    return std::find(std::begin(kTerms), std::end(kTerms), parameter) != std::end(kTerms);
}

bool IsVisitors(Field field) {
    return std::find(std::begin(kVisitors), std::end(kVisitors), field) != std::end(kVisitors);
}

bool IsSub(Field field) {
    return std::find(std::begin(kSubs), std::end(kSubs), field) != std::end(kSubs);
}

// Networks know people that this delivery did not name: nothing that they said stays.
void ForgetAnswer(Delivery& delivery) {
    if (!delivery.response.empty()) delivery.response = kErased;
    if (delivery.status != 0 && !delivery.error.empty()) {
        delivery.error = fmt::format("the network answered {}", delivery.status);
    }
}

// Drops the fields that are theirs; `words` gets address and browser, for the network's answers.
std::vector<Field> EraseFields(
    Conversion& conversion, const Words& whole, ClickIs click, Words& words
) {
    std::vector<Field> erased;
    for (const auto& [field, value] : conversion.fields.all()) {
        const bool visitors = IsVisitors(field);
        const bool goes = visitors && click == ClickIs::kTheirs;
        const bool may_go = visitors || !IsTerm(conversion, field);
        if (!goes && !(may_go && SaysAny(value, whole))) continue;
        erased.push_back(field);
        if (IsVisitors(field) && InfoOf(field).type == FieldType::kText) words.push_back(value);
    }
    for (Field field : erased) conversion.fields.Remove(field);
    return erased;
}

void EraseHistory(
    Conversion& conversion, const std::vector<Field>& erased, ClickIs click, const Words& words
) {
    for (auto& entry : conversion.history) {
        const auto field = FieldNamed(entry.field);
        const bool theirs =
            click == ClickIs::kTheirs && field &&
            (IsVisitors(*field) || std::find(erased.begin(), erased.end(), *field) != erased.end());
        for (std::string* text : {&entry.from, &entry.to}) {
            if (!text->empty() && (theirs || SaysAny(*text, words))) *text = kErased;
        }
    }
}

// Fields of the old application that this program does not know.
void EraseRest(Conversion& conversion, const Words& words) {
    bson_iter_t at;
    if (!OpenBson(at, conversion.rest)) return;
    BsonWriter kept;
    bool changed = false;
    while (bson_iter_next(&at)) {
        BsonWriter one;
        one.Element(at);
        if (SaysAny(one.Take(), words)) {
            changed = true;
        } else {
            kept.Element(at);
        }
    }
    if (changed && at.err_off == 0) conversion.rest = kept.Take();
}

void EraseDelivery(
    Delivery& delivery, const PersonWords& person, ClickIs click, const Words& words
) {
    auto& parameters = delivery.parameters;
    auto is_email = [](const auto& one) { return one.first == "email"; };
    const auto email = std::find_if(parameters.begin(), parameters.end(), is_email);
    const bool somebody_elses =
        email == parameters.end() ? click == ClickIs::kNamed : Lower(email->second) != person.email;
    Words answered = words;
    if (!somebody_elses) {
        for (const auto& [name, value] : parameters) {
            if (IsPersonal(name)) answered.push_back(value);
        }
        std::erase_if(parameters, [](const auto& one) { return IsPersonal(one.first); });
        delivery.erased = true;
    }
    std::erase_if(parameters, [&](const auto& one) {
        return !IsTermOfACall(one.first) && SaysAny(one.second, person.whole);
    });
    answered.insert(answered.end(), person.parts.begin(), person.parts.end());
    Scrub(delivery.error, answered);
    Scrub(delivery.response, answered);
}

}  // namespace

bool IsPersonal(std::string_view parameter) {
    return parameter == "name" || parameter == "email" || parameter == "company";
}

PersonWords WordsOf(const Contact& contact) {
    PersonWords person{Lower(contact.email), {}, {}};
    for (const auto* text :
         {&contact.email,
          &contact.name,
          &contact.company,
          &contact.messenger,
          &contact.username,
          &contact.message}) {
        if (!text->empty()) person.whole.push_back(*text);
        // A handle is written with its sign and without.
        const std::string_view bare =
            std::string_view(*text).substr(text->starts_with('@') ? 1 : 0);
        if (bare.size() >= kPartBytesMin && bare != *text) person.whole.emplace_back(bare);
    }
    for (const auto* text : {&contact.name, &contact.company, &contact.messenger}) {
        std::string_view rest = *text;
        while (!rest.empty()) {
            const auto part = rest.substr(0, rest.find(' '));
            if (part.size() >= kPartBytesMin) person.parts.emplace_back(part);
            rest.remove_prefix(std::min(rest.size(), part.size() + 1));
        }
    }
    return person;
}

void ForgetPerson(const Conversion& conversion, Delivery& delivery, const Parameters& sent) {
    // The document has lost what was theirs: what only the attempt still knows is theirs too.
    auto theirs = [&](const auto& one) {
        if (IsPersonal(one.first)) return true;
        const auto field = FieldNamed(one.first);
        return field && !IsTermOfACall(one.first) && InfoOf(*field).type == FieldType::kText &&
               conversion.fields.Get(*field).empty();
    };
    Words words;
    for (const auto& one : sent) {
        if (theirs(one)) words.push_back(one.second);
    }
    std::erase_if(delivery.parameters, theirs);
    Scrub(delivery.error, words);
    ForgetAnswer(delivery);
}

bool ErasePerson(Conversion& conversion, const PersonWords& all, ClickIs click) {
    PersonWords person = all;
    if (click == ClickIs::kNamed) person = {all.email, {all.email}, {}};
    std::erase(person.whole, "");
    if (person.whole.empty()) return false;
    const std::string before = Encode(conversion);
    Words words = person.whole;
    const auto erased = EraseFields(conversion, person.whole, click, words);
    EraseHistory(conversion, erased, click, words);
    EraseRest(conversion, words);
    for (auto& delivery : conversion.deliveries) EraseDelivery(delivery, person, click, words);
    return Encode(conversion) != before;
}

bool EraseVisitor(
    Conversion& conversion, VisitorLoses loses, const std::set<std::string, std::less<>>& clicks
) {
    const std::string before = Encode(conversion);
    const bool all = loses == VisitorLoses::kEverything;
    auto theirs = [&](Field field, std::string_view value) {
        return IsVisitors(field) || (all && IsSub(field) && !clicks.contains(value));
    };
    Words words;
    std::vector<Field> erased;
    for (const auto& [field, value] : conversion.fields.all()) {
        if (!theirs(field, value)) continue;
        erased.push_back(field);
        if (IsVisitors(field) && InfoOf(field).type == FieldType::kText) words.push_back(value);
    }
    for (Field field : erased) conversion.fields.Remove(field);
    for (auto& entry : conversion.history) {
        const auto field = FieldNamed(entry.field);
        for (std::string* text : {&entry.from, &entry.to}) {
            if (field && !text->empty() && theirs(*field, *text)) *text = kErased;
        }
    }
    EraseRest(conversion, words);
    for (auto& delivery : conversion.deliveries) {
        Words answered = words;
        const size_t told = delivery.parameters.size();
        std::erase_if(delivery.parameters, [&](const auto& one) {
            const auto field = FieldNamed(one.first);
            if (IsPersonal(one.first)) answered.push_back(one.second);
            return IsPersonal(one.first) || (field && theirs(*field, one.second));
        });
        delivery.erased |= all || delivery.parameters.size() != told;
        if (all) ForgetAnswer(delivery);
        Scrub(delivery.error, answered);
        Scrub(delivery.response, answered);
    }
    return Encode(conversion) != before;
}

}  // namespace barracuda::domain
