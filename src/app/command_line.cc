#include "app/command_line.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "api/credentials.h"
#include "app/adopt.h"
#include "app/doctor.h"
#include "app/log.h"
#include "app/migrate.h"
#include "app/offline.h"
#include "app/serve.h"
#include "base/text.h"

namespace barracuda::app {

namespace {

constexpr const char* kAbout =
    "Barracuda records conversions exactly once and tells the affiliate network about them.";

constexpr const char* kStart = R"(
First steps:
  barracuda serve                                        serve on 127.0.0.1:8080, data in ./data
  barracuda key create --name shop --scope ingest        a key for your servers, shown once
  curl 'http://127.0.0.1:8080/api/postback?click_id=c1&affiliate_id=7&goal=registration' \
    -H 'Authorization: Bearer KEY'

Settings come from built-in defaults, a TOML file (--config), the environment
(BARRACUDA_SECTION_KEY) and flags; the later one wins. `barracuda check-config` prints all of
them and where each came from. `barracuda COMMAND --help` explains one command.
)";

constexpr const char* kAdopt = R"(
Stop that application first, and make a dump: mongodump is the way back. Run it again when it was
interrupted, it goes on where it stopped. Progress goes to stderr, the report to stdout. Exit code: 0
adopted, or nothing to adopt; 1 interrupted or failed on the way; 2 not begun.
More: docs/operating/adopt.md
)";

constexpr const char* kPlace =
    "rocksdb:DIR or a MongoDB address; not given: the store of the settings";

constexpr const char* kMigrate = R"(
Stop every server first. The target has to be empty. Run it again when it was interrupted, it goes on
where it stopped; until its end nothing serves from the target. Both stores are compared in the end.
Exit code: 0 moved; 1 broken off, or not the same; 2 not begun. More: docs/operating/moving.md
)";

constexpr const char* kVerify = R"(
It reads every document and compares: indexes, work queue and sums with the documents, each conversion
with its deliveries (due, owner, dead), each contact with its conversions (affiliateRegistered, ftd,
ftd_amount, ftd_date, its flow). Contacts are named by their ids. It works beside a running server, which
goes on meanwhile. More: docs/operating/commands.md
)";

constexpr const char* kRetry = R"(
They are due at once: the server sends them, now or when it runs again. With filters and a rate:
POST /api/admin/replays, docs/operating/logs.md. Exit code 1: an ID is no dead delivery's, or the store
failed on the way.
)";

constexpr const char* kDoctor = R"(
One line a finding: ok, warn or fail, and what to do. Exit code: the worst, 0, 1 or 2. With a server
running on the data directory it tells what is in its store.
)";

constexpr const char* kVersion = "barracuda " BARRACUDA_VERSION;

// --data "$DATA" with nothing in DATA is a slip, and the default another place; without --affiliate
// a key is bound to nobody.
std::string NotEmpty(const std::string& value) {
    return value.empty() ? "a value is needed, this one is empty" : "";
}

void AddValue(
    CLI::App* to, const char* option, std::string& into, const char* about, const char* what
) {
    to->add_option(option, into, about)->type_name(what)->check(NotEmpty);
}

template <typename Into>  // a text, or a list of them
void AddRequired(CLI::App* to, const char* option, Into& into, const char* about) {
    to->add_option(option, into, about)->required()->check(NotEmpty);
}

std::string Absolute(const std::string& path) {
    std::error_code ec;
    return std::filesystem::absolute(path, ec).lexically_normal().string();
}

// One CLI::App and what its options write to.
struct Parser {
    CLI::App app{kAbout, "barracuda"};
    CommandLine line;
    std::string config_file, data, store, listen;

    CLI::App* Command(CLI::App* parent, const char* name, const char* about, std::string command) {
        auto* sub = parent->add_subcommand(name, about);
        sub->footer("");  // the first steps are the program's
        AddValue(sub, "--config", config_file, "TOML file with settings", "FILE");
        AddValue(sub, "--data", data, "data directory (default ./data)", "DIR");
        AddValue(sub, "--store", store, "rocksdb (default) or a MongoDB address", "URL");
        sub->callback([this, command = std::move(command)] { line.command = command; });
        return sub;
    }

    CLI::App* Group(const char* name, const char* about) {
        auto* group = app.add_subcommand(name, about);
        group->require_subcommand(1);
        group->footer("");
        return group;
    }

    Parser() {
        app.require_subcommand(1);
        app.footer(kStart);
        app.set_help_flag("-h,--help", "this help");
        app.set_version_flag("--version", kVersion, "print the version");
        Service();
        Keys();
        Deliveries();
        Storage();
    }

    void Service() {
        auto* serve = Command(&app, "serve", "run the server until SIGTERM or Ctrl-C", "serve");
        AddValue(
            serve, "--listen", listen, "address to serve on (default 127.0.0.1:8080)", "HOST:PORT"
        );
        auto* check =
            Command(&app, "check-config", "check the settings and print them", "check-config");
        check->add_flag(
            "--reference",
            line.reference,
            "instead: a file of all settings with meaning and default, to begin with"
        );
        auto* doctor =
            Command(&app, "doctor", "look at everything a server needs; changes nothing", "doctor");
        doctor->footer(kDoctor);
        Command(&app, "version", "print the version", "version");
    }

