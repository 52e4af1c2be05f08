#include "app/import_source.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "api/import_report.h"
#include "api/respond.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/fields.h"

namespace barracuda::app {

namespace {

constexpr size_t kBeginning = 4096;  // bytes

// Without case, blanks and what joins words: "Click ID" and click_id are one name.
std::string Bare(std::string_view name) {
    std::string bare;
    for (char c : Lower(TrimUnseen(name))) {
        if (c != '_' && c != '-' && c != ' ' && c != '.') bare += c;
    }
    return bare;
}

std::string HashOf(std::string_view text) {
    std::string hash(16, '\0');
    crypto_generichash(
        reinterpret_cast<unsigned char*>(hash.data()),
        hash.size(),
        reinterpret_cast<const unsigned char*>(text.data()),
        text.size(),
        nullptr,
        0
    );
    return HexOf(hash);
}

std::string_view WithoutEnd(std::string_view line) {
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r\n") == line.npos; }

Error CannotRead(const std::string& path) {
    return {ErrorCode::kUnavailable, fmt::format("{}: {}", path, std::strerror(errno)), {}};
}

struct Map {
    std::string column, field;
};

Result<Map> MapOf(const std::string& text) {
    const size_t equals = text.rfind('=');
    if (equals == std::string::npos || equals == 0) {
        return Fail(ErrorCode::kInvalid, "--map: COLUMN=FIELD is expected, not " + OneLine(text));
    }
    Map map{text.substr(0, equals), text.substr(equals + 1)};
    if (map.field.empty() || api::IsImported(map.field)) return map;
    return Fail(ErrorCode::kInvalid, "--map: no conversion has a field " + OneLine(map.field));
}

}  // namespace

std::string FieldOfColumn(std::string_view column) {
    const std::string bare = Bare(column);
    for (auto name : api::kImportedNames) {
        if (Bare(name) == bare) return std::string(name);
    }
    for (const auto& info : domain::kFields) {
        if (Bare(info.name) == bare) return info.name;
    }
    return {};
}

ImportSource::ImportSource(std::ifstream file)
    : file_(std::move(file)), lines_(file_, kLineBytesMax), rows_(file_) {}

Result<std::unique_ptr<ImportSource>> ImportSource::Open(const SourceOptions& options) {
    std::error_code ec;
    if (std::filesystem::is_directory(options.path, ec)) {
        return Fail(ErrorCode::kUnavailable, options.path + ": a directory is no file");
    }
    std::ifstream file(options.path, std::ios::binary);
    if (!file) return Fail(CannotRead(options.path));
    std::unique_ptr<ImportSource> made(new ImportSource(std::move(file)));
    const auto bytes = std::filesystem::file_size(options.path, ec);
    made->bytes_ = ec ? 0 : static_cast<int64_t>(bytes);
    std::string head(kBeginning, '\0');
    made->file_.read(head.data(), static_cast<std::streamsize>(head.size()));
    head.resize(static_cast<size_t>(made->file_.gcount()));
    made->beginning_ = HashOf(head);
    made->file_.clear();
    made->file_.seekg(0);
    const std::string_view text = SkipByteOrderMark(head);
    const size_t first = text.find_first_not_of(" \t\r\n");
    made->csv_ =
        options.format.empty() ? first != text.npos && text[first] != '{' : options.format == "csv";
    if (!made->csv_ && !options.maps.empty()) {
        return Fail(ErrorCode::kInvalid, "--map is for CSV: lines of JSON name their fields");
    }
    if (!made->csv_) return made;
    if (auto read = made->ReadHeader(options.maps); !read) return Fail(read.error());
    return made;
}

Result<bool> ImportSource::ReadHeader(const std::vector<std::string>& maps) {
    if (!rows_.Next()) return Fail(ErrorCode::kInvalid, "the file has no header");
    columns_ = rows_.cells();
    for (const auto& column : columns_) {
        if (!IsUtf8(column)) return Fail(ErrorCode::kInvalid, "the header is not valid UTF-8");
        fields_.push_back(FieldOfColumn(column));
    }
    for (const auto& text : maps) {
        auto map = MapOf(text);
        if (!map) return Fail(map.error());
        const auto at = std::find(columns_.begin(), columns_.end(), map->column);
        if (at == columns_.end()) {
            return Fail(
                ErrorCode::kInvalid, "--map: the file has no column " + OneLine(map->column)
            );
        }
        // What stood for this field by its name gives way.
        std::replace(fields_.begin(), fields_.end(), map->field, std::string());
        fields_[static_cast<size_t>(at - columns_.begin())] = map->field;
    }
    for (const auto& field : fields_) {
        if (field.empty() || std::count(fields_.begin(), fields_.end(), field) == 1) continue;
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("two columns are {}: leave one out with --map COLUMN=", field)
        );
    }
    if (std::find(fields_.begin(), fields_.end(), "click_id") != fields_.end()) return true;
    return Fail(
        ErrorCode::kInvalid,
        fmt::format(
            "no column is the click_id: name it with --map COLUMN=click_id; the columns are {}",
            OneLine(fmt::format("{}", fmt::join(columns_, ", ")))
        )
    );
}

std::string ImportSource::ColumnsText() const {
    std::vector<std::string> read, left;
    for (size_t i = 0; i < columns_.size(); ++i) {
        const std::string column = OneLine(columns_[i]);
        if (fields_[i].empty()) {
            left.push_back(column);
        } else {
            read.push_back(column == fields_[i] ? column : column + "=" + fields_[i]);
        }
    }
    std::string text = fmt::format("columns: {}", fmt::join(read, ", "));
    if (!left.empty()) text += fmt::format("; not read: {}", fmt::join(left, ", "));
    return text;
}

bool ImportSource::Next(SourceLine& line) {
    line = {};
    return csv_ ? NextRow(line) : NextJson(line);
}

bool ImportSource::NextJson(SourceLine& line) {
    while (lines_.Next(text_)) {
        std::string_view text = WithoutEnd(text_);
        if (lines_.lines() == 1) text = SkipByteOrderMark(text);
        if (IsBlank(text) && !lines_.too_long()) continue;
        line.number = lines_.lines();
        if (lines_.too_long()) {
            line.problem = fmt::format("the line is longer than {} bytes", kLineBytesMax);
        } else if (!IsUtf8(text)) {
            line.problem = "the line is not valid UTF-8";
        } else {
            line.json = text;
        }
        return true;
    }
    return false;
}

bool ImportSource::NextRow(SourceLine& line) {
    if (!rows_.Next()) {
        if (!rows_.fault().empty()) {
            fault_ = fmt::format("line {}: {}", rows_.line(), rows_.fault());
        }
        return false;
    }
    line.number = rows_.line();
    const auto& cells = rows_.cells();
    if (cells.size() != columns_.size()) {
        constexpr const char* kCells = "the row has {} cells, the header {}";
        line.problem = fmt::format(kCells, cells.size(), columns_.size());
        return true;
    }
    for (size_t i = 0; i < cells.size(); ++i) {
        const std::string& cell = cells[i];
        if (fields_[i].empty() || cell.empty()) continue;
        if (!IsUtf8(cell)) {
            line.problem = fields_[i] + " is not valid UTF-8, or has a NUL character";
            return true;
        }
        line.json += line.json.empty() ? '{' : ',';
        const bool object = fields_[i] == "metadata" && cell.starts_with('{');
        line.json += fmt::format("\"{}\":{}", fields_[i], object ? cell : api::JsonText(cell));
    }
    line.json += line.json.empty() ? "{}" : "}";
    return true;
}

SourcePlace ImportSource::place() const {
    if (csv_) return {rows_.separator(), rows_.lines(), rows_.offset()};
    return {0, lines_.lines(), lines_.offset()};
}

void ImportSource::GoOn(const SourcePlace& place) {
    if (csv_) return rows_.GoOn(place.separator, place.lines, place.offset);
    lines_.GoOn(place.lines, place.offset);
}

Result<bool> IsExport(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return Fail(CannotRead(path));
    std::string head(64, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    return SkipByteOrderMark(head).starts_with(R"({"barracuda_export":)");
}

}  // namespace barracuda::app
