#include "app/command_line.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <iostream>
#include <sstream>

#include "app/adopt.h"
#include "app/command_texts.h"
#include "app/demo.h"
#include "app/doctor.h"
#include "app/growing_file.h"
#include "app/import_options.h"
#include "app/log.h"
#include "app/manual.h"
#include "app/migrate.h"
#include "app/offline.h"
#include "app/option_checks.h"
#include "app/serve.h"
#include "auth/credentials.h"
#include "base/text.h"
#include "base/unseen.h"

namespace barracuda::app {

namespace {

constexpr const char* kVersion = "barracuda " BARRACUDA_VERSION;

std::string Absolute(const std::string& path) {
    std::error_code ec;
    return std::filesystem::absolute(path, ec).lexically_normal().string();
}

// One CLI::App and what its options write to.
struct Parser {
    CLI::App app{kAbout, "barracuda"};
    CommandLine line;
    std::string config_file, data, store, listen;
    std::string page, shell;  // text to print, instead of a command

    CLI::App* AddCommand(CLI::App* parent, const char* name, const char* about, Command command) {
        auto* sub = parent->add_subcommand(name, about);
        sub->footer("");  // the first steps are the program's
        AddValue(sub, "--config", config_file, "TOML file with settings", "FILE");
        AddValue(sub, "--data", data, "data directory (default ./data)", "DIR");
        AddValue(sub, "--store", store, "rocksdb (default) or a MongoDB address", "URL");
        sub->callback([this, command] { line.command = command; });
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
        Texts();
    }

    void Service() {
        auto* serve =
            AddCommand(&app, "serve", "run the server until SIGTERM or Ctrl-C", Command::kServe);
        AddValue(
            serve, "--listen", listen, "address to serve on (default 127.0.0.1:8080)", "HOST:PORT"
        );
        TakeLoss(serve);
        auto* demo =
            serve->add_flag("--demo", line.serve_demo, "over made-up data, as `barracuda demo`");
        for (const char* place : {"--config", "--data", "--store"}) demo->excludes(place);
        for (auto* option : DemoOptionsOf(serve)) option->needs(demo);
        Demo();
        auto* check = AddCommand(
            &app, "check-config", "check the settings and print them", Command::kCheckConfig
        );
        check->add_flag(
            "--reference",
            line.reference,
            "instead: a file of all settings with meaning and default, to begin with"
        );
        auto* doctor = AddCommand(
            &app, "doctor", "look at everything a server needs; changes nothing", Command::kDoctor
        );
        doctor->footer(kDoctor);
        AddCommand(&app, "version", "print the version", Command::kVersion);
    }

    std::array<CLI::Option*, 2> DemoOptionsOf(CLI::App* to) {
        auto* count =
            to->add_option("--conversions", line.demo.conversions, "made up (default 1000000)");
        count->type_name("N")->check(DigitsAlone);
        count->check(CLI::Range(size_t{1}, kDemoConversionsMax).description(""));
        auto* seed = to->add_option("--seed", line.demo.seed, "of what is made up (default 1)");
        return {count, seed->type_name("N")->check(DigitsAlone)};
    }

    // It takes no place and no settings: those may be somebody's.
    void Demo() {
        auto* demo = app.add_subcommand("demo", "serve made-up data from a temporary store");
        demo->footer(kDemo);
        DemoOptionsOf(demo);
        AddValue(
            demo, "--listen", listen, "address to serve on (default 127.0.0.1:8080)", "HOST:PORT"
        );
        demo->callback([this] { line.command = Command::kDemo; });
    }

    void TakeLoss(CLI::App* command) {
        command->add_flag(
            "--accept-loss",
            line.accept_loss,
            "open a RocksDB store that became smaller, with what is left; recorded in it"
        );
    }

