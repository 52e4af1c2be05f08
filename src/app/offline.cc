#include "app/offline.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "app/control.h"
#include "app/open_store.h"
#include "app/owner.h"
#include "nodes/membership.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace fs = std::filesystem;

namespace {

// A server that starts or stops holds the store's lock for a moment without a control socket.
constexpr int kTries = 15;
constexpr std::chrono::milliseconds kPause{200};

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

}  // namespace

Result<bool> ServerRuns(const std::string& data) {
    auto line = AskServer(data, Encode(Ask{.command = Command::kPing}), kAnswerPatience);
    if (!line) return Fail(line.error());
    return line->has_value();
}

Result<Answer> AnswerHere(const config::Config& config, store::Engine& engine, const Ask& ask) {
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
            auto answer = AnswerHere(config, **engine, ask);
            // A slip in the directory's name must not end with a key that opens nothing.
            if (answer && fresh) SayThatItIsNew(data, *answer);
            return answer;
        }
        const bool busy = engine.error().code == ErrorCode::kConflict;
        if (!busy || tries == kTries) return Fail(engine.error());
        std::this_thread::sleep_for(kPause);
    }
}

}  // namespace barracuda::app
