// A file of conversions, line by line, each as one JSON object: NDJSON as it stands, CSV by its
// header (docs/formats/import.md).
//
// Threads: one.
#pragma once

#include <cstdint>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/csv_rows.h"
#include "app/line_reader.h"
#include "base/result.h"

namespace barracuda::app {

struct SourceLine {
    int64_t number = 0;   // in the file, from 1
    std::string json;     // what it says
    std::string problem;  // why it cannot be read at all; empty: it can
};

// Where reading goes on.
struct SourcePlace {
    char separator = 0;
    int64_t lines = 0, offset = 0;
};

struct SourceOptions {
    std::string path;
    std::string format;             // "csv", "ndjson"; empty: by its first line
    std::vector<std::string> maps;  // COLUMN=FIELD; COLUMN= leaves it out
};

class ImportSource {
public:
    static constexpr size_t kLineBytesMax = CsvRows::kRowBytesMax;

    // Errors: kUnavailable, the file cannot be read; kInvalid, it has no header that can be used,
    // or a map names what is not there.
    static Result<std::unique_ptr<ImportSource>> Open(const SourceOptions& options);

    // False: at the end, or where nothing behind can be read, which `fault` says.
    bool Next(SourceLine& line);
    const std::string& fault() const { return fault_; }

    SourcePlace place() const;
    void GoOn(const SourcePlace& place);

    bool csv() const { return csv_; }
    int64_t bytes() const { return bytes_; }  // of the file, when it was opened
    // Of the file's beginning: by which the state of an import knows it again.
    const std::string& beginning() const { return beginning_; }
    // For people: the columns that are read, and those that are not.
    std::string ColumnsText() const;

private:
    explicit ImportSource(std::ifstream file);
    Result<bool> ReadHeader(const std::vector<std::string>& maps);
    bool NextRow(SourceLine& line);
    bool NextJson(SourceLine& line);

    std::ifstream file_;
    bool csv_ = false;
    int64_t bytes_ = 0;
    std::string beginning_, fault_, text_;
    LineReader lines_;
    CsvRows rows_;
    std::vector<std::string> columns_, fields_;  // a field for each column; empty: left out
};

// The field that a column of this name means by itself; empty: none.
std::string FieldOfColumn(std::string_view column);

// Whether a file begins as one that `barracuda export` wrote. Errors: it cannot be read.
Result<bool> IsExport(const std::string& path);

}  // namespace barracuda::app