    void Keys() {
        auto* key = Group("key", "API keys: create, list, revoke");
        auto* create =
            AddCommand(key, "create", "make a key and print it, once", Command::kKeyCreate);
        AddRequired(create, "--name", line.ask.name, "what it is for; goes into history");
        create->add_option("--scope", line.ask.scope, "ingest: report conversions; admin: all")
            ->required()
            ->check(CLI::IsMember({"ingest", "admin"}));
        AddValue(create, "--affiliate", line.ask.affiliate, "may report for this one only", "ID");
        AddCommand(key, "list", "list keys (never the keys themselves)", Command::kKeyList);
        auto* revoke = AddCommand(key, "revoke", "end keys at once", Command::kKeyRevoke);
        AddRequired(revoke, "ID", line.ask.ids, "IDs as listed, or names");
        auto* admin = Group("admin", "people who may administer it");
        auto* add = AddCommand(admin, "create", "make an admin", Command::kAdminCreate);
        AddRequired(add, "--email", line.ask.email, "whom to log in as");
        AddRequired(add, "--name", line.ask.name, "who it is");
        add->add_option(
               "--role",
               line.ask.role,
               "owner (default): everything; operator: all but team and keys; read_only: sees"
        )
            ->type_name("ROLE")
            ->check(CLI::IsMember({"owner", "operator", "read_only"}));
        TakePassword(add);
        auto* password = AddCommand(
            admin,
            "password",
            "give an admin a new password; every session of that admin ends",
            Command::kAdminPassword
        );
        AddRequired(password, "--email", line.ask.email, "whose");
        TakePassword(password);
        password->add_flag(
            "--without-totp",
            line.ask.without_totp,
            "end the second factor too, of somebody who lost it and its recovery codes"
        );
    }

    void TakePassword(CLI::App* command) {
        command
            ->add_flag(
                "--password-stdin",
                line.password_stdin,
                fmt::format(
                    "read the password from stdin: its first line, at least {} characters",
                    auth::kMinPasswordBytes
                )
            )
            ->required();
    }

    void Deliveries() {
        auto* group = Group("deliveries", "dead deliveries, given up: list, send again");
        AddCommand(
            group,
            "list",
            "list dead deliveries, oldest first, at most 10,000",
            Command::kDeliveriesList
        );
        auto* retry = AddCommand(
            group,
            "retry",
            "send dead deliveries again (no ID: all of them)",
            Command::kDeliveriesRetry
        );
        retry->footer(kRetry);
        retry->add_option("ID", line.ask.ids, "delivery IDs as listed")->check(NotEmpty);
    }

    void Storage() {
        auto* backup = AddCommand(
            &app,
            "backup",
            "copy the store, consistently, also while the server runs",
            Command::kBackup
        );
        AddRequired(backup, "DIR", line.ask.directory, "a directory that does not exist yet");
        auto* restore = AddCommand(
            &app,
            "restore",
            "copy a backup into an empty data directory and check it",
            Command::kRestore
        );
        AddRequired(restore, "DIR", line.directory, "a directory that backup made");
        auto* file = AddCommand(
            &app,
            "export",
            "write every document into a file, also while the server runs",
            Command::kExport
        );
        AddRequired(file, "FILE", line.ask.directory, "a file that does not exist yet");
        file->add_flag(
            "--resume", line.ask.resume, "go on with FILE.part, of one that was broken off"
        );
        Import();
        auto* adopt = AddCommand(
            &app,
            "adopt",
            "take over a MongoDB database of the Next.js application",
            Command::kAdopt
        );
        adopt->add_flag("--dry-run", line.dry_run, "say what would be done, write nothing");
        adopt->footer(kAdopt);
        auto* migrate = AddCommand(
            &app, "migrate", "move a whole store: RocksDB to MongoDB, or back", Command::kMigrate
        );
        AddValue(migrate, "--from", line.from, kPlace, "STORE");
        AddValue(migrate, "--to", line.to, kPlace, "STORE");
        migrate->footer(kMigrate);
        auto* verify = AddCommand(
            &app, "verify", "check the store; exit code 1 when something is wrong", Command::kVerify
        );
        verify->add_flag(
            "--repair", line.ask.repair, "mend what is derived (indexes only with no server)"
        );
        TakeLoss(verify);
        verify->footer(kVerify);
    }

    void Import() {
        auto* command = AddCommand(
            &app,
            "import",
            "record a file of conversions, or fill an empty store from an export",
            Command::kImport
        );
        AddImportOptions(command, line.import);
    }

