#include "delivery/replay_jobs.h"

#include <algorithm>
#include <memory>
#include <tuple>

#include "base/check.h"
#include "ledger/edit_and_wait.h"

namespace barracuda::delivery {

namespace {

constexpr std::chrono::seconds kLedgerPatience{30};
constexpr int64_t kPassesMax = 16;
constexpr size_t kScannedByStep = 20'000;  // conversions; then the cursor is kept
constexpr size_t kCountedByPage = 1'000;   // conversions in memory at a time

// The end of a period that `at` lies in.
Time JustAfter(Time at) { return Time{at.ms + 1}; }

// Deliveries that are dead at `now`, or wait and were recorded by then. The upper bound is
// exclusive and times are milliseconds: a death in the same one counts.
DeliveryQuery QueryOf(const DeliveryFilter& filter, Time now) {
    const Time until = JustAfter(now);
    DeliveryQuery query;
    query.filter = filter;
    query.filter.to = std::min(filter.to.value_or(until), until);
    query.oldest_first = true;
    query.exact_times = true;
    return query;
}

// Adds to `count` what fits from the query's cursor on, and leaves the cursor where it stopped:
// empty at the end.
Result<bool> CountOn(
    store::Engine& engine, DeliveryQuery& query, size_t scanned_max, size_t& count
) {
    query.limit = query.scanned_max = std::min(kCountedByPage, scanned_max);
    for (size_t scanned = 0; scanned < scanned_max; scanned += query.scanned_max) {
        auto page = ListDeliveries(engine, query);
        if (!page) return Fail(page.error());
        count += page->rows.size();
        query.cursor = page->cursor;
        if (query.cursor.empty()) return true;
    }
    return true;
}

// The same of conversions: from `cursor` on, which it leaves where it stopped.
Result<bool> CountOn(
    store::Engine& engine, const Bulk& bulk, std::string& cursor, size_t looked_max, size_t& count
) {
    const size_t page_max = std::min(kCountedByPage, looked_max);
    for (size_t looked = 0; looked < looked_max; looked += page_max) {
        auto page = ReadBulk(engine, bulk, cursor, page_max, page_max);
        if (!page) return Fail(page.error());
        count += page->rows.size();
        cursor = page->cursor;
        if (cursor.empty()) return true;
    }
    return true;
}

// Of counting what became of a job's work: pages at a time, what may have changed since the job was
// made, and the pause behind a count in its own lengths.
constexpr size_t kFollowedPages = 4;
constexpr size_t kFollowedMax = 1'000'000;
constexpr int kFollowShare = 19;

static_assert(kCountedByPage <= kScannedByStep && kPassesMax > 1);

// Where a job of this id may stand.
std::vector<store::Ref> RefsOf(const std::string& id) {
    std::vector<store::Ref> refs;
    for (const auto prefix : kJobPrefixes) {
        refs.push_back({store::Collection::kSettings, std::string(prefix) + id});
    }
    return refs;
}

}  // namespace

ReplayJobs::ReplayJobs(store::Engine& engine, ledger::Ledger& ledger, ReplayOptions options)
    : engine_(engine), ledger_(ledger), options_(std::move(options)) {}

ReplayJobs::~ReplayJobs() { Stop(); }

void ReplayJobs::Start() {
    runner_.Start("replays", options_.poll, [this] { Round(); });
}

void ReplayJobs::Create(
    JobAction action, DeliveryFilter filter, int rate, std::string by, Made done
) {
    ReplayJob job;
    job.action = action;
    job.filter = std::move(filter);
    job.rate = rate;
    job.by = std::move(by);
    job.follows = action == JobAction::kReplay;
    Begin(std::move(job), std::move(done));
}

void ReplayJobs::CreateBulk(
    JobAction action, Bulk bulk, int rate, std::string by, std::optional<int64_t> matched, Made done
) {
    BARRACUDA_CHECK(IsBulk(action));
    ReplayJob job;
    job.action = action;
    job.bulk = std::move(bulk);
    job.rate = rate;
    job.by = std::move(by);
    job.counted = matched.has_value();
    job.matched = matched.value_or(0);
    Begin(std::move(job), std::move(done));
}

void ReplayJobs::Begin(ReplayJob job, Made done) {
    job.id = ObjectId::New().Hex();
    job.node = ledger_.node();
    job.rev = 1;
    job.created = job.updated = options_.now();
    const Time until = JustAfter(job.created);
    auto& to = job.bulk.filter.to;
    to = std::min(to.value_or(until), until);
    ledger_.Edit(
        RefOf(job),
        [job](const auto&) {
            return ledger::EditPlan{true, EncodeJob(job)};
        },
        [this, job, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            runner_.Wake();
            if (options_.moved) options_.moved(job);
            done(job);
        }
    );
}

void ReplayJobs::Cancel(const std::string& id, Made done) {
    auto cancel = [](ReplayJob& job) {
        if (job.state != JobState::kRunning) return false;
        job.state = JobState::kCancelled;
        return true;
    };
    Keep(RefsOf(id), cancel, std::move(done));
}

// An edit of a job's document; `after` gets it as it then is, and nothing where there is none.
ledger::EditFunction ReplayJobs::EditOf(Edit edit, std::shared_ptr<std::optional<ReplayJob>> after)
    const {
    return [after,
            edit = std::move(edit),
            now = options_.now()](const std::optional<std::string>& stored) {
        after->reset();
        if (!stored) return ledger::EditPlan{};
        ReplayJob job = DecodeJob(*stored);
        const bool write = edit(job);
        if (write) {
            ++job.rev;
            job.updated = now;
        }
        *after = job;
        return ledger::EditPlan{write, EncodeJob(job)};
    };
}

// Of the refs the first that is stored.
void ReplayJobs::Keep(std::span<const store::Ref> refs, Edit edit, Made done) {
    if (refs.empty()) return done(Fail(ErrorCode::kNotFound, "there is no such job", "id"));
    auto after = std::make_shared<std::optional<ReplayJob>>();
    const std::vector<store::Ref> others(refs.begin() + 1, refs.end());
    ledger_.Edit(
        refs.front(),
        EditOf(edit, after),
        [this, after, others, edit, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            if (!*after) return Keep(others, edit, done);
            if (options_.moved) options_.moved(**after);
            done(**after);
        }
    );
}

Result<std::vector<ReplayJob>> ReplayJobs::List() {
    std::vector<ReplayJob> jobs;
    for (const auto prefix : kJobPrefixes) {
        store::ScanRequest request;
        request.collection = store::Collection::kSettings;
        request.key_prefix = prefix;
        do {
            auto page = engine_.Scan(request);
            if (!page) return Fail(page.error());
            for (const auto& document : page->documents) jobs.push_back(DecodeJob(document));
            request.cursor = page->cursor;
        } while (!request.cursor.empty());
    }
    std::sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) {
        return std::tie(b.created, b.id) < std::tie(a.created, a.id);
    });
    return jobs;
}

