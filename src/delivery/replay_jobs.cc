#include "delivery/replay_jobs.h"

#include <algorithm>
#include <future>
#include <tuple>

#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::delivery {

using Clock = std::chrono::steady_clock;

namespace {

constexpr std::string_view kPrefix = "job:";
constexpr std::chrono::seconds kLedgerPatience{30};
constexpr int64_t kPassesMax = 16;
constexpr size_t kScannedByStep = 20'000;  // conversions; then the cursor is kept
constexpr size_t kCountedByPage = 1'000;   // conversions in memory at a time

store::Ref RefOf(const std::string& id) {
    return {store::Collection::kSettings, std::string(kPrefix) + id};
}

std::string EncodeFilter(const DeliveryFilter& filter) {
    domain::BsonWriter to;
    if (filter.state && filter.state != domain::DeliveryState::kDead) {
        to.Text("state", domain::NameOf(*filter.state));
    }
    DeliveryFilter::EachText(filter, [&](const char* name, const std::string& value) {
        if (!value.empty()) to.Text(name, value);
    });
    if (filter.code) to.Int("code", *filter.code);
    if (filter.from) to.Date("from", *filter.from);
    if (filter.to) to.Date("to", *filter.to);
    return to.Take();
}

DeliveryFilter DecodeFilter(std::string_view bson) {
    const domain::TopFields fields(bson);
    DeliveryFilter filter;
    filter.state = DeliveryStateNamed(fields.TextOr("state"));
    if (!filter.state) filter.state = domain::DeliveryState::kDead;
    DeliveryFilter::EachText(filter, [&](const char* name, std::string& value) {
        value = fields.TextOr(name);
    });
    if (fields.Find("code")) filter.code = static_cast<int>(fields.Number("code"));
    filter.from = fields.Date("from");
    filter.to = fields.Date("to");
    return filter;
}

// What is dead at `now`, or waits and was recorded by then. The upper bound is exclusive and times
// are milliseconds: what died in the same one is meant too.
DeliveryQuery QueryOf(const DeliveryFilter& filter, Time now) {
    const Time until{now.ms + 1};
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

std::string WhoOf(const ReplayJob& job) { return job.by + " (job " + job.id + ")"; }

}  // namespace

const char* NameOf(JobAction action) { return action == JobAction::kCancel ? "cancel" : "replay"; }

const char* NameOf(JobState state) {
    static constexpr const char* kNames[] = {"running", "done", "cancelled"};
    return kNames[static_cast<int>(state)];
}

std::string EncodeJob(const ReplayJob& job) {
    domain::BsonWriter to;
    to.Text("_id", std::string(kPrefix) + job.id);
    to.Text("action", NameOf(job.action));
    to.Text("state", NameOf(job.state));
    to.Text("by", job.by);
    to.Text("node", job.node);
    to.Int("rate", job.rate);
    to.Document("filter", EncodeFilter(job.filter));
    if (!job.cursor.empty()) to.Text("cursor", HexOf(job.cursor));
    if (job.counted) to.Bool("counted", true);
    if (job.again) to.Bool("again", true);
    if (job.passes > 0) to.Int("passes", job.passes);
    if (job.matched) to.Int("matched", *job.matched);
    to.Int("replayed", job.replayed);
    if (!job.error.empty()) to.Text("error", job.error);
    to.Int("rev", job.rev);
    to.Date("createdAt", job.created);
    to.Date("updatedAt", job.updated);
    return to.Take();
}

ReplayJob DecodeJob(std::string_view bson) {
    const domain::TopFields fields(bson);
    ReplayJob job;
    std::string id = fields.TextOr("_id");
    job.id = id.substr(std::min(kPrefix.size(), id.size()));
    job.action = fields.TextOr("action") == "cancel" ? JobAction::kCancel : JobAction::kReplay;
    std::string state = fields.TextOr("state");
    job.state = state == "done"        ? JobState::kDone
                : state == "cancelled" ? JobState::kCancelled
                                       : JobState::kRunning;
    job.by = fields.TextOr("by");
    job.node = fields.TextOr("node");
    job.rate = static_cast<int>(fields.Number("rate"));
    job.filter = DecodeFilter(fields.Bytes("filter"));
    job.cursor = BytesOfHex(fields.TextOr("cursor")).value_or("");
    // Jobs had no action before they counted: the cursor of such a one is the replay's.
    job.counted = fields.Find("counted") || !fields.Find("action");
    job.again = fields.Find("again") != nullptr;
    job.passes = fields.Number("passes");
    job.matched.reset();
    if (fields.Find("matched")) job.matched = fields.Number("matched");
    job.replayed = fields.Number("replayed");
    job.error = fields.TextOr("error");
    job.rev = fields.Number("rev");
    job.created = Time{fields.Number("createdAt")};
    job.updated = Time{fields.Number("updatedAt")};
    return job;
}

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
    job.id = ObjectId::New().Hex();
    job.action = action;
    job.filter = std::move(filter);
    job.rate = rate;
    job.by = std::move(by);
    job.node = ledger_.node();
    job.rev = 1;
    job.created = job.updated = options_.now();
    ledger_.Edit(
        RefOf(job.id),
        [job](const auto&) {
            return ledger::EditPlan{true, EncodeJob(job)};
        },
        [this, job, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            runner_.Wake();
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
    Keep(id, cancel, std::move(done));
}

// Changes a job's document; `done` gets it as it then is.
void ReplayJobs::Keep(const std::string& id, Edit edit, Made done) {
    auto after = std::make_shared<std::optional<ReplayJob>>();
    ledger_.Edit(
        RefOf(id),
        [after, edit = std::move(edit), now = options_.now()](const auto& stored) {
            after->reset();
            if (!stored) return ledger::EditPlan{};
            ReplayJob job = DecodeJob(*stored);
            bool write = edit(job);
            if (write) {
                ++job.rev;
                job.updated = now;
            }
            *after = job;
            return ledger::EditPlan{write, EncodeJob(job)};
        },
        [after, done = std::move(done)](Result<ledger::EditState> state) {
            if (!state) return done(Fail(state.error()));
            if (!*after) return done(Fail(ErrorCode::kNotFound, "there is no such job", "id"));
            done(**after);
        }
    );
}

Result<std::vector<ReplayJob>> ReplayJobs::List() {
    store::ScanRequest request;
    request.collection = store::Collection::kSettings;
    request.key_prefix = kPrefix;
    std::vector<ReplayJob> jobs;
    do {
        auto page = engine_.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) jobs.push_back(DecodeJob(document));
        request.cursor = page->cursor;
    } while (!request.cursor.empty());
    std::sort(jobs.begin(), jobs.end(), [](const auto& a, const auto& b) {
        return std::tie(b.created, b.id) < std::tie(a.created, a.id);
    });
    return jobs;
}

Result<ReplayJob> ReplayJobs::Find(const std::string& id) {
    auto ref = RefOf(id);
    auto found = engine_.Load(std::span(&ref, 1));
    if (!found) return Fail(found.error());
    if (!found->front()) return Fail(ErrorCode::kNotFound, "there is no such job", "id");
    return DecodeJob(*found->front());
}

Result<ReplayJobs::Count> ReplayJobs::DryRun(const DeliveryFilter& filter, size_t scanned_max) {
    auto query = QueryOf(filter, options_.now());
    Count count;
    auto counted = CountOn(engine_, query, scanned_max, count.deliveries);
    if (!counted) return Fail(counted.error());
    count.complete = query.cursor.empty();
    return count;
}

// One page of every job that runs here and whose time has come; the next round is when the next
// one's comes. None waits for another: a slow job holds no fast one up.
void ReplayJobs::Round() {
    auto jobs = List();
    if (!jobs) return;
    std::map<std::string, Clock::time_point> next;
    auto first = Clock::time_point::max();
    for (auto at = jobs->rbegin(); at != jobs->rend(); ++at) {
        if (at->state != JobState::kRunning) continue;
        if (at->node != ledger_.node() && !options_.is_dead(at->node)) continue;
        auto known = next_.find(at->id);
        const bool due = known == next_.end() || known->second <= Clock::now();
        first = std::min(first, next[at->id] = due ? Step(*at) : known->second);
        if (runner_.stopping()) return;
    }
    next_ = std::move(next);
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
    auto query = QueryOf(job.filter, job.created);
    query.cursor = job.cursor;
    query.limit = std::clamp<size_t>(static_cast<size_t>(job.rate), 1, options_.page);
    query.scanned_max = kScannedByStep;
    auto page = ListDeliveries(engine_, query);
    if (!page) return Fail(page.error());
    *rows = page->rows.size();
    auto handled = job.action == JobAction::kCancel
                       ? CancelRows(ledger_, page->rows, WhoOf(job), options_.ended)
                       : ReplayRows(ledger_, page->rows, WhoOf(job), job.id);
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

// One page of one job; -> when the next may be.
Clock::time_point ReplayJobs::Step(const ReplayJob& job) {
    const auto begin = Clock::now();
    size_t rows = 0;
    auto step = job.counted ? HandledPage(job, &rows) : CountedPart(job);
    if (!KeepNow(job.id, std::move(step))) return Clock::now() + options_.poll;  // or it has ended
    const auto spent = std::chrono::duration<double>(double(rows) / std::max(1, job.rate));
    return begin + std::chrono::duration_cast<Clock::duration>(spent);
}

// Waits until the document has what a step came to. True: the job goes on.
bool ReplayJobs::KeepNow(const std::string& id, Result<Edit> step) {
    auto promise = std::make_shared<std::promise<bool>>();
    auto kept = promise->get_future();
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
    Keep(id, std::move(note), [promise](Result<ReplayJob> after) {
        promise->set_value(after && after->state == JobState::kRunning && after->error.empty());
    });
    return kept.wait_for(kLedgerPatience) == std::future_status::ready && kept.get();
}

}  // namespace barracuda::delivery
