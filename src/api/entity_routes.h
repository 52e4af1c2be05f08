// The admin's routes about networks, goals and offers (docs/operating/networks.md). Everything is
// checked before it is stored and refused with `field`, `position` and `reason`.
//
// Each answers its call once, on any thread, and throws nothing that the router does not catch.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "api/service.h"
#include "domain/catalog.h"

namespace barracuda::api {

void ListNetworks(Entities& entities, std::shared_ptr<Call> call);
void GetNetwork(Entities& entities, std::shared_ptr<Call> call);
void PostNetwork(Entities& entities, std::shared_ptr<Call> call);  // ?check=1: nothing is stored
void PutNetwork(Entities& entities, std::shared_ptr<Call> call);   // ?check=1: nothing is stored
void DeleteNetwork(Entities& entities, std::shared_ptr<Call> call);
void PreviewNetwork(Entities& entities, std::shared_ptr<Call> call);  // POST …/{name}/preview
void TestNetwork(Entities& entities, std::shared_ptr<Call> call);     // POST …/{name}/test
void StopNetwork(Entities& entities, std::shared_ptr<Call> call);     // POST …/{name}/stop
void ResumeNetwork(Entities& entities, std::shared_ptr<Call> call);   // POST …/{name}/resume

void ListGoals(Entities& entities, std::shared_ptr<Call> call);
void GetGoal(Entities& entities, std::shared_ptr<Call> call);
void PostGoal(Entities& entities, std::shared_ptr<Call> call);
void PutGoal(Entities& entities, std::shared_ptr<Call> call);
void DeleteGoal(Entities& entities, std::shared_ptr<Call> call);

void ListOffers(Entities& entities, std::shared_ptr<Call> call);
void GetOffer(Entities& entities, std::shared_ptr<Call> call);
void PostOffer(Entities& entities, std::shared_ptr<Call> call);
void PutOffer(Entities& entities, std::shared_ptr<Call> call);
void DeleteOffer(Entities& entities, std::shared_ptr<Call> call);

// Shared by these routes.

// Whether `?check=1` is asked, where that is `possible`. Refuses every other parameter: one that is
// misspelt would save what was only to be looked at.
tl::expected<bool, domain::Problem> AsksForCheck(const http::Request& request, bool possible);

// Whether an entity's list of others holds this one.
bool Names(const std::vector<std::string>& list, std::string_view name);

// Whether with the entity just read a conversion might owe more than it has room for: `after` is
// the catalog with it. A catalog that owes too much already may be saved as long as it owes no
// more.
std::optional<domain::Problem> CheckOwed(
    const domain::Catalog& before, const domain::Catalog& after, const char* field
);

// Judges and writes an entity while no other one of this node is: two that pass each for itself may
// contradict each other. Runs now or on the thread that ends the edit before, so it must not block.
void InTurn(
    Entities& entities, const std::shared_ptr<Call>& call, std::function<void(Turns::Turn)> edit
);

// From what is stored to what shall be (nullopt: deleted), or why not. May run more than once.
using EntityEdit = std::function<
    tl::expected<std::optional<std::string>, Error>(const std::optional<std::string>&)>;

// Writes one document of `settings`, lets this node follow, then answers `written`. The turn ends
// after that: the next edit is judged by a catalog that has this one.
void EditEntity(
    Entities& entities,
    std::shared_ptr<Call> call,
    Turns::Turn turn,
    std::string key,
    EntityEdit edit,
    std::function<http::Response()> written
);

// A save: `create` refuses what is stored already, a given rev that is another one is refused.
template <typename Entity>
EntityEdit SaveEdit(
    Entity entity, bool create, std::string by, Result<Entity> (*decode)(std::string_view)
) {
    const Time now = Time::Now();
    return [=](const std::optional<std::string>& stored
           ) -> tl::expected<std::optional<std::string>, Error> {
        Entity after = entity;
        after.meta = {};
        domain::FlatFields before;
        if (stored) {
            if (create) return tl::unexpected<Error>({ErrorCode::kConflict, "it exists", {}});
            auto was = decode(*stored);
            if (!was) return tl::unexpected<Error>(was.error());
            after.meta = was->meta;
            before = Flat(*was);
        }
        if (entity.meta.rev != 0 && entity.meta.rev != after.meta.rev) {
            std::string is = std::to_string(after.meta.rev);
            return tl::unexpected<Error>(
                {ErrorCode::kConflict, "it was changed meanwhile: its rev is " + is, "rev"}
            );
        }
        Amend(after.meta, before, Flat(after), now, by);
        return std::optional(Encode(after));
    };
}

// Deletes what is stored; kNotFound when nothing is.
EntityEdit DeleteEdit();

}  // namespace barracuda::api
