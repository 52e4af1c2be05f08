#include "delivery/flow.h"

#include <sodium.h>

#include <algorithm>

#include "base/text.h"
#include "delivery/flow_reports.h"

namespace barracuda::delivery {

using domain::FlowStep;
using std::chrono::milliseconds;

namespace {

constexpr size_t kWorkItemsMax = 4'096;
constexpr milliseconds kTick{50};  // how late an answer may be, and a poll
constexpr size_t kErrorBytesMax = 512;
constexpr size_t kHashesWaitingMax = 65'536;

double SystemRandom() { return randombytes_random() / 4294967296.0; }

std::string RandomClick() {
    std::string bytes(16, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return HexOf(bytes);
}

store::Ref RefOf(const domain::Contact& contact) {
    return {store::Collection::kContacts, contact.id.Hex()};
}

FlowOptions Filled(FlowOptions options) {
    if (!options.random) options.random = SystemRandom;
    return options;
}

bool IsContactRoute(const domain::Contact& contact) { return contact.flow.route == "contact"; }

const domain::Delivery* PostbackOf(const domain::Conversion& conversion) {
    return conversion.FindDelivery(kDefaultDestination, kGoalPostback);
}

void GoTo(domain::Contact& contact, FlowStep step, Time now) {
    contact.flow.step = step;
    contact.flow.attempts = 0;
    contact.flow.next_at = now;
}

}  // namespace

FlowRunner::FlowRunner(
    store::Engine& engine, Network& network, Dispatcher& dispatcher, FlowOptions options
)
    : engine_(engine),
      network_(network),
      dispatcher_(dispatcher),
      options_(Filled(std::move(options))),
      sync_(engine, options_.now, options_.shared_contacts) {}

FlowRunner::~FlowRunner() { Stop(); }

void FlowRunner::Start(ledger::Ledger& ledger) {
    ledger_ = &ledger;
    alone_ = std::make_unique<SoleOwner>(ledger.node());
    thread_ = std::thread([this] { Work(); });
}

void FlowRunner::Stop() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (thread_.joinable()) thread_.join();
}

void FlowRunner::Post(std::function<void()> job) {
    {
        std::lock_guard lock(mutex_);
        if (stopping_) return;  // the step stands in the store
        jobs_.push_back(std::move(job));
    }
    wake_.notify_one();
}

void FlowRunner::Written(const domain::Conversion& conversion) {
    if (!sync_.Written(conversion)) return;
    {
        std::lock_guard lock(mutex_);
        sync_waits_ = true;
    }
    wake_.notify_one();
}

void FlowRunner::Work() {
    // Until it has been read, every written conversion is taken for a contact's.
    loaded_ = sync_.Load().has_value();
    sync_.Run(*ledger_);
    auto next_poll = Clock::now();
    while (Turn(next_poll)) {
    }
    AnswerLate(true);
    ResolveHashes();
}

// One round of the worker; false: the last one.
bool FlowRunner::Turn(Clock::time_point& next_poll) {
    std::deque<std::function<void()>> jobs;
    bool sync = false, stop = false;
    {
        std::unique_lock lock(mutex_);
        wake_.wait_for(lock, kTick, [this] {
            return stopping_ || sync_waits_ || !jobs_.empty() || !hashes_.empty();
        });
        jobs.swap(jobs_);
        sync = std::exchange(sync_waits_, false);
        stop = stopping_;
    }
    for (auto& job : jobs) job();
    if (stop) return false;
    ResolveHashes();
    if (sync || sync_.Waits()) sync_.Run(*ledger_);
    AnswerLate(false);
    if (Clock::now() < next_poll) return true;
    next_poll = Clock::now() + options_.poll;
    if (!loaded_) loaded_ = sync_.Load().has_value();
    // A store that refuses writes could not record what comes of it.
    if (!engine_.Trouble()) Poll();
    return true;
}

void FlowRunner::ClickOfHash(const std::string& hash, ClickDone done) {
    auto cached = sync_.Cached(hash);
    if (cached || !sync_.shared()) return done(std::move(cached));
    {
        std::lock_guard lock(mutex_);
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
        std::lock_guard lock(mutex_);
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
    if (auto done = std::exchange(run.done, {})) done(run.progress);
}

void FlowRunner::AnswerLate(bool all) {
    const auto now = Clock::now();
    for (auto& [id, run] : runs_) {
        if (run->done && (all || run->until <= now)) Answer(*run);
    }
}

const Ownership& FlowRunner::ownership() const {
    return options_.ownership ? *options_.ownership : *alone_;
}

void FlowRunner::Poll() {
    if (runs_.size() >= options_.runs_max) return;
    const Time now = options_.now();
    auto items =
        engine_.Work({.until = now, .limit = kWorkItemsMax, .owners = ownership().Owners()});
    if (!items) return;
    std::vector<store::Ref> refs;
    for (auto& item : *items) {
        if (item.ref.collection != store::Collection::kContacts) continue;
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

void FlowRunner::Create(domain::Contact contact, milliseconds wait, Done done) {
    const Time now = options_.now();
    contact.created = contact.updated = contact.flow.next_at = now;
    contact.owner = ledger_->node();
    contact.rev = 1;
    sync_.Add(contact);
    auto edit = [bytes = domain::Encode(contact)](const std::optional<std::string>& stored) {
        return stored ? ledger::EditPlan{} : ledger::EditPlan{true, bytes};
    };
    auto written = [this, contact, wait, done = std::move(done)](Result<ledger::EditState> state) {
        if (!state) return done(Fail(state.error()));
        if (*state != ledger::EditState::kWritten) {
            return done(
                Fail(ErrorCode::kConflict, "This email has already been registered.", "email")
            );
        }
        if (wait.count() == 0) done(FlowProgress{contact, {}, {}});
        Post([this, contact, wait, done = wait.count() == 0 ? Done() : done] {
            Begin(contact, wait, done);
        });
    };
    ledger_->Edit(RefOf(contact), std::move(edit), std::move(written));
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
    Answer(*run);
    runs_.erase(run->progress.contact.id.Hex());
}

void FlowRunner::Advance(RunPtr run) {
    switch (run->progress.contact.flow.step) {
        case FlowStep::kAcquire:
            return Acquire(run);
        case FlowStep::kRegistration:
            return Register(run);
        case FlowStep::kDeposit:
            return Deposit(run);
        case FlowStep::kNone:
        case FlowStep::kDone:
            return Release(run);
    }
}

void FlowRunner::Save(RunPtr run, Change change, std::function<void()> next) {
    domain::Contact expected = run->progress.contact;
    const bool owned = expected.flow.Unfinished();
    const std::string owner = expected.owner;
    change(expected);
    sync_.Add(expected);  // before reading: what is written from now on is seen by the sync
    auto conversions = ConversionsOf(engine_, expected);
    if (!conversions) return Release(run);
    auto after = std::make_shared<domain::Contact>();
    auto edit = [change,
                 after,
                 found = std::move(*conversions),
                 owned,
                 owner,
                 node = ledger_->node(),
                 now = options_.now()](const std::optional<std::string>& stored) {
        auto contact = domain::DecodeContact(stored.value_or(""));
        if (!stored || !contact) return ledger::EditPlan{};  // erased meanwhile
        // Another node took the flow over while this one was away: it goes on there.
        if (owned && (!contact->flow.Unfinished() || contact->owner != owner)) {
            return ledger::EditPlan{};
        }
        change(*contact);
        domain::SyncFlags(*contact, found);
        contact->owner = node;
        contact->updated = now;
        ++contact->rev;
        *after = *contact;
        return ledger::EditPlan{true, domain::Encode(*contact)};
    };
    auto written = [this, run, after, next = std::move(next)](Result<ledger::EditState> state) {
        const bool saved = state && *state == ledger::EditState::kWritten;
        if (saved) sync_.Again(*after);
        Post([this, run, after, next, saved] {
            if (!saved) return Release(run);
            run->progress.contact = *after;
            next();
        });
    };
    ledger_->Edit(RefOf(run->progress.contact), std::move(edit), std::move(written));
}

void FlowRunner::Acquire(RunPtr run) {
    const auto& contact = run->progress.contact;
    // Right before the attempt: a pause may lie between taking it up and here.
    if (!ownership().MaySend(contact.owner)) return Release(run);
    // The same id on every attempt.
    auto id = domain::DeliveryId(contact.id, kDefaultDestination, "acquire_click");
    network_.AcquireClick(id, ClickCallOf(contact, options_), [this, run](Attempt attempt) {
        Post([this, run, attempt = std::move(attempt)] { Acquired(run, attempt); });
    });
}

void FlowRunner::Acquired(RunPtr run, const Attempt& attempt) {
    std::string hash, click, tracking_link, clicked_url, error;
    for (const auto& [name, value] : attempt.result) {
        if (name == "hash") hash = value;
        if (name == "click_id") click = value;
        if (name == "tracking_link") tracking_link = value;
        if (name == "clicked_url") clicked_url = value;
    }
    if (!attempt.accepted || hash.empty()) {
        // A partner's registration needs the network's own click; a contact must not be lost.
        if (!IsContactRoute(run->progress.contact)) return RetryAcquire(run, attempt);
        error = CutUtf8(attempt.error, kErrorBytesMax);
        hash = click = RandomClick();
    }
    if (click.empty()) click = hash;
    const Time now = options_.now();
    auto change = [=](domain::Contact& contact) {
        contact.sub1 = hash;
        contact.click_id = click;
        contact.tracking_link = tracking_link;
        contact.clicked_url = clicked_url;
        contact.affiliate_error.clear();
        contact.flow.last_error = error;
        GoTo(contact, FlowStep::kRegistration, now);
    };
    Save(run, change, [this, run] { Advance(run); });
}

void FlowRunner::RetryAcquire(RunPtr run, const Attempt& attempt) {
    const int attempts = run->progress.contact.flow.attempts + 1;
    const Time now = options_.now();
    std::optional<Time> next_at;
    if (attempt.cls != AttemptClass::kFinal) {
        next_at = NextAttempt(
            options_.schedule,
            attempts,
            ParseRetryAfter(attempt.retry_after, now),
            now,
            options_.random()
        );
    }
    std::string error(CutUtf8(attempt.error, kErrorBytesMax));
    if (error.empty()) error = "the network gave no click";
    if (!next_at) return Finish(run, error);
    auto change = [=](domain::Contact& contact) {
        contact.affiliate_error = contact.flow.last_error = error;
        contact.flow.attempts = attempts;
        contact.flow.next_at = *next_at;
    };
    Save(run, change, [this, run] { Release(run); });
}

FlowOptions FlowRunner::Current() const {
    FlowOptions options = options_;
    if (options.refresh) options.refresh(options);
    return options;
}

void FlowRunner::Submit(
    RunPtr run, domain::Report report, std::function<void(domain::Conversion)> next
) {
    if (options_.asks) {
        for (auto& ask : options_.asks(report.key.goal.value)) {
            report.deliveries.push_back(std::move(ask));
        }
    }
    auto done = [this, run, next = std::move(next)](Result<domain::Decision> decision) {
        Post([this, run, next, decision = std::move(decision)] {
            // A store in trouble: the step stays due, and a poll tries it again.
            if (!decision || !decision->document) return Release(run);
            next(*decision->document);
        });
    };
    ledger_->SubmitInternal(std::move(report), std::move(done));
}

// `next` gets the conversion after the delivery's outcome, or as it is when there is none to wait
// for or `wait` is over.
void FlowRunner::AwaitDelivery(
    const domain::Conversion& conversion,
    milliseconds wait,
    std::function<void(domain::Conversion)> next
) {
    const auto* delivery = PostbackOf(conversion);
    if (!delivery || delivery->state != domain::DeliveryState::kWaiting || wait.count() <= 0) {
        return next(conversion);
    }
    dispatcher_.Wait(
        delivery->id,
        wait,
        [this, conversion, next = std::move(next)](std::optional<domain::Conversion> settled) {
            Post([next, known = settled ? std::move(*settled) : conversion] { next(known); });
        }
    );
}

void FlowRunner::Register(RunPtr run) {
    auto report = RegistrationOf(run->progress.contact, Current());
    Submit(run, std::move(report), [this, run](domain::Conversion recorded) {
        run->progress.registration = recorded;
        AwaitDelivery(recorded, options_.inline_wait, [this, run](domain::Conversion known) {
            run->progress.registration = std::move(known);
            Registered(run);
        });
    });
}

void FlowRunner::Registered(RunPtr run) {
    const auto& conversion = *run->progress.registration;
    const auto* delivery = PostbackOf(conversion);
    const bool accepted = delivery && delivery->state == domain::DeliveryState::kDone;
    const bool rejected = conversion.status == domain::Status::kRejected;
    const auto options = Current();
    const bool at_once = IsContactRoute(run->progress.contact) && !options.then_delivered;
    const Time now = options_.now();
    if (!rejected && (accepted || at_once)) {
        if (options.then_goal.empty()) return Finish(run, "");
        auto change = [=](domain::Contact& contact) {
            contact.affiliate_error.clear();
            GoTo(contact, FlowStep::kDeposit, now);
        };
        return Save(run, change, [this, run] { Advance(run); });
    }
    std::string error = delivery ? delivery->error : std::string();
    if (error.empty()) error = "the registration was not accepted";
    const bool waiting = delivery && delivery->state == domain::DeliveryState::kWaiting;
    if (rejected || !waiting) return Finish(run, error);
    // The dispatcher tries again; look a second after that.
    const Time look{std::max(delivery->next_at, now).ms + 1'000};
    auto change = [=](domain::Contact& contact) {
        contact.affiliate_error = contact.flow.last_error = error;
        contact.flow.next_at = look;
    };
    Save(run, change, [this, run] { Release(run); });
}

void FlowRunner::Deposit(RunPtr run) {
    auto report = DepositOf(run->progress.contact, Current());
    Submit(run, std::move(report), [this, run](domain::Conversion recorded) {
        run->progress.deposit = recorded;
        // Only for somebody's answer: the delivery is the dispatcher's by now.
        auto left = std::chrono::duration_cast<milliseconds>(run->until - Clock::now());
        if (!run->done) left = milliseconds(0);
        AwaitDelivery(recorded, left, [this, run](domain::Conversion known) {
            run->progress.deposit = std::move(known);
            Finish(run, "");
        });
    });
}

void FlowRunner::Finish(RunPtr run, const std::string& affiliate_error) {
    const Time now = options_.now();
    auto change = [=](domain::Contact& contact) {
        contact.affiliate_error = affiliate_error;
        GoTo(contact, FlowStep::kDone, now);
    };
    Save(run, change, [this, run] { Release(run); });
}

}  // namespace barracuda::delivery