Result<ReplayJob> ReplayJobs::Find(const std::string& id) {
    auto found = engine_.Load(RefsOf(id));
    if (!found) return Fail(found.error());
    for (const auto& document : *found) {
        if (document) return DecodeJob(*document);
    }
    return Fail(ErrorCode::kNotFound, "there is no such job", "id");
}

Result<ReplayJobs::Count> ReplayJobs::DryRun(const DeliveryFilter& filter, size_t scanned_max) {
    auto query = QueryOf(filter, options_.now());
    Count count;
    auto counted = CountOn(engine_, query, scanned_max, count.matched);
    if (!counted) return Fail(counted.error());
    count.complete = query.cursor.empty();
    return count;
}

Result<ReplayJobs::Count> ReplayJobs::DryRun(const Bulk& bulk, size_t scanned_max) {
    Count count;
    std::string cursor;
    auto counted = CountOn(engine_, bulk, cursor, scanned_max, count.matched);
    if (!counted) return Fail(counted.error());
    count.complete = cursor.empty();
    return count;
}

// One page of every job that runs here and whose time has come, and a part of the count of what
// became of its work; the next round is when the next one's time comes. None waits for another: a
// slow job holds no fast one up.
void ReplayJobs::Round() {
    auto jobs = List();
    if (!jobs) return;
    std::map<std::string, Clock::time_point> next;
    std::map<std::string, Follow> follows;
    auto first = Clock::time_point::max();
    for (auto at = jobs->rbegin(); at != jobs->rend(); ++at) {
        const bool runs = at->state == JobState::kRunning;
        if (!runs && !at->follows) continue;
        if (at->node != ledger_.node() && !options_.is_dead(at->node)) continue;
        if (runs) {
            auto known = next_.find(at->id);
            const bool due = known == next_.end() || known->second <= Clock::now();
            first = std::min(first, next[at->id] = due ? Step(*at) : known->second);
        }
        if (at->follows) {
            Follow& follow = follows[at->id] = std::move(follows_[at->id]);
            const bool due = follow.next <= Clock::now();
            first = std::min(first, due ? FollowPart(*at, follow) : follow.next);
        }
        if (runner_.stopping()) return;
    }
    next_ = std::move(next);
    follows_ = std::move(follows);
    runner_.ComeBy(first);
}