    void Keys() {
        auto* key = Group("key", "API keys: create, list, revoke");
        auto* create = Command(key, "create", "make a key and print it, once", "key.create");
        AddRequired(create, "--name", line.ask.name, "what it is for; goes into history");
        create->add_option("--scope", line.ask.scope, "ingest: report conversions; admin: all")
            ->required()
            ->check(CLI::IsMember({"ingest", "admin"}));
        AddValue(create, "--affiliate", line.ask.affiliate, "may report for this one only", "ID");
        Command(key, "list", "list keys (never the keys themselves)", "key.list");
        auto* revoke = Command(key, "revoke", "end keys at once", "key.revoke");
        AddRequired(revoke, "ID", line.ask.ids, "IDs as listed, or names");
        auto* admin = Group("admin", "people who may administer it");
        auto* add = Command(admin, "create", "make an admin", "admin.create");
        AddRequired(add, "--email", line.ask.email, "whom to log in as");
        AddRequired(add, "--name", line.ask.name, "who it is");
        TakePassword(add);
        auto* password = Command(
            admin,
            "password",
            "give an admin a new password; every session of that admin ends",
            "admin.password"
        );
        AddRequired(password, "--email", line.ask.email, "whose");
        TakePassword(password);
    }

    void TakePassword(CLI::App* command) {
        command
            ->add_flag(
                "--password-stdin",
                line.password_stdin,
                "read the password from stdin: its first line, at least 10 characters"
            )
            ->required();
    }

    void Deliveries() {
        auto* group = Group("deliveries", "dead deliveries, given up: list, send again");
        Command(
            group, "list", "list dead deliveries, oldest first, at most 10,000", "deliveries.list"
        );
        auto* retry = Command(
            group, "retry", "send dead deliveries again (no ID: all of them)", "deliveries.retry"
        );
        retry->footer(kRetry);
        retry->add_option("ID", line.ask.ids, "delivery IDs as listed")->check(NotEmpty);
    }

    void Storage() {
        auto* backup = Command(
            &app, "backup", "copy the store, consistently, also while the server runs", "backup"
        );
        AddRequired(backup, "DIR", line.ask.directory, "a directory that does not exist yet");
        auto* restore = Command(
            &app, "restore", "copy a backup into an empty data directory and check it", "restore"
        );
        AddRequired(restore, "DIR", line.directory, "a directory that backup made");
        auto* file = Command(
            &app, "export", "write every document into a file, also while the server runs", "export"
        );
        AddRequired(file, "FILE", line.ask.directory, "a file that does not exist yet");
        auto* import =
            Command(&app, "import", "fill an empty store from a file of export", "import");
        AddRequired(import, "FILE", line.directory, "a file that export wrote");
        auto* adopt = Command(
            &app, "adopt", "take over a MongoDB database of the Next.js application", "adopt"
        );
        adopt->add_flag("--dry-run", line.dry_run, "say what would be done, write nothing");
        adopt->footer(kAdopt);
        auto* migrate =
            Command(&app, "migrate", "move a whole store: RocksDB to MongoDB, or back", "migrate");
        AddValue(migrate, "--from", line.from, kPlace, "STORE");
        AddValue(migrate, "--to", line.to, kPlace, "STORE");
        migrate->footer(kMigrate);
        auto* verify = Command(
            &app, "verify", "check the store; exit code 1 when something is wrong", "verify"
        );
        verify->add_flag(
            "--repair", line.ask.repair, "mend what is derived (indexes only with no server)"
        );
        verify->footer(kVerify);
    }

    CommandLine Take() {
        if (!config_file.empty()) line.config = config_file;
        if (!data.empty()) line.flags["store.data"] = data;
        if (!store.empty()) line.flags["store.url"] = store;
        if (!listen.empty()) line.flags["server.listen"] = listen;
        line.ask.command = line.command;
        if (!line.ask.directory.empty()) line.ask.directory = Absolute(line.ask.directory);
        return std::move(line);
    }
};

int Refuse(const std::string& why) {
    std::cerr << "barracuda: " << why << "\n";
    return 2;
}

int Print(const std::string& text, int exit) {
    std::cout << text << std::flush;
    return std::cout ? exit : Refuse("stdout took nothing");
}

int Show(const Result<Answer>& answer) {
    if (!answer) return Refuse(answer.error().message);
    std::cout << answer->out << std::flush;
    const bool refused = answer->exit != 0 && answer->out.empty();
    if (!answer->note.empty()) std::cerr << (refused ? "barracuda: " : "") << answer->note << "\n";
    return Print("", answer->exit);
}

