// barracuda erase: a person, by an e-mail or a click id.
#include <fmt/format.h>

#include "app/operation_parts.h"
#include "base/unseen.h"
#include "contacts/erasures.h"

namespace barracuda::app {

Answer Erase(Workplace& at, const Ask& ask) {
    if (!at.erase) return Refused("erase: not here");
    const contacts::Whom whom{ask.email, std::string(TrimUnseen(ask.click))};
    auto plan = contacts::PlanErasure(at.engine, whom);
    if (!plan && plan.error().where == "email") {
        return Refused(
            "no contact has this e-mail, and conversions are found by their contact alone: name "
            "--click"
        );
    }
    if (!plan) return Refused(plan.error().message);
    if (!ask.dry_run) {
        auto erased =
            Await<bool>([&](auto done) { contacts::CarryOut(*at.erase, *plan, std::move(done)); });
        if (!erased) return Refused(erased.error());
    }
    std::string out;
    for (const auto& id : plan->contacts) out += "contact " + id.Hex() + "\n";
    out += fmt::format(
        "{} and {} {} what may say a person\n",
        Counted(plan->conversions, "conversion", "conversions"),
        Counted(plan->deliveries, "delivery", "deliveries"),
        ask.dry_run ? "would lose" : "lost"
    );
    return {0, out, ask.dry_run ? "nothing is erased yet" : "erased"};
}

}  // namespace barracuda::app
