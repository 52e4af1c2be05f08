#include "app/ask.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "auth/key_ring.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/email.h"

namespace barracuda::app {

namespace json = boost::json;

namespace {

constexpr bool NamesAreInOrder() {
    for (size_t i = 0; i < std::size(kCommands); ++i) {
        if (static_cast<size_t>(kCommands[i].command) != i) return false;
    }
    return true;
}
static_assert(NamesAreInOrder());  // NameOf looks a name up by its place
static_assert(std::size(kCommands) == static_cast<size_t>(Command::kDemo) + 1);

std::optional<Command> CommandNamed(std::string_view name) {
    for (const auto& one : kCommands) {
        if (one.name == name) return one.command;
    }
    return std::nullopt;
}

std::string TextOf(const json::object& from, std::string_view name) {
    const auto* value = from.if_contains(name);
    return value && value->is_string() ? std::string(value->as_string()) : std::string();
}

Result<json::object> ParseObject(std::string_view line) {
    boost::system::error_code ec;
    auto value = json::parse(json::string_view(line.data(), line.size()), ec);
    if (ec || !value.is_object()) return Fail(ErrorCode::kInvalid, "one JSON object is expected");
    return std::move(value.as_object());
}

json::object JsonOf(const Finding& finding) {
    return {
        {"health", NameOf(finding.health)},
        {"about", finding.about},
        {"text", finding.text},
        {"todo", finding.todo}};
}

Result<Finding> FindingOf(const json::value& from) {
    if (!from.is_object()) return Fail(ErrorCode::kInvalid, "objects are expected", "findings");
    const auto& object = from.as_object();
    const std::string health = TextOf(object, "health");
    for (const auto one : {Health::kOk, Health::kWarn, Health::kFail}) {
        if (health != NameOf(one)) continue;
        return Finding{
            one, TextOf(object, "about"), TextOf(object, "text"), TextOf(object, "todo")};
    }
    return Fail(ErrorCode::kInvalid, "ok, warn or fail is expected", "health");
}

// A list: the fate's number, then what is said of it.
json::array JsonOf(const LineResult& line) {
    json::array to{static_cast<int>(line.fate)};
    if (!line.message.empty()) {
        to.emplace_back(line.message);
        to.emplace_back(line.field);
    }
    return to;
}

Result<LineResult> LineResultOf(const json::value& from) {
    const auto* list = from.if_array();
    const auto* fate = list && !list->empty() ? list->front().if_int64() : nullptr;
    if (!fate || *fate < 0 || *fate > static_cast<int>(LineResult::Fate::kSound)) {
        return Fail(ErrorCode::kInvalid, "a list that begins with a fate is expected", "lines");
    }
    LineResult line{static_cast<LineResult::Fate>(*fate)};
    auto text = [&](size_t at) {
        const auto* value = at < list->size() ? (*list)[at].if_string() : nullptr;
        return value ? std::string(*value) : std::string();
    };
    line.message = text(1);
    line.field = text(2);
    return line;
}

Result<bool> ReadTexts(const json::object& from, const char* name, std::vector<std::string>& into) {
    const auto* texts = from.if_contains(name);
    if (!texts) return true;
    if (!texts->is_array()) return Fail(ErrorCode::kInvalid, "a list is expected", name);
    for (const auto& text : texts->as_array()) {
        if (!text.is_string()) return Fail(ErrorCode::kInvalid, "texts are expected", name);
        into.emplace_back(text.as_string());
    }
    return true;
}

}  // namespace

std::string Encode(const Ask& ask) {
    json::array ids, lines;
    for (const auto& id : ask.ids) ids.emplace_back(id);
    for (const auto& line : ask.lines) lines.emplace_back(line);
    json::object to{{"command", NameOf(ask.command)}};
    auto put = [&](const char* name, const std::string& value) {
        if (!value.empty()) to[name] = value;
    };
    put("name", ask.name);
    put("scope", ask.scope);
    put("affiliate", ask.affiliate);
    put("directory", ask.directory);
    put("email", ask.email);
    put("click", ask.click);
    put("password_hash", ask.password_hash);
    if (!ids.empty()) to["ids"] = std::move(ids);
    put("role", ask.role);
    if (ask.repair) to["repair"] = true;
    if (ask.without_totp) to["without_totp"] = true;
    if (!lines.empty()) to["lines"] = std::move(lines);
    if (ask.resume) to["resume"] = true;
    if (ask.notify) to["notify"] = true;
    if (ask.dry_run) to["dry_run"] = true;
    return json::serialize(to);
}

std::string Encode(const Answer& answer) {
    json::object to{{"exit", answer.exit}, {"out", answer.out}, {"note", answer.note}};
    json::array findings;
    for (const auto& one : answer.findings) findings.push_back(JsonOf(one));
    if (!findings.empty()) to["findings"] = std::move(findings);
    json::array lines;
    for (const auto& one : answer.lines) lines.push_back(JsonOf(one));
    if (!lines.empty()) to["lines"] = std::move(lines);
    return json::serialize(to);
}

Result<Ask> DecodeAsk(std::string_view line) {
    auto from = ParseObject(line);
    if (!from) return Fail(from.error());
    const std::string name = TextOf(*from, "command");
    const auto command = CommandNamed(name);
    if (!command) {
        return Fail(ErrorCode::kInvalid, "unknown command " + OneLine(name), "command");
    }
    Ask ask{.command = *command};
    ask.name = TextOf(*from, "name");
    ask.scope = TextOf(*from, "scope");
    ask.affiliate = TextOf(*from, "affiliate");
    ask.directory = TextOf(*from, "directory");
    ask.email = TextOf(*from, "email");
    ask.click = TextOf(*from, "click");
    ask.password_hash = TextOf(*from, "password_hash");
    for (auto [name, into] : {std::pair("ids", &ask.ids), std::pair("lines", &ask.lines)}) {
        if (auto read = ReadTexts(*from, name, *into); !read) return Fail(read.error());
    }
    auto flag = [&](const char* name) {
        const auto* value = from->if_contains(name);
        return value && value->is_bool() && value->as_bool();
    };
    ask.role = TextOf(*from, "role");
    ask.repair = flag("repair");
    ask.without_totp = flag("without_totp");
    ask.resume = flag("resume");
    ask.notify = flag("notify");
    ask.dry_run = flag("dry_run");
    return ask;
}

Result<Answer> DecodeAnswer(std::string_view line) {
    auto from = ParseObject(line);
    if (!from) return Fail(from.error());
    const auto* exit = from->if_contains("exit");
    if (!exit || !exit->is_int64()) return Fail(ErrorCode::kInvalid, "a number", "exit");
    Answer answer{static_cast<int>(exit->as_int64()), TextOf(*from, "out"), TextOf(*from, "note")};
    const json::array none;
    auto list = [&](const char* name) -> const json::array* {
        const auto* value = from->if_contains(name);
        if (!value) return &none;
        return value->is_array() ? &value->as_array() : nullptr;
    };
    const auto *findings = list("findings"), *lines = list("lines");
    if (!findings) return Fail(ErrorCode::kInvalid, "a list is expected", "findings");
    if (!lines) return Fail(ErrorCode::kInvalid, "a list is expected", "lines");
    for (const auto& one : *findings) {
        auto finding = FindingOf(one);
        if (!finding) return Fail(finding.error());
        answer.findings.push_back(std::move(*finding));
    }
    for (const auto& one : *lines) {
        auto line = LineResultOf(one);
        if (!line) return Fail(line.error());
        answer.lines.push_back(std::move(*line));
    }
    return answer;
}

std::string ProblemOf(const Ask& ask) {
    const bool admin = ask.command == Command::kAdminCreate;
    const bool key = ask.command == Command::kKeyCreate;
    if (key) {
        const auto judged = auth::JudgeKey(ask.name, ask.scope, ask.affiliate);
        if (judged) return {};
        return fmt::format("--{}: {}", judged.error().where, judged.error().message);
    }
    if (admin && !auth::IsName(ask.name)) return fmt::format("--name: {}", auth::kNameRule);
    if (admin && !ask.role.empty() && !auth::RoleNamed(ask.role)) {
        return "--role: must be owner, operator or read_only";
    }
    if (admin && !domain::IsHtmlEmail(Lower(Trim(ask.email)))) {
        return "--email: this is no e-mail address";
    }
    const bool whom = Trim(ask.email).empty() != TrimUnseen(ask.click).empty();
    if (ask.command == Command::kErase && !whom) {
        return "erase: --email or --click is required, and not both";
    }
    const bool copies = ask.command == Command::kBackup || ask.command == Command::kExport;
    if (copies && ask.directory.empty()) {
        return fmt::format("{}: a place to write to is expected", NameOf(ask.command));
    }
    return {};
}

}  // namespace barracuda::app
