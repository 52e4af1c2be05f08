#include "delivery/dispatcher.h"

#include <sodium.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "base/check.h"
#include "base/thread_name.h"

namespace barracuda::delivery {

namespace {

// A job that waited for its turn longer than this is read again before it is sent: somebody may
// have ended the delivery meanwhile, here or at another node.
constexpr std::chrono::seconds kFreshFor{1};
constexpr size_t kRecentMax = 1'024;  // outcomes kept for requests that come to wait late

double SystemRandom() { return randombytes_random() / 4294967296.0; }

DestinationQueues::Options QueueOptionsOf(
    const DispatcherOptions& options, const Senders& senders
) {
    return {
        .attempts_max = options.attempts_max,
        .breaker = options.breaker,
        .rules = [&senders](const NetworkName& network) { return senders.RulesOf(network); }};
}

}  // namespace

Dispatcher::Dispatcher(
    store::Engine& engine, net::Client& client, Senders& senders, DispatcherOptions options
)
    : engine_(engine),
      client_(client),
      senders_(senders),
      options_(std::move(options)),
      finder_(
          engine, *this, {.poll = options_.poll, .now = options_.now, .steady = options_.steady}
      ),
      queues_(QueueOptionsOf(options_, senders)) {
    if (!options_.random) options_.random = SystemRandom;
}

Dispatcher::~Dispatcher() { Stop(); }

void Dispatcher::Attach(ledger::Ledger& ledger) {
    MutexLock lock(mutex_);  // a command of an operator may owe already
    BARRACUDA_CHECK(!ledger_);
    alone_ = std::make_unique<nodes::SoleOwner>(ledger.node());
    finder_.Attach(ledger, ownership());
    ledger_ = &ledger;
}

void Dispatcher::Start(ledger::Ledger& ledger) {
    Attach(ledger);
    thread_ = std::thread([this] {
        NameThread("dispatcher");
        while (!stopping_) Step(std::chrono::milliseconds(50));
        // A clean stop notifies nobody twice: what is in flight is finished and recorded.
        while (client_.in_flight() > 0) client_.Step(std::chrono::milliseconds(50));
    });
}

void Dispatcher::StopBeginning() {
    {
        MutexLock lock(mutex_);
        beginning_ = false;
        for (const auto& unsent : queues_.EmptyAll()) active_.erase(unsent.delivery_id);
    }
    Wake();  // Step answers those who wait for an attempt that never begins
}

void Dispatcher::Stop() {
    StopBeginning();
    stopping_ = true;
    Wake();
    if (thread_.joinable()) thread_.join();
}

const nodes::Ownership& Dispatcher::ownership() const {
    return options_.ownership ? *options_.ownership : *alone_;
}

// Also while this node may not send: then Queue notes it for later. Only then is the name asked
// for, which is a lock and a copy for every conversion that owes something.
bool Dispatcher::IsOurs(const domain::Conversion& conversion) const {
    return ownership().MaySend(conversion.owner) || conversion.owner == ledger_->node();
}

// True: it was not queued before and is now.
bool Dispatcher::Queue(
    const domain::Conversion& conversion, const domain::Delivery& delivery, Instant now
) {
    if (active_.contains(delivery.id)) return false;
    if (!ownership().MaySend(conversion.owner)) {
        finder_.Miss(delivery.next_at);
        return false;
    }
    if (!queues_.TryPush({conversion, delivery.id, QueueKey::Of(delivery)}, now)) return false;
    active_.insert(delivery.id);
    return true;
}

void Dispatcher::Owe(const domain::Conversion& conversion, const std::vector<DeliveryId>& ids) {
    const Instant now = options_.steady();
    bool pending = false;
    {
        MutexLock lock(mutex_);
        if (!beginning_ || !ledger_ || !IsOurs(conversion)) return;
        for (const auto& delivery : conversion.deliveries) {
            if (std::find(ids.begin(), ids.end(), delivery.id) == ids.end()) continue;
            const auto queue = QueueKey::Of(delivery);
            queues_.TryNow(queue, now);  // just reported, or woken by an operator
            Queue(conversion, delivery, now);
            pending |= queues_.Pending(queue);
        }
    }
    // Without the lock, which Step takes first. A job that waits for an attempt to end needs no
    // wake.
    if (pending) Wake();
}

void Dispatcher::Wake() {
    client_.Post([] {});
}

// Queues what is due of a document, if this node owns it. True: something was queued.
bool Dispatcher::Claim(const domain::Conversion& conversion) {
    const Instant now = options_.steady();
    const Time due_by = options_.now();
    MutexLock lock(mutex_);
    if (!beginning_ || !IsOurs(conversion)) return false;
    bool queued = false;
    for (const auto& delivery : conversion.deliveries) {
        if (!delivery.Due(due_by) || recorded_.contains(delivery.id)) continue;
        queued |= Queue(conversion, delivery, now);
    }
    return queued;
}

size_t Dispatcher::BeginPage(Instant now) {
    MutexLock lock(mutex_);
    recorded_.clear();
    return queues_.Room(now);
}

size_t Dispatcher::Room(Instant now) {
    MutexLock lock(mutex_);
    return queues_.Room(now);
}

bool Dispatcher::InHand(const DeliveryId& delivery_id) const {
    MutexLock lock(mutex_);
    return active_.contains(delivery_id) || recorded_.contains(delivery_id);
}

std::optional<Time> Dispatcher::TakeMissed(Instant now) {
    MutexLock lock(mutex_);
    return queues_.TakeMissed(now);
}

std::optional<Time> Dispatcher::MissedProbe(Instant now) const {
    MutexLock lock(mutex_);
    return queues_.MissedProbe(now);
}

void Dispatcher::NothingToProbe(Instant now) {
    MutexLock lock(mutex_);
    queues_.NothingToProbe(now);
}

void Dispatcher::Drop(const domain::Delivery& delivery) {
    MutexLock lock(mutex_);
    if (queues_.Remove(QueueKey::Of(delivery), delivery.id)) active_.erase(delivery.id);
    recorded_.insert(delivery.id);  // a page that is being read may still have it waiting
}

void Dispatcher::FollowRules() {
    MutexLock lock(mutex_);
    for (const auto& unsent : queues_.RefreshRules()) active_.erase(unsent.delivery_id);
}

void Dispatcher::Wait(
    const DeliveryId& delivery_id, std::chrono::milliseconds wait, WaitDone done
) {
    std::optional<domain::Conversion> known;
    {
        MutexLock lock(mutex_);
        for (const auto& recent : recent_) {
            if (recent.delivery_id == delivery_id) known = recent.conversion;
        }
        const bool comes = beginning_ || active_.contains(delivery_id);
        if (!known && comes && waiters_.size() < options_.waiters_max) {
            auto until = options_.steady() + wait;
            waiters_.emplace(delivery_id, Waiter{until, std::move(done)});
            return;
        }
    }
    // Without the lock: `done` answers a request, and may come back here.
    done(std::move(known));
}

DispatcherCounters Dispatcher::counters() const {
    MutexLock lock(mutex_);
    DispatcherCounters counters;
    for (const auto& one : queues_.Stats(options_.steady())) {
        counters.attempts += one.attempts;
        counters.accepted += one.accepted;
        counters.retried += one.retried;
        counters.dead += one.dead;
    }
    counters.alarms = alarms_;
    counters.in_flight = active_.size();
    counters.oldest_due = finder_.oldest_due();
    return counters;
}

std::vector<QueueStats> Dispatcher::queues() const {
    MutexLock lock(mutex_);
    auto all = queues_.Stats(options_.steady());
    for (auto& one : all) one.due = finder_.DueOf(one.queue);
    return all;
}

void Dispatcher::Step(std::chrono::milliseconds wait) {
    // A store that refuses writes could not record an outcome: nothing is claimed or sent.
    if (beginning_ && !engine_.Trouble()) {
        if (options_.steady() >= finder_.next_take_over()) {
            FollowRules();
            finder_.TakeOver();
        }
        finder_.Poll();
        SendQueued();
        wait = std::min(wait, UntilWake());
    }
    client_.Step(wait);
    ExpireWaiters();
}

// How long until a pace or a breaker lets something pass, or the next page is to be read.
std::chrono::milliseconds Dispatcher::UntilWake() {
    const Instant now = options_.steady();
    Instant at = finder_.next();
    {
        MutexLock lock(mutex_);
        if (auto wake = queues_.Wake(now)) at = std::min(at, *wake);
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(at - now);
    return std::max(left, std::chrono::milliseconds(0));
}

void Dispatcher::SendQueued() {
    std::vector<Job> aged;
    while (auto job = NextJob()) {
        if (options_.steady() - job->since < kFreshFor) {
            Send(std::move(*job));
        } else {
            aged.push_back(std::move(*job));
        }
    }
    if (!aged.empty()) SendAged(std::move(aged));
}

std::optional<Job> Dispatcher::NextJob() {
    MutexLock lock(mutex_);
    while (auto job = queues_.Next(options_.steady())) {
        BARRACUDA_CHECK(active_.contains(job->delivery_id));
        // Right before the attempt: a pause may lie between claiming and here. A document that
        // another node may have taken meanwhile is looked up again by the next poll.
        if (ownership().MaySend(job->conversion.owner)) return job;
        Forget(*job);
    }
    return std::nullopt;
}

// Reads the documents again and sends what they still owe.
void Dispatcher::SendAged(std::vector<Job> jobs) {
    std::vector<store::Ref> refs;
    for (const auto& job : jobs) refs.push_back(store::RefOf(job.conversion.key));
    auto documents = engine_.Load(refs);
    for (size_t i = 0; i < jobs.size(); ++i) {
        Job& job = jobs[i];
        const bool owed = documents && job.Renew((*documents)[i], options_.now());
        if (owed && ownership().MaySend(job.conversion.owner)) {
            Send(std::move(job));
        } else {
            Withheld(job);
        }
    }
}

// It was taken to be sent, and was not: it is looked for again.
void Dispatcher::Forget(const Job& job) {
    active_.erase(job.delivery_id);
    const auto* delivery = job.delivery();
    if (delivery && delivery->state == domain::DeliveryState::kWaiting) {
        finder_.Miss(delivery->next_at);
    }
    queues_.NotSent(job.queue);
}

void Dispatcher::Send(Job job) {
    const domain::Delivery* delivery = job.delivery();
    BARRACUDA_CHECK(delivery);  // Queue took it from the document
    Parameters parameters = ParametersOf(job.conversion, *delivery);
    const domain::Delivery sent = *delivery;
    // Again right before the first byte: the call may wait for one of its host's connections, and
    // somebody may stop the network meanwhile.
    MaySend may_send = [this, owner = job.conversion.owner, network = job.queue.network] {
        return beginning_ && ownership().MaySend(owner) &&
               senders_.RulesOf(network).stopped.empty();
    };
    auto done = [this, job = std::move(job), parameters, began = options_.now()](Attempt attempt) {
        if (attempt.withheld) return Withheld(job);
        Record(job, std::move(attempt), parameters, began);
    };
    senders_.Send(sent, parameters, std::move(done), std::move(may_send));
}

// Nothing left this process, so nothing is recorded: a poll, here or on another node, takes it up.
void Dispatcher::Withheld(const Job& job) {
    MutexLock lock(mutex_);
    Forget(job);
}

void Dispatcher::NoteEnding(const Job& job, const Ending& ending) {
    bool gone = false;
    {
        MutexLock lock(mutex_);
        for (const auto& unsent : queues_.Ended(job.queue, ending, options_.steady())) {
            active_.erase(unsent.delivery_id);
        }
        gone = ending.gone && queues_.IsGone(job.queue);
    }
    // Without the lock: the stop writes to the ledger, whose hooks call Owe.
    if (gone) senders_.StopGone(*ledger_, job.queue.network);
}

void Dispatcher::Record(const Job& job, Attempt attempt, Parameters sent, Time began) {
    const domain::Delivery* delivery = job.delivery();
    BARRACUDA_CHECK(delivery);  // Send found it
    auto outcome = OutcomeOf(job, attempt, std::move(sent));
    const auto asked = ParseRetryAfter(attempt.retry_after, options_.now());
    if (!attempt.accepted && attempt.cls != AttemptClass::kFinal) {
        outcome.retry_at = RetryAt(job.queue, asked, delivery->attempts + 1);
    }
    const bool retried = outcome.retry_at.has_value();
    const auto ending = Ending::Of(attempt, asked, retried);
    // Before the outcome is recorded: a crash in between must not hide the attempt.
    const auto record = RecordOf(job, std::move(attempt), retried, began);
    if (record.alarm()) {
        MutexLock lock(mutex_);
        ++alarms_;
    }
    if (options_.on_attempt) options_.on_attempt(record);
    NoteEnding(job, ending);
    senders_.Complete(outcome, job.queue.network);
    ledger_->SubmitInternal(
        std::move(outcome),
        [this, id = job.delivery_id, queue = job.queue](Result<domain::Decision> decision) {
            // An error is dropped: the ledger tries an outcome again until it is stored, or stops.
            std::optional<domain::Conversion> conversion;
            if (decision) conversion = std::move(decision->document);
            Recorded(id, queue, conversion);
        }
    );
}

std::optional<Time> Dispatcher::RetryAt(
    const QueueKey& queue, std::optional<std::chrono::milliseconds> asked, int attempts_done
) {
    MutexLock lock(mutex_);
    const RetrySchedule* own = queues_.ScheduleOf(queue);
    return NextAttempt(
        own ? *own : options_.schedule, attempts_done, asked, options_.now(), options_.random()
    );
}

void Dispatcher::Recorded(
    const DeliveryId& delivery_id,
    const QueueKey& queue,
    const std::optional<domain::Conversion>& conversion
) {
    std::vector<WaitDone> ready;
    {
        MutexLock lock(mutex_);
        const size_t erased = active_.erase(delivery_id);
        BARRACUDA_CHECK(erased == 1);  // from Queue to here it is active
        recorded_.insert(delivery_id);
        const bool wanting = queues_.Release(queue);
        auto [from, to] = waiters_.equal_range(delivery_id);
        for (auto at = from; at != to; ++at) ready.push_back(std::move(at->second.done));
        waiters_.erase(from, to);
        if (conversion) {
            recent_.push_back({*conversion, delivery_id, queue});
            // Due again before its outcome was stored: a look at what became due since misses it.
            const auto* left = recent_.back().delivery();
            if (left && left->Due(options_.now())) finder_.Miss(left->next_at);
            if (recent_.size() > kRecentMax) recent_.pop_front();
        }
        // More is due than there was room for: it is looked for before the queues run dry.
        const bool room =
            finder_.hungry() && queues_.Room(options_.steady()) >= DueFinder::kRoomToGoOn;
        if (wanting || room) finder_.PollSoon();
    }
    // Without the lock: a waiter answers its request here, and may begin to wait again.
    for (auto& done : ready) done(conversion);
}

void Dispatcher::ExpireWaiters() {
    auto now = options_.steady();
    std::vector<WaitDone> over;
    {
        MutexLock lock(mutex_);
        for (auto at = waiters_.begin(); at != waiters_.end();) {
            const bool comes = beginning_ || active_.contains(at->first);
            if (at->second.until > now && comes && !stopping_) {
                ++at;
                continue;
            }
            over.push_back(std::move(at->second.done));
            at = waiters_.erase(at);
        }
    }
    for (auto& done : over) done(std::nullopt);
}

}  // namespace barracuda::delivery
