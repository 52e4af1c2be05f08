#include "app/follow.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <vector>

#include "app/backup.h"
#include "app/checkpoint.h"
#include "app/held_logs.h"
#include "app/stop_signals.h"
#include "store/rocks/backup_place.h"
#include "store/rocks/followed_log.h"
#include "store/rocks/high_water.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::milliseconds kLookEvery{100};
constexpr int64_t kBackupEveryMs = 24 * 3'600'000;
constexpr std::chrono::seconds kAgainAfter{5};  // where a backup failed

void Say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// The log beside one backup. The one before goes on until the new backup's time, so that between
// the two no moment is missing.
struct Sink {
    std::unique_ptr<store::FollowedLogWriter> log;
    std::optional<Time> until;  // of the one before
    bool begun = false;         // a batch of it was met: from now on they follow each other
};

class Follower {
public:
    Follower(
        const config::Config& config,
        store::BackupPlace& place,
        const WorkDirectory& work,
        size_t keep
    )
        : config_(config),
          place_(place),
          work_(work),
          keep_(keep),
          logs_(config.store.data, work.path() + "/logs") {}

    Result<bool> Run() {
        if (mkdir((work_.path() + "/logs").c_str(), 0700) != 0) {
            return Fail(store::FileError("cannot make " + work_.path() + "/logs", errno));
        }
        do {
            const bool old = Time::Now().ms - made_.ms >= kBackupEveryMs;
            if (!sinks_.empty() && !old) {
                if (auto read = Read(false); !read) return read;
            }
            if (sinks_.empty() || old) {
                if (auto begun = Begin(); !begun) return begun;
            }
        } while (!StopWithin(kLookEvery));
        return Read(true);
    }

    Time reached() const { return reached_; }

private:
    // What the store took since, into the logs, durably. `last`: their marks follow at once.
    Result<bool> Read(bool last) {
        const Time now = Time::Now();
        std::string broken;
        auto read = logs_.Read([&](const std::string& batch) -> Result<bool> {
            if (broken.empty()) broken = Take(batch);
            if (!error_) return true;
            return Fail(*error_);
        });
        if (error_) return Fail(*error_);
        if (!read) broken = read.error().message;
        for (auto& sink : sinks_) {
            const Time reach = sink.until ? std::min(*sink.until, now) : now;
            // Of what broke nothing is known after its last batch.
            if (!broken.empty()) continue;
            if (auto synced = sink.log->Sync(reach, last || sink.until.has_value()); !synced)
                return synced;
        }
        std::erase_if(sinks_, [&](const Sink& sink) { return sink.until && *sink.until <= now; });
        if (broken.empty()) {
            reached_ = now;
            return true;
        }
        Say("the log does not go on (" + broken + "): a new backup is taken");
        sinks_.clear();
        return true;
    }

    // Why the log does not go on; empty: it does.
    std::string Take(const std::string& batch) {
        const auto head = store::HeadOf(batch);
        if (!head) return "a batch is damaged";
        if (head->count == 0) return "";
        last_ = std::max(last_, store::StampIn(batch).value_or(last_));
        for (auto& sink : sinks_) {
            auto& log = *sink.log;
            if (sink.until && last_ > *sink.until) continue;
            const uint64_t end = head->sequence + head->count - 1;
            if (!sink.begun && end <= log.sequence()) continue;  // in the backup
            if (head->sequence != log.sequence() + 1) {
                return fmt::format("after write {} comes {}", log.sequence(), head->sequence);
            }
            sink.begun = true;
            auto added = log.Append(batch, last_);
            if (!added) error_ = added.error();
        }
        return "";
    }