// A part of the count, whose cursor is the job's until it is whole.
Result<ReplayJobs::Edit> ReplayJobs::CountedPart(const ReplayJob& job) {
    auto query = QueryOf(job.filter, job.created);
    query.cursor = job.cursor;
    size_t more = 0;
    auto counted = CountOn(engine_, query, kScannedByStep, more);
    if (!counted) return Fail(counted.error());
    return Edit([more, cursor = query.cursor](ReplayJob& stored) {
        stored.matched = stored.matched.value_or(0) + static_cast<int64_t>(more);
        stored.cursor = cursor;
        stored.counted = cursor.empty();
        return true;
    });
}

Result<ReplayJobs::Edit> ReplayJobs::HandledPage(const ReplayJob& job, size_t* rows) {
    BARRACUDA_CHECK(!IsBulk(job.action) && rows);  // it would send what was to be approved
    auto query = QueryOf(job.filter, job.created);
    query.cursor = job.cursor;
    query.limit = std::clamp<size_t>(static_cast<size_t>(job.rate), 1, options_.page);
    query.scanned_max = kScannedByStep;
    auto page = ListDeliveries(engine_, query);
    if (!page) return Fail(page.error());
    *rows = page->rows.size();
    auto handled = job.action == JobAction::kCancel
                       ? CancelRows(ledger_, page->rows, job.Who(), options_.ended)
                       : ReplayRows(ledger_, page->rows, job.Who(), job.id);
    if (!handled) return Fail(handled.error());
    // A node that died may have cancelled a page and not have said so, and its work moves now.
    const bool taken_over = job.node != ledger_.node();
    return Edit([handled = *handled, cursor = page->cursor, taken_over](ReplayJob& stored) {
        stored.replayed += static_cast<int64_t>(handled);
        stored.cursor = cursor;
        stored.again |= handled > 0 || taken_over;
        if (!cursor.empty()) return true;
        const bool moves = stored.filter.state == domain::DeliveryState::kWaiting;
        const bool another = moves && stored.again && ++stored.passes < kPassesMax;
        if (!another) stored.state = JobState::kDone;
        stored.again = false;
        return true;
    });
}

// The same of a job over conversions.
Result<ReplayJobs::Edit> ReplayJobs::BulkPart(const ReplayJob& job) {
    std::string cursor = job.cursor;
    size_t more = 0;
    auto counted = CountOn(engine_, job.bulk, cursor, kScannedByStep, more);
    if (!counted) return Fail(counted.error());
    return Edit([more, cursor](ReplayJob& stored) {
        stored.matched = stored.matched.value_or(0) + static_cast<int64_t>(more);
        stored.cursor = cursor;
        stored.counted = cursor.empty();
        return true;
    });
}

Result<ReplayJobs::Edit> ReplayJobs::BulkHandled(const ReplayJob& job, size_t* rows) {
    BARRACUDA_CHECK(IsBulk(job.action) && rows);  // it would approve what was to be sent
    const size_t limit = std::clamp<size_t>(static_cast<size_t>(job.rate), 1, options_.page);
    auto page = ReadBulk(engine_, job.bulk, job.cursor, limit, kScannedByStep);
    if (!page) return Fail(page.error());
    *rows = page->rows.size();
    auto handled = HandleBulk(ledger_, job, page->rows, options_.asks);
    if (!handled) return Fail(handled.error());
    return Edit([handled = std::move(*handled),
                 missing = std::move(page->missing),
                 cursor = std::move(page->cursor)](ReplayJob& stored) {
        stored.replayed += handled.done;
        stored.Skip(missing);
        stored.Skip(handled.skipped);
        stored.cursor = cursor;
        if (cursor.empty()) stored.state = JobState::kDone;
        return true;
    });
}

