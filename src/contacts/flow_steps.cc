// The steps of a flow, one after the other (docs/contract.md, routes 2 and 3).
#include <sodium.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "contacts/click_hash.h"
#include "contacts/erase_contact.h"
#include "contacts/flow.h"
#include "contacts/flow_reports.h"
#include "contacts/registration.h"

namespace barracuda::contacts {

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

void GoTo(domain::Contact& contact, FlowStep step, Time now, domain::FlowGoal goal = {}) {
    contact.flow.step = step;
    contact.flow.attempts = 0;
    contact.flow.next_at = now;
    contact.flow.goal = std::move(goal);
}

// The same id on every attempt.
DeliveryId AcquireIdOf(const domain::Contact& contact) {
    return domain::DeliveryIdOf(contact.id, domain::kDefaultNetwork, "acquire_click");
}

// A contact whose click the network did not give has one of its own, which nobody else knows.
delivery::Click OwnClick() {
    delivery::Click click{.hash = RandomClick()};
    click.id = click.hash;
    return click;
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
    auto done = [this, run](delivery::Attempt attempt) {
        Post([this, run, attempt = std::move(attempt)] {
            BARRACUDA_CHECK(acquiring_ > 0);
            --acquiring_;
            Acquired(run, attempt);
            AcquireNext();
        });
    };
    auto may_send = [this, owner = contact.owner] {
        const bool stopped = options_.stopped && !options_.stopped().empty();
        return beginning_ && !stopped && ownership().MaySend(owner);
    };
    network_.AcquireClick(
        AcquireIdOf(contact), ClickCallOf(contact, options_), std::move(done), may_send
    );
}

std::string FlowRunner::TrackingLinkOf(const domain::Contact& contact) const {
    return network_.OfferUrl(AcquireIdOf(contact), ClickCallOf(contact, options_));
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

void FlowRunner::Acquired(RunPtr run, const delivery::Attempt& attempt) {
    if (attempt.withheld) return Release(run);  // due: who owns it now goes on
    const bool given = attempt.click.has_value();
    // A partner's registration needs the network's own click; a contact must not be lost.
    if (!given && !IsContactRoute(run->progress.contact)) return RetryAcquire(run, attempt);
    const auto click = given ? *attempt.click : OwnClick();
    BARRACUDA_CHECK(!click.hash.empty() && !click.id.empty());
    const std::string error(given ? "" : CutUtf8(attempt.error, kErrorBytesMax));
    const Time now = options_.now();
    auto goal = RegistrationGoalOf(run->progress.contact, Goals(), options_.rules);
    auto change = [click, given, error, now, goal](domain::Contact& contact) {
        if (contact.sub1.empty()) contact.sub1 = click.hash;
        contact.click_id = click.id;
        contact.click_hash = click.hash;
        contact.hash_given = given;
        contact.tracking_link = click.tracking_link;
        contact.clicked_url = click.clicked_url;
        contact.affiliate_error.clear();
        contact.flow.last_error = error;
        GoTo(contact, FlowStep::kRegistration, now, goal);
    };
    auto save = [this, run, change] { Save(run, change, [this, run] { Advance(run); }); };
    const auto& brought = run->progress.contact.sub1;
    if (!given || brought.empty() || click.hash == click.id) return save();
    // The contact will not be found by this hash: first what finds the click by it.
    KeepClickOf(*ledger_, click.hash, click.id, [this, run, save](auto state) {
        Post([this, run, save, kept = state.has_value()] { kept ? save() : Release(run); });
    });
}

void FlowRunner::RetryAcquire(RunPtr run, const delivery::Attempt& attempt) {
    const int attempts = run->progress.contact.flow.attempts + 1;
    const Time now = options_.now();
    std::optional<Time> next_at;
    if (attempt.cls != delivery::AttemptClass::kFinal) {
        next_at = NextAttempt(
            options_.schedule,
            attempts,
            delivery::ParseRetryAfter(attempt.retry_after, now),
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
    if (!conversions) return;  // the mark of the erasure stands: its sweep reads again
    ErasePersonFrom(*ledger_, *conversions, contact, [](Result<bool>) {});
}

FlowGoals FlowRunner::Goals() const { return options_.goals ? options_.goals() : FlowGoals{}; }

void FlowRunner::Submit(
    RunPtr run, domain::Report report, std::function<void(domain::Conversion)> next
) {
    report.defaults.Set(domain::Field::kOfferId, options_.offer);  // the one its click is of
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

// A contact that 0.1.0 wrote may have reported its step already, for the goals of that day: what is
// stored says so.
Result<bool> FlowRunner::ChooseGoal(domain::Contact& contact) const {
    if (!contact.flow.goal.id.empty()) return true;
    auto conversions = ConversionsOf(engine_, contact);
    if (!conversions) return Fail(conversions.error());
    const bool deposit = contact.flow.step == FlowStep::kDeposit;
    auto chosen = deposit ? DepositGoalOf(contact, Goals(), options_.rules)
                          : RegistrationGoalOf(contact, Goals(), options_.rules);
    if (const auto* reported = ReportedBy(contact, *conversions)) {
        chosen = {reported->key.goal.value, reported->goal_type, reported->key.occurrence};
    }
    contact.flow.goal = std::move(chosen);
    return true;
}

void FlowRunner::Register(RunPtr run) {
    if (!ChooseGoal(run->progress.contact)) return Release(run);
    auto report = RegistrationOf(run->progress.contact, options_.rules);
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
    const bool at_once = IsContactRoute(run->progress.contact) && !Goals().then_when_delivered;
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
    if (const auto* taken = TakenRegistration(contact, *conversions)) {
        run->progress.registration = *taken;
        return Proceed(run);
    }
    const bool over =
        std::all_of(conversions->begin(), conversions->end(), [&](const auto& conversion) {
            return !IsOfFlow(conversion, contact) ||
                   conversion.goal_type != domain::GoalType::kRegistration ||
                   conversion.status == domain::Status::kRejected;
        });
    if (over) return Finish(run, contact.affiliate_error);
    const Time look{options_.now().ms + options_.refused_look.count()};
    Rest(run, FlowStep::kRefused, contact.affiliate_error, look);
}

void FlowRunner::Proceed(RunPtr run) {
    const FlowGoals goals = Goals();
    if (goals.then.empty()) return Finish(run, "");
    const Time now = options_.now();
    auto goal = DepositGoalOf(run->progress.contact, goals, options_.rules);
    auto change = [now, goal = std::move(goal)](auto& contact) {
        contact.affiliate_error.clear();
        GoTo(contact, FlowStep::kDeposit, now, goal);
    };
    Save(run, change, [this, run] { Advance(run); });
}

void FlowRunner::Rest(RunPtr run, FlowStep step, const std::string& error, Time look) {
    auto change = [=, goal = run->progress.contact.flow.goal](domain::Contact& contact) {
        contact.affiliate_error = contact.flow.last_error = error;
        contact.flow.step = step;
        contact.flow.goal = goal;
        contact.flow.next_at = look;
    };
    Save(run, change, [this, run] { Release(run); });
}

void FlowRunner::Deposit(RunPtr run) {
    if (!ChooseGoal(run->progress.contact)) return Release(run);
    auto report = DepositOf(run->progress.contact, Goals().then_amount, options_.rules);
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

}  // namespace barracuda::contacts
