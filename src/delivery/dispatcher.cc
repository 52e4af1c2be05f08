#include "delivery/dispatcher.h"

#include <sodium.h>

#include <algorithm>
#include <memory>

#include "base/check.h"
#include "base/text.h"
#include "base/thread_name.h"

namespace barracuda::delivery {

namespace {

// What waited for its turn longer than this is read again before it is sent: somebody may have
// ended it meanwhile, here or at another node.
constexpr std::chrono::seconds kFreshFor{1};
constexpr size_t kRecentMax = 1'024;  // outcomes kept for requests that come to wait late

double SystemRandom() { return randombytes_random() / 4294967296.0; }

DestinationQueues::Options QueueOptionsOf(const DispatcherOptions& options) {
    return {
        .attempts_max = options.attempts_max, .breaker = options.breaker, .rules = options.rules};
}

}  // namespace

Dispatcher::Dispatcher(
    store::Engine& engine, net::Client& client, Network& network, DispatcherOptions options
)
    : engine_(engine),
      client_(client),
      network_(network),
      options_(std::move(options)),
      near_{WorkSweep(engine), kPassingOverNew},
      missed_round_{WorkSweep(engine), kPassingOverNew},
      far_{WorkSweep(engine), kPassingOverOld},
      queues_(QueueOptionsOf(options_)) {
    if (!options_.random) options_.random = SystemRandom;
}

Dispatcher::~Dispatcher() { Stop(); }

void Dispatcher::Attach(ledger::Ledger& ledger) {
    std::lock_guard lock(mutex_);  // a command of an operator may owe already
    ledger_ = &ledger;
    looked_until_ = options_.now();  // what was due before is an earlier boot's, to be taken over
    alone_ = std::make_unique<SoleOwner>(ledger.node());
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
        std::lock_guard lock(mutex_);
        beginning_ = false;
        for (const auto& unsent : queues_.EmptyAll()) active_.erase(unsent.delivery_id);
    }
    client_.Post([] {});  // Step answers who waits in vain
}

void Dispatcher::Stop() {
    StopBeginning();
    stopping_ = true;
    client_.Post([] {});
    if (thread_.joinable()) thread_.join();
}

const Ownership& Dispatcher::ownership() const {
    return options_.ownership ? *options_.ownership : *alone_;
}

// Also while this node may not send: then Queue notes it for later. Only then is the name asked
// for, which is a lock and a copy for every conversion that owes something.
bool Dispatcher::IsOurs(const domain::Conversion& conversion) const {
    return ownership().MaySend(conversion.owner) || conversion.owner == ledger_->node();
}

// Under mutex_. True: it was not queued before and is now.
bool Dispatcher::Queue(
    const domain::Conversion& conversion, const domain::Delivery& delivery, Instant now
) {
    if (active_.contains(delivery.id)) return false;
    if (!ownership().MaySend(conversion.owner)) {
        Miss(delivery.next_at);
        return false;
    }
    if (!queues_.Offer({conversion, delivery.id, QueueOf(delivery)}, now)) return false;
    active_.insert(delivery.id);
    return true;
}

void Dispatcher::Owe(const domain::Conversion& conversion, const std::vector<std::string>& ids) {
    const Instant now = options_.steady();
    bool pending = false;
    {
        std::lock_guard lock(mutex_);
        if (!beginning_ || !ledger_ || !IsOurs(conversion)) return;
        for (const auto& delivery : conversion.deliveries) {
            if (std::find(ids.begin(), ids.end(), delivery.id) == ids.end()) continue;
            const std::string queue = QueueOf(delivery);
            queues_.TryNow(queue, now);  // just reported, or woken by an operator
            Queue(conversion, delivery, now);
            pending |= queues_.Pending(queue);
        }
    }
    // Wakes Step, which takes the mutex first. What waits for an attempt to end needs no look.
    if (pending) client_.Post([] {});
}

void Dispatcher::Drop(const domain::Delivery& delivery) {
    std::lock_guard lock(mutex_);
    if (queues_.Remove(QueueOf(delivery), delivery.id)) active_.erase(delivery.id);
    settled_.insert(delivery.id);  // a page that is being read may still have it waiting
}

void Dispatcher::FollowRules() {
    std::lock_guard lock(mutex_);
    for (const auto& in_vain : queues_.RefreshRules()) active_.erase(in_vain.delivery_id);
}

