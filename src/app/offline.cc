#include "app/offline.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "app/control.h"
#include "app/open_store.h"
#include "app/owner.h"
#include "nodes/membership.h"
#include "store/rocks/copy_files.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace fs = std::filesystem;

namespace {

// A server that starts or stops holds the store's lock for a moment without a control socket.
constexpr int kTries = 15;
constexpr std::chrono::milliseconds kPause{200};

Result<Answer> RunHere(const config::Config& config, store::Engine& engine, const Ask& ask) {
    if (auto trouble = engine.Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
    auth::KeyRing keys;
    if (auto loaded = keys.LoadFrom(engine); !loaded) return Fail(loaded.error());
    auth::Admins admins;
    if (auto loaded = admins.LoadFrom(engine); !loaded) return Fail(loaded.error());
    auth::Sessions sessions;
    if (auto loaded = sessions.LoadFrom(engine); !loaded) return Fail(loaded.error());
    ledger::Ledger ledger(engine, {.node = nodes::NewBootId()}, {});
    Workplace place{
        .engine = engine, .ledger = ledger, .keys = keys, .admins = admins, .sessions = sessions};
    if (config.store.IsMongo()) place.flags_trail = kFlagsTrail;  // nodes may run elsewhere
    Answer answer = Execute(place, ask);
    ledger.Stop();
    return answer;
}

// Only what makes a first key or admin may make the store as well.
bool MayCreate(const Ask& ask) {
    return ask.command == Command::kKeyCreate || ask.command == Command::kAdminCreate;
}

void SayThatItIsNew(const std::string& data, Answer& answer) {
    std::error_code ec;
    const auto path = fs::absolute(data, ec).lexically_normal().string();
    answer.note += fmt::format(
        "{}a new store was made in {}; no server runs on it", answer.note.empty() ? "" : "\n", path
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

// Until the last file is durable, a mark says that this is no store.
Result<std::unique_ptr<store::Engine>> CopyAndOpen(
    const config::Config& config, const std::string& from
) {
    const std::string& data = config.store.data;
    if (auto begun = store::BeginStore(data, "restore of " + from); !begun) {
        return Fail(begun.error());
    }
    if (auto copied = store::CopyStoreFiles(from, data); !copied) return Fail(copied.error());
    auto engine = OpenStore(config, {.restoring = true});
    if (!engine) return engine;
    if (auto finished = store::FinishStore(data); !finished) return Fail(finished.error());
    return engine;
}

}  // namespace

Result<bool> ServerRuns(const std::string& data) {
    auto line = AskServer(data, Encode(Ask{.command = Command::kPing}), kAnswerPatience);
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
        const bool fresh = !config.store.IsMongo() && !store::HoldsStore(data).value_or(true);
        auto engine = OpenStore(config, {.create = MayCreate(ask), .accept_loss = ask.accept_loss});
        if (engine) {
            auto answer = RunHere(config, **engine, ask);
            // A slip in the directory's name must not end with a key that opens nothing.
            if (answer && fresh) SayThatItIsNew(data, *answer);
            return answer;
        }
        const bool busy = engine.error().code == ErrorCode::kConflict;
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
    auto backup = store::LookAtStore(from);
    if (!backup || *backup != store::Found::kStore) {
        const std::string why = backup ? "" : " (" + backup.error().message + ")";
        return Fail(ErrorCode::kInvalid, "this is no backup: " + from + why);
    }
    // Before a file is copied: it would be this user's.
    if (auto ours = BelongsHere(data); !ours) return Fail(ours.error());
    std::error_code ec;
    const bool made = fs::create_directories(data, ec);
    if (made) fs::permissions(data, fs::perms::owner_all, ec);
    if (auto cleared = ClearTarget(data); !cleared) return Fail(cleared.error());
    auto engine = CopyAndOpen(config, from);
    if (!engine) {  // what is no store must not be in the way of the next try
        if (store::RemoveStoreFiles(data) && store::FinishStore(data) && made) fs::remove(data, ec);
        return Fail(engine.error());
    }
    auto answer = RunHere(config, **engine, Ask{.command = Command::kRestored});
    if (answer) answer->out = "restored from " + from + " into " + data + "\n" + answer->out;
    return answer;
}

}  // namespace barracuda::app
