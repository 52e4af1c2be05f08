#include "site/words.h"

#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "site/languages.h"

namespace barracuda::site {

namespace {

constexpr const Words* kAll[] = {&kEnglish, &kGerman};

struct Wish {
    std::string tag;  // the language alone, without its region
    double weight = 1;
};

// "de-AT;q=0.8". What is no number weighs nothing.
Wish ReadWish(std::string_view item) {
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view tag = Trim(item.substr(0, semicolon));
    Wish wish{Lower(tag.substr(0, tag.find('-')))};
    const std::string_view parameter = Trim(item.substr(std::min(semicolon + 1, item.size())));
    if (!parameter.starts_with("q=")) return wish;
    const auto [end, fault] =
        std::from_chars(parameter.data() + 2, parameter.data() + parameter.size(), wish.weight);
    if (fault != std::errc()) wish.weight = 0;
    return wish;
}

}  // namespace

std::span<const Words* const> AllWords() { return kAll; }

const Words& WordsFor(std::string_view wishes) {
    const Words* best = kAll[0];
    double weight = 0;
    while (!wishes.empty()) {
        const size_t comma = std::min(wishes.find(','), wishes.size());
        const Wish wish = ReadWish(wishes.substr(0, comma));
        wishes.remove_prefix(std::min(comma + 1, wishes.size()));
        for (const Words* one : kAll) {
            if (one->tag != wish.tag || wish.weight <= weight) continue;
            best = one;
            weight = wish.weight;
        }
    }
    return *best;
}

}  // namespace barracuda::site
