#include "domain/decide.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "domain/decide_parts.h"
#include "domain/owe.h"
#include "domain/person.h"

namespace barracuda::domain {

const char* NameOf(Verdict verdict) {
    static constexpr const char* kNames[] = {"recorded", "duplicate", "updated", "none"};
    static_assert(std::size(kNames) == static_cast<size_t>(Verdict::kNone) + 1);
    return kNames[static_cast<int>(verdict)];
}

namespace {

// Values that no route ever changes by a report of the same key.
bool IsIdentity(Field field) { return field == Field::kTransactionId; }

std::string Readable(Field field, std::string_view value) {
    return InfoOf(field).type == FieldType::kObject ? std::string("(object)") : std::string(value);
}

// Works on one report against one stored (or absent) conversion.
class ReportDecision {
public:
    ReportDecision(const Report& report, Time now, const NodeId& node)
        : report_(report), now_(now), node_(node) {}

    Decision Run(const std::optional<Conversion>& state) {
        if (!state && report_.correction) return std::move(decision_);  // verdict none
        if (!state) {
            Record();
        } else {
            decision_.document = *state;
            if (IsForeign(*state)) {
                decision_.verdict = Verdict::kDuplicate;
                decision_.foreign = true;
                Trace("it is not of the affiliate that the key is bound to");
                return std::move(decision_);
            }
            if (!report_.correction) {
                Meet();
            } else if (!Correct(*report_.correction)) {
                return std::move(decision_);
            }
        }
        BARRACUDA_CHECK(decision_.document.has_value());
        // In every cell: deliveries the route asks for and the document lacks, and only those.
        AddOwed(decision_, report_.deliveries, {state ? &*state : nullptr, now_});
        if (decision_.changed) {
            Conversion& document = *decision_.document;
            document.updated = now_;
            Reschedule(decision_, node_, now_);
        }
        return std::move(decision_);
    }

private:
    void Record() {
        Conversion document;
        document.id = report_.new_id;
        document.key = report_.key;
        document.goal_type = report_.goal_type;
        document.status = report_.status.value_or(report_.default_status);
        document.provenance = ProvenanceOfSpeaker();
        document.fields = report_.defaults;
        for (const auto& [field, value] : report_.given.all()) document.fields.Set(field, value);
        document.route = report_.route;
        document.created = now_;
        BARRACUDA_CHECK(!decision_.document);
        decision_.document = std::move(document);
        decision_.changed = true;
        decision_.verdict = Verdict::kRecorded;
        decision_.is_duplicate = false;
        Trace("nothing is stored under this key: recorded");
    }

    Provenance ProvenanceOfSpeaker() const {
        switch (report_.speaker) {
            case Speaker::kForm:
                return Provenance::kForm;
            case Speaker::kChain:
                return Provenance::kAuto;
            case Speaker::kAdmin:
                return Provenance::kAdmin;
            case Speaker::kKeyed:
                break;
        }
        return Provenance::kReported;
    }

    // Whoever said it, and also where it is nobody's: a key bound to one affiliate stays with what
    // stands under that one.
    bool IsForeign(const Conversion& stored) const {
        return !report_.bound_affiliate.empty() &&
               stored.fields.Get(Field::kAffiliateId) != report_.bound_affiliate;
    }

    void Meet() {
        decision_.verdict = Verdict::kDuplicate;
        Provenance stored = decision_.document->provenance;
        Trace(fmt::format("stored already, provenance {}", domain::NameOf(stored)));
        if (report_.speaker == Speaker::kForm || report_.speaker == Speaker::kChain) {
            Trace("a form or a chain rule changes nothing that is stored");
        } else if (IsUnconfirmed(stored)) {
            Confirm();
        } else if (report_.speaker == Speaker::kAdmin) {
            Replace();
            MoveStatus(true);
            decision_.verdict = Verdict::kUpdated;
        } else if (stored == Provenance::kReported) {
            Fill();
        } else {
            Trace("an admin's values are not changed by a report");
            NoteConflicts();
            NoteStatusConflict();
        }
    }

    // False: nothing is changed, nor owed anew.
    bool Correct(const Correction& correction) {
        const Conversion& stored = *decision_.document;
        decision_.verdict = Verdict::kDuplicate;
        const auto& history = stored.history;
        const bool before = std::any_of(history.begin(), history.end(), [&](const auto& entry) {
            return entry.command == report_.command_id.Hex();
        });
        if (before) return Leave(Corrected::kBefore, "this command changed it before");
        if (correction.rev && *correction.rev != stored.rev) {
            return Leave(Corrected::kStale, fmt::format("its revision is {}", stored.rev));
        }
        if (!correction.undoes.empty()) {
            const auto back = StatusBefore(correction.undoes);
            if (!back) return Leave(Corrected::kMeanwhile, "its status was moved since");
            MoveTo(*back, true);
        } else {
            Replace();
            // A sum that an admin states is no longer anybody else's to confirm.
            if (decision_.changed && IsUnconfirmed(stored.provenance)) BecomeAdmins();
            MoveStatus(true);
        }
        if (!decision_.changed) return Leave(Corrected::kAlreadySo, "it is so already");
        decision_.corrected = Corrected::kChanged;
        decision_.verdict = Verdict::kUpdated;
        return true;
    }

