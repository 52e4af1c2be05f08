#include "api/record.h"

#include "api/auth.h"
#include "delivery/catalog_store.h"
#include "delivery/goal_rules.h"

namespace barracuda::api {

using domain::Field;

void Give(domain::Report& report, Field field, std::string value) {
    if (!value.empty()) report.given.Set(field, std::move(value));
}

void Give(domain::Report& report, Field field, const std::optional<Money>& value) {
    if (value) report.given.Set(field, value->Text());
}

void ReadCommon(
    Service& service, Reader& reader, std::string click, std::string goal_id, domain::Report& report
) {
    report.key.click = ClickId(std::move(click));
    report.key.goal = GoalId(goal_id);
    auto catalog = service.catalog->catalog();
    const auto* goal = catalog->FindGoal(goal_id);
    report.goal_type = goal ? goal->type : domain::GoalType::kOther;
    reader.Common(report.given);
    report.defaults.Set(Field::kAmount, "0");
    report.defaults.Set(Field::kCurrency, domain::kDefaultCurrency);
    const auto rule = service.goals ? service.goals->Of(goal_id)
                                    : delivery::GoalRules::Rule{0, goal && goal->repeatable};
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

std::string GoalIdOf(Service& service, domain::GoalType type) {
    return service.catalog->catalog()->GoalOfType(type).id;
}

void CheckGoal(Service& service, Reader& reader, domain::GoalType type) {
    const std::string id = reader.Id("goal_id"), name = reader.Text("goal_type");
    if (!id.empty() && id != GoalIdOf(service, type)) {
        reader.Refuse("goal_id", "contradicts the goal that is reported");
    }
    if (!name.empty() && name != domain::NameOf(type)) {
        reader.Refuse("goal_type", "contradicts the goal that is reported");
    }
}

std::optional<domain::Status> ReadStatus(Reader& reader) {
    std::string name = reader.Text("status");
    if (name.empty()) return std::nullopt;
    auto status = domain::StatusNamed(name);
    if (!status) reader.Refuse("status", "must be pending, approved or rejected");
    return status;
}

void Record(Service& service, std::shared_ptr<Call> call, domain::Report report, Decided done) {
    if (auto refused = CheckAffiliate(call->caller, report.given.Get(Field::kAffiliateId))) {
        return call->respond(ErrorResponse(*refused));
    }
    report.by = call->caller.name;
    report.bound_affiliate = call->caller.affiliate;
    auto catalog = service.catalog->catalog();
    const auto& asks = catalog->AsksFor(report.key.goal.value);
    report.deliveries.insert(report.deliveries.end(), asks.begin(), asks.end());
    if (call->received.route) {
        call->received.key = report.key;
        call->received.command = report.command_id;
    }
    unsigned io_thread = call->request.io_thread;
    auto answer = [call, done = std::move(done)](Result<domain::Decision> decision) {
        if (!decision) return call->respond(ErrorResponse(decision.error()));
        NoteDecision(*call, *decision);
        if (decision->foreign) return call->respond(ErrorResponse(BoundElsewhere()));
        done(*decision);
    };
    if (!service.ledger.Submit(std::move(report), io_thread, std::move(answer))) {
        call->respond(Overloaded());
    }
}

void AwaitDelivery(
    Service& service, const domain::Decision& decision, const char* kind, Delivered done
) {
    const auto* delivery = decision.document->FindDelivery(domain::kDefaultNetwork, kind);
    bool ours = false;
    for (const auto& id : decision.fresh_deliveries) ours |= delivery && delivery->id == id;
    if (!ours) return done(*decision.document);
    auto conversion = std::make_shared<domain::Conversion>(*decision.document);
    service.dispatcher.Wait(
        delivery->id,
        service.config.delivery.inline_wait,
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
        item.Text("field", conflict.field).Text("stored", conflict.stored);
        item.Text("given", conflict.given);
        conflicts.Object(item);
    }
    if (decision.conflicts.empty()) return head.Raw("conflict", "null");
    return head.List("conflict", conflicts);
}

}  // namespace barracuda::api
