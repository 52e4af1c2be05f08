// CSV that a spreadsheet reads as what it says, whoever wrote it.
//
// Pure; no thread contract.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace barracuda::report {

// A byte order mark, by which spreadsheets know UTF-8.
inline constexpr const char* kCsvMark = "\xef\xbb\xbf";

// Text that a spreadsheet would run gets an apostrophe before it: at the beginning of a cell,
// blanks before it or not, and where another separator would begin one.
std::string CsvCell(std::string_view text);

// One line, CRLF included.
std::string CsvRow(std::span<const std::string> cells);

}  // namespace barracuda::report
