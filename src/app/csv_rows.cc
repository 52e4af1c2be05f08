#include "app/csv_rows.h"

#include <algorithm>

#include "base/unseen.h"

namespace barracuda::app {

void CsvRows::GoOn(char separator, int64_t line, int64_t offset) {
    separator_ = separator;
    from_.GoOn(line, offset);
}

// What stands most often outside quotes, of those that may separate.
char CsvRows::SeparatorOf(std::string_view header) {
    char best = ',';
    size_t most = 0;
    for (char candidate : {',', ';', '\t'}) {
        size_t count = 0;
        bool quoted = false;
        for (char c : header) {
            quoted ^= c == '"';
            count += !quoted && c == candidate;
        }
        if (count > most) best = candidate;
        most = std::max(most, count);
    }
    return best;
}

// Appends the cells of a line; `quoted`: a cell is open from the line before, or stays open behind
// it. False: a fault.
bool CsvRows::Take(std::string_view text, bool& quoted) {
    if (!quoted) cells_.emplace_back();
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        std::string& cell = cells_.back();
        if (quoted) {
            const bool twice = c == '"' && i + 1 < text.size() && text[i + 1] == '"';
            if (c != '"' || twice) cell += c;
            i += twice;
            quoted = c != '"' || twice;
            const char next = i + 1 < text.size() ? text[i + 1] : '\n';
            const bool ends = next == separator_ || next == '\n' || next == '\r';
            if (!quoted && !ends) {
                fault_ = "there is more behind the closing quote";
                return false;
            }
        } else if (c == separator_) {
            cells_.emplace_back();
        } else if (c == '"' && cell.empty()) {
            quoted = true;
        } else if (c != '\n' && !(c == '\r' && i + 2 >= text.size())) {
            cell += c;
        }
    }
    return true;
}

bool CsvRows::Next() {
    std::string line;
    size_t bytes = 0;
    bool quoted = false;
    cells_.clear();
    while (from_.Next(line)) {
        std::string_view text = line;
        if (lines() == 1) text = SkipByteOrderMark(text);
        if (!quoted) {
            if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) continue;
            line_ = lines();
        }
        if (separator_ == 0) separator_ = SeparatorOf(text);
        bytes += text.size();
        if (from_.too_long() || bytes > kRowBytesMax) {
            fault_ = "the row is longer than 262144 bytes: a quote that nothing closes?";
            return false;
        }
        if (!Take(text, quoted)) return false;
        if (!quoted) return true;
    }
    if (quoted) fault_ = "the file ends within quotes";
    return false;
}

}  // namespace barracuda::app
