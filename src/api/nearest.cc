#include "api/nearest.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/check.h"

namespace barracuda::api {

namespace {

constexpr size_t kNameMax = 40;
constexpr size_t kChangesMax = 2;

// Levenshtein's distance, of names up to kNameMax letters.
size_t Changes(std::string_view a, std::string_view b) {
    BARRACUDA_CHECK(b.size() <= kNameMax);
    std::array<size_t, kNameMax + 1> row{};
    for (size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            const size_t above = row[j];
            row[j] = std::min({above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1])});
            diagonal = above;
        }
    }
    return row[b.size()];
}

}  // namespace

std::string DidYouMean(std::string_view name, std::span<const std::string_view> known) {
    std::string_view best;
    size_t least = kChangesMax + 1;
    if (name.size() > kNameMax) return {};
    for (auto one : known) {
        if (one.size() > kNameMax) continue;
        const size_t changes = Changes(name, one);
        if (changes >= least || changes * 2 >= one.size()) continue;
        least = changes;
        best = one;
    }
    return best.empty() ? std::string() : fmt::format("; did you mean {}?", best);
}

}  // namespace barracuda::api