    bool Leave(Corrected why, std::string step) {
        decision_.corrected = why;
        Trace(std::move(step));
        return false;
    }

    // Where this command was the last that moved it; nullopt: it was not.
    std::optional<Status> StatusBefore(const std::string& command) const {
        const auto& history = decision_.document->history;
        const auto last = std::find_if(history.rbegin(), history.rend(), [](const auto& entry) {
            return entry.field == "status";
        });
        if (last == history.rend() || last->command != command) return std::nullopt;
        return StatusNamed(last->from);
    }

    void BecomeAdmins() {
        Provenance& stored = decision_.document->provenance;
        Change("provenance", domain::NameOf(stored), domain::NameOf(Provenance::kAdmin));
        stored = Provenance::kAdmin;
        decision_.is_duplicate = false;
    }

    // Unconfirmed: given values replace the stored ones.
    void Confirm() {
        Replace();
        MoveStatus(report_.speaker == Speaker::kAdmin);
        Provenance provenance = ProvenanceOfSpeaker();
        Change(
            "provenance", domain::NameOf(decision_.document->provenance), domain::NameOf(provenance)
        );
        decision_.document->provenance = provenance;
        if (provenance == Provenance::kReported) NoteAssumed();
        decision_.verdict = Verdict::kUpdated;
        decision_.is_duplicate = false;
        Trace("unconfirmed until now: the given values replace the stored ones");
    }

    // The sums that stand there without anybody having reported them, so that an invented one does
    // not keep out the first that somebody does.
    void NoteAssumed() {
        for (Field sum : {Field::kAmount, Field::kSaleAmount}) {
            const bool stands = decision_.document->fields.Get(sum, "0") != "0";
            if (stands && !report_.given.Find(sum)) decision_.document->assumed.push_back(sum);
        }
    }

    void Replace() {
        for (const auto& [field, value] : report_.given.all()) {
            if (IsIdentity(field) && !report_.key.occurrence.empty()) continue;
            SetField(field, value);
        }
    }

    // Reported: an amount that was 0 or absent is filled, a status moves forward, else conflict.
    void Fill() {
        FillAmount();
        NoteConflicts();
        if (MoveStatus(false)) decision_.verdict = Verdict::kUpdated;
    }

    void FillAmount() {
        const Fields& given = report_.given;
        const std::string* amount = given.Find(Field::kAmount);
        const bool absent = decision_.document->fields.Get(Field::kAmount, "0") == "0";
        if (!amount || *amount == "0" || !(absent || IsAssumed(Field::kAmount))) return;
        const Fields before = decision_.document->fields;
        SetField(Field::kAmount, *amount);
        // A sum is nothing without its currency. A default one does not count as given.
        if (const auto* currency = given.Find(Field::kCurrency)) {
            SetField(Field::kCurrency, *currency);
        }
        const std::string* sale = given.Find(Field::kSaleAmount);
        if (sale && IsAssumed(Field::kSaleAmount)) SetField(Field::kSaleAmount, *sale);
        if (decision_.document->fields == before) return;  // the very sums, now reported
        decision_.verdict = Verdict::kUpdated;
        Trace(absent ? "the amount was 0 or absent: filled" : "nobody reported the amount: filled");
    }

    bool IsAssumed(Field sum) const {
        const auto& assumed = decision_.document->assumed;
        return std::find(assumed.begin(), assumed.end(), sum) != assumed.end();
    }

    void NoteConflicts() {
        for (const auto& [field, value] : report_.given.all()) {
            const std::string* stored = decision_.document->fields.Find(field);
            if (!stored || *stored != value) AddConflict(field, value);
        }
    }

    void NoteStatusConflict() {
        if (report_.status && *report_.status != decision_.document->status) {
            decision_.conflicts.push_back(
                {"status",
                 domain::NameOf(decision_.document->status),
                 domain::NameOf(*report_.status)}
            );
        }
    }

    // pending -> approved or rejected, approved -> rejected, never back, except by an admin.
    bool MoveStatus(bool any_way) { return report_.status && MoveTo(*report_.status, any_way); }

    bool MoveTo(Status to, bool any_way) {
        Status& stored = decision_.document->status;
        if (to == stored) return false;
        if (!any_way && to < stored) {
            NoteStatusConflict();
            return false;
        }
        Change("status", domain::NameOf(stored), domain::NameOf(to));
        Trace(fmt::format("status moves to {}", domain::NameOf(to)));
        stored = to;
        return true;
    }

