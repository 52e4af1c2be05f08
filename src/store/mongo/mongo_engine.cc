#include "store/mongo/mongo_engine.h"

#include <algorithm>

#include "base/thread_name.h"
#include "domain/bson.h"
#include "store/each_document.h"
#include "store/index.h"
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
// Of statistics: usually within the first, else the second; another waits so long for the one who
// computes them.
constexpr std::chrono::milliseconds kSumTime{8'000}, kLongSumTime{60'000}, kSumPatience{10'000};
// A socket waits longer than the server works.
constexpr std::chrono::milliseconds kOnItsWay{2'000};

Result<std::unique_ptr<MongoClient>> OpenPatient(
    const MongoOptions& options, std::chrono::milliseconds socket
) {
    MongoOptions patient = options;
    patient.socket = socket;
    return MongoClient::Open(patient);
}

constexpr std::chrono::minutes kIndexTime{10};  // an index over many documents takes its time

// A word that another application wrote is read as the field's first word, but no list by that
// field finds it.
void FindWords(const std::string& document, std::vector<std::string>& findings) {
    const domain::TopFields fields(document);
    for (const char* field : IndexOf(IndexId::kConversionState).fields) {
        const auto words = WordsOf(field);
        const auto text = fields.Text(field);
        if (words.empty() || !text) continue;
        if (std::find(words.begin(), words.end(), *text) != words.end()) continue;
        findings.push_back("conversion " + fields.TextOr("click_id") + ": no such " + field);
    }
}

// Few and small documents, which the nodes read all the time to know of each other.
bool IsSmall(Collection collection) {
    return collection != Collection::kConversions && collection != Collection::kContacts;
}

}  // namespace

Result<std::unique_ptr<MongoEngine>> MongoEngine::Open(const MongoEngineOptions& options) {
    auto fast = MongoClient::Open(options.client);
    if (!fast) return Fail(fast.error());
    auto lists = OpenPatient(options.client, kScanTime + kOnItsWay);
    if (!lists) return Fail(lists.error());
    auto sums = OpenPatient(options.client, kLongSumTime + kOnItsWay);
    if (!sums) return Fail(sums.error());
    auto checked = CheckServer(**fast, options.allow_standalone, options.start_patience);
    if (!checked) return Fail(checked.error());
    if (auto may = CheckPrivileges(**fast); !may) return Fail(may.error());
    std::unique_ptr<MongoEngine> engine(
        new MongoEngine(options, {std::move(*fast), std::move(*lists), std::move(*sums)})
    );
    // Usually everything is there at once; where indexes take longer the program starts meanwhile
    // and readyz says what it waits for.
    MutexLock lock(engine->mutex_);
    engine->changed_.wait_for(lock, options.start_patience, [&]() REQUIRES(engine->mutex_) {
        return engine->ready_ || engine->refusal_ || engine->unadopted_;
    });
    if (engine->refusal_) return Fail(ErrorCode::kInvalid, engine->refusal_->message);
    lock.unlock();
    if (auto warm = engine->fast_->Warm(kWarm); !warm) return Fail(warm.error());
    if (options.cells) {
        auto* one = engine.get();
        engine->cell_keeper_ = std::jthread([one](std::stop_token stop) { one->KeepCells(stop); });
    }
    return engine;
}

MongoEngine::MongoEngine(const MongoEngineOptions& options, Clients clients)
    : options_(options),
      fast_(std::move(clients.fast)),
      lists_(std::move(clients.lists)),
      sums_(std::move(clients.sums)),
      seen_(*options.faults),
      reader_(*fast_, seen_),
      cells_(*lists_, seen_),
      trouble_("the indexes are being checked or built"),
      trouble_since_(Clock::now()) {
    watcher_ = std::thread([this] {
        NameThread("mongo-watch");
        Watch();
    });
}

MongoEngine::~MongoEngine() {
    cell_keeper_.request_stop();
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    if (cell_keeper_.joinable()) cell_keeper_.join();
    watcher_.join();
    // All at once: libmongoc's monitors look up twice a second, so that closing one client takes
    // half a second.
    std::vector<std::jthread> closing;
    for (auto* client : {&fast_, &lists_, &sums_, &patient_}) {
        closing.emplace_back([client] { client->reset(); });
    }
}

Result<MongoClient*> MongoEngine::Patient() {
    if (!patient_) {
        auto opened = OpenPatient(options_.client, kIndexTime);
        if (!opened) return Fail(opened.error());
        patient_ = std::move(*opened);
    }
    return patient_.get();
}

std::optional<Error> MongoEngine::MakeReady() {
    auto state = LookAt(*lists_);
    if (!state) return state.error();
    if (state->kind == DatabaseKind::kForeign) return Error{ErrorCode::kInvalid, state->why, {}};
    if (!state->why.empty()) return Error{ErrorCode::kConflict, state->why, {}};
    if (auto error = JudgeNarrowIndex()) return error;
    auto patient = Patient();
    if (!patient) return patient.error();
    auto prepared = Prepare(**patient);
    if (!prepared && prepared.error().code == ErrorCode::kInvalid) {
        return Error{ErrorCode::kUnavailable, prepared.error().message, {}};
    }
    if (!prepared) return prepared.error();
    return std::nullopt;
}

// It goes with the first goal that is configured to count several times a click. Found later, when
// such a goal is recorded, somebody else has made it: the seed's application does, at every start.
std::optional<Error> MongoEngine::JudgeNarrowIndex() {
    auto narrow = NarrowIndex(*lists_);
    if (!narrow) return narrow.error();
    if (narrow->empty()) return std::nullopt;
    auto goals = RepeatableGoals(*lists_);
    if (!goals) return goals.error();
    if (!goals->empty()) {
        return Error{ErrorCode::kInvalid, TwoUniqueIndexes(*narrow, goals->front()), {}};
    }
    if (!options_.several_per_click) return std::nullopt;
    // Ours first, so that one of the two always judges.
    auto patient = Patient();
    if (!patient) return patient.error();
    auto built = BuildIndexes(**patient);
    if (!built) return built.error();
    auto dropped = DropNarrowIndex(**patient);
    if (!dropped) return dropped.error();
    return std::nullopt;
}

// A new primary is read, and worked on by, only once it has confirmed a write (seen.h).
std::optional<std::string> MongoEngine::Unconfirmed() {
    auto lease = fast_->Take();
    if (!lease) return std::nullopt;  // every client is at work, and finds out by itself
    auto confirmed = seen_.Confirm(*lease);
    return confirmed ? std::nullopt : std::optional(confirmed.error().message);
}

void MongoEngine::Watch() {
    for (bool ready = false;;) {
        if (ready) patient_.reset();  // not sooner: closing it takes a while, and Open waits
        std::optional<std::string> trouble = fast_->NoPrimary();
        if (!ready && !trouble) {
            auto error = MakeReady();
            ready = !error;
            if (error) trouble = error->message;
            MutexLock lock(mutex_);
            ready_ = ready;
            unadopted_ = error && error->code == ErrorCode::kConflict;
            bool hopeless = error && (error->code == ErrorCode::kForbidden ||
                                      error->code == ErrorCode::kInvalid);
            if (hopeless) refusal_ = error;
        }
        if (ready && !trouble) trouble = Unconfirmed();
        SetTrouble(std::move(trouble));
        MutexLock lock(mutex_);
        if (changed_.wait_for(lock, kWatch, [this]() REQUIRES(mutex_) { return stopping_; }))
            return;
    }
}

// At most a quarter of the time, however much there is to count.
void MongoEngine::KeepCells(std::stop_token stop) {
    constexpr std::chrono::milliseconds kEvery{3'000}, kUntilReady{200};
    NameThread("cells");
    auto pause = std::chrono::duration_cast<Clock::duration>(kUntilReady);
    for (;;) {
        {
            MutexLock lock(mutex_);
            if (changed_.wait_for(lock, pause, [this]() REQUIRES(mutex_) { return stopping_; }))
                return;
            pause = kUntilReady;
            if (!ready_ || trouble_) continue;
        }
        const auto begin = Clock::now();
        auto swept = cells_.SweepInTurn(Time::Now(), stop);
        if (!swept && !stop.stop_requested()) {
            seen_.faults().Report(Fault::kStore, "cells", swept.error().message);
        }
        pause = std::max<Clock::duration>(kEvery, 3 * (Clock::now() - begin));
    }
}

void MongoEngine::SetTrouble(std::optional<std::string> trouble) {
    {
        MutexLock lock(mutex_);
        if (trouble && !trouble_) trouble_since_ = Clock::now();
        trouble_ = std::move(trouble);
    }
    changed_.notify_all();
}

std::optional<std::string> MongoEngine::Trouble() const {
    MutexLock lock(mutex_);
    return trouble_;
}

std::optional<Error> MongoEngine::Hopeless(bool writing) const {
    MutexLock lock(mutex_);
    if (!trouble_ || (!ready_ && !writing)) return std::nullopt;
    if (ready_ && Clock::now() - trouble_since_ < options_.trouble_patience) return std::nullopt;
    return Error{ErrorCode::kUnavailable, *trouble_, {}};
}

Result<std::vector<std::optional<std::string>>> MongoEngine::Load(std::span<const Ref> refs) {
    if (auto error = Hopeless(false)) return Fail(*error);
    return reader_.Load(refs, Deadline(options_.deadline));
}

Result<std::vector<WriteResult>> MongoEngine::Commit(std::span<const Write> writes) {
    if (auto error = Hopeless(true)) return Fail(*error);
    return CommitBatch(reader_, writes, Deadline(options_.deadline)).Run();
}

Result<Page> MongoEngine::Scan(const ScanRequest& request) {
    return ScanPage(IsSmall(request.collection) ? *fast_ : *lists_, seen_, request);
}

Result<size_t> MongoEngine::Count(const ScanRequest& request, size_t most) {
    return CountScan(*lists_, request, most);
}

Result<std::vector<std::string>> MongoEngine::FindAny(
    IndexId index, std::span<const std::string> values
) {
    return FindAnyOf(*fast_, seen_, index, values);
}

Result<std::vector<WorkItem>> MongoEngine::Work(const WorkQuery& query) {
    return DueWork(*fast_, seen_, query);
}

Result<std::vector<NodeId>> MongoEngine::WorkOwners() { return OwnersOfWork(*fast_, seen_); }

Result<std::vector<RollupRow>> MongoEngine::Rollup(Collection collection) {
    // One at a time: it reads the whole collection.
    std::unique_lock<std::timed_mutex> summing(summing_, kSumPatience);
    bool takes_long = false;
    {
        MutexLock lock(rollups_mutex_);
        const Cached& cached = rollups_[collection];
        if (Clock::now() < cached.until) return cached.rows;
        // Where one takes minutes, or hangs with its server, older ones are better than none.
        if (!summing && cached.until != Clock::time_point()) return cached.rows;
        takes_long = cached.takes_long;
    }
    if (!summing) return Fail(ErrorCode::kUnavailable, "the statistics are being computed");
    const auto begin = Clock::now();
    auto rows = Sums(collection, takes_long);
    const auto took = Clock::now() - begin;
    if (rows && took > kSlowRollup) {
        MutexLock lock(rollups_mutex_);
        const auto for_long = std::max<Clock::duration>(kRollupAgeMax - took, took);
        rollups_[collection] = {Clock::now() + for_long, *rows, took > kSumTime / 2};
    }
    return rows;
}

Result<std::vector<RollupRow>> MongoEngine::Sums(Collection collection, bool takes_long) {
    if (!takes_long) {
        auto quick = SumUp(*lists_, collection, kSumTime);
        if (!quick) return Fail(quick.error());
        if (*quick) return std::move(**quick);
    }
    auto whole = SumUp(*sums_, collection, kLongSumTime);
    if (!whole) return Fail(whole.error());
    if (!*whole) return Fail(ErrorCode::kUnavailable, "the statistics take too long");
    return std::move(**whole);
}

Result<bool> MongoEngine::ReadCells(CellView view, Time from, Time to, const TakeCell& take) {
    return cells_.Read(view, from, to, take);
}

Result<Time> MongoEngine::CellsAsOf(Time) { return cells_.AsOf(); }

Result<bool> MongoEngine::Backup(const std::string&) {
    return Fail(
        ErrorCode::kInvalid,
        "a database in MongoDB is backed up by mongodump or by a snapshot of its volumes: "
        "docs/operating/mongodb.md"
    );
}

Result<std::vector<std::string>> MongoEngine::Verify(bool repair) {
    if (repair) {
        auto patient = OpenPatient(options_.client, kIndexTime);
        if (!patient) return Fail(patient.error());
        auto built = Prepare(**patient);
        if (!built) return Fail(built.error());
    }
    auto findings = IndexFindings(*lists_);
    if (!findings) return findings;
    ScanRequest all;
    all.limit = 1'000;
    auto read = EachDocument(*this, all, [&](const std::string& document) {
        auto conversion = domain::DecodeConversion(document);
        if (conversion && !conversion->key.click.value.empty())
            return FindWords(document, *findings);
        findings->push_back(
            "conversion without a click: _id " +
            domain::TopText(document, "_id").value_or("missing")
        );
    });
    if (!read) return Fail(read.error());
    auto cells = cells_.Verify(repair);
    if (!cells) return cells;
    findings->insert(findings->end(), cells->begin(), cells->end());
    return findings;
}

}  // namespace barracuda::store
