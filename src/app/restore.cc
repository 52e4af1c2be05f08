#include "app/restore.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>

#include "app/backup.h"
#include "app/control.h"
#include "app/offline.h"
#include "app/open_store.h"
#include "app/operation_parts.h"
#include "app/owner.h"
#include "store/rocks/backup_place.h"
#include "store/rocks/backup_stream.h"
#include "store/rocks/copy_files.h"
#include "store/rocks/replay.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace fs = std::filesystem;

namespace {

// Where the files come from.
struct Source {
    std::string directory;                  // empty: stdin
    std::optional<store::BackupList> list;  // none: of a version before 0.4
    std::string log;                        // the log since; empty: none is taken
    std::string Name() const { return directory.empty() ? "a stream" : directory; }
};

// The newest one, or the newest that is not later than `until`.
Result<store::KeptBackup> ChooseIn(const std::string& place, const std::optional<Time>& until) {
    auto kept = store::BackupsIn(place);
    if (!kept) return Fail(kept.error());
    if (kept->empty()) return Fail(ErrorCode::kInvalid, "there is no backup in " + place);
    for (auto at = kept->rbegin(); at != kept->rend(); ++at) {
        if (!until || at->made <= *until) return std::move(*at);
    }
    return Fail(
        ErrorCode::kInvalid,
        fmt::format("the oldest backup in {} is of {}", place, kept->front().made.Iso())
    );
}

Result<Source> LookAtBackup(const std::string& directory) {
    auto list = store::ReadBackupList(directory);
    if (!list) return Fail(list.error().code, directory + ": " + list.error().message);
    auto found = store::LookAtStore(directory);
    // With a list every file is held against it as it is copied, which names the one at fault.
    if (!*list && (!found || *found != store::Found::kStore)) {
        const std::string why = found ? "" : " (" + found.error().message + ")";
        return Fail(ErrorCode::kInvalid, "this is no backup: " + directory + why);
    }
    return Source{directory, std::move(*list), {}};
}

Result<Source> SourceOf(const RestoreWish& wish) {
    if (wish.from == "-") {
        if (wish.until) return Fail(ErrorCode::kInvalid, "--until: a stream is of one moment");
        if (isatty(STDIN_FILENO))
            return Fail(ErrorCode::kInvalid, "stdin is a terminal, no backup");
        return Source{};
    }
    if (!store::IsBackupPlace(wish.from)) {
        auto source = LookAtBackup(wish.from);
        if (!source || !wish.until) return source;
        return Fail(
            ErrorCode::kInvalid, "--until: name the place of the backups, which has the log since"
        );
    }
    auto chosen = ChooseIn(wish.from, wish.until);
    if (!chosen) return Fail(chosen.error());
    auto source = LookAtBackup(chosen->path);
    if (!source) return source;
    source->log = chosen->log;
    if (!wish.until || !source->log.empty()) return source;
    return Fail(
        ErrorCode::kInvalid,
        fmt::format(
            "--until: nothing was kept since {} (backup --follow does): without it that backup is "
            "restored",
            chosen->name
        )
    );
}

// Empties the target of an unfinished restore. kConflict: it holds a store, which no restore
// replaces.
Result<bool> ClearTarget(const std::string& data) {
    auto holds = store::HoldsStore(data);
    if (!holds) return holds;
    const auto unfinished = store::UnfinishedIn(data);
    const bool begun = unfinished && *unfinished != store::kNewStore;
    if (*holds && !begun) {
        return Fail(
            ErrorCode::kConflict,
            data + " holds a store already: name another directory with --data"
        );
    }
    return *holds ? store::RemoveStoreFiles(data) : true;
}

Result<bool> Unpack(const std::string& data) {
    BytesProgress say("read");
    store::BackupProgress now;
    auto list = store::ReadBackupStream(STDIN_FILENO, data, [&](uint64_t bytes) {
        now.of = now.bytes += bytes;
        say(now);
    });
    if (!list) return Fail(list.error());
    return true;
}

Result<bool> CopyFiles(const Source& source, const std::string& data) {
    BytesProgress say("copied");
    store::BackupProgress now{0, source.list ? source.list->Bytes() : 0};
    return store::CopyStoreFiles(
        source.directory,
        data,
        source.list ? &*source.list : nullptr,
        [&](uint64_t bytes) {
            now.bytes += bytes;
            now.of = std::max(now.of, now.bytes);
            say(now);
        }
    );
}

// Until the last file is durable, a mark says that this is no store.
Result<std::unique_ptr<store::Engine>> FillAndOpen(
    const config::Config& config, const Source& source, std::optional<Time> until, std::string& said
) {
    const std::string& data = config.store.data;
    if (auto begun = store::BeginStore(data, "restore of " + source.Name()); !begun) {
        return Fail(begun.error());
    }
    auto filled = source.directory.empty() ? Unpack(data) : CopyFiles(source, data);
    if (!filled) return Fail(filled.error());
    if (!source.log.empty()) {
        auto replayed = store::Replay(data, source.log, until);
        if (!replayed) return Fail(replayed.error());
        said = fmt::format(
            "the log since brought {} writes, until {}\n",
            replayed->writes,
            until.value_or(replayed->reached).Iso()
        );
    }
    auto engine = OpenStore(config, {.restoring = true});
    if (!engine) return engine;
    if (auto finished = store::FinishStore(data); !finished) return Fail(finished.error());
    return engine;
}

}  // namespace

Result<Answer> Restore(const config::Config& config, const RestoreWish& wish) {
    if (config.store.IsMongo()) {
        return Fail(
            ErrorCode::kInvalid,
            "a database in MongoDB is restored by mongorestore: docs/operating/mongodb.md has the "
            "commands"
        );
    }
    const std::string& data = config.store.data;
    auto running = ServerRuns(data);
    if (!running) return Fail(running.error());
    if (*running) return Fail(ErrorCode::kConflict, "a server runs on " + data);
    auto source = SourceOf(wish);
    if (!source) return Fail(source.error());
    // Before a file is copied: it would be this user's.
    if (auto ours = BelongsHere(data); !ours) return Fail(ours.error());
    std::error_code ec;
    const bool made = fs::create_directories(data, ec);
    if (made) fs::permissions(data, fs::perms::owner_all, ec);
    if (auto cleared = ClearTarget(data); !cleared) return Fail(cleared.error());
    std::string said;
    auto engine = FillAndOpen(config, *source, wish.until, said);
    if (!engine) {  // what is no store must not be in the way of the next try
        if (store::RemoveStoreFiles(data) && store::FinishStore(data) && made) fs::remove(data, ec);
        return Fail(engine.error());
    }
    auto answer = AnswerHere(config, **engine, Ask{.command = Command::kRestored});
    if (!answer) return answer;
    answer->out = "restored from " + source->Name() + " into " + data + "\n" + said + answer->out;
    if (!source->directory.empty() && !source->list) {
        Note(
            *answer,
            "this backup has no list of its files (it is older than 0.4, or the list is lost): "
            "only RocksDB's own checksums were held against it"
        );
    }
    return answer;
}

}  // namespace barracuda::app
