#include "report/csv.h"

#include <algorithm>

#include "base/unseen.h"

namespace barracuda::report {

namespace {

// What begins a formula; the full-width forms do in some.
constexpr std::string_view kFormulas[] = {
    "=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212"};
// Where another cell or row begins for who takes another separator, or no quotes.
constexpr std::string_view kSeparators = ";\t\r\n|";

// What programs pass over at the beginning of a cell: quotes, and what nobody sees.
bool IsBlank(const Utf8Character& character) {
    if (character.size == 0) return false;
    const bool separates = character.size == 1 &&
                           kSeparators.find(static_cast<char>(character.code)) != kSeparators.npos;
    return !separates && (character.code == '"' || IsUnseen(character.code));
}

bool BeginsFormula(std::string_view text) {
    for (auto first = FirstUtf8(text); IsBlank(first); first = FirstUtf8(text)) {
        text.remove_prefix(first.size);
    }
    return std::any_of(std::begin(kFormulas), std::end(kFormulas), [&](std::string_view formula) {
        return text.starts_with(formula);
    });
}

// A visitor could have typed it into the form: what a spreadsheet would take for a formula gets an
// apostrophe before it, which makes it text. So does a cell that begins with a separator.
std::string WithoutFormulas(std::string_view text) {
    std::string cell;
    bool begins = true;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool separator = kSeparators.find(text[i]) != std::string_view::npos;
        if (begins && (BeginsFormula(text.substr(i)) || (i == 0 && separator))) cell += '\'';
        cell += text[i];
        begins = separator;
    }
    return cell;
}

}  // namespace

std::string CsvCell(std::string_view text) {
    const std::string cell = WithoutFormulas(text);
    if (cell.find_first_of(",\"\r\n") == std::string::npos) return cell;
    std::string quoted = "\"";
    for (char c : cell) {
        if (c == '"') quoted += '"';
        quoted += c;
    }
    return quoted + '"';
}

std::string CsvRow(std::span<const std::string> cells) {
    std::string line;
    for (const auto& cell : cells) {
        if (!line.empty() || &cell != cells.data()) line += ',';
        line += CsvCell(cell);
    }
    return line + "\r\n";
}

}  // namespace barracuda::report
