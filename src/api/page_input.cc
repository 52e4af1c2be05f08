#include "api/page_input.h"

#include <fmt/format.h>

#include "api/list_input.h"

namespace barracuda::api {

namespace {

constexpr size_t kTotalDigits = 9;

}  // namespace

void ReadOrder(
    Reader& reader,
    bool (*is_sort)(std::string_view field),
    std::string_view wrong,
    std::string& sort,
    bool& descending
) {
    sort = reader.Text("sortBy");
    if (sort.empty()) sort = "createdAt";
    if (!is_sort(sort)) reader.Refuse("sortBy", wrong);
    const std::string order = ReadWord(reader, "sortOrder", {"asc", "desc"});
    descending = order != "asc";
}

// Behind a `.` the total in digits, and a `~` where that is not exact.
void ReadPlace(Reader& reader, std::string& cursor, std::optional<report::Fitting>& fitting) {
    const std::string text = reader.Text("cursor", kCursorBytesMax);
    const size_t dot = text.find('.');
    auto bytes = CursorBytes(text.substr(0, dot));
    bool good = bytes.has_value();
    if (dot != std::string::npos) {
        std::string total = text.substr(dot + 1);
        const bool exact = !total.ends_with('~');
        if (!exact) total.pop_back();
        good = good && !bytes->empty() && !total.empty() && total.size() <= kTotalDigits &&
               total.find_first_not_of("0123456789") == std::string::npos;
        if (good) fitting = {.total = {std::stoul(total), exact}};
    }
    if (!good) return reader.Refuse("cursor", "is not one of ours");
    cursor = std::move(*bytes);
}

std::string PlaceText(std::string_view next_cursor, const report::Total& total, bool summed) {
    std::string text = CursorText(next_cursor);
    if (text.empty() || summed) return text;
    return text + fmt::format(".{}{}", total.count, total.exact ? "" : "~");
}

JsonObject FilteredJson(const report::Fitting& fitting) {
    JsonObject filtered;
    filtered.Int("count", static_cast<int64_t>(fitting.total.count));
    filtered.Bool("complete", fitting.total.exact);
    if (!fitting.statuses) return filtered;
    JsonObject statuses, sums;
    report::Sums all;
    for (const auto& [status, tally] : *fitting.statuses) {
        statuses.Int(JsonName(status), tally.count);
        all.Add(tally.sums);
    }
    for (const auto& [currency, sum] : all.All()) sums.Raw(JsonName(currency), sum);
    return std::move(filtered.Object("byStatus", statuses).Object("sums", sums));
}

}  // namespace barracuda::api
