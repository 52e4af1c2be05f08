// Networks, goals and offers as JSON: what the admin's routes take and answer. Unknown fields and
// wrong types are refused by name ("limits.concurrency"), so that a typing error is no silent
// default. An answer's further fields (rev, history, …) may come back unchanged: `rev` is then
// the precondition of the write.
//
// Threads: any; nothing is kept.
#pragma once

#include <boost/json/object.hpp>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "api/respond.h"
#include "delivery/catalog_store.h"
#include "domain/catalog.h"

namespace barracuda::api {

template <typename Entity>
using Read = tl::expected<Entity, domain::Problem>;

// An object of a body, with the text it was read from: a number's own digits are there.
struct EntityBody {
    boost::json::object object;
    std::string_view text;
};
Read<EntityBody> ReadObject(const http::Request& request);  // views into the request

// meta.rev is the given `rev`, 0 when there is none. `name`: from the path; empty: the body's.
Read<domain::Network> ReadNetwork(const EntityBody& body, std::string_view name);
Read<domain::Goal> ReadGoal(const EntityBody& body, std::string_view id);
Read<domain::Offer> ReadOffer(const EntityBody& body, std::string_view id);

// `secrets`: null where nothing is known of them; only whether they are there is told.
JsonObject NetworkJson(const domain::Network& network, const delivery::NetworkSecrets* secrets);
JsonObject GoalJson(const domain::Goal& goal);
JsonObject OfferJson(const domain::Offer& offer);

// {success:false, message, field, position, reason}.
http::Response ProblemResponse(const domain::Problem& problem, int status = 400);

}  // namespace barracuda::api
