// The rows of a CSV file, one after the other (RFC 4180): quoted cells may hold separators, line
// ends and doubled quotes. The separator is the header's: a comma, a semicolon or a tab.
//
//     CsvRows rows(stream);
//     while (rows.Next()) Use(rows.cells(), rows.line());
//     if (!rows.fault().empty()) …   // the row that could not be read, at rows.line()
//
// Threads: one.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "app/line_reader.h"

namespace barracuda::app {

class CsvRows {
public:
    static constexpr size_t kRowBytesMax = 256 * 1024;

    explicit CsvRows(std::istream& from) : from_(from, kRowBytesMax) {}

    // Goes on at a place that an earlier reading of the same file noted.
    void GoOn(char separator, int64_t line, int64_t offset);

    // Reads the next row that is not blank; false at the end, or at a fault.
    bool Next();

    const std::vector<std::string>& cells() const { return cells_; }
    int64_t line() const { return line_; }             // on which the row begins, from 1
    int64_t lines() const { return from_.lines(); }    // read so far
    int64_t offset() const { return from_.offset(); }  // bytes of them
    char separator() const { return separator_; }
    const std::string& fault() const { return fault_; }

private:
    bool Take(std::string_view text, bool& quoted);
    static char SeparatorOf(std::string_view header);

    LineReader from_;
    char separator_ = 0;  // not known yet
    std::vector<std::string> cells_;
    std::string fault_;
    int64_t line_ = 0;
};

}  // namespace barracuda::app
