#include "report/csv.h"

namespace barracuda::report {

namespace {

// What programs pass over at the beginning of a cell: white space, and what nobody sees.
constexpr std::string_view kBlanks[] = {
    " ",      "\v",     "\f",     "\xc2\x85", "\"",     "\u00a0", "\u00ad", "\u1680", "\u180e",
    "\u2000", "\u2001", "\u2002", "\u2003",   "\u2004", "\u2005", "\u2006", "\u2007", "\u2008",
    "\u2009", "\u200a", "\u200b", "\u200c",   "\u200d", "\u200e", "\u200f", "\u2028", "\u2029",
    "\u202a", "\u202b", "\u202c", "\u202d",   "\u202e", "\u202f", "\u205f", "\u2060", "\u2061",
    "\u2062", "\u2063", "\u2064", "\u3000",   "\u3164", "\ufeff",
};
// What begins a formula; the full-width forms do in some.
constexpr std::string_view kFormulas[] = {
    "=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\u2212"};
// Where another cell or row begins for who takes another separator, or no quotes.
constexpr std::string_view kSeparators = ";\t\r\n|";

template <typename List>
size_t LengthAt(std::string_view text, const List& list) {
    for (std::string_view one : list) {
        if (text.starts_with(one)) return one.size();
    }
    return 0;
}

bool BeginsFormula(std::string_view text) {
    while (size_t blank = LengthAt(text, kBlanks)) text.remove_prefix(blank);
    return LengthAt(text, kFormulas) > 0;
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
