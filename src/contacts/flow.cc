#include "contacts/flow.h"

#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "base/thread_name.h"
#include "contacts/flow_reports.h"
#include "contacts/registration.h"

namespace barracuda::contacts {

using std::chrono::milliseconds;

namespace {

constexpr size_t kWorkItemsMax = 4'096;
constexpr milliseconds kTick{50};  // how late an answer may be, and a poll
constexpr size_t kHashesWaitingMax = 65'536;
constexpr milliseconds kFollowAgain{1'000};  // after the store did not answer

double SystemRandom() { return randombytes_random() / 4294967296.0; }

store::Ref RefOf(const domain::Contact& contact) {
    return {store::Collection::kContacts, contact.id.Hex()};
}

FlowOptions Filled(FlowOptions options) {
    if (!options.random) options.random = SystemRandom;
    return options;
}

}  // namespace

FlowRunner::FlowRunner(
    store::Engine& engine,
    delivery::IrevApi& network,
    delivery::Dispatcher& dispatcher,
    FlowOptions options
)
    : engine_(engine),
      network_(network),
      dispatcher_(dispatcher),
      options_(Filled(std::move(options))),
      sync_(engine, options_.now, options_.shared_contacts) {}

FlowRunner::~FlowRunner() { Stop(); }

void FlowRunner::Start(ledger::Ledger& ledger) {
    ledger_ = &ledger;
    alone_ = std::make_unique<nodes::SoleOwner>(ledger.node());
    thread_ = std::thread([this] {
        NameThread("flows");
        Work();
    });
}

void FlowRunner::Stop() {
    StopBeginning();
    {
        MutexLock lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void FlowRunner::FollowLast(milliseconds patience) {
    const auto until = Clock::now() + patience;
    auto left = [until] { return std::chrono::duration_cast<milliseconds>(until - Clock::now()); };
    auto go_on = [this, left] { return left().count() > 0 && !engine_.Trouble(); };
    // Every round first has the ledger finish: outcomes, then what the round before wrote, as a
    // contact that was written meanwhile waits again.
    while (go_on() && ledger_->Pass(left()) && sync_.Waits() && sync_.Run(*ledger_, go_on)) {
    }
}

void FlowRunner::Post(std::function<void()> job) {
    {
        MutexLock lock(mutex_);
        if (stopping_) return;  // the step stands in the store
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void FlowRunner::AfterJobs(std::function<void()> then) {
    {
        MutexLock lock(mutex_);
        if (!stopping_) {
            jobs_.push_back(std::move(then));
            wake_.notify_one();
            return;
        }
    }
    then();
}

void FlowRunner::Written(const domain::Conversion& conversion) {
    if (!sync_.Written(conversion)) return;
    {
        MutexLock lock(mutex_);
        sync_waits_ = true;
    }
    wake_.notify_one();
}

void FlowRunner::Work() {
    // Until it has been read, every written conversion is taken for a contact's, and a hash that
    // memory does not know is asked of the store.
    Load();
    Follow();
    auto next_poll = Clock::now();
    while (Turn(next_poll)) {
    }
    AnswerLate(true);
    ResolveHashes();
}

void FlowRunner::Load() {
    auto loaded = sync_.Load([this] {
        ResolveHashes();  // who asks meanwhile does not wait for all of it
        MutexLock lock(mutex_);
        return !stopping_;
    });
    loaded_ = loaded && *loaded;
}

// Jobs for the worker come first; the clicks that are left follow in its next turn.
void FlowRunner::Follow() {
    if (Clock::now() < next_follow_) return;
    const bool answered = sync_.Run(*ledger_, [this] {
        MutexLock lock(mutex_);
        return !stopping_ && jobs_.empty() && hashes_.empty();
    });
    if (!answered) next_follow_ = Clock::now() + kFollowAgain;
}

// One round of the worker; false: the last one.
bool FlowRunner::Turn(Clock::time_point& next_poll) {
    std::deque<std::function<void()>> jobs;
    bool sync = false, stop = false;
    {
        MutexLock lock(mutex_);
        wake_.wait_for(lock, kTick, [this]() REQUIRES(mutex_) {
            return stopping_ || sync_waits_ || !jobs_.empty() || !hashes_.empty();
        });
        jobs.swap(jobs_);
        sync = std::exchange(sync_waits_, false);
        stop = stopping_;
    }
    for (auto& job : jobs) job();
    if (stop) return false;
    ResolveHashes();
    if (sync || sync_.Waits()) Follow();
    AnswerLate(false);
    if (Clock::now() < next_poll) return true;
    next_poll = Clock::now() + options_.poll;
    if (!loaded_) Load();
    // A store that refuses writes could not record what comes of it.
    if (!engine_.Trouble()) Poll();
    return true;
}

void FlowRunner::ClickOfHash(const std::string& hash, ClickDone done) {
    auto cached = sync_.Cached(hash);
    if (cached || sync_.KnowsAll()) return done(std::move(cached));
    {
        MutexLock lock(mutex_);
        if (!stopping_ && hashes_.size() < kHashesWaitingMax) {
            hashes_.emplace_back(hash, std::move(done));
            wake_.notify_one();
            return;
        }
    }
    done(Fail(ErrorCode::kUnavailable, "too many requests wait for the store, try again"));
}

// One query for all who ask meanwhile.
void FlowRunner::ResolveHashes() {
    std::vector<std::pair<std::string, ClickDone>> asked;
    {
        MutexLock lock(mutex_);
        asked.swap(hashes_);
    }
    for (size_t from = 0; from < asked.size(); from += ContactSync::kClicksPerQuery) {
        const size_t to = std::min(asked.size(), from + ContactSync::kClicksPerQuery);
        std::vector<std::string> hashes;
        for (size_t i = from; i < to; ++i) hashes.push_back(asked[i].first);
        auto clicks = sync_.Resolve(hashes);
        for (size_t i = from; i < to; ++i) {
            auto& [hash, done] = asked[i];
            if (!clicks) {
                done(Fail(clicks.error()));
                continue;
            }
            auto at = clicks->find(hash);
            done(at == clicks->end() ? std::nullopt : std::optional(at->second));
        }
    }
}

void FlowRunner::Answer(Run& run) {
    auto done = std::exchange(run.done, {});
    if (!done) return;
    auto told = run.progress;
    // The contact is written when the network has answered; its deposit is recorded before.
    if (told.deposit && !told.contact.ftd) {
        const bool registered = told.contact.affiliate_registered;
        domain::SyncFlags(told.contact, {*told.deposit});
        told.contact.affiliate_registered = registered;
    }
    done(std::move(told));
}

void FlowRunner::AnswerLate(bool all) {
    const auto now = Clock::now();
    for (auto& [id, run] : runs_) {
        if (run->done && (all || run->until <= now)) Answer(*run);
    }
}

const nodes::Ownership& FlowRunner::ownership() const {
    return options_.ownership ? *options_.ownership : *alone_;
}

void FlowRunner::Poll() {
    if (runs_.size() >= options_.runs_max) return;
    const Time now = options_.now();
    auto items = engine_.Work(
        {.collection = store::Collection::kContacts,
         .until = now,
         .limit = kWorkItemsMax,
         .owners = ownership().Owners()}
    );
    if (!items) return;
    std::vector<store::Ref> refs;
    for (auto& item : *items) {
        if (runs_.contains(item.ref.key)) continue;
        if (!ownership().MaySend(item.owner) && !ownership().MayTake(item.owner)) continue;
        if (runs_.size() + refs.size() >= options_.runs_max) break;
        refs.push_back(std::move(item.ref));
    }
    if (refs.empty()) return;
    auto documents = engine_.Load(refs);
    if (!documents) return;
    for (size_t i = 0; i < refs.size(); ++i) {
        if ((*documents)[i]) TakeUp(refs[i], *(*documents)[i], now);
    }
}

void FlowRunner::TakeUp(const store::Ref& ref, const std::string& document, Time now) {
    auto contact = domain::DecodeContact(document);
    if (!contact || !contact->flow.Unfinished() || contact->flow.next_at > now) return;
    const bool ours = ownership().MaySend(contact->owner);
    if (!ours && !ownership().MayTake(contact->owner)) return;  // taken since the poll
    auto run = std::make_shared<Run>();
    run->progress.contact = std::move(*contact);
    runs_[ref.key] = run;
    // A dead node's, or an earlier boot's of ours: Save writes the new owner while it is still
    // that.
    if (ours) return Advance(run);
    Save(
        run, [](domain::Contact&) {}, [this, run] { Advance(run); }
    );
}

bool FlowRunner::Create(domain::Contact contact, milliseconds wait, Done done) {
    {
        MutexLock lock(mutex_);
        if (jobs_.size() >= options_.jobs_max) return false;
    }
    const Time now = options_.now();
    contact.created = contact.updated = contact.flow.next_at = now;
    contact.owner = ledger_->node();
    contact.rev = 1;
    if (contact.flow.step == domain::FlowStep::kRegistration) {
        contact.flow.goal = RegistrationGoalOf(contact, Goals(), options_.rules);
    }
    // Whatever stands under the id that was drawn for it is this contact: its insert landed, the
    // answer was lost, and somebody has changed it since.
    auto ours = std::make_shared<domain::Contact>(contact);
    auto edit =
        [this, ours, bytes = domain::Encode(contact)](const std::optional<std::string>& stored) {
            auto known = domain::DecodeContact(stored.value_or(""));
            if (stored && known) *ours = std::move(*known);
            if (stored) return ledger::EditPlan{};
            sync_.Add(*ours);  // here, so that who is refused leaves nothing in memory
            return ledger::EditPlan{true, bytes};
        };
    auto written = [this, ours, wait, done = std::move(done)](Result<ledger::EditState> state) {
        if (!state) return done(Fail(state.error()));
        if (*state == ledger::EditState::kRefused) {
            return done(
                Fail(ErrorCode::kConflict, "This email has already been registered.", "email")
            );
        }
        if (wait.count() == 0) done(FlowProgress{*ours, {}, {}});
        Post([this, ours, wait, done = wait.count() == 0 ? Done() : done] {
            Begin(*ours, wait, done);
        });
    };
    return ledger_->SubmitEdit(RefOf(contact), std::move(edit), std::move(written));
}

void FlowRunner::Begin(domain::Contact contact, milliseconds wait, Done done) {
    RunPtr& run = runs_[contact.id.Hex()];
    const bool fresh = !run;  // else a poll was quicker
    if (fresh) run = std::make_shared<Run>();
    run->until = Clock::now() + wait;
    run->done = std::move(done);
    if (!fresh) return;
    run->progress.contact = std::move(contact);
    if (!run->progress.contact.flow.Unfinished()) {
        if (run->progress.contact.Click().empty()) return Release(run);
        // Nothing to run, but the ledger may know its click already.
        return Save(
            run, [](domain::Contact&) {}, [this, run = run] { Release(run); }
        );
    }
    if (runs_.size() > options_.runs_max) return Release(run);  // due: a poll takes it up
    Advance(run);
}

void FlowRunner::Release(RunPtr run) {
    BARRACUDA_CHECK(run);
    Answer(*run);
    runs_.erase(run->progress.contact.id.Hex());
}

void FlowRunner::Save(RunPtr run, Change change, std::function<void()> next) {
    domain::Contact expected = run->progress.contact;
    const bool owned = expected.flow.Unfinished();
    const NodeId owner = expected.owner;
    const auto step = expected.flow.step;
    const int attempts = expected.flow.attempts;
    change(expected);
    sync_.Add(expected);  // before reading: what is written from now on is seen by the sync
    auto conversions = ConversionsOf(engine_, expected);
    if (!conversions) return Release(run);
    auto after = std::make_shared<domain::Contact>();
    auto gone = std::make_shared<bool>(false);
    auto edit = [change,
                 after,
                 gone,
                 found = std::move(*conversions),
                 owned,
                 owner,
                 step,
                 attempts,
                 node = ledger_->node(),
                 now = options_.now()](const std::optional<std::string>& stored) {
        auto contact = domain::DecodeContact(stored.value_or(""));
        *gone = !stored;
        if (!stored || !contact) return ledger::EditPlan{};
        // Another node took the flow over while this one was away: it goes on there. And what was
        // decided on a step counts at that step alone.
        const bool there = contact->owner == owner && contact->flow.step == step &&
                           contact->flow.attempts == attempts;
        if (owned && !there) return ledger::EditPlan{};
        change(*contact);
        domain::SyncFlags(*contact, found);
        WakeFlow(*contact, found, now);
        contact->owner = node;
        contact->updated = now;
        ++contact->rev;
        *after = *contact;
        return ledger::EditPlan{true, domain::Encode(*contact)};
    };
    auto written = [this, run, after, gone, next = std::move(next)](Result<ledger::EditState> state
                   ) {
        const bool saved = state && *state == ledger::EditState::kWritten;
        if (saved) sync_.Again(*after);
        Post([this, run, after, next, saved, erased = state && *gone] {
            if (erased) Forget(run->progress.contact);
            if (!saved) return Release(run);
            run->progress.contact = *after;
            next();
        });
    };
    ledger_->Edit(RefOf(run->progress.contact), std::move(edit), std::move(written));
}

}  // namespace barracuda::contacts
