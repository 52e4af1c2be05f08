#include "web/coding.h"

#include <optional>

#include "base/text.h"
#include "http/request.h"

namespace barracuda::web {

namespace {

struct Wish {
    std::string_view coding;
    bool wanted = true;
};

// "gzip;q=0.5" or "br". A weight is zero where its digits are all zeros.
Wish ReadWish(std::string_view item) {
    const size_t semicolon = item.find(';');
    Wish wish{Trim(item.substr(0, semicolon))};
    if (semicolon == std::string_view::npos) return wish;
    const auto parameter = Trim(item.substr(semicolon + 1));
    const size_t equals = parameter.find('=');
    const bool weight = equals != std::string_view::npos &&
                        http::EqualNoCase(Trim(parameter.substr(0, equals)), "q");
    if (weight) {
        const auto digits = Trim(parameter.substr(equals + 1));
        wish.wanted = digits.find_first_not_of("0.") != std::string_view::npos;
    }
    return wish;
}

// What is said of each coding, and of all others; nullopt: nothing.
struct Wishes {
    std::optional<bool> brotli, gzip, others;

    void Add(std::string_view item) {
        const auto wish = ReadWish(item);
        if (http::EqualNoCase(wish.coding, "br")) brotli = wish.wanted;
        if (http::EqualNoCase(wish.coding, "gzip")) gzip = wish.wanted;
        if (wish.coding == "*") others = wish.wanted;
    }
    bool Takes(std::optional<bool> named) const { return named.value_or(others.value_or(false)); }
};

}  // namespace

Coding ChooseCoding(std::span<const std::string_view> accept_encoding) {
    Wishes wishes;
    for (std::string_view field : accept_encoding) {
        while (!field.empty()) {
            const size_t comma = field.find(',');
            wishes.Add(field.substr(0, comma));
            field = comma == std::string_view::npos ? std::string_view() : field.substr(comma + 1);
        }
    }
    if (wishes.Takes(wishes.brotli)) return Coding::kBrotli;
    return wishes.Takes(wishes.gzip) ? Coding::kGzip : Coding::kPlain;
}

}  // namespace barracuda::web
