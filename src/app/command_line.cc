#include "app/command_line.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <array>
#include <filesystem>
#include <sstream>

#include "app/command_texts.h"
#include "app/demo.h"
#include "app/import_options.h"
#include "app/manual.h"
#include "app/option_checks.h"
#include "auth/credentials.h"
#include "base/text.h"

namespace barracuda::app {

namespace {

// Without a zone it would be another moment on another machine.
std::string IsTime(const std::string& value) {
    if (value.find('T') != value.npos && Time::ParseIso(value)) return "";
    return "a time such as 2026-01-31T18:00:00Z is needed, not " + OneLine(value);
}

constexpr size_t kKeepMax = 100'000;

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
    std::string until;        // restore
    size_t keep = 0;          // backup; 0: not given

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
        Erasures();
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

    void Erasures() {
        auto* erase = AddCommand(
            &app, "erase", "erase a person, found by an e-mail or a click id", Command::kErase
        );
        AddValue(erase, "--email", line.ask.email, "of a contact, in either case", "EMAIL");
        AddValue(erase, "--click", line.ask.click, "a click's id, or its hash", "ID");
        erase->add_flag("--dry-run", line.ask.dry_run, "say what would go, erase nothing");
        erase->footer(kErase);
    }

    void Backups() {
        auto* backup = AddCommand(
            &app,
            "backup",
            "copy the store, consistently, also while the server runs",
            Command::kBackup
        );
        AddRequired(backup, "DIR", line.backup.to, "a new directory; -: stdout, as a tar");
        TakeNumber(
            backup, "--keep", keep, "DIR keeps several, this many of the newest; tables are shared"
        );
        backup->add_flag(
            "--follow", line.backup.follow, "keep on, with all that comes since, until Ctrl-C"
        );
        backup->footer(kBackup);
        auto* group = Group("backups", "backups in a place of several: list, verify");
        auto* list = AddCommand(group, "list", "list them, oldest first", Command::kBackupsList);
        AddRequired(list, "DIR", line.directory, "a directory of backup --keep");
        auto* verify = AddCommand(
            group, "verify", "read every byte and compare checksums", Command::kBackupsVerify
        );
        AddRequired(verify, "DIR", line.directory, "such a directory, or one backup");
        auto* restore = AddCommand(
            &app,
            "restore",
            "copy a backup into an empty data directory and check it",
            Command::kRestore
        );
        AddRequired(
            restore, "DIR", line.restore.from, "what backup made, or a place of several; -: stdin"
        );
        restore
            ->add_option(
                "--until",
                until,
                "nothing later, of a place that --follow keeps: 2026-01-31T18:00:00Z"
            )
            ->type_name("TIME")
            ->check(IsTime);
        restore->footer(kRestore);
    }

    void TakeNumber(CLI::App* to, const char* option, size_t& into, const char* about) {
        to->add_option(option, into, about)
            ->type_name("N")
            ->check(DigitsAlone)
            ->check(CLI::Range(size_t{1}, kKeepMax).description(""));
    }

    void Storage() {
        Backups();
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
        if (keep > 0) line.backup.keep = keep;
        for (auto* path : {&line.backup.to, &line.restore.from}) {
            if (!path->empty() && *path != "-") *path = Absolute(*path);
        }
        line.restore.until = Time::ParseIso(until);
        if (!line.ask.directory.empty()) line.ask.directory = Absolute(line.ask.directory);
        return std::move(line);
    }
};

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

}  // namespace

Parsed ParseCommandLine(std::vector<std::string> arguments) {
    Parser parser;
    // What many type. A directory of such a name is ./list.
    const bool group = arguments.size() > 1 && arguments[0] == "backup";
    if (group && (arguments[1] == "list" || arguments[1] == "verify")) arguments[0] = "backups";
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

}  // namespace barracuda::app
