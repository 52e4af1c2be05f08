#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "app/adopt.h"
#include "app/backup.h"
#include "app/command_line.h"
#include "app/command_texts.h"
#include "app/demo.h"
#include "app/doctor.h"
#include "app/growing_file.h"
#include "app/import_file.h"
#include "app/log.h"
#include "app/migrate.h"
#include "app/offline.h"
#include "app/restore.h"
#include "app/serve.h"
#include "auth/credentials.h"
#include "base/unseen.h"

namespace barracuda::app {

namespace {

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

std::string ProgramPath() {
    std::error_code ec;
    auto path = std::filesystem::read_symlink("/proc/self/exe", ec);
    return ec ? "barracuda" : path.string();
}

}  // namespace

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
    if (line.command == Command::kBackup) return Show(TakeBackup(*config, line.backup));
    if (line.command == Command::kBackupsList) return Show(ListBackups(line.directory));
    if (line.command == Command::kBackupsVerify) return Show(VerifyBackups(line.directory));
    if (line.command == Command::kRestore) return Show(Restore(*config, line.restore));
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
