// The steps of a flow, one after the other (contract.md, routes 2 and 3).
#include <sodium.h>

#include <algorithm>

#include "base/text.h"
#include "delivery/erase_contact.h"
#include "delivery/flow.h"
#include "delivery/flow_reports.h"
#include "delivery/registration.h"

namespace barracuda::delivery {

using domain::FlowStep;
using std::chrono::milliseconds;

namespace {

constexpr size_t kErrorBytesMax = 512;

std::string RandomClick() {
    std::string bytes(16, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return HexOf(bytes);
}

bool IsContactRoute(const domain::Contact& contact) { return contact.flow.route == "contact"; }

void GoTo(domain::Contact& contact, FlowStep step, Time now) {
    contact.flow.step = step;
    contact.flow.attempts = 0;
    contact.flow.next_at = now;
}

}  // namespace

void FlowRunner::Advance(RunPtr run) {
    switch (run->progress.contact.flow.step) {
        case FlowStep::kAcquire:
            return Acquire(run);
        case FlowStep::kRegistration:
            return Register(run);
        case FlowStep::kRefused:
            return Refused(run);
        case FlowStep::kDeposit:
            return Deposit(run);
        case FlowStep::kNone:
        case FlowStep::kDone:
            return Release(run);
    }
}

void FlowRunner::Acquire(RunPtr run) {
    const auto& contact = run->progress.contact;
    const std::string stopped = options_.stopped ? options_.stopped() : "";
    if (!stopped.empty()) return AcquireStopped(run, "the network is stopped: " + stopped);
    if (!beginning_) return Release(run);  // due: the next boot goes on
    if (acquiring_ == kAcquiresMax) return acquire_later_.push_back(run);
    ++acquiring_;
    // The same id on every attempt.
    auto id = domain::DeliveryId(contact.id, domain::kDefaultNetwork, "acquire_click");
    auto done = [this, run](Attempt attempt) {
        Post([this, run, attempt = std::move(attempt)] {
            --acquiring_;
            Acquired(run, attempt);
            AcquireNext();
        });
    };
    auto may_send = [this, owner = contact.owner] {
        return beginning_ && ownership().MaySend(owner);
    };
    network_.AcquireClick(id, ClickCallOf(contact, options_), std::move(done), may_send);
}

void FlowRunner::AcquireNext() {
    while (acquiring_ < kAcquiresMax && !acquire_later_.empty()) {
        RunPtr run = std::move(acquire_later_.front());
        acquire_later_.pop_front();
        Acquire(std::move(run));
    }
}

// No attempt is used up: what a partner's registration owes waits until somebody resumes it.
void FlowRunner::AcquireStopped(RunPtr run, const std::string& why) {
    if (IsContactRoute(run->progress.contact)) return Acquired(run, {.error = why});
    Rest(run, FlowStep::kAcquire, why, Time{options_.now().ms + options_.stopped_look.count()});
}

void FlowRunner::Acquired(RunPtr run, const Attempt& attempt) {
    if (attempt.withheld) return Release(run);  // due: who owns it now goes on
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

// The contact was erased, by another node while this one was telling the network of the person.
void FlowRunner::Forget(const domain::Contact& contact) {
    auto conversions = ConversionsOf(engine_, contact);
    if (!conversions) return;
    ErasePersonFrom(*ledger_, *conversions, contact.email, [](Result<bool>) {});
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
    const bool rejected = conversion.status == domain::Status::kRejected;
    const bool at_once = IsContactRoute(run->progress.contact) && !Current().then_delivered;
    if (IsTaken(conversion) || (at_once && !rejected)) return Proceed(run);
    std::string error = delivery ? delivery->error : std::string();
    if (error.empty()) error = "the registration was not accepted";
    if (rejected || !delivery) return Finish(run, error);
    const Time now = options_.now();
    if (delivery->state == domain::DeliveryState::kWaiting) {
        // The dispatcher tries again; look a second after that.
        const Time look{std::max(delivery->next_at, now).ms + 1'000};
        return Rest(run, FlowStep::kRegistration, error, look);
    }
    Rest(run, FlowStep::kRefused, error, Time{now.ms + options_.refused_look.count()});
}

// Looks at what is stored and reports nothing: the goals may have changed since, and every contact
// that was ever refused would be registered for the new one.
void FlowRunner::Refused(RunPtr run) {
    const auto& contact = run->progress.contact;
    auto conversions = ConversionsOf(engine_, contact);
    if (!conversions) return Release(run);
    if (const auto* taken = TakenRegistration(*conversions)) {
        run->progress.registration = *taken;
        return Proceed(run);
    }
    const bool over =
        std::all_of(conversions->begin(), conversions->end(), [](const auto& conversion) {
            return conversion.goal_type != domain::GoalType::kRegistration ||
                   conversion.status == domain::Status::kRejected;
        });
    if (over) return Finish(run, contact.affiliate_error);
    const Time look{options_.now().ms + options_.refused_look.count()};
    Rest(run, FlowStep::kRefused, contact.affiliate_error, look);
}

void FlowRunner::Proceed(RunPtr run) {
    if (Current().then_goal.empty()) return Finish(run, "");
    const Time now = options_.now();
    auto change = [=](domain::Contact& contact) {
        contact.affiliate_error.clear();
        GoTo(contact, FlowStep::kDeposit, now);
    };
    Save(run, change, [this, run] { Advance(run); });
}

void FlowRunner::Rest(RunPtr run, FlowStep step, const std::string& error, Time look) {
    auto change = [=](domain::Contact& contact) {
        contact.affiliate_error = contact.flow.last_error = error;
        contact.flow.step = step;
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