void Dispatcher::Wait(
    const std::string& delivery_id, std::chrono::milliseconds wait, WaitDone done
) {
    std::optional<domain::Conversion> known;
    {
        std::lock_guard lock(mutex_);
        for (const auto& settled : recent_) {
            if (settled.delivery_id == delivery_id) known = settled.conversion;
        }
        const bool comes = beginning_ || active_.contains(delivery_id);
        if (!known && comes && waiters_.size() < options_.waiters_max) {
            auto until = options_.steady() + wait;
            waiters_.emplace(delivery_id, Waiter{until, std::move(done)});
            return;
        }
    }
    done(std::move(known));
}

void Dispatcher::ListPrivate(const Parameters& query, Network::ListDone done) {
    client_.Post([this, query, done = std::move(done)]() mutable {
        network_.ListPrivateConversions(query, std::move(done));
    });
}

DispatcherCounters Dispatcher::counters() const {
    std::lock_guard lock(mutex_);
    DispatcherCounters counters;
    for (const auto& one : queues_.Stats(options_.steady())) {
        counters.attempts += one.attempts;
        counters.accepted += one.accepted;
        counters.retried += one.retried;
        counters.dead += one.dead;
    }
    counters.alarms = alarms_;
    counters.in_flight = active_.size();
    counters.oldest_due = due_.oldest();
    return counters;
}

std::vector<DestinationStats> Dispatcher::destinations() const {
    std::lock_guard lock(mutex_);
    auto all = queues_.Stats(options_.steady());
    for (auto& one : all) one.due = due_.Of(one.name);
    return all;
}

void Dispatcher::Step(std::chrono::milliseconds wait) {
    // A store that refuses writes could not record what we send: claim and send nothing.
    if (beginning_ && !engine_.Trouble()) {
        const Instant now = options_.steady();
        if (now >= next_take_over_) {
            next_take_over_ = now + options_.poll;
            TakeOver();
        }
        Poll();
        SendQueued();
        wait = std::min(wait, UntilWake());
    }
    client_.Step(wait);
    ExpireWaiters();
}

