#include "app/offline.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "api/query_pool.h"
#include "app/control.h"
#include "app/open_logs.h"
#include "app/open_store.h"
#include "app/owner.h"
#include "contacts/erasure_sweep.h"
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

// Keeps the first of what it hears.
struct FirstFault : FaultSink {
    std::string what;
    void Report(Fault, std::string_view, std::string_view why) override {
        if (what.empty()) what = why;
    }
};

// What a server does behind the answer: here at once, as it may be long until one runs. It then
// does it again.
void SweepHere(
    const config::Config& config, store::Engine& engine, ledger::Ledger& ledger, Answer& answer
) {
    std::error_code ec;
    FirstFault faults;
    Logs logs;
    if (fs::exists(config.store.data + "/logs", ec)) logs = OpenLogs(config, faults);
    contacts::ErasureSweep sweep(
        {.engine = engine, .ledger = ledger, .logs = logs.store.get(), .faults = faults}
    );
    sweep.Step();
    if (faults.what.empty()) return;
    answer.note += "\nlogs and files still hold them until a server has started: " + faults.what;
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
    api::QueryPool queries(1, 1);
    ledger::Ledger ledger(engine, {.node = nodes::NewBootId()}, {});
    const contacts::EraseParts erase{
        engine, ledger, nullptr, [&queries](auto query) { return queries.Run(std::move(query)); }};
    Workplace place{
        .engine = engine,
        .ledger = ledger,
        .keys = keys,
        .admins = admins,
        .sessions = sessions,
        .erase = &erase};
    if (config.store.IsMongo()) place.flags_trail = kFlagsTrail;  // nodes may run elsewhere
    Answer answer = Execute(place, ask);
    const bool erased = ask.command == Command::kErase && !ask.dry_run && answer.exit == 0;
    if (erased) SweepHere(config, engine, ledger, answer);
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
