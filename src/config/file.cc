#include "config/file.h"

#define TOML_ENABLE_FORMATTERS 0
#include <fmt/format.h>
#include <toml++/toml.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

#include "config/settings.h"

namespace barracuda::config {
namespace {

int Line(const toml::node& node) { return static_cast<int>(node.source().begin.line); }

tl::unexpected<Error> Fault(
    const std::string& file, int line, std::string_view key, std::string_view problem
) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{}:{}: {}: {}", file, line, key, problem),
        std::string(key)
    );
}

std::optional<std::string> ListText(const toml::array& array) {
    std::string text;
    for (const toml::node& item : array) {
        const auto* string = item.as_string();
        if (!string || string->get().find(',') != std::string::npos) return std::nullopt;
        if (!text.empty()) text += ',';
        text += string->get();
    }
    return text;
}

// The text of a value whose TOML type fits the setting's kind.
std::optional<std::string> Text(Kind kind, const toml::node& node) {
    const auto* string = node.as_string();
    const auto* integer = node.as_integer();
    switch (kind) {
        case Kind::kText:
        case Kind::kDuration:
            if (string) return string->get();
            break;
        case Kind::kNumber:
            if (integer) return std::to_string(integer->get());
            break;
        case Kind::kSize:
            if (integer) return std::to_string(integer->get());
            if (string) return string->get();
            break;
        case Kind::kSwitch:
            if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
            break;
        case Kind::kList:
            if (const auto* array = node.as_array()) return ListText(*array);
            break;
    }
    return std::nullopt;
}

std::string_view KindName(Kind kind) {
    switch (kind) {
        case Kind::kText:
            return "a text in quotes";
        case Kind::kNumber:
            return "a whole number";
        case Kind::kSwitch:
            return "true or false";
        case Kind::kDuration:
            return "a duration such as \"5s\" or \"250ms\"";
        case Kind::kSize:
            return "a number of bytes or a text such as \"1MiB\"";
        case Kind::kList:
            return "a list of texts";
    }
    return "";
}

Result<bool> ReadGoalField(
    const std::string& file, std::string_view key, const toml::node& node, Goal& goal
) {
    const auto* string = node.as_string();
    const auto* integer = node.as_integer();
    const std::string name = fmt::format("goal.{}", key);
    if (key == "repeatable") {
        const auto* boolean = node.as_boolean();
        if (!boolean) return Fault(file, Line(node), name, "expected true or false");
        goal.repeatable = boolean->get();
        return true;
    }
    std::string* field = key == "id"            ? &goal.id
                         : key == "type"        ? &goal.type
                         : key == "then"        ? &goal.then
                         : key == "then_amount" ? &goal.then_amount
                         : key == "then_when"   ? &goal.then_when
                                                : nullptr;
    if (!field) return Fault(file, Line(node), name, "unknown key");
    // Ids and sums may be whole numbers; a TOML float would not keep a sum exactly.
    const bool number_fits = key == "id" || key == "then" || key == "then_amount";
    if (string) {
        *field = string->get();
    } else if (integer && number_fits) {
        *field = std::to_string(integer->get());
    } else {
        return Fault(file, Line(node), name, "expected a text in quotes");
    }
    return true;
}

Result<std::vector<Goal>> ReadGoals(const std::string& file, const toml::node& node) {
    std::vector<Goal> goals;
    const auto* array = node.as_array();
    if (!array) return Fault(file, Line(node), "goal", "expected [[goal]] tables");
    for (const toml::node& item : *array) {
        const auto* table = item.as_table();
        if (!table) return Fault(file, Line(item), "goal", "expected [[goal]] tables");
        Goal goal;
        for (const auto& [key, value] : *table) {
            auto read = ReadGoalField(file, key.str(), value, goal);
            if (!read) return Fail(read.error());
        }
        goals.push_back(std::move(goal));
    }
    return goals;
}

Result<bool> ReadSection(
    const std::string& file, std::string_view section, const toml::node& node, FileContent& content
) {
    const auto* table = node.as_table();
    const std::string prefix = fmt::format("{}.", section);
    bool known = false;
    for (const Setting& setting : Settings()) known |= setting.path.starts_with(prefix);
    if (!known) return Fault(file, Line(node), section, "unknown key");
    if (!table) return Fault(file, Line(node), section, "expected a section");
    for (const auto& [key, value] : *table) {
        const std::string path = prefix + std::string(key.str());
        const Setting* setting = FindSetting(path);
        const int line = static_cast<int>(key.source().begin.line);
        if (!setting) return Fault(file, line, path, "unknown key");
        auto text = Text(setting->kind, value);
        if (!text) {
            return Fault(file, line, path, fmt::format("expected {}", KindName(setting->kind)));
        }
        content.values.insert_or_assign(path, FileValue{std::move(*text), line});
    }
    return true;
}

}  // namespace

Result<FileContent> ReadToml(const std::string& path) {
    toml::table root;
    // It can be opened, and reads as nothing.
    if (std::error_code ec; std::filesystem::is_directory(path, ec)) {
        return Fail(ErrorCode::kInvalid, path + ": a file is expected, this is a directory", path);
    }
    errno = 0;
    if (std::ifstream in(path); !in) {
        const auto why = std::generic_category().message(errno == 0 ? EIO : errno);
        return Fail(ErrorCode::kInvalid, path + ": " + why, path);
    }
    try {
        root = toml::parse_file(path);
    } catch (const toml::parse_error& error) {
        const auto line = static_cast<int>(error.source().begin.line);
        return Fault(path, line, "TOML", std::string(error.description()));
    }
    FileContent content;
    for (const auto& [key, node] : root) {
        if (key.str() == "goal") {
            auto goals = ReadGoals(path, node);
            if (!goals) return Fail(goals.error());
            content.goals = std::move(*goals);
            continue;
        }
        auto read = ReadSection(path, key.str(), node, content);
        if (!read) return Fail(read.error());
    }
    return content;
}

}  // namespace barracuda::config
