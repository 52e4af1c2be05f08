#include "api/record.h"

#include "api/auth.h"
#include "api/ignored.h"
#include "api/record_steps.h"
#include "base/check.h"
#include "delivery/catalog_store.h"
#include "nodes/goal_rules.h"

namespace barracuda::api {

using domain::Field;

void Give(domain::Report& report, AffiliateId affiliate) {
    Give(report, Field::kAffiliateId, std::move(affiliate.value));
}

void Give(domain::Report& report, OfferId offer) {
    Give(report, Field::kOfferId, std::move(offer.value));
}

void Give(domain::Report& report, Field field, std::string value) {
    if (!value.empty()) report.given.Set(field, std::move(value));
}

void Give(domain::Report& report, Field field, const std::optional<Money>& value) {
    if (value) report.given.Set(field, value->Text());
}

void ReadCommon(
    Reports& reports, Reader& reader, ClickId click, GoalId goal, domain::Report& report
) {
    const auto rule = reports.goals.Of(goal.value);
    const auto catalog = reports.catalog.catalog();
    ReadCommonBy(*catalog, rule, reader, std::move(click), std::move(goal), report);
}

void ReadCommonBy(
    const domain::Catalog& catalog,
    nodes::GoalRules::Rule rule,
    Reader& reader,
    ClickId click,
    GoalId goal,
    domain::Report& report
) {
    const auto* known = catalog.FindGoal(goal.value);
    report.goal_type = known ? known->type : domain::GoalType::kOther;
    report.key.click = std::move(click);
    report.key.goal = std::move(goal);
    reader.Common(report.given);
    report.defaults.Set(Field::kAmount, "0");
    report.defaults.Set(Field::kCurrency, domain::kDefaultCurrency);
    report.goal_epoch = rule.epoch;
    if (rule.repeatable) {
        report.key.occurrence = std::string(report.given.Get(Field::kTransactionId));
        if (report.key.occurrence.empty()) {
            reader.Refuse("transaction_id", "is required: this goal counts several times a click");
        }
    }
    report.new_id = ObjectId::New();
    report.command_id = ObjectId::New();
}

bool FinishReading(Reports& reports, Call& call, const Input& input, const Reader& reader) {
    NoteIgnored(call, input);
    reports.ignored_values.fetch_add(reader.dropped(), std::memory_order_relaxed);
    if (!reader.error()) return true;
    call.respond(BadRequest(*reader.error()));
    return false;
}

GoalId GoalIdOf(Reports& reports, domain::GoalType type) {
    return GoalId(reports.catalog.catalog()->GoalOfType(type).id);
}

void CheckGoal(Reports& reports, Reader& reader, domain::GoalType type) {
    const std::string id = reader.Id("goal_id"), name = reader.Text("goal_type");
    if (!id.empty() && GoalId(id) != GoalIdOf(reports, type)) {
        reader.Refuse("goal_id", "contradicts the goal that is reported");
    }
    if (!name.empty() && name != domain::NameOf(type)) {
        reader.Refuse("goal_type", "contradicts the goal that is reported");
    }
}

AffiliateId AffiliateOf(const domain::Report& report) {
    return AffiliateId(std::string(report.given.Get(Field::kAffiliateId)));
}

std::optional<domain::Status> ReadStatus(Reader& reader) {
    std::string name = reader.Text("status");
    if (name.empty()) return std::nullopt;
    auto status = domain::StatusNamed(name);
    if (!status) reader.Refuse("status", "must be pending, approved or rejected");
    return status;
}

bool Complete(Reports& reports, Call& call, domain::Report& report) {
    if (auto refused = CheckAffiliate(call.caller, AffiliateOf(report))) {
        call.respond(ErrorResponse(*refused));
        return false;
    }
    report.by = call.caller.name;
    report.bound_affiliate = call.caller.affiliate.value;
    auto catalog = reports.catalog.catalog();
    const auto& asks = catalog->AsksFor(report.key.goal.value);
    report.deliveries.insert(report.deliveries.end(), asks.begin(), asks.end());
    if (call.received.route) {
        call.received.key = report.key;
        call.received.affiliate = AffiliateOf(report);
        call.received.command = report.command_id;
    }
    return true;
}

void AnswerDecided(Call& call, Result<domain::Decision> decision, const Decided& done) {
    if (!decision) return call.respond(ErrorResponse(decision.error()));
    BARRACUDA_CHECK(decision->document || decision->foreign);  // a report is always decided
    NoteDecision(call, *decision);
    if (decision->foreign) return call.respond(ErrorResponse(BoundElsewhere()));
    done(*decision);
}

void Record(Reports& reports, std::shared_ptr<Call> call, domain::Report report, Decided done) {
    if (!Complete(reports, *call, report)) return;
    const unsigned io_thread = call->request.io_thread;
    auto answer = [call, done = std::move(done)](Result<domain::Decision>&& decision) {
        AnswerDecided(*call, std::move(decision), done);
    };
    if (!reports.ledger.Submit(std::move(report), io_thread, std::move(answer))) {
        call->respond(Overloaded());
    }
}

void AwaitDelivery(
    Reports& reports, const domain::Decision& decision, const char* kind, Delivered done
) {
    BARRACUDA_CHECK(decision.document);
    const auto* delivery = decision.document->FindDelivery(domain::kDefaultNetwork, kind);
    bool ours = false;
    for (const auto& id : decision.fresh_deliveries) ours |= delivery && delivery->id == id;
    if (!ours) return done(*decision.document);
    auto conversion = std::make_shared<domain::Conversion>(*decision.document);
    reports.dispatcher.Wait(
        delivery->id,
        reports.inline_wait,
        [conversion, done = std::move(done)](std::optional<domain::Conversion> settled) {
            done(settled ? *settled : *conversion);
        }
    );
}

JsonObject Head(
    const Call& call, const domain::Decision& decision, bool success, std::string_view message
) {
    JsonObject head;
    head.Bool("success", success).Text("message", message);
    head.Text("verdict", domain::NameOf(decision.verdict));
    head.Bool("isDuplicate", decision.is_duplicate);
    if (!call.explain) return head;
    JsonList trace, conflicts;
    for (const auto& step : decision.trace) trace.Text(step);
    head.List("trace", trace);
    for (const auto& conflict : decision.conflicts) {
        JsonObject item;
        item.Text("field", conflict.field);
        // A key that is bound to one affiliate does not see the values of others.
        if (call.caller.affiliate.empty()) item.Text("stored", conflict.stored);
        item.Text("given", conflict.given);
        conflicts.Object(item);
    }
    if (decision.conflicts.empty()) {
        head.Raw("conflict", "null");
    } else {
        head.List("conflict", conflicts);
    }
    PutIgnored(call, head);
    return head;
}

}  // namespace barracuda::api
