// Goals and offers, for admins; and what all entity routes share.
#include <fmt/format.h>

#include "api/built_in.h"
#include "api/entity_json.h"
#include "api/entity_routes.h"
#include "api/list_input.h"
#include "delivery/goal_rules.h"

namespace barracuda::api {

using domain::Problem;

namespace {

constexpr std::string_view kGoals = "/api/admin/goals/", kOffers = "/api/admin/offers/";

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

void SaveGoal(Service& service, std::shared_ptr<Call> call, std::string_view id) {
    if (RefusedQuery(*call)) return;
    auto body = ReadObject(call->request.body);
    if (!body) return call->respond(ProblemResponse(body.error()));
    auto goal = ReadGoal(*body, id);
    if (!goal) return call->respond(ProblemResponse(goal.error()));
    auto catalog = service.catalog->catalog();
    const auto* now = catalog->FindGoal(goal->id);
    const bool create = id.empty();
    if (create && now) return call->respond(Conflict("there is a goal of this id already"));
    // All nodes must change a goal's keys together: docs/decisions/goal-switch.md.
    const bool rule = service.goals->Of(goal->id).repeatable;
    if (!body->contains("repeatable")) goal->repeatable = rule;
    if (goal->repeatable != rule) {
        Problem problem{
            "repeatable",
            rule ? "is true in the store; the way back would merge sales"
                 : "is set in the settings ([[goal]] repeatable = true) and at a start, so that "
                   "all nodes change the goal's keys together",
            std::nullopt};
        return call->respond(ProblemResponse(problem));
    }
    auto goals = catalog->goals();
    if (now) {
        goals[static_cast<size_t>(now - catalog->goals().data())] = *goal;
    } else {
        goals.push_back(*goal);
    }
    if (auto problem = CheckTogether(goals)) return call->respond(ProblemResponse(*problem));
    auto answer = [&service, id = goal->id, create] {
        const auto* saved = service.catalog->catalog()->FindGoal(id);
        return saved ? Saved(GoalJson(*saved), create ? "Goal created" : "Goal saved")
                     : NotFound("goal");
    };
    auto key = domain::EntityKey("goal", goal->id);
    auto edit = SaveEdit(*goal, create, call->caller.name, domain::DecodeGoal);
    EditEntity(service, call, std::move(key), std::move(edit), std::move(answer));
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
        if (Names(network.goals, goal.id)) return fmt::format("network {} names it", name);
    }
    for (const auto& [id, offer] : catalog.offers()) {
        if (Names(offer.goals, goal.id)) return fmt::format("offer {} names it", id);
    }
    return {};
}

void SaveOffer(Service& service, std::shared_ptr<Call> call, std::string_view id) {
    if (RefusedQuery(*call)) return;
    auto body = ReadObject(call->request.body);
    if (!body) return call->respond(ProblemResponse(body.error()));
    auto offer = ReadOffer(*body, id);
    if (!offer) return call->respond(ProblemResponse(offer.error()));
    auto catalog = service.catalog->catalog();
    const bool create = id.empty();
    if (create && catalog->FindOffer(offer->id)) {
        return call->respond(Conflict("there is an offer of this id already"));
    }
    auto unknown = [&](const char* field, size_t i, const char* what, const std::string& name) {
        Problem problem{
            fmt::format("{}[{}]", field, i),
            fmt::format("there is no {} \"{}\"", what, name),
            std::nullopt};
        call->respond(ProblemResponse(problem));
    };
    for (size_t i = 0; i < offer->networks.size(); ++i) {
        const auto& name = offer->networks[i];
        if (!catalog->FindNetwork(name)) return unknown("networks", i, "network", name);
    }
    for (size_t i = 0; i < offer->goals.size(); ++i) {
        if (!catalog->FindGoal(offer->goals[i])) {
            return unknown("goals", i, "goal", offer->goals[i]);
        }
    }
    auto answer = [&service, id = offer->id, create] {
        const auto* saved = service.catalog->catalog()->FindOffer(id);
        return saved ? Saved(OfferJson(*saved), create ? "Offer created" : "Offer saved")
                     : NotFound("offer");
    };
    auto key = domain::EntityKey("offer", offer->id);
    auto edit = SaveEdit(*offer, create, call->caller.name, domain::DecodeOffer);
    EditEntity(service, call, std::move(key), std::move(edit), std::move(answer));
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
    RefuseOthers(*query, reader, possible ? Words{"check"} : Words{}, "is no parameter of a save");
    if (!reader.error()) return check;
    const auto& [code, message, name] = *reader.error();
    return tl::unexpected<Problem>({name, message.substr(name.size() + 1), std::nullopt});
}

std::string NameIn(const http::Request& request, std::string_view base) {
    std::string_view path = request.path;
    if (!path.starts_with(base)) return {};
    path.remove_prefix(base.size());
    return std::string(path.substr(0, path.find('/')));
}

void EditEntity(
    Service& service,
    std::shared_ptr<Call> call,
    std::string key,
    EntityEdit edit,
    std::function<http::Response()> written
) {
    auto refused = std::make_shared<std::optional<Error>>();
    auto plan = [edit = std::move(edit), refused](const std::optional<std::string>& stored) {
        refused->reset();
        auto after = edit(stored);
        if (after) return ledger::EditPlan{true, std::move(*after)};
        *refused = after.error();
        return ledger::EditPlan{};
    };
    service.ledger.Edit(
        {store::Collection::kSettings, std::move(key)},
        std::move(plan),
        [&service, call, refused, written = std::move(written)](Result<ledger::EditState> state) {
            if (!state) return call->respond(ErrorResponse(state.error()));
            if (*refused) return call->respond(ErrorResponse(**refused));
            service.catalog->ReloadThen([call, written](bool) { call->respond(written()); });
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

void ListGoals(Service& service, std::shared_ptr<Call> call) {
    JsonList items;
    for (const auto& goal : service.catalog->catalog()->goals()) items.Object(GoalJson(goal));
    call->respond(DataAnswer(items));
}

void GetGoal(Service& service, std::shared_ptr<Call> call) {
    auto catalog = service.catalog->catalog();
    const auto* goal = catalog->FindGoal(NameIn(call->request, kGoals));
    call->respond(goal ? DataAnswer(GoalJson(*goal)) : NotFound("goal"));
}

void PostGoal(Service& service, std::shared_ptr<Call> call) { SaveGoal(service, call, ""); }

void PutGoal(Service& service, std::shared_ptr<Call> call) {
    SaveGoal(service, call, NameIn(call->request, kGoals));
}

void DeleteGoal(Service& service, std::shared_ptr<Call> call) {
    auto catalog = service.catalog->catalog();
    std::string id = NameIn(call->request, kGoals);
    const auto* goal = catalog->FindGoal(id);
    if (!goal) return call->respond(NotFound("goal"));
    const auto* built_in = service.config.FindGoal(id);
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
    EditEntity(service, call, domain::EntityKey("goal", id), DeleteEdit(), [] {
        return Saying("Goal deleted");
    });
}

void ListOffers(Service& service, std::shared_ptr<Call> call) {
    auto catalog = service.catalog->catalog();
    JsonList items;
    for (const auto& [id, offer] : catalog->offers()) items.Object(OfferJson(offer));
    call->respond(DataAnswer(items));
}

void GetOffer(Service& service, std::shared_ptr<Call> call) {
    auto catalog = service.catalog->catalog();
    const auto* offer = catalog->FindOffer(NameIn(call->request, kOffers));
    call->respond(offer ? DataAnswer(OfferJson(*offer)) : NotFound("offer"));
}

void PostOffer(Service& service, std::shared_ptr<Call> call) { SaveOffer(service, call, ""); }

void PutOffer(Service& service, std::shared_ptr<Call> call) {
    SaveOffer(service, call, NameIn(call->request, kOffers));
}

void DeleteOffer(Service& service, std::shared_ptr<Call> call) {
    std::string id = NameIn(call->request, kOffers);
    auto catalog = service.catalog->catalog();
    const auto* offer = catalog->FindOffer(id);
    if (!offer) return call->respond(NotFound("offer"));
    if (offer->meta.rev == 0) {
        return call->respond(Conflict("the offer is the one of the settings: change it there"));
    }
    EditEntity(service, call, domain::EntityKey("offer", id), DeleteEdit(), [] {
        return Saying("Offer deleted");
    });
}

}  // namespace barracuda::api
