// Every word of the pages for strangers, in each of their languages. A language is a file beside
// words_de.cc and its line in words.cc; the compiler misses a word that it lacks.
//
// Threads: any; the tables are constant.
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace barracuda::site {

struct Strong {  // a line whose first words are strong
    std::string_view strong, rest;
};
struct Titled {  // a question with its answer, a step with what happens in it
    std::string_view title, text;
};
struct TypeWord {
    std::string_view type;  // as route 2 names it
    std::string_view word;
};

// Of the drawn examples: what became of a request.
struct ExampleWords {
    std::string_view recorded, duplicate, no_change, accepted, retried, yours, other, later;
};

struct FormWords {
    std::string_view heading, promise, i_am, name, company, company_hint, email, message;
    std::string_view optional, message_hint, send, keep;
    std::array<TypeWord, 6> types;
};

// The words about a form that was not taken: beside its field, or above all.
struct TroubleWords {
    std::string_view wrong;  // before the page's title
    std::string_view email_missing, email_wrong, email_taken, type_wrong, too_long, unreadable;
    std::string_view foreign, too_many, not_now, unfit;
};

struct Words {
    std::string_view tag;   // "en"
    std::string_view name;  // of the language, in it
    std::string_view page_title, skip, how, questions, sign_in, privacy, imprint, main, languages;
    std::array<std::string_view, 2> headline;
    std::string_view lead;
    std::array<Strong, 3> promises;
    std::string_view how_title;
    std::array<Titled, 3> steps;
    ExampleWords example;
    std::string_view questions_title;
    std::array<Titled, 4> answers;
    FormWords form;
    TroubleWords trouble;
    std::string_view thanks_title, thanks_back;
    // Of the settings' forms.message and forms.note, where nobody changed them.
    std::string_view affiliate_message, affiliate_note, message, note;
};

std::span<const Words* const> AllWords();  // the first is the one where nothing else is asked for
// In the first of `wishes` (an Accept-Language, or one tag) that there is, by its weight.
const Words& WordsFor(std::string_view wishes);

}  // namespace barracuda::site
