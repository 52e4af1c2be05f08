#include "config/config.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>

#include "base/colour.h"
#include "base/unseen.h"
#include "config/file.h"
#include "config/goals.h"
#include "config/settings.h"
#include "config/values.h"

extern char** environ;

namespace barracuda::config {
namespace {

constexpr std::string_view kPrefix = "BARRACUDA_";
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
// Else why not.
tl::expected<std::string, std::string> ReadValueFile(const std::string& path) {
    auto not_read = [](std::string why) { return tl::unexpected<std::string>(std::move(why)); };
    std::error_code ec;
    if (std::filesystem::is_directory(path, ec)) return not_read("it is a directory");
    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) return not_read(std::strerror(errno));
    std::string text(kSecretFileBytes + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) return not_read(std::strerror(errno));
    text.resize(static_cast<size_t>(in.gcount()));
    if (text.size() > kSecretFileBytes) {
        return not_read(fmt::format("it is longer than {} bytes", kSecretFileBytes));
    }
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return std::string(SkipByteOrderMark(text));
}

// A setting's value in the environment: by our name, our `_FILE` name, then the seed's alias.
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
        if (!text) {
            const auto& file = pointer->second;
            return Fault(
                setting, source, fmt::format("cannot read file {}: {}", file, text.error())
            );
        }
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

// Kubernetes puts the addresses of every service of the namespace into every container. For one
// called barracuda-x these are BARRACUDA_X_SERVICE_HOST, and with it BARRACUDA_X_SERVICE_PORT…,
// BARRACUDA_X_PORT and BARRACUDA_X_PORT_80_TCP…
bool IsOfAService(std::string_view name, const Environment& environment) {
    for (std::string_view part : {"_SERVICE", "_PORT"}) {
        for (auto at = name.find(part); at != name.npos; at = name.find(part, at + 1)) {
            const auto rest = name.substr(at + part.size());
            if (!rest.empty() && rest[0] != '_') continue;
            const std::string service(name.substr(0, at));
            if (environment.contains(service + "_SERVICE_HOST")) return true;
        }
    }
    return false;
}

std::vector<std::string> UnknownIn(const Environment& environment) {
    std::set<std::string> known;
    for (const Setting& setting : Settings()) {
        known.insert(EnvironmentName(setting));
        known.insert(EnvironmentName(setting) + "_FILE");
    }
    std::vector<std::string> unknown;
    for (const auto& [name, value] : environment) {
        if (!name.starts_with(kPrefix) || known.contains(name)) continue;
        // Secrets of networks are read by name.
        if (name.starts_with("BARRACUDA_SECRET_") || IsOfAService(name, environment)) continue;
        unknown.push_back(name);
    }
    return unknown;
}

// Whether both cannot be bound at a time.
bool Collide(std::string_view a, std::string_view b) {
    const auto takes_all = [](auto one, auto other) {
        return one == "::" || (one == "0.0.0.0" && other.find(':') == other.npos);
    };
    return a == b || takes_all(a, b) || takes_all(b, a);
}

std::string AddressFault(const Config::Server& server) {
    const auto ops = ParseListen(server.ops_listen);
    if (!ops || ops->second == 0 || ops->second != server.listen_port) return {};
    if (!Collide(ops->first, server.listen_host)) return {};
    return "server.ops_listen: server.listen has this address already; another port, or empty for "
           "one address";
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
    if (auto fault = DatabaseFault(config.store.database);
        config.store.IsMongo() && !fault.empty()) {
        const std::string& source = config.sources["store.database"];
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("store.database ({}): {}", source, fault),
            "store.database"
        );
    }
    if (auto fault = AddressFault(config.server); !fault.empty()) {
        return Fail(ErrorCode::kInvalid, std::move(fault), "server.ops_listen");
    }
    config.unknown = UnknownIn(environment);
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

namespace {

// What strangers could hardly read: the accent is the page's links.
void WarnOfColours(const Config& config, std::vector<std::string>& warnings) {
    constexpr Colour kGrounds[] = {{255, 255, 255}, {0x12, 0x16, 0x1d}};  // of tokens.css
    constexpr const char* kNames[] = {"light", "dark"};
    constexpr double kLeast = 4.5;
    const auto& colours = config.landing.colours;
    for (size_t i = 0; i < std::size(kGrounds) && !colours.empty(); ++i) {
        const std::string& colour = colours[std::min(i, colours.size() - 1)];
        const double contrast = ContrastOf(*Colour::Parse(colour), kGrounds[i]);
        if (contrast >= kLeast) continue;
        warnings.push_back(fmt::format(
            "landing.colours: {} on {} ground has a contrast of {:.1f}, and text wants {}",
            colour,
            kNames[i],
            contrast,
            kLeast
        ));
    }
}

}  // namespace

std::vector<std::string> WarningsOf(const Config& config) {
    std::vector<std::string> warnings;
    WarnOfColours(config, warnings);
    for (const char* type : {"registration", "deposit"}) {
        const Goal* goal = config.GoalOfType(type);
        if (!goal || !goal->repeatable) continue;
        warnings.push_back(fmt::format(
            "goal {} is the first of type {} and repeatable: routes 4, 5 and 6 refuse its reports "
            "without a transaction_id",
            goal->id,
            type
        ));
    }
    const Goal* registration = config.GoalOfType("registration");
    if (registration && registration->then.empty()) {
        warnings.push_back(fmt::format(
            "goal {}, the registration, has no `then`: no deposit follows a form's registration",
            registration->id
        ));
    }
    return warnings;
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
