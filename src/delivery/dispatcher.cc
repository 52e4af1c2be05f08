#include "delivery/dispatcher.h"

#include <sodium.h>

#include <memory>

#include "base/text.h"
#include "base/thread_name.h"
#include "delivery/destination.h"

namespace barracuda::delivery {

namespace {

constexpr size_t kQueuedPerSlot = 4;  // jobs taken into memory for each call at a time
constexpr size_t kRecentMax = 1'024;  // outcomes kept for requests that come to wait late

double SystemRandom() { return randombytes_random() / 4294967296.0; }

}  // namespace

Dispatcher::Dispatcher(
    store::Engine& engine, net::Client& client, Network& network, DispatcherOptions options
)
    : engine_(engine), client_(client), network_(network), options_(std::move(options)) {
    if (!options_.random) options_.random = SystemRandom;
}

Dispatcher::~Dispatcher() { Stop(); }

void Dispatcher::Attach(ledger::Ledger& ledger) {
    std::lock_guard lock(mutex_);  // a command of an operator may owe already
    ledger_ = &ledger;
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

void Dispatcher::Stop() {
    stopping_ = true;
    client_.Post([] {});
    if (thread_.joinable()) thread_.join();
}

const Ownership& Dispatcher::ownership() const {
    return options_.ownership ? *options_.ownership : *alone_;
}

void Dispatcher::Owe(const domain::Conversion& conversion, const std::vector<std::string>& ids) {
    std::lock_guard lock(mutex_);
    if (stopping_ || !ledger_ || !ownership().MaySend(conversion.owner)) return;
    bool added = false;
    for (const auto& id : ids) {
        if (active_.size() >= options_.concurrency * kQueuedPerSlot) break;
        if (!active_.insert(id).second) continue;
        queued_.push_back({conversion, id});
        added = true;
    }
    if (added) client_.Post([] {});  // wakes Step
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
        if (!known && waiters_.size() < options_.waiters_max) {
            auto until = std::chrono::steady_clock::now() + wait;
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
    DispatcherCounters counters = counters_;
    counters.in_flight = active_.size();
    return counters;
}

void Dispatcher::Step(std::chrono::milliseconds wait) {
    auto steady = std::chrono::steady_clock::now();
    // A store that refuses writes could not record what we send: claim and send nothing.
    if (!stopping_ && !engine_.Trouble()) {
        if (steady >= next_poll_ || poll_now_.exchange(false)) {
            next_poll_ = steady + options_.poll;
            Poll(options_.now());
        }
        SendQueued();
    }
    client_.Step(wait);
    ExpireWaiters();
}

void Dispatcher::Poll(Time now) {
    size_t room = options_.concurrency * (kQueuedPerSlot + 1);
    auto items = engine_.Work({.until = now, .limit = room, .owners = ownership().Owners()});
    if (!items) return;
    std::optional<Time> oldest;
    std::vector<store::Ref> refs;
    for (const auto& item : *items) {
        if (item.ref.collection != store::Collection::kConversions) continue;
        if (!oldest || item.due < *oldest) oldest = item.due;
        if (ownership().MaySend(item.owner)) {
            refs.push_back(item.ref);
        } else if (ownership().MayTake(item.owner)) {
            Take(item);
        }
    }
    {
        std::lock_guard lock(mutex_);
        counters_.oldest_due = oldest;
        backlog_ = items->size() == room;  // more is due than we took: poll again once it is sent
    }
    auto documents = engine_.Load(refs);
    if (!documents) return;
    for (const auto& document : *documents) {
        if (!document) continue;
        auto conversion = domain::DecodeConversion(*document);
        if (conversion) Claim(*conversion, now);
    }
}

// Of several nodes that try, one gets the document; Claim asks whose it is now.
void Dispatcher::Take(const store::WorkItem& item) {
    std::string mark = "take " + item.ref.key;
    {
        std::lock_guard lock(mutex_);
        if (!active_.insert(mark).second) return;
    }
    domain::TakeOver take{store::ConversionKeyOf(item.ref), item.owner};
    ledger_->SubmitInternal(take, [this, mark](Result<domain::Decision> decision) {
        {
            std::lock_guard lock(mutex_);
            active_.erase(mark);
        }
        if (decision && decision->document) Claim(*decision->document, options_.now());
    });
}

// Queues what is due of a document this node owns.
void Dispatcher::Claim(const domain::Conversion& conversion, Time now) {
    std::vector<std::string> ids;
    for (const auto& delivery : conversion.deliveries) {
        if (delivery.state == domain::DeliveryState::kWaiting && delivery.next_at <= now) {
            ids.push_back(delivery.id);
        }
    }
    Owe(conversion, ids);
}

void Dispatcher::SendQueued() {
    while (client_.in_flight() < options_.concurrency) {
        Job job;
        {
            std::lock_guard lock(mutex_);
            if (queued_.empty()) return;
            job = std::move(queued_.front());
            queued_.pop_front();
            // Right before the attempt: a pause may lie between claiming and here. What another
            // node may have taken meanwhile is looked up again by the next poll.
            if (!ownership().MaySend(job.conversion.owner)) {
                active_.erase(job.delivery_id);
                continue;
            }
            ++counters_.attempts;
        }
        Send(std::move(job));
    }
}

void Dispatcher::Send(Job job) {
    const domain::Delivery* delivery = nullptr;
    for (const auto& candidate : job.conversion.deliveries) {
        if (candidate.id == job.delivery_id) delivery = &candidate;
    }
    if (!delivery) return;
    Parameters parameters = ParametersOf(job.conversion, *delivery);
    const domain::Delivery sent = *delivery;
    // Again right before the first byte: the call may wait for one of its host's connections.
    Network::MaySend may_send = [this, owner = job.conversion.owner] {
        return ownership().MaySend(owner);
    };
    auto done = [this, job = std::move(job), parameters, began = options_.now()](Attempt attempt) {
        attempt.withheld ? Withheld(job) : Record(job, attempt, parameters, began);
    };
    if (options_.send) {
        options_.send(sent, parameters, std::move(done), std::move(may_send));
    } else if (sent.kind == kPrivateApi) {
        network_.PrivateConversion(sent.id, parameters, std::move(done), std::move(may_send));
    } else {
        network_.GoalPostback(sent.id, parameters, std::move(done), std::move(may_send));
    }
}

// Nothing left this process, so nothing is recorded: a poll, here or on another node, takes it up.
void Dispatcher::Withheld(const Job& job) {
    std::lock_guard lock(mutex_);
    active_.erase(job.delivery_id);
    --counters_.attempts;
}

// The log of attempts hears of it first: a crash before the outcome is recorded must not hide it.
void Dispatcher::Tell(
    const Job& job, const Attempt& attempt, int number, bool retried, Time began
) {
    if (!options_.on_attempt) return;
    AttemptRecord record;
    record.delivery_id = job.delivery_id;
    record.key = job.conversion.key;
    for (const auto& delivery : job.conversion.deliveries) {
        if (delivery.id != job.delivery_id) continue;
        record.destination = delivery.destination;
        record.kind = delivery.kind;
    }
    record.number = number;
    record.at = began;
    record.accepted = attempt.accepted;
    record.retried = retried;
    record.status = attempt.status;
    record.error = attempt.error;
    record.call = attempt.call;
    options_.on_attempt(record);
}

void Dispatcher::Record(const Job& job, const Attempt& attempt, Parameters sent, Time began) {
    int attempts_done = 1;
    std::string destination;
    for (const auto& delivery : job.conversion.deliveries) {
        if (delivery.id != job.delivery_id) continue;
        attempts_done = delivery.attempts + 1;
        destination = delivery.destination;
    }
    domain::Outcome outcome;
    outcome.key = job.conversion.key;
    outcome.delivery_id = job.delivery_id;
    outcome.accepted = attempt.accepted;
    outcome.status = attempt.status;
    outcome.error = std::string(CutUtf8(attempt.error, 1024));
    outcome.response = attempt.response;
    outcome.parameters = std::move(sent);
    outcome.command_id = ObjectId::New();
    if (!attempt.accepted && attempt.cls != AttemptClass::kFinal) {
        const Time now = options_.now();
        outcome.retry_at = NextAttempt(
            options_.schedule,
            attempts_done,
            ParseRetryAfter(attempt.retry_after, now),
            now,
            options_.random()
        );
    }
    Tell(job, attempt, attempts_done, outcome.retry_at.has_value(), began);
    {
        std::lock_guard lock(mutex_);
        counters_.accepted += attempt.accepted;
        counters_.retried += outcome.retry_at.has_value();
        counters_.alarms += attempt.cls == AttemptClass::kAlarm;
        counters_.dead += !attempt.accepted && !outcome.retry_at;
    }
    if (options_.complete) options_.complete(outcome, destination);
    std::string id = job.delivery_id;
    ledger_->SubmitInternal(std::move(outcome), [this, id](Result<domain::Decision> decision) {
        std::optional<domain::Conversion> conversion;
        if (decision) conversion = std::move(decision->document);
        Settled(id, conversion);
    });
}

void Dispatcher::Settled(
    const std::string& delivery_id, const std::optional<domain::Conversion>& conversion
) {
    std::vector<WaitDone> ready;
    {
        std::lock_guard lock(mutex_);
        active_.erase(delivery_id);
        auto [from, to] = waiters_.equal_range(delivery_id);
        for (auto at = from; at != to; ++at) ready.push_back(std::move(at->second.done));
        waiters_.erase(from, to);
        if (conversion) {
            recent_.push_back({*conversion, delivery_id});
            if (recent_.size() > kRecentMax) recent_.pop_front();
        }
        if (queued_.empty() && backlog_) poll_now_ = true;
    }
    for (auto& done : ready) done(conversion);
}

void Dispatcher::ExpireWaiters() {
    auto now = std::chrono::steady_clock::now();
    std::vector<WaitDone> over;
    {
        std::lock_guard lock(mutex_);
        for (auto at = waiters_.begin(); at != waiters_.end();) {
            if (at->second.until > now && !stopping_) {
                ++at;
                continue;
            }
            over.push_back(std::move(at->second.done));
            at = waiters_.erase(at);
        }
    }
    for (auto& done : over) done(std::nullopt);
}

Parameters ParametersOf(const domain::Conversion& conversion, const domain::Delivery& delivery) {
    if (delivery.Attempted()) return delivery.parameters;  // frozen
    if (delivery.kind != kGoalPostback && delivery.kind != kPrivateApi) {
        return TemplateParametersOf(conversion, delivery);
    }
    using domain::Field;
    Parameters to =
        delivery.parameters;  // what the route froze when it asked (a form's name, e-mail)
    auto add = [&](const char* name, std::string_view value) {
        for (const auto& [known, _] : to) {
            if (known == name) return;
        }
        if (!value.empty()) to.emplace_back(name, value);
    };
    const auto& fields = conversion.fields;
    bool private_api = delivery.kind == kPrivateApi;
    add(private_api ? "goal_type_id" : "goal_id", conversion.key.goal.value);
    add("hash", fields.Get(Field::kClickHash, private_api ? conversion.key.click.value : ""));
    add("affiliate_id", fields.Get(Field::kAffiliateId));
    std::string_view amount = fields.Get(Field::kAmount, "0");
    bool deposit = conversion.goal_type == domain::GoalType::kDeposit;
    if (private_api) {
        add("offer_id", fields.Get(Field::kOfferId));
        add("unique", fields.Get(Field::kUnique, "API"));
        add("payout", fields.Get(Field::kPayout));
        add("revenue", fields.Get(Field::kRevenue));
        add("is_test", fields.Get(Field::kIsTest));
    } else {
        add("click_id", conversion.key.click.value);
        add("sub1", fields.Get(Field::kSub1));
        add("sub2", fields.Get(Field::kSub2));
        add("sub3", fields.Get(Field::kSub3));
        add("goal_type", domain::NameOf(conversion.goal_type));
        if (amount != "0") add("amount", amount);
    }
    if (amount != "0" && (deposit || private_api)) add("deposit_amount", amount);
    add("sale_amount", fields.Get(Field::kSaleAmount));
    return to;
}

}  // namespace barracuda::delivery