// A file of the store would take the place of one that is closed, and get what is said there.
// Opened for reading only, so that a key is not taken for shown that nobody got.
void HoldStandardFiles() {
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (fcntl(fd, F_GETFD) < 0) open("/dev/null", O_RDONLY);
    }
}

int CheckConfig(const config::Config& config) {
    for (const auto& name : config.unknown) {
        std::cerr << "barracuda: " << name << " in the environment is no setting\n";
    }
    for (const auto& warning : config::WarningsOf(config)) std::cerr << warning << "\n";
    return Print(config::Describe(config), config.unknown.empty() ? 0 : 1);
}

void WarnOfUnknown(const config::Config& config, bool log) {
    for (const auto& name : config.unknown) {
        if (log) {
            Log(Level::kWarning, "an environment variable is no setting", {{"name", name}});
        } else {
            std::cerr << name << " in the environment is no setting\n";
        }
    }
}

// The first line of stdin, hashed here: the password itself goes nowhere else.
Result<std::string> ReadPassword() {
    constexpr size_t kLeast = 10;
    std::string password;
    std::getline(std::cin, password);
    if (password.ends_with('\r')) password.pop_back();
    if (password.size() < kLeast) {
        return Fail(ErrorCode::kInvalid, "the password needs at least 10 characters");
    }
    if (!IsUtf8(password)) {  // a login is JSON, which can hold no other
        return Fail(ErrorCode::kInvalid, "the password must be UTF-8");
    }
    return api::HashPassword(password);
}

// CLI11 says of both only that a command is required: a group without one shows its help, and what
// is none is named.
std::optional<Parsed> WithoutCommand(CLI::App& app, const std::vector<std::string>& arguments) {
    CLI::App* at = &app;
    std::string path;
    for (const auto& argument : arguments) {
        if (at->get_subcommands({}).empty() || argument.starts_with('-')) return std::nullopt;
        auto named = at->get_subcommands([&](auto* one) { return one->get_name() == argument; });
        if (named.empty()) {
            constexpr const char* kNone =
                "barracuda: there is no command \"{0}{1}\"; barracuda {0}--help shows all\n";
            return Parsed{std::nullopt, fmt::format(kNone, path, argument), 2};
        }
        path += argument + " ";
        at = named.front();
    }
    if (at->get_subcommands({}).empty()) return std::nullopt;
    return Parsed{std::nullopt, at == &app ? app.help() : at->help("barracuda"), 2};
}

std::string ProgramPath() {
    std::error_code ec;
    auto path = std::filesystem::read_symlink("/proc/self/exe", ec);
    return ec ? "barracuda" : path.string();
}

}  // namespace

Parsed ParseCommandLine(std::vector<std::string> arguments) {
    Parser parser;
    if (auto without = WithoutCommand(parser.app, arguments)) return *without;
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    try {
        parser.app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        std::ostringstream out, err;
        const bool help = parser.app.exit(error, out, err) == 0;
        // What a slip in an option's name lacks is not the news.
        const auto extra = parser.app.remaining(true);
        if (!help && !extra.empty()) {
            constexpr const char* kExtra =
                "barracuda: not expected: {}\nRun with --help for more.\n";
            return {std::nullopt, fmt::format(kExtra, fmt::join(extra, " ")), 2};
        }
        return {std::nullopt, help ? out.str() : "barracuda: " + err.str(), help ? 0 : 2};
    }
    return {parser.Take()};
}

int Main(int argc, char** argv) {
    HoldStandardFiles();
    umask(077);  // whatever this program writes holds keys and people's data
    auto parsed = ParseCommandLine({argv + 1, argv + argc});
    if (!parsed.line && parsed.exit == 0) return Print(parsed.text, 0);
    if (!parsed.line) {
        std::cerr << parsed.text;
        return parsed.exit;
    }
    CommandLine& line = *parsed.line;
    if (line.command == "version") return Print(std::string(kVersion) + "\n", 0);
    if (line.reference) return Print(config::Reference(), 0);
    auto config = config::Load(line.config, config::ProcessEnvironment(), line.flags);
    if (!config && line.command == "doctor") {
        std::cout << "fail  settings: " << config.error().message << "; do: correct it\n";
        return 2;
    }
    if (!config) return Refuse(config.error().message);
    if (line.command == "check-config") return CheckConfig(*config);
    if (line.command == "doctor") return DoctorCommand(*config);
    WarnOfUnknown(*config, line.command == "serve");
    if (line.command == "serve") return Serve(*config, ProgramPath());
    if (line.command == "adopt") return AdoptCommand(*config, line.dry_run);
    if (line.command == "import") return ImportCommand(*config, line.directory);
    if (line.command == "migrate") return MigrateCommand(*config, line.from, line.to);
    if (line.command == "restore") return Show(Restore(*config, line.directory));
    if (line.password_stdin) {
        auto hash = ReadPassword();
        if (!hash) return Refuse(hash.error().message);
        line.ask.password_hash = *hash;
    }
    return Show(Perform(*config, line.ask));
}

}  // namespace barracuda::app