    // For whoever packages the program: hidden, and in no completion.
    void Texts() {
        auto* man = app.add_subcommand("man", "print a manual page")->group("");
        man->add_option("PAGE", page)
            ->required()
            ->check(CLI::IsMember({kCommandsPage, kSettingsPage}));
        auto* completion =
            app.add_subcommand("completion", "print a shell's completion")->group("");
        completion->add_option("SHELL", shell)
            ->required()
            ->check(CLI::IsMember({"bash", "zsh", "fish"}));
    }

    CommandLine Take() {
        if (!config_file.empty()) line.config = config_file;
        if (!data.empty()) line.flags["store.data"] = data;
        if (!store.empty()) line.flags["store.url"] = store;
        if (!listen.empty()) line.flags["server.listen"] = listen;
        line.listen = listen;
        line.ask.command = line.command;
        line.ask.accept_loss = line.accept_loss;
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
    std::string password;
    std::getline(std::cin, password);
    if (password.ends_with('\r')) password.pop_back();
    password = SkipByteOrderMark(password);
    const auto problem = auth::ProblemOfPassword(password);
    if (!problem.empty()) return Fail(ErrorCode::kInvalid, "the password " + problem);
    return auth::HashPassword(password);
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
        // A misspelt option is the fault to tell of, not the required one that is missing for it.
        const auto extra = parser.app.remaining(true);
        if (!help && !extra.empty()) {
            constexpr const char* kExtra =
                "barracuda: not expected: {}\nRun with --help for more.\n";
            return {std::nullopt, fmt::format(kExtra, fmt::join(extra, " ")), 2};
        }
        return {std::nullopt, help ? out.str() : "barracuda: " + err.str(), help ? 0 : 2};
    }
    if (!parser.page.empty()) return {std::nullopt, ManualPage(parser.app, parser.page), 0};
    if (!parser.shell.empty()) return {std::nullopt, Completion(parser.app, parser.shell), 0};
    return {parser.Take()};
}

int Main(int argc, char** argv) {
    HoldStandardFiles();
    signal(SIGXFSZ, SIG_IGN);  // a limit on files is a disk that is full: a write that fails
    umask(077);                // whatever this program writes holds keys and people's data
    auto parsed = ParseCommandLine({argv + 1, argv + argc});
    if (!parsed.line && parsed.exit == 0) return Print(parsed.text, 0);
    if (!parsed.line) {
        std::cerr << parsed.text;
        return parsed.exit;
    }
    CommandLine& line = *parsed.line;
    if (line.command == Command::kVersion) return Print(std::string(kVersion) + "\n", 0);
    if (line.reference) return Print(config::Reference(), 0);
    if (line.command == Command::kDemo || line.serve_demo) {
        return DemoCommand(line.demo, line.listen, ProgramPath());
    }
    auto config = config::Load(line.config, config::ProcessEnvironment(), line.flags);
    if (!config && line.command == Command::kDoctor) {
        std::cout << "fail  settings: " << config.error().message << "; do: correct it\n";
        return 2;
    }
    if (!config) return Refuse(config.error().message);
    if (line.command == Command::kCheckConfig) return CheckConfig(*config);
    if (line.command == Command::kDoctor) return DoctorCommand(*config);
    WarnOfUnknown(*config, line.command == Command::kServe);
    if (line.command == Command::kServe) return Serve(*config, ProgramPath(), line.accept_loss);
    if (line.command == Command::kAdopt) return AdoptCommand(*config, line.dry_run);
    if (line.command == Command::kImport) return ImportFileCommand(*config, line.import);
    if (line.command == Command::kMigrate) return MigrateCommand(*config, line.from, line.to);
    if (line.command == Command::kRestore) return Show(Restore(*config, line.directory));
    if (line.password_stdin) {
        auto hash = ReadPassword();
        if (!hash) return Refuse(hash.error().message);
        line.ask.password_hash = *hash;
    }
    if (line.command == Command::kExport) {
        const GrowingFile watch("export", line.ask.directory + ".part");
        return Show(Perform(*config, line.ask));
    }
    return Show(Perform(*config, line.ask));
}

}  // namespace barracuda::app
