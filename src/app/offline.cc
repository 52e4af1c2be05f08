#include "app/offline.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <set>
#include <thread>

#include "app/control.h"
#include "app/open_store.h"
#include "app/owner.h"
#include "delivery/membership.h"

namespace barracuda::app {

namespace fs = std::filesystem;

namespace {

// A server that starts or stops holds the store's lock for a moment without a control socket.
constexpr int kTries = 15;
constexpr std::chrono::milliseconds kPause{200};

Result<Answer> RunHere(const config::Config& config, store::Engine& engine, const Ask& ask) {
    if (auto trouble = engine.Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
    api::KeyRing keys;
    if (auto loaded = keys.LoadFrom(engine); !loaded) return Fail(loaded.error());
    api::Admins admins;
    if (auto loaded = admins.LoadFrom(engine); !loaded) return Fail(loaded.error());
    api::Sessions sessions;
    if (auto loaded = sessions.LoadFrom(engine); !loaded) return Fail(loaded.error());
    ledger::Ledger ledger(engine, {.node = delivery::NewBootId()}, {});
    Workplace place{engine, ledger, keys, admins, sessions, false};
    if (config.store.IsMongo()) place.flags_trail = kFlagsTrail;  // nodes may run elsewhere
    Answer answer = Execute(place, ask);
    ledger.Stop();
    return answer;
}

// Only what makes a first key or admin may make the store as well.
bool MayCreate(const Ask& ask) {
    return ask.command == "key.create" || ask.command == "admin.create";
}

void SayThatItIsNew(const std::string& data, Answer& answer) {
    std::error_code ec;
    const auto path = fs::absolute(data, ec).lexically_normal().string();
    answer.note += fmt::format(
        "{}a new store was made in {}; no server runs on it", answer.note.empty() ? "" : "\n", path
    );
}

bool Sync(const fs::path& path) {
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    bool synced = fsync(fd) == 0;
    close(fd);
    return synced;
}

std::set<fs::path> FilesIn(const fs::path& directory) {
    std::set<fs::path> files;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(directory, ec)) {
        if (entry.is_regular_file(ec)) files.insert(entry.path());
    }
    return files;
}

// CURRENT comes last: without it, what was copied is no store.
Result<bool> CopyStore(const fs::path& from, const fs::path& to) {
    std::vector<fs::path> files;
    std::error_code ec;
    for (const auto& entry : fs::directory_iterator(from, ec)) {
        fs::path name = entry.path().filename();
        if (!entry.is_regular_file() || name == "CURRENT" || name == "LOCK") continue;
        files.push_back(name);
    }
    files.push_back("CURRENT");
    for (const auto& name : files) {
        if (fs::copy_file(from / name, to / name, ec) && Sync(to / name)) continue;
        return Fail(ErrorCode::kUnavailable, "cannot copy " + name.string() + " " + ec.message());
    }
    if (!Sync(to)) return Fail(ErrorCode::kUnavailable, "cannot sync the data directory");
    return true;
}

}  // namespace

Result<bool> ServerRuns(const std::string& data) {
    auto line = AskServer(data, Encode(Ask{.command = "ping"}), kAnswerPatience);
    if (!line) return Fail(line.error());
    return line->has_value();
}

Result<Answer> Perform(const config::Config& config, const Ask& ask) {
    const std::string& data = config.store.data;
    if (auto problem = ProblemOf(ask); !problem.empty()) return Fail(ErrorCode::kInvalid, problem);
    for (int tries = 1;; ++tries) {
        auto runs = ServerRuns(data);
        if (!runs) return Fail(runs.error());
        if (*runs) {
            auto line = AskServer(data, Encode(ask));
            if (!line) return Fail(line.error());
            if (*line) return DecodeAnswer(**line);
        }
        const bool fresh = !config.store.IsMongo() && !HoldsStore(data);
        auto engine = OpenStore(config, MayCreate(ask));
        if (engine) {
            auto answer = RunHere(config, **engine, ask);
            // A slip in the directory's name must not end with a key that opens nothing.
            if (answer && fresh) SayThatItIsNew(data, *answer);
            return answer;
        }
        bool busy = engine.error().message.find("in use") != std::string::npos;
        if (!busy || tries == kTries) return Fail(engine.error());
        std::this_thread::sleep_for(kPause);
    }
}

Result<Answer> Restore(const config::Config& config, const std::string& from) {
    if (config.store.IsMongo()) {
        return Fail(
            ErrorCode::kInvalid,
            "a database in MongoDB is restored by mongorestore: docs/operating/mongodb.md"
        );
    }
    const std::string& data = config.store.data;
    auto running = ServerRuns(data);
    if (!running) return Fail(running.error());
    if (*running) return Fail(ErrorCode::kConflict, "a server runs on " + data);
    if (HoldsStore(data)) {
        return Fail(
            ErrorCode::kConflict,
            data + " holds a store already: name another directory with --data"
        );
    }
    std::error_code ec;
    if (!fs::exists(fs::path(from) / "CURRENT", ec)) {
        return Fail(ErrorCode::kInvalid, "this is no backup: " + from);
    }
    // Before a file is copied: it would be this user's.
    if (auto ours = BelongsHere(data); !ours) return Fail(ours.error());
    bool made = fs::create_directories(data, ec);
    if (made) fs::permissions(data, fs::perms::owner_all, ec);
    const auto before = FilesIn(data);
    auto copied = CopyStore(from, data);
    auto engine = copied ? OpenStore(config, false)
                         : Result<std::unique_ptr<store::Engine>>(Fail(copied.error()));
    if (!engine) {  // what is no store must not be in the way of the next try
        for (const auto& path : FilesIn(data)) {
            if (!before.contains(path)) fs::remove(path, ec);
        }
        return Fail(engine.error());
    }
    auto answer = RunHere(config, **engine, Ask{.command = "restored"});
    if (answer) answer->out = "restored from " + from + " into " + data + "\n" + answer->out;
    return answer;
}

}  // namespace barracuda::app
