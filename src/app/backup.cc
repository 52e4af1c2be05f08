#include "app/backup.h"

#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/checkpoint.h"
#include "app/follow.h"
#include "app/operation_parts.h"
#include "store/rocks/backup_place.h"
#include "store/rocks/backup_stream.h"
#include "store/rocks/followed_log.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMongo =
    "a database in MongoDB is backed up by mongodump --oplog, or by a snapshot of its volumes: "
    "docs/operating/mongodb.md has the commands";

std::string Summary(const store::BackupList& list) {
    return fmt::format(
        "{} of {}: {}, {}",
        SizeText(list.Bytes()),
        list.made.Iso(),
        Counted(static_cast<size_t>(list.conversions), "conversion", "conversions"),
        Counted(static_cast<size_t>(list.contacts), "contact", "contacts")
    );
}

Result<Answer> ToStream(const config::Config& config) {
    if (isatty(STDOUT_FILENO)) {
        return Fail(
            ErrorCode::kInvalid, "stdout is a terminal: send the stream into a file or a pipe"
        );
    }
    signal(SIGPIPE, SIG_IGN);  // who reads may go; the checkpoint has to as well
    auto checkpoint = Checkpoint::Take(config);
    if (!checkpoint) return Fail(checkpoint.error());
    auto list = store::WriteBackupStream(
        STDOUT_FILENO,
        (*checkpoint)->directory(),
        store::StoreName(config.store.data),
        Time::Now(),
        BytesProgress("sent")
    );
    if (!list) return Refused(list.error());
    return Answer{0, {}, "backed up " + Summary(*list)};
}

Result<Answer> ToDirectory(const config::Config& config, const std::string& to) {
    std::error_code ec;
    if (fs::exists(to, ec)) return Refused("backup: this directory exists already: " + to);
    auto checkpoint = Checkpoint::Take(config);
    if (!checkpoint) return Fail(checkpoint.error());
    // Under another name until it is whole: one that was cut off must not look like a backup.
    const std::string making = fmt::format("{}.making.{}", to, getpid());
    auto made = store::MakeBackup(
        {.checkpoint = (*checkpoint)->directory(),
         .to = making,
         .store = store::StoreName(config.store.data),
         .made = Time::Now(),
         .progress = BytesProgress("copied")}
    );
    if (!made) return Refused(made.error());
    fs::rename(making, to, ec);
    if (ec) {
        const Error why = store::FileError("cannot name " + to, ec.value());
        fs::remove_all(making, ec);
        return Refused(why);
    }
    if (auto synced = store::SyncDirectory(fs::path(to).parent_path()); !synced) {
        return Refused(synced.error());
    }
    return Answer{0, "backed up to " + to + "\n", {}};
}

Result<Answer> IntoPlace(const config::Config& config, const BackupWish& wish) {
    auto place = store::BackupPlace::Take(wish.to);
    if (!place) return Fail(place.error());
    auto before = store::BackupsIn(wish.to);
    if (!before) return Fail(before.error());
    auto checkpoint = Checkpoint::Take(config);
    if (!checkpoint) return Fail(checkpoint.error());
    const Time now = Time::Now();
    auto name = (*place)->NewName(now);
    if (!name) return Fail(name.error());
    auto made = store::MakeBackup(
        {.checkpoint = (*checkpoint)->directory(),
         .to = (*place)->Making(*name),
         .previous = before->empty() ? "" : before->back().path,
         .store = store::StoreName(config.store.data),
         .made = now,
         .progress = BytesProgress("copied")}
    );
    if (!made) return Refused(made.error());
    if (auto named = (*place)->Finish(*name); !named) return Refused(named.error());
    Answer answer{
        0,
        fmt::format(
            "backed up to {}: {}, {} of it new\n",
            (*place)->PathOf(*name),
            Summary(made->list),
            SizeText(made->copied)
        ),
        {}};
    if (!wish.keep) return answer;
    auto removed = (*place)->Keep(*wish.keep);
    if (!removed) return Refused(removed.error());
    if (*removed > 0) {
        answer.out += "removed " + Counted(*removed, "old backup\n", "old backups\n");
    }
    return answer;
}

