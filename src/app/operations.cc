#include "app/operations.h"

#include <fmt/format.h>

#include "app/operation_parts.h"
#include "base/text.h"

namespace barracuda::app {

Answer Refused(std::string why) { return {1, {}, std::move(why)}; }

Answer Refused(const Error& error) {
    return Refused(error.where.empty() ? error.message : error.message + ": " + error.where);
}

std::string Printable(std::string_view text) { return text.empty() ? "-" : OneLine(text); }

std::string Counted(size_t count, const char* one, const char* many) {
    return fmt::format("{} {}", count, count == 1 ? one : many);
}

void Note(Answer& answer, std::string_view line) {
    if (!answer.note.empty()) answer.note += '\n';
    answer.note += line;
}

Answer Execute(Workplace& at, const Ask& ask) {
    if (auto problem = ProblemOf(ask); !problem.empty()) return Refused(problem);
    switch (ask.command) {
        case Command::kPing:
            return {0, "here\n", {}};
        case Command::kKeyCreate:
            return CreateKey(at, ask);
        case Command::kKeyList:
            return ListKeys(at);
        case Command::kKeyRevoke:
            return RevokeKeys(at, ask);
        case Command::kAdminCreate:
            return CreateAdmin(at, ask);
        case Command::kAdminPassword:
            return SetPassword(at, ask);
        case Command::kDeliveriesList:
            return ListDeliveries(at);
        case Command::kDeliveriesRetry:
            return RetryDeliveries(at, ask);
        case Command::kErase:
            return Erase(at, ask);
        case Command::kBackup:
            return Backup(at, ask);
        case Command::kExport:
            return Export(at, ask);
        case Command::kVerify:
            return Verify(at, ask);
        case Command::kRestored:
            return VerifyRestored(at);
        case Command::kImportLines:
            return ImportLines(at, ask);
        case Command::kDoctor:
            return Doctor(at);
        case Command::kServe:
        case Command::kCheckConfig:
        case Command::kVersion:
        case Command::kBackupsList:
        case Command::kBackupsVerify:
        case Command::kRestore:
        case Command::kImport:
        case Command::kAdopt:
        case Command::kMigrate:
        case Command::kDemo:
            break;
    }
    return Refused(fmt::format("{} is not asked of an open store", NameOf(ask.command)));
}

}  // namespace barracuda::app
