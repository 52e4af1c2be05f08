#include "store/mongo/mongo_engine.h"

#include "base/thread_name.h"
#include "domain/bson.h"
#include "store/each_document.h"
#include "store/mongo/address.h"
#include "store/mongo/commit.h"
#include "store/mongo/privileges.h"
#include "store/mongo/queries.h"
#include "store/mongo/scan.h"
#include "store/mongo/setup.h"
#include "store/mongo/state.h"

namespace barracuda::store {

namespace {

constexpr std::chrono::milliseconds kWatch{500};
constexpr size_t kWarm = 4;
constexpr std::chrono::seconds kRollupAgeMax{10};
constexpr std::chrono::milliseconds kSlowRollup{50};

}  // namespace

Result<std::unique_ptr<MongoEngine>> MongoEngine::Open(const MongoEngineOptions& options) {
    auto fast = MongoClient::Open(options.client);
    if (!fast) return Fail(fast.error());
    MongoOptions patient = options.client;
    patient.socket = std::chrono::minutes(10);  // an index over many documents takes its time
    auto slow = MongoClient::Open(patient);
    if (!slow) return Fail(slow.error());
    auto checked = CheckServer(**fast, options.allow_standalone, options.start_patience);
    if (!checked) return Fail(checked.error());
    if (auto may = CheckPrivileges(**fast); !may) return Fail(may.error());
    std::unique_ptr<MongoEngine> engine(new MongoEngine(options, std::move(*fast), std::move(*slow))
    );
    // Usually everything is there at once; where indexes take longer the program starts meanwhile
    // and readyz says what it waits for.
    std::unique_lock lock(engine->mutex_);
    engine->changed_.wait_for(lock, options.start_patience, [&] {
        return engine->ready_ || engine->refusal_ || engine->unadopted_;
    });
    if (engine->refusal_) return Fail(ErrorCode::kInvalid, engine->refusal_->message);
    lock.unlock();
    if (auto warm = engine->fast_->Warm(kWarm); !warm) return Fail(warm.error());
    return engine;
}

MongoEngine::MongoEngine(
    const MongoEngineOptions& options,
    std::unique_ptr<MongoClient> fast,
    std::unique_ptr<MongoClient> slow
)
    : options_(options),
      fast_(std::move(fast)),
      slow_(std::move(slow)),
      reader_(*fast_),
      trouble_("the indexes are being checked or built"),
      trouble_since_(Clock::now()) {
    watcher_ = std::thread([this] {
        NameThread("mongo-watch");
        Watch();
    });
}

MongoEngine::~MongoEngine() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    watcher_.join();
}

std::optional<Error> MongoEngine::MakeReady() {
    auto state = LookAt(*slow_);
    if (!state) return state.error();
    if (state->kind == DatabaseKind::kForeign) return Error{ErrorCode::kInvalid, state->why, {}};
    if (!state->why.empty()) return Error{ErrorCode::kConflict, state->why, {}};
    if (auto error = JudgeNarrowIndex()) return error;
    auto prepared = Prepare(*slow_);
    if (!prepared && prepared.error().code == ErrorCode::kInvalid) {
        return Error{ErrorCode::kUnavailable, prepared.error().message, {}};
    }
    if (!prepared) return prepared.error();
    return std::nullopt;
}

// It goes with the first goal that is configured to count several times a click. Found later, when
// such a goal is recorded, somebody else has made it: the seed's application does, at every start.
std::optional<Error> MongoEngine::JudgeNarrowIndex() {
    auto narrow = NarrowIndex(*slow_);
    if (!narrow) return narrow.error();
    if (narrow->empty()) return std::nullopt;
    auto goals = RepeatableGoals(*slow_);
    if (!goals) return goals.error();
    if (!goals->empty()) {
        return Error{ErrorCode::kInvalid, TwoUniqueIndexes(*narrow, goals->front()), {}};
    }
    if (!options_.several_per_click) return std::nullopt;
    // Ours first, so that one of the two always judges.
    auto built = BuildIndexes(*slow_);
    if (!built) return built.error();
    auto dropped = DropNarrowIndex(*slow_);
    if (!dropped) return dropped.error();
    return std::nullopt;
}

