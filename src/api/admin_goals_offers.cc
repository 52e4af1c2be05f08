// Goals and offers, for admins; and what all entity routes share.
#include <fmt/format.h>

#include "api/built_in.h"
#include "api/entity_json.h"
#include "api/entity_routes.h"
#include "api/list_input.h"
#include "base/check.h"
#include "nodes/goal_rules.h"

namespace barracuda::api {

using domain::Problem;

namespace {

http::Response Saved(const JsonObject& data, const char* message) {
    JsonObject body;
    body.Bool("success", true).Text("message", message);
    return JsonResponse(200, body.Object("data", data));
}

// The answer to a save that names parameters, or nothing.
bool RefusedQuery(const Call& call) {
    auto asked = AsksForCheck(call.request, false);
    if (!asked) call.respond(ProblemResponse(asked.error()));
    return !asked;
}

void StoreGoal(
    Entities& entities,
    const std::shared_ptr<Call>& call,
    const domain::Goal& goal,
    bool create,
    Turns::Turn turn
) {
    auto catalog = entities.catalog.catalog();
    const auto* now = catalog->FindGoal(goal.id);
    if (create && now) return call->respond(Conflict("there is a goal of this id already"));
    auto goals = catalog->goals();
    if (now) {
        const auto at = static_cast<size_t>(now - catalog->goals().data());
        BARRACUDA_CHECK(at < goals.size());
        goals[at] = goal;
    } else {
        goals.push_back(goal);
    }
    if (auto problem = CheckTogether(goals)) return call->respond(ProblemResponse(*problem));
    auto answer = [&entities, id = goal.id, create] {
        const auto* saved = entities.catalog.catalog()->FindGoal(id);
        return saved ? Saved(GoalJson(*saved), create ? "Goal created" : "Goal saved")
                     : NotFound("goal");
    };
    auto edit = SaveEdit(goal, create, call->caller.name, domain::DecodeGoal);
    auto key = domain::EntityKey("goal", goal.id);
    EditEntity(entities, call, turn, std::move(key), std::move(edit), std::move(answer));
}

void SaveGoal(Entities& entities, std::shared_ptr<Call> call, std::string_view id) {
    if (RefusedQuery(*call)) return;
    auto body = ReadObject(call->request);
    if (!body) return call->respond(ProblemResponse(body.error()));
    auto goal = ReadGoal(*body, id);
    if (!goal) return call->respond(ProblemResponse(goal.error()));
    // All nodes must change a goal's keys together: docs/decisions/goal-switch.md.
    const bool rule = entities.goals.Of(goal->id).repeatable;
    if (!body->object.contains("repeatable")) goal->repeatable = rule;
    if (goal->repeatable != rule) {
        Problem problem{
            "repeatable",
            rule ? "is true in the store; the way back would merge sales"
                 : "is set in the settings ([[goal]] repeatable = true) and at a start, so that "
                   "all nodes change the goal's keys together",
            std::nullopt};
        return call->respond(ProblemResponse(problem));
    }
    InTurn(entities, call, [&entities, call, goal = *goal, create = id.empty()](Turns::Turn turn) {
        StoreGoal(entities, call, goal, create, std::move(turn));
    });
}

// Why a goal cannot go; empty when it can.
std::string GoalInUse(
    const domain::Catalog& catalog, const domain::Goal& goal, const config::Goal* built_in
) {
    if (goal.repeatable) return "the goal counts several times a click: its sales need it";
    if (built_in) return {};  // the settings' own comes back
    for (const auto& other : catalog.goals()) {
        if (other.then == goal.id) return fmt::format("goal {} is followed by it", other.id);
    }
    for (const auto& [name, network] : catalog.networks()) {
        if (Names(network.goals, goal.id)) return fmt::format("network {} names it", name.value);
    }
    for (const auto& [id, offer] : catalog.offers()) {
        if (Names(offer.goals, goal.id)) return fmt::format("offer {} names it", id);
    }
    return {};
}

void StoreOffer(
    Entities& entities,
    const std::shared_ptr<Call>& call,
    const domain::Offer& offer,
    bool create,
    Turns::Turn turn
) {
    auto catalog = entities.catalog.catalog();
    if (create && catalog->FindOffer(offer.id)) {
        return call->respond(Conflict("there is an offer of this id already"));
    }
    auto unknown = [&](const char* field, size_t i, const char* what, const std::string& name) {
        Problem problem{
            fmt::format("{}[{}]", field, i),
            fmt::format("there is no {} \"{}\"", what, name),
            std::nullopt};
        call->respond(ProblemResponse(problem));
    };
    for (size_t i = 0; i < offer.networks.size(); ++i) {
        const auto& name = offer.networks[i];
        if (!catalog->FindNetwork(name)) return unknown("networks", i, "network", name.value);
    }
    for (size_t i = 0; i < offer.goals.size(); ++i) {
        if (!catalog->FindGoal(offer.goals[i])) {
            return unknown("goals", i, "goal", offer.goals[i]);
        }
    }
    if (auto problem = CheckOwed(*catalog, *catalog->With(offer), "networks")) {
        return call->respond(ProblemResponse(*problem));
    }
    auto answer = [&entities, id = offer.id, create] {
        const auto* saved = entities.catalog.catalog()->FindOffer(id);
        return saved ? Saved(OfferJson(*saved), create ? "Offer created" : "Offer saved")
                     : NotFound("offer");
    };
    auto key = domain::EntityKey("offer", offer.id);
    auto edit = SaveEdit(offer, create, call->caller.name, domain::DecodeOffer);
    EditEntity(entities, call, turn, std::move(key), std::move(edit), std::move(answer));
}

void SaveOffer(Entities& entities, std::shared_ptr<Call> call, std::string_view id) {
    if (RefusedQuery(*call)) return;
    auto body = ReadObject(call->request);
    if (!body) return call->respond(ProblemResponse(body.error()));
    auto offer = ReadOffer(*body, id);
    if (!offer) return call->respond(ProblemResponse(offer.error()));
    InTurn(
        entities,
        call,
        [&entities, call, offer = *offer, create = id.empty()](Turns::Turn turn) {
            StoreOffer(entities, call, offer, create, std::move(turn));
        }
    );
}

}  // namespace

bool Names(const std::vector<std::string>& list, std::string_view name) {
    return std::find(list.begin(), list.end(), name) != list.end();
}

tl::expected<bool, Problem> AsksForCheck(const http::Request& request, bool possible) {
    auto query = Input::OfQuery(request);
    if (!query) return tl::unexpected<Problem>({"query", query.error().message, std::nullopt});
    Reader reader(*query);
    const bool check = possible && ReadSwitch(*query, reader, "check");
    RefuseUnread(*query, reader, "is no parameter of a save");
    if (!reader.error()) return check;
    const auto& [code, message, name, cause] = *reader.error();
    return tl::unexpected<Problem>({name, message.substr(name.size() + 1), std::nullopt});
}

std::optional<Problem> CheckOwed(
    const domain::Catalog& before, const domain::Catalog& after, const char* field
) {
    const size_t most = after.OwedMost();
    if (most <= domain::Catalog::kOwedMax || most <= before.OwedMost()) return std::nullopt;
    return Problem{
        field,
        fmt::format(
            "one conversion might owe {} deliveries and has room for {}: an active network counts "
            "once, one with updates three times; let fewer be active, or name goals and offers",
            most,
            domain::Catalog::kOwedMax
        ),
        std::nullopt};
}

void InTurn(
    Entities& entities, const std::shared_ptr<Call>& call, std::function<void(Turns::Turn)> edit
) {
    BARRACUDA_CHECK(edit);
    entities.turns.Take([call, edit = std::move(edit)](Turns::Turn turn) {
        try {
            edit(std::move(turn));
        } catch (const std::exception& thrown) {  // this thread may be about another's request
            call->answers->Threw(*call, thrown.what());
        }
    });
}

void EditEntity(
    Entities& entities,
    std::shared_ptr<Call> call,
    Turns::Turn turn,
    std::string key,
    EntityEdit edit,
    std::function<http::Response()> written
) {
    BARRACUDA_CHECK(turn);  // who writes was judged in it
    auto refused = std::make_shared<std::optional<Error>>();
    auto plan = [edit = std::move(edit), refused](const std::optional<std::string>& stored) {
        refused->reset();
        auto after = edit(stored);
        if (after) return ledger::EditPlan{true, std::move(*after)};
        *refused = after.error();
        return ledger::EditPlan{};
    };
    entities.ledger.Edit(
        {store::Collection::kSettings, std::move(key)},
        std::move(plan),
        [&entities, call, turn, refused, written = std::move(written)](
            Result<ledger::EditState> state
        ) {
            if (!state) return call->respond(ErrorResponse(state.error()));
            if (*refused) return call->respond(ErrorResponse(**refused));
            entities.catalog.ReloadThen([call, turn, written](bool) { call->respond(written()); });
        }
    );
}

EntityEdit DeleteEdit() {
    return [](const std::optional<std::string>& stored
           ) -> tl::expected<std::optional<std::string>, Error> {
        if (!stored) {
            return tl::unexpected<Error>(
                {ErrorCode::kNotFound, "nothing of this name is stored", {}}
            );
        }
        return std::optional<std::string>();
    };
}

void ListGoals(Entities& entities, std::shared_ptr<Call> call) {
    JsonList items;
    for (const auto& goal : entities.catalog.catalog()->goals()) items.Object(GoalJson(goal));
    call->respond(DataAnswer(items));
}

void GetGoal(Entities& entities, std::shared_ptr<Call> call) {
    auto catalog = entities.catalog.catalog();
    const auto* goal = catalog->FindGoal(call->id);
    call->respond(goal ? DataAnswer(GoalJson(*goal)) : NotFound("goal"));
}

void PostGoal(Entities& entities, std::shared_ptr<Call> call) { SaveGoal(entities, call, ""); }

void PutGoal(Entities& entities, std::shared_ptr<Call> call) { SaveGoal(entities, call, call->id); }

namespace {

void RemoveGoal(Entities& entities, const std::shared_ptr<Call>& call, Turns::Turn turn) {
    auto catalog = entities.catalog.catalog();
    const std::string& id = call->id;
    const auto* goal = catalog->FindGoal(id);
    if (!goal) return call->respond(NotFound("goal"));
    const auto* built_in = entities.config.FindGoal(id);
    if (goal->meta.rev == 0) {
        return call->respond(Conflict("the goal is one of the settings: change it there"));
    }
    std::string use = GoalInUse(*catalog, *goal, built_in);
    if (!use.empty()) return call->respond(Conflict(use));
    auto goals = catalog->goals();
    auto at = goals.begin() + (goal - catalog->goals().data());
    if (built_in) {
        *at = GoalOf(*built_in);
    } else {
        goals.erase(at);
    }
    if (auto problem = CheckTogether(goals)) return call->respond(Conflict(problem->Text()));
    EditEntity(entities, call, turn, domain::EntityKey("goal", id), DeleteEdit(), [] {
        return Saying("Goal deleted");
    });
}

void RemoveOffer(Entities& entities, const std::shared_ptr<Call>& call, Turns::Turn turn) {
    auto catalog = entities.catalog.catalog();
    const auto* offer = catalog->FindOffer(call->id);
    if (!offer) return call->respond(NotFound("offer"));
    if (offer->meta.rev == 0) {
        return call->respond(Conflict("the offer is the one of the settings: change it there"));
    }
    EditEntity(entities, call, turn, domain::EntityKey("offer", call->id), DeleteEdit(), [] {
        return Saying("Offer deleted");
    });
}

}  // namespace

void DeleteGoal(Entities& entities, std::shared_ptr<Call> call) {
    InTurn(entities, call, [&entities, call](Turns::Turn turn) {
        RemoveGoal(entities, call, std::move(turn));
    });
}

void ListOffers(Entities& entities, std::shared_ptr<Call> call) {
    auto catalog = entities.catalog.catalog();
    JsonList items;
    for (const auto& [id, offer] : catalog->offers()) items.Object(OfferJson(offer));
    call->respond(DataAnswer(items));
}

void GetOffer(Entities& entities, std::shared_ptr<Call> call) {
    auto catalog = entities.catalog.catalog();
    const auto* offer = catalog->FindOffer(call->id);
    call->respond(offer ? DataAnswer(OfferJson(*offer)) : NotFound("offer"));
}

void PostOffer(Entities& entities, std::shared_ptr<Call> call) { SaveOffer(entities, call, ""); }

void PutOffer(Entities& entities, std::shared_ptr<Call> call) {
    SaveOffer(entities, call, call->id);
}

void DeleteOffer(Entities& entities, std::shared_ptr<Call> call) {
    InTurn(entities, call, [&entities, call](Turns::Turn turn) {
        RemoveOffer(entities, call, std::move(turn));
    });
}

}  // namespace barracuda::api