    // A new backup, and its log from its very moment on.
    Result<bool> Begin() {
        if (sinks_.empty()) {  // what is read now is in the backup
            auto read = logs_.Read([](const std::string&) -> Result<bool> { return true; });
            if (!read && read.error().code != ErrorCode::kInvalid) return read;
        }
        auto checkpoint = Checkpoint::TakeIn(config_, work_);
        if (!checkpoint) return Wait(checkpoint.error());
        const Time made = Time::Now();
        const auto mark = store::ReadHighWater(*checkpoint);
        auto name = place_.NewName(made);
        if (!mark || !name)
            return Fail(
                mark ? name.error()
                     : Error{ErrorCode::kUnavailable, "the checkpoint has no mark", {}}
            );
        auto log = store::FollowedLogWriter::Begin(place_.LogOf(*name), mark->sequence, made);
        if (!log) return Fail(log.error());
        for (auto& sink : sinks_) sink.until = made;
        sinks_.push_back({std::move(*log), {}, false});
        made_ = made;
        last_ = std::max(last_, made);
        return Copy(*checkpoint, *name, made);
    }

    // It goes on reading meanwhile: a copy may take minutes.
    Result<bool> Copy(const std::string& checkpoint, const std::string& name, Time made) {
        auto kept = store::BackupsIn(place_.PathOf(""));
        if (!kept) return Fail(kept.error());
        auto next = std::chrono::steady_clock::now() + kLookEvery;
        std::optional<Error> failed;
        BytesProgress say("copied");
        auto backup = store::MakeBackup(
            {.checkpoint = checkpoint,
             .to = place_.Making(name),
             .previous = kept->empty() ? "" : kept->back().path,
             .store = store::StoreName(config_.store.data),
             .made = made,
             .progress =
                 [&](const store::BackupProgress& now) {
                     say(now);
                     if (std::chrono::steady_clock::now() < next || failed || sinks_.empty())
                         return;
                     next = std::chrono::steady_clock::now() + kLookEvery;
                     if (auto read = Read(false); !read) failed = read.error();
                 }}
        );
        std::error_code ec;
        std::filesystem::remove_all(checkpoint, ec);  // it keeps tables that the store gave back
        if (failed) return Fail(*failed);
        if (!backup) return Fail(backup.error());
        if (auto named = place_.Finish(name); !named) return named;
        Say(fmt::format(
            "backed up to {}: {}, {} of it new; following",
            place_.PathOf(name),
            SizeText(backup->list.Bytes()),
            SizeText(backup->copied)
        ));
        auto removed = place_.Keep(keep_);
        if (!removed) return Fail(removed.error());
        return true;
    }

    // The server starts or stops just now: try again.
    Result<bool> Wait(const Error& why) {
        if (++failures_ > kFailuresMax) return Fail(why);
        Say("no backup could be taken: " + why.message + "; again in 5 s");
        if (StopWithin(kAgainAfter))
            return Fail(ErrorCode::kUnavailable, "stopped before the first backup");
        return true;
    }

    static constexpr int kFailuresMax = 12;

    const config::Config& config_;
    store::BackupPlace& place_;
    const WorkDirectory& work_;
    const size_t keep_;
    HeldLogs logs_;
    std::vector<Sink> sinks_;
    Time made_, last_, reached_;  // the newest backup; the newest batch; all up to then is kept
    std::optional<Error> error_;
    int failures_ = 0;
};

}  // namespace

Result<Answer> Follow(
    const config::Config& config, const std::string& to, std::optional<size_t> keep
) {
    if (to == "-") return Fail(ErrorCode::kInvalid, "--follow keeps a directory, no stream");
    BlockStopSignals();
    auto place = store::BackupPlace::Take(to);
    if (!place) return Fail(place.error());
    auto work = WorkDirectory::Make(config.store.data);
    if (!work) return Fail(work.error());
    Follower follower(config, **place, **work, keep.value_or(kFollowedKept));
    auto done = follower.Run();
    if (!done) return Answer{1, {}, done.error().message};
    return Answer{0, "kept until " + follower.reached().Iso() + "\n", {}};
}

}  // namespace barracuda::app