void MongoEngine::Watch() {
    for (bool ready = false;;) {
        std::optional<std::string> trouble = fast_->NoPrimary();
        if (!ready && !trouble) {
            auto error = MakeReady();
            ready = !error;
            if (error) trouble = error->message;
            std::lock_guard lock(mutex_);
            ready_ = ready;
            unadopted_ = error && error->code == ErrorCode::kConflict;
            bool hopeless = error && (error->code == ErrorCode::kForbidden ||
                                      error->code == ErrorCode::kInvalid);
            if (hopeless) refusal_ = error;
        }
        SetTrouble(std::move(trouble));
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, kWatch, [this] { return stopping_; })) return;
    }
}

void MongoEngine::SetTrouble(std::optional<std::string> trouble) {
    {
        std::lock_guard lock(mutex_);
        if (trouble && !trouble_) trouble_since_ = Clock::now();
        trouble_ = std::move(trouble);
    }
    changed_.notify_all();
}

std::optional<std::string> MongoEngine::Trouble() const {
    std::lock_guard lock(mutex_);
    return trouble_;
}

std::optional<Error> MongoEngine::Hopeless(bool writing) const {
    std::lock_guard lock(mutex_);
    if (!trouble_ || (!ready_ && !writing)) return std::nullopt;
    if (ready_ && Clock::now() - trouble_since_ < options_.trouble_patience) return std::nullopt;
    return Error{ErrorCode::kUnavailable, *trouble_, {}};
}

Result<std::vector<std::optional<std::string>>> MongoEngine::Load(std::span<const Ref> refs) {
    if (auto error = Hopeless(false)) return Fail(*error);
    return reader_.Load(refs, Deadline(options_.deadline));
}

Result<std::vector<WriteState>> MongoEngine::Commit(std::span<const Write> writes) {
    if (auto error = Hopeless(true)) return Fail(*error);
    return CommitBatch(reader_, writes, Deadline(options_.deadline)).Run();
}

Result<Page> MongoEngine::Scan(const ScanRequest& request) { return ScanPage(*slow_, request); }

Result<std::vector<std::string>> MongoEngine::FindAny(
    IndexId index, std::span<const std::string> values
) {
    return FindAnyOf(*fast_, index, values);
}

Result<std::vector<WorkItem>> MongoEngine::Work(const WorkQuery& query) {
    return DueWork(*fast_, query);
}

Result<std::vector<std::string>> MongoEngine::WorkOwners() { return OwnersOfWork(*fast_); }

Result<std::vector<RollupRow>> MongoEngine::Rollup(Collection collection) {
    std::lock_guard lock(rollups_mutex_);  // one at a time: it reads the whole collection
    auto begin = Clock::now();
    if (auto at = rollups_.find(collection); at != rollups_.end() && begin < at->second.until) {
        return at->second.rows;
    }
    auto rows = SumUp(*slow_, collection);
    auto took = Clock::now() - begin;
    if (rows && took > kSlowRollup) {
        rollups_[collection] = {Clock::now() + kRollupAgeMax - took, *rows};
    }
    return rows;
}

Result<bool> MongoEngine::Backup(const std::string&) {
    return Fail(
        ErrorCode::kInvalid,
        "a database in MongoDB is backed up by mongodump or by a snapshot of its volumes: "
        "docs/operating/mongodb.md"
    );
}

Result<std::vector<std::string>> MongoEngine::Verify(bool repair) {
    if (repair) {
        auto built = Prepare(*slow_);
        if (!built) return Fail(built.error());
    }
    auto findings = IndexFindings(*slow_);
    if (!findings) return findings;
    ScanRequest all;
    all.limit = 1'000;
    auto read = EachDocument(*this, all, [&](const std::string& document) {
        auto conversion = domain::DecodeConversion(document);
        if (conversion && !conversion->key.click.value.empty()) return;
        findings->push_back(
            "conversion without a click: _id " +
            domain::TopText(document, "_id").value_or("missing")
        );
    });
    if (!read) return Fail(read.error());
    return findings;
}

}  // namespace barracuda::store
