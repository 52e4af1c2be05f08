#include "config/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "config/file.h"
#include "config/goals.h"
#include "config/settings.h"
#include "config/values.h"

extern char** environ;

namespace barracuda::config {
namespace {

constexpr std::size_t kSecretFileBytes = 64 << 10;

struct Given {
    std::string text;
    std::string source;
};

tl::unexpected<Error> Fault(const Setting& setting, std::string_view source, std::string problem) {
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("{} ({}): {}", setting.path, source, problem),
        std::string(setting.path)
    );
}

// The value a `..._FILE` variable points to; editors and `echo` leave a line break at its end.
std::optional<std::string> ReadValueFile(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return std::nullopt;
    std::string text(std::istreambuf_iterator<char>(in), {});
    if (in.bad() || text.size() > kSecretFileBytes) return std::nullopt;
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
}

// What the environment says of a setting: our name, our `_FILE` name, then the seed's alias.
Result<std::optional<Given>> FromEnvironment(const Setting& setting, const Environment& env) {
    const std::string name = EnvironmentName(setting);
    const auto own = env.find(name);
    const auto pointer = env.find(name + "_FILE");
    if (own != env.end() && pointer != env.end()) {
        return Fault(setting, "environment", fmt::format("both {0} and {0}_FILE are set", name));
    }
    if (own != env.end()) return Given{own->second, "environment " + name};
    if (pointer != env.end()) {
        auto text = ReadValueFile(pointer->second);
        const auto source = fmt::format("environment {}_FILE", name);
        if (!text) return Fault(setting, source, "cannot read file " + pointer->second);
        return Given{std::move(*text), source};
    }
    // An alias left empty by a deployment's template means nothing.
    const auto alias = setting.alias.empty() ? env.end() : env.find(setting.alias);
    if (alias != env.end() && !alias->second.empty()) {
        return Given{alias->second, fmt::format("environment {}", setting.alias)};
    }
    return std::nullopt;
}

Result<Given> Choose(
    const Setting& setting,
    const std::optional<std::string>& file,
    const FileContent& content,
    const Environment& env,
    const Flags& flags
) {
    if (const auto flag = flags.find(setting.path); flag != flags.end()) {
        return Given{flag->second, "flag"};
    }
    auto from_environment = FromEnvironment(setting, env);
    if (!from_environment) return Fail(from_environment.error());
    if (*from_environment) return std::move(**from_environment);
    if (const auto in_file = content.values.find(setting.path); in_file != content.values.end()) {
        const FileValue& value = in_file->second;
        return Given{value.text, fmt::format("{}:{}", *file, value.line)};
    }
    return Given{std::string(setting.fallback), "default"};
}

void ChooseDatabase(Config& config) {
    if (!config.store.database.empty()) return;
    config.store.database = DatabaseOf(config.store.url);
    if (!config.store.database.empty()) {
        config.sources["store.database"] = "store.url";
    } else {
        config.store.database = "barracuda";
    }
}

std::string ShowGoal(const Goal& goal) {
    std::string text = fmt::format("goal {} = {}", goal.id, goal.type);
    if (goal.repeatable) text += ", repeatable";
    if (!goal.then.empty()) {
        text += fmt::format(", then {} of {} when {}", goal.then, goal.then_amount, goal.then_when);
    }
    return text;
}

}  // namespace

const Goal* Config::FindGoal(std::string_view id) const {
    const auto found =
        std::find_if(goals.begin(), goals.end(), [&](auto& g) { return g.id == id; });
    return found == goals.end() ? nullptr : &*found;
}

const Goal* Config::GoalOfType(std::string_view type) const {
    const auto found =
        std::find_if(goals.begin(), goals.end(), [&](auto& g) { return g.type == type; });
    return found == goals.end() ? nullptr : &*found;
}

Result<Config> Load(
    const std::optional<std::string>& file, const Environment& environment, const Flags& flags
) {
    for (const auto& [path, value] : flags) {
        if (!FindSetting(path)) return Fail(ErrorCode::kInvalid, "no such setting: " + path, path);
    }
    FileContent content;
    if (file) {
        auto read = ReadToml(*file);
        if (!read) return Fail(read.error());
        content = std::move(*read);
    }
    Config config;
    for (const Setting& setting : Settings()) {
        auto given = Choose(setting, file, content, environment, flags);
        if (!given) return Fail(given.error());
        if (!setting.set(config, given->text)) {
            // store.url is shown without its password, but a wrong one cannot be taken apart.
            const bool hidden = setting.secret || setting.path == "store.url";
            const auto got = hidden ? "" : fmt::format(", got \"{}\"", given->text.substr(0, 200));
            return Fault(
                setting, given->source, fmt::format("expected {}{}", setting.expects, got)
            );
        }
        config.sources.emplace(setting.path, std::move(given->source));
    }
    ChooseDatabase(config);
    auto goals = content.goals ? CompleteGoals(std::move(*content.goals)) : DefaultGoals();
    if (!goals) {
        Error error = goals.error();
        error.message = fmt::format("{}: {}", *file, error.message);
        return Fail(std::move(error));
    }
    config.goals = std::move(*goals);
    config.sources.emplace("goal", content.goals ? *file : "default");
    return config;
}

Environment ProcessEnvironment() {
    Environment environment;
    for (char** entry = environ; entry && *entry; ++entry) {
        const std::string_view pair(*entry);
        const auto equals = pair.find('=');
        if (equals == pair.npos) continue;
        environment.emplace(pair.substr(0, equals), pair.substr(equals + 1));
    }
    return environment;
}

std::string Describe(const Config& config) {
    const auto source = [&](std::string_view path) -> std::string_view {
        const auto found = config.sources.find(path);
        return found == config.sources.end() ? "default" : std::string_view(found->second);
    };
    std::string text;
    for (const Setting& setting : Settings()) {
        std::string value = setting.show(config);
        if (setting.secret && !value.empty()) value = "***";
        text += fmt::format("{} = {}  # {}\n", setting.path, value, source(setting.path));
    }
    for (const Goal& goal : config.goals) {
        text += fmt::format("{}  # {}\n", ShowGoal(goal), source("goal"));
    }
    return text;
}

}  // namespace barracuda::config
