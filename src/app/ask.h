// A command as a plain value: what is asked, what is answered, and both as one line of JSON on the
// control socket (control.h).
//
// Threads: any; nothing is kept.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/findings.h"
#include "base/result.h"

namespace barracuda::app {

enum class Command {
    // Asked of an open store: a running server's, else the command's own (operations.h).
    kPing,
    kKeyCreate,
    kKeyList,
    kKeyRevoke,
    kAdminCreate,
    kAdminPassword,
    kDeliveriesList,
    kDeliveriesRetry,
    kErase,
    kBackup,  // a checkpoint: the command copies it (backup.h)
    kExport,
    kVerify,
    kRestored,     // the check behind a restore
    kImportLines,  // some lines of a file of conversions
    kDoctor,
    // Of the command line alone: they have a store, or none, for themselves.
    kServe,
    kCheckConfig,
    kVersion,
    kBackupsList,
    kBackupsVerify,
    kRestore,
    kImport,
    kAdopt,
    kMigrate,
    kDemo,
};

// Every command's name, on the control socket and in the log; in the order of Command.
struct CommandName {
    Command command;
    std::string_view name;
};
inline constexpr CommandName kCommands[] = {
    {Command::kPing, "ping"},
    {Command::kKeyCreate, "key.create"},
    {Command::kKeyList, "key.list"},
    {Command::kKeyRevoke, "key.revoke"},
    {Command::kAdminCreate, "admin.create"},
    {Command::kAdminPassword, "admin.password"},
    {Command::kDeliveriesList, "deliveries.list"},
    {Command::kDeliveriesRetry, "deliveries.retry"},
    {Command::kErase, "erase"},
    {Command::kBackup, "backup"},
    {Command::kExport, "export"},
    {Command::kVerify, "verify"},
    {Command::kRestored, "restored"},
    {Command::kImportLines, "import.lines"},
    {Command::kDoctor, "doctor"},
    {Command::kServe, "serve"},
    {Command::kCheckConfig, "check-config"},
    {Command::kVersion, "version"},
    {Command::kBackupsList, "backups.list"},
    {Command::kBackupsVerify, "backups.verify"},
    {Command::kRestore, "restore"},
    {Command::kImport, "import"},
    {Command::kAdopt, "adopt"},
    {Command::kMigrate, "migrate"},
    {Command::kDemo, "demo"},
};

constexpr std::string_view NameOf(Command command) {
    return kCommands[static_cast<size_t>(command)].name;
}

struct Ask {
    Command command = Command::kPing;
    std::string name = {};
    std::string scope = {};
    std::string affiliate = {};
    std::string directory = {};         // absolute
    std::vector<std::string> ids = {};  // keys or deliveries
    bool repair = false;
    bool accept_loss = false;  // of a command that opens the store itself; a server has it open
    std::string email = {};
    std::string click = {};               // kErase: this or the e-mail
    std::string password_hash = {};       // never the password
    std::string role = {};                // of a new admin; empty: owner
    bool without_totp = false;            // the second factor goes with the old password
    std::vector<std::string> lines = {};  // kImportLines: a JSON object each
    bool resume = false;                  // kExport: go on with one that was broken off
    bool notify = false;                  // the networks are owed what is recorded of them
    bool dry_run = false;                 // it is read and said, and nothing is done

    bool operator==(const Ask&) const = default;
};

// What became of a line of a file of conversions.
struct LineResult {
    enum class Fate {
        kRecorded,
        kDuplicate,
        kUpdated,
        kRefused,  // for what it says: sent again it is refused again
        kLater,    // the ledger or its store could not take it: to be sent again
        kSound,    // of a dry run
    };
    Fate fate = Fate::kLater;
    std::string field = {}, message = {};  // of what was not recorded

    bool operator==(const LineResult&) const = default;
};

struct Answer {
    int exit = 0;                        // of the command: 0 done, 1 not done or something found
    std::string out;                     // for stdout, as it is
    std::string note;                    // for stderr
    std::vector<Finding> findings = {};  // kDoctor: of the running server
    std::vector<LineResult> lines = {};  // kImportLines: as they were asked

    bool operator==(const Answer&) const = default;
};

// As one line of JSON, without its end, and back. Errors of decoding: kInvalid, naming the member.
std::string Encode(const Ask& ask);
std::string Encode(const Answer& answer);
Result<Ask> DecodeAsk(std::string_view line);
Result<Answer> DecodeAnswer(std::string_view line);

// The first fault of the arguments, whatever the store holds: a readable line, or empty.
std::string ProblemOf(const Ask& ask);

}  // namespace barracuda::app