std::string LineOf(const store::KeptBackup& kept) {
    std::string line = kept.name + "  ";
    auto list = store::ReadBackupList(kept.path);
    if (!list) {
        line += list.error().message;
    } else if (!*list) {
        line += "damaged: its list is missing";
    } else {
        line += Summary(**list);
    }
    if (kept.log.empty()) return line + "\n";
    auto reach = store::ReachOf(kept.log);
    return line + (reach ? ", and the log until " + reach->Iso() : ", " + reach.error().message) +
           "\n";
}

// -> what is wrong with one backup and its log.
Result<std::vector<std::string>> CheckKept(const std::string& path, const std::string& log) {
    auto findings = store::CheckBackup(path, BytesProgress(path.substr(path.rfind('/') + 1)));
    if (!findings || log.empty()) return findings;
    auto end = store::ReadFollowedLog(log, [](const auto&) -> Result<bool> { return true; });
    if (!end) findings->push_back(end.error().message);
    return findings;
}

}  // namespace

std::string SizeText(uint64_t bytes) {
    return fmt::format("{:.1f} MB", static_cast<double>(bytes) / 1e6);
}

void BytesProgress::operator()(const store::BackupProgress& now) {
    const auto at = std::chrono::steady_clock::now();
    if (at < next_) return;
    next_ = at + std::chrono::seconds(1);
    std::fprintf(
        stderr,
        "%s: %s of %s\n",
        what_.c_str(),
        SizeText(now.bytes).c_str(),
        SizeText(now.of).c_str()
    );
}

Result<Answer> TakeBackup(const config::Config& config, const BackupWish& wish) {
    if (config.store.IsMongo()) return Refused(kMongo);
    if (wish.to == "-" && wish.keep) {
        return Fail(ErrorCode::kInvalid, "--keep: a stream is one backup");
    }
    if (wish.follow) return Follow(config, wish.to, wish.keep);
    if (wish.to == "-") return ToStream(config);
    if (wish.keep || store::IsBackupPlace(wish.to)) return IntoPlace(config, wish);
    return ToDirectory(config, wish.to);
}

Result<Answer> ListBackups(const std::string& place) {
    if (!store::IsBackupPlace(place)) {
        return Fail(
            ErrorCode::kInvalid, "this is no place of backups (backup --keep makes one): " + place
        );
    }
    auto kept = store::BackupsIn(place);
    if (!kept) return Fail(kept.error());
    Answer answer{0, {}, {}};
    for (const auto& one : *kept) answer.out += LineOf(one);
    if (kept->empty()) answer.note = "no backups yet";
    return answer;
}

Result<Answer> VerifyBackups(const std::string& directory) {
    std::vector<store::KeptBackup> kept;
    if (store::IsBackupPlace(directory)) {
        auto found = store::BackupsIn(directory);
        if (!found) return Fail(found.error());
        kept = std::move(*found);
    } else {
        auto holds = store::HoldsStore(directory);
        if (!holds) return Fail(holds.error());
        if (!*holds) return Fail(ErrorCode::kInvalid, "this is no backup: " + directory);
        kept.push_back({directory, directory, {}, {}});
    }
    Answer answer{0, {}, {}};
    size_t wrong = 0;
    for (const auto& one : kept) {
        auto findings = CheckKept(one.path, one.log);
        if (!findings) return Refused(findings.error());
        for (const auto& line : *findings) answer.out += one.name + ": " + Printable(line) + "\n";
        if (findings->empty()) answer.out += one.name + ": whole\n";
        wrong += findings->size();
    }
    if (wrong == 0) return answer;
    answer.exit = 1;
    answer.note = Counted(wrong, "finding", "findings");
    return answer;
}

}  // namespace barracuda::app