    void SetField(Field field, const std::string& value) {
        if (std::erase(decision_.document->assumed, field) > 0) decision_.changed = true;
        const std::string* stored = decision_.document->fields.Find(field);
        if (stored && *stored == value) return;
        Change(InfoOf(field).name, stored ? Readable(field, *stored) : "", Readable(field, value));
        decision_.document->fields.Set(field, value);
    }

    void Change(std::string field, std::string from, std::string to) {
        if (from == to) return;
        decision_.document->AddHistory(
            {.at = now_,
             .by = report_.by.empty() ? report_.route : report_.by,
             .command = report_.command_id.Hex(),
             .field = std::move(field),
             .from = std::string(CutTo(from)),
             .to = std::string(CutTo(to)),
             .reason = report_.correction ? report_.correction->reason : std::string()}
        );
        decision_.changed = true;
    }

    static std::string_view CutTo(std::string_view text) { return CutUtf8(text, 4096); }

    void AddConflict(Field field, const std::string& value) {
        decision_.conflicts.push_back(
            {InfoOf(field).name,
             Readable(field, decision_.document->fields.Get(field)),
             Readable(field, value)}
        );
    }

    void Trace(std::string step) { decision_.trace.push_back(std::move(step)); }

    const Report& report_;
    Time now_;
    const NodeId& node_;
    Decision decision_;
};

}  // namespace

Decision Unchanged(const std::optional<Conversion>& state) {
    Decision decision;
    decision.verdict = Verdict::kDuplicate;
    decision.document = state;
    return decision;
}

void Finish(Decision& decision, Time now, const NodeId& node) {
    BARRACUDA_CHECK(decision.document.has_value());  // found, or there is nothing to change
    decision.changed = true;
    decision.verdict = Verdict::kUpdated;
    decision.document->updated = now;
    Reschedule(decision, node, now);
}

namespace {

Decision DecideOutcome(
    const std::optional<Conversion>& state, const Outcome& outcome, Time now, const NodeId& node
) {
    Decision decision = Unchanged(state);
    if (!state) {
        decision.verdict = Verdict::kNone;
        return decision;
    }
    for (auto& delivery : decision.document->deliveries) {
        if (delivery.id != outcome.delivery_id) continue;
        // Settled before; but what was cancelled while it was under way may have arrived.
        bool late = delivery.state == DeliveryState::kCancelled && outcome.accepted;
        if (delivery.state != DeliveryState::kWaiting && !late) return decision;
        if (!delivery.Attempted()) delivery.parameters = outcome.parameters;
        ++delivery.attempts;
        delivery.last_at = now;
        delivery.status = outcome.status;
        delivery.error = outcome.error;
        delivery.response = outcome.response;
        if (delivery.erased) ForgetPerson(*decision.document, delivery, outcome.parameters);
        if (outcome.accepted) {
            delivery.state = DeliveryState::kDone;
        } else if (outcome.retry_at) {
            delivery.next_at = *outcome.retry_at;
        } else {
            delivery.state = DeliveryState::kDead;
        }
        bool approved = outcome.accepted && outcome.approves;
        if (approved && decision.document->status == Status::kPending) {
            decision.document->AddHistory(
                {.at = now,
                 .by = "network:" + delivery.network.value,
                 .command = outcome.command_id.Hex(),
                 .field = "status",
                 .from = "pending",
                 .to = "approved"}
            );
            decision.document->status = Status::kApproved;
            const NetworkName told_by = delivery.network;  // AddOwed moves the deliveries
            AddOwed(decision, outcome.deliveries, {&*state, now, told_by});
        }
        Finish(decision, now, node);
        return decision;
    }
    return decision;
}

Decision DecideTakeOver(
    const std::optional<Conversion>& state, const TakeOver& take, Time now, const NodeId& node
) {
    Decision decision = Unchanged(state);
    if (!state || !state->due || state->owner != take.from || take.from == node) return decision;
    decision.document->owner = {};  // free: Finish makes it ours
    Finish(decision, now, node);
    return decision;
}

// A command that none of them takes does not compile.
template <typename... Each>
struct OneOf : Each... {
    using Each::operator()...;
};
template <typename... Each>
OneOf(Each...) -> OneOf<Each...>;

}  // namespace

Decision Decide(
    const std::optional<Conversion>& state, const Command& command, Time now, const NodeId& node
) {
    const OneOf decide{
        [&](const Report& report) { return ReportDecision(report, now, node).Run(state); },
        [&](const Outcome& outcome) { return DecideOutcome(state, outcome, now, node); },
        [&](const TakeOver& take) { return DecideTakeOver(state, take, now, node); },
        [&](const Replay& replay) { return DecideReplay(state, replay, now, node); },
        [&](const EndDelivery& end) { return DecideEnd(state, end, now, node); },
    };
    return std::visit(decide, command);
}

}  // namespace barracuda::domain