// One page of one job; -> when the next may be.
ReplayJobs::Clock::time_point ReplayJobs::Step(const ReplayJob& job) {
    BARRACUDA_CHECK(job.state == JobState::kRunning);  // Round passes the others over
    const auto begin = Clock::now();
    size_t rows = 0;
    const bool bulk = IsBulk(job.action);
    auto step = !job.counted ? (bulk ? BulkPart(job) : CountedPart(job))
                : bulk       ? BulkHandled(job, &rows)
                             : HandledPage(job, &rows);
    if (!KeepNow(job, std::move(step))) return Clock::now() + options_.poll;  // or it has ended
    const auto spent = std::chrono::duration<double>(double(rows) / std::max(1, job.rate));
    return begin + std::chrono::duration_cast<Clock::duration>(spent);
}

// Waits until the document has what a step came to. True: the job goes on.
bool ReplayJobs::KeepNow(const ReplayJob& job, Result<Edit> step) {
    // By value: an answer after our patience may still run the edit.
    auto note = [step = std::move(step), node = ledger_.node()](ReplayJob& stored) {
        if (stored.state != JobState::kRunning) return false;
        if (!step) {
            const bool known = stored.error == step.error().message;
            stored.error = step.error().message;
            return !known;
        }
        stored.node = node;
        stored.error.clear();
        return (*step)(stored);
    };
    auto after = std::make_shared<std::optional<ReplayJob>>();
    auto kept =
        ledger::EditAndWait(ledger_, RefOf(job), EditOf(std::move(note), after), kLedgerPatience);
    // After a timeout the edit may be running: only its answer says that `after` is whole.
    if (!kept || !*after) return false;
    if (options_.moved) options_.moved(**after);
    return (*after)->state == JobState::kRunning && (*after)->error.empty();
}

// A few pages of the count; -> when the next ones, or the next count, may be.
ReplayJobs::Clock::time_point ReplayJobs::FollowPart(const ReplayJob& job, Follow& follow) {
    const auto begin = Clock::now();
    if (!follow.count) {
        follow.count.emplace(job.id, job.created);
        follow.ended = job.state != JobState::kRunning;
        follow.spent = {};
    }
    Result<bool> whole = false;
    for (size_t page = 0; page < kFollowedPages && whole && !*whole; ++page) {
        whole = follow.count->Step(engine_);
    }
    follow.spent += Clock::now() - begin;
    if (whole && !*whole && follow.count->looked() < kFollowedMax) return Clock::now();
    if (whole) KeepOutcomes(job, follow, *whole);
    follow.count.reset();  // what a store in trouble broke off begins anew
    const auto pause = std::max<Clock::duration>(options_.poll, kFollowShare * follow.spent);
    return follow.next = Clock::now() + pause;
}

// Into the job's document. Where nothing waits any more it is the last count; where more has
// changed since the job was made than is read again and again, the one before was. What the ledger
// does not take is counted once more.
void ReplayJobs::KeepOutcomes(const ReplayJob& job, const Follow& follow, bool whole) {
    const auto outcomes = follow.count->outcomes();
    const bool last = !whole || (follow.ended && outcomes.waiting == 0);
    auto note = [=, now = options_.now()](ReplayJob& stored) {
        if (!stored.follows || (!last && stored.outcomes == outcomes)) return false;
        stored.follows = !last;
        if (!whole) return true;
        stored.outcomes = outcomes;
        stored.outcomes_at = now;
        return true;
    };
    auto after = std::make_shared<std::optional<ReplayJob>>();
    auto kept = ledger::EditAndWait(ledger_, RefOf(job), EditOf(note, after), kLedgerPatience);
    if (kept && *after && options_.moved) options_.moved(**after);
}

}  // namespace barracuda::delivery