// How long until a pace or a breaker lets something pass, or the next page is to be read.
std::chrono::milliseconds Dispatcher::UntilWake() {
    const Instant now = options_.steady();
    Instant at = std::min({near_.next, missed_round_.next, far_.next, next_take_over_});
    {
        std::lock_guard lock(mutex_);
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
    std::lock_guard lock(mutex_);
    while (auto job = queues_.Next(options_.steady())) {
        // Right before the attempt: a pause may lie between claiming and here. What another node
        // may have taken meanwhile is looked up again by the next poll.
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

// Under mutex_. It was taken to be sent, and was not: it is looked at again.
void Dispatcher::Forget(const Job& job) {
    active_.erase(job.delivery_id);
    const auto* delivery = job.delivery();
    if (delivery && delivery->state == domain::DeliveryState::kWaiting) Miss(delivery->next_at);
    queues_.NotSent(job.destination);
}

void Dispatcher::Send(Job job) {
    const domain::Delivery* delivery = job.delivery();
    BARRACUDA_CHECK(delivery);  // Queue took it from the document
    Parameters parameters = ParametersOf(job.conversion, *delivery);
    const domain::Delivery sent = *delivery;
    // Again right before the first byte: the call may wait for one of its host's connections.
    Network::MaySend may_send = [this, owner = job.conversion.owner] {
        return beginning_ && ownership().MaySend(owner);
    };
    auto done = [this, job = std::move(job), parameters, began = options_.now()](Attempt attempt) {
        attempt.withheld ? Withheld(job) : Record(job, attempt, parameters, began);
    };
    if (options_.send) {
        options_.send(sent, parameters, std::move(done), std::move(may_send));
    } else {
        network_.Send(sent, parameters, std::move(done), std::move(may_send));
    }
}

// Nothing left this process, so nothing is recorded: a poll, here or on another node, takes it up.
void Dispatcher::Withheld(const Job& job) {
    std::lock_guard lock(mutex_);
    Forget(job);
}

// The log of attempts hears of it first: a crash before the outcome is recorded must not hide it.
void Dispatcher::Tell(
    const Job& job, const Attempt& attempt, int number, bool retried, Time began
) {
    if (!options_.on_attempt) return;
    const domain::Delivery* delivery = job.delivery();
    AttemptRecord record;
    record.delivery_id = job.delivery_id;
    record.key = job.conversion.key;
    record.destination = delivery->destination;
    record.kind = delivery->kind;
    record.number = number;
    record.at = began;
    record.accepted = attempt.accepted;
    record.retried = retried;
    record.alarm = attempt.cls == AttemptClass::kAlarm;
    record.status = attempt.status;
    record.error = attempt.error;
    record.call = attempt.call;
    options_.on_attempt(record);
}

// What the end of an attempt tells about its destination.
Ending Dispatcher::EndingOf(
    const Attempt& attempt, std::optional<std::chrono::milliseconds> asked, bool retried
) const {
    Ending ending;
    const bool called = attempt.status != 0 || !attempt.call.url.empty();
    if (attempt.status == 429 || attempt.refused_address || !called) {
        ending.health = Ending::Health::kSilent;
    } else {
        ending.health = IsOutage(attempt.status) ? Ending::Health::kOutage : Ending::Health::kAlive;
    }
    ending.slow_down = AsksToSlowDown(attempt.status);
    ending.gone = delivery::IsGone(attempt.status);
    if (attempt.status == 429) ending.hold = asked;
    ending.took = attempt.call.timings.total;
    ending.accepted = attempt.accepted;
    ending.retried = retried;
    return ending;
}

void Dispatcher::Record(const Job& job, const Attempt& attempt, Parameters sent, Time began) {
    const int attempts_done = job.delivery()->attempts + 1;
    domain::Outcome outcome;
    outcome.key = job.conversion.key;
    outcome.delivery_id = job.delivery_id;
    outcome.accepted = attempt.accepted;
    outcome.status = attempt.status;
    outcome.error = std::string(CutUtf8(attempt.error, 1024));
    outcome.response = attempt.response;
    outcome.parameters = std::move(sent);
    outcome.command_id = ObjectId::New();
    const auto asked = ParseRetryAfter(attempt.retry_after, options_.now());
    if (!attempt.accepted && attempt.cls != AttemptClass::kFinal) {
        outcome.retry_at = RetryAt(job.destination, asked, attempts_done);
    }
    const bool retried = outcome.retry_at.has_value();
    Tell(job, attempt, attempts_done, retried, began);
    bool gone = false;
    {
        std::lock_guard lock(mutex_);
        alarms_ += attempt.cls == AttemptClass::kAlarm;
        const auto ending = EndingOf(attempt, asked, retried);
        for (const auto& in_vain : queues_.Ended(job.destination, ending, options_.steady())) {
            active_.erase(in_vain.delivery_id);
        }
        gone = ending.gone && queues_.IsGone(job.destination);
    }
    const std::string network(NetworkOfQueue(job.destination));
    if (gone && options_.stop) options_.stop(*ledger_, network);
    if (options_.complete) options_.complete(outcome, network);
    ledger_->SubmitInternal(
        std::move(outcome),
        [this,
         id = job.delivery_id,
         destination = job.destination](Result<domain::Decision> decision) {
            std::optional<domain::Conversion> conversion;
            if (decision) conversion = std::move(decision->document);
            Settled(id, destination, conversion);
        }
    );
}

std::optional<Time> Dispatcher::RetryAt(
    const std::string& destination,
    std::optional<std::chrono::milliseconds> asked,
    int attempts_done
) {
    std::lock_guard lock(mutex_);
    const RetrySchedule* own = queues_.ScheduleOf(destination);
    return NextAttempt(
        own ? *own : options_.schedule, attempts_done, asked, options_.now(), options_.random()
    );
}

void Dispatcher::Settled(
    const std::string& delivery_id,
    const std::string& destination,
    const std::optional<domain::Conversion>& conversion
) {
    std::vector<WaitDone> ready;
    {
        std::lock_guard lock(mutex_);
        active_.erase(delivery_id);
        settled_.insert(delivery_id);
        const bool wanting = queues_.Settled(destination);
        auto [from, to] = waiters_.equal_range(delivery_id);
        for (auto at = from; at != to; ++at) ready.push_back(std::move(at->second.done));
        waiters_.erase(from, to);
        if (conversion) {
            recent_.push_back({*conversion, delivery_id, destination});
            // Due again before its outcome was stored: a look at what became due since misses it.
            const auto* left = recent_.back().delivery();
            if (left && left->Due(options_.now())) Miss(left->next_at);
            if (recent_.size() > kRecentMax) recent_.pop_front();
        }
        // More is due than there was room for: it is looked for before the queues run dry.
        if (wanting || (hungry_ && queues_.Room(options_.steady()) >= kRoomToGoOn)) {
            hungry_ = false;
            poll_now_ = true;
        }
    }
    for (auto& done : ready) done(conversion);
}

void Dispatcher::ExpireWaiters() {
    auto now = options_.steady();
    std::vector<WaitDone> over;
    {
        std::lock_guard lock(mutex_);
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
