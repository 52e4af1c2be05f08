// Networks, for admins: checked down to the address before they are stored.
#include <fmt/format.h>

#include "api/entity_json.h"
#include "api/entity_routes.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "delivery/destination.h"
#include "delivery/replay_jobs.h"
#include "domain/web_address.h"
#include "net/reach.h"

namespace barracuda::api {

using domain::Network;
using domain::Problem;

namespace {

constexpr std::string_view kNetworks = "/api/admin/networks/";
constexpr std::chrono::milliseconds kConnectTimeout{2'000};
// Conversions with something owed that a deletion looks through.
constexpr size_t kOwingMax = 2'000'000;

// How sending to it goes at this node, as of now.
JsonObject SendingJson(const delivery::DestinationStats& stats) {
    JsonObject to;
    to.Text("breaker", NameOf(stats.breaker))
        .Raw("rate_per_second", fmt::format("{:.3f}", stats.rate));
    to.Int("under_way", stats.under_way).Int("waiting", stats.waiting);
    to.Int("attempts", stats.attempts).Int("accepted", stats.accepted);
    to.Int("retried", stats.retried).Int("dead", stats.dead);
    return to;
}

JsonObject JsonOf(
    const delivery::Snapshot& snapshot,
    const Network& network,
    const std::vector<delivery::DestinationStats>& sending
) {
    auto secrets = snapshot.secrets.find(network.name);
    auto json =
        NetworkJson(network, secrets == snapshot.secrets.end() ? nullptr : &secrets->second);
    auto stop = snapshot.stops.find(network.name);
    if (stop == snapshot.stops.end()) {
        json.Raw("stopped", "null");
    } else {
        JsonObject stopped;
        stopped.Text("why", stop->second.why).Text("since", stop->second.since.Iso());
        json.Object("stopped", stopped);
    }
    for (const auto& stats : sending) {
        if (delivery::NetworkOfQueue(stats.name) != network.name) continue;
        const bool whole = stats.name == network.name;
        json.Object(whole ? "sending" : "sending_private_api", SendingJson(stats));
    }
    return json;
}

// What needs the other entities or sockets' types, and asks nobody.
std::optional<Problem> CheckHere(const domain::Catalog& catalog, const Network& network) {
    for (size_t i = 0; i < network.goals.size(); ++i) {
        if (catalog.FindGoal(network.goals[i])) continue;
        return Problem{
            fmt::format("goals[{}]", i),
            fmt::format("there is no goal \"{}\"", network.goals[i]),
            std::nullopt};
    }
    const auto& ranges = network.limits.allowed_addresses;
    for (size_t i = 0; i < ranges.size(); ++i) {
        if (Cidr::Parse(ranges[i])) continue;
        return Problem{
            fmt::format("limits.allowed_addresses[{}]", i),
            "expected a range such as 10.0.0.0/8 or fd00::/8",
            std::nullopt};
    }
    return std::nullopt;
}

// Whether each secret that it names is there, at this node.
std::optional<Problem> CheckSecrets(const delivery::CatalogStore& catalog, const Network& network) {
    auto missing = [&](std::string field, const std::string& reference) -> std::optional<Problem> {
        auto secret = catalog.SecretNamed(reference);
        if (secret) return std::nullopt;
        auto reason = fmt::format("{}: {}", reference, secret.error().message);
        return Problem{std::move(field), std::move(reason), std::nullopt};
    };
    for (size_t i = 0; i < network.secrets.size(); ++i) {
        auto problem = missing(fmt::format("secrets[{}]", i), network.secrets[i]);
        if (problem) return problem;
    }
    if (network.private_secret.empty()) return std::nullopt;
    return missing("private_secret", network.private_secret);
}

struct Address {
    const char* field;
    std::string url;
};

std::vector<Address> AddressesOf(const Network& network) {
    if (network.kind == domain::NetworkKind::kTemplate) {
        return {{"postback.url", network.postback.url}};
    }
    std::vector<Address> addresses = {{"base_url", network.base_url}};
    if (!network.private_api_url.empty()) {
        addresses.push_back({"private_api_url", network.private_api_url});
    }
    return addresses;
}

// Resolves every host of the network; with `connect` also calls it. `reached` tells of each.
std::optional<Problem> CheckReach(
    const config::Config& config, const Network& network, bool connect, JsonList& reached
) {
    const auto guard =
        delivery::GuardFor(network, ParseRanges(config.network.allow_addresses).value());
    for (const auto& [field, url] : AddressesOf(network)) {
        auto address = domain::ReadWebAddress(url);
        if (!address) return Problem{field, address.error().reason, address.error().position};
        const size_t position = url.find("://") + 3;
        const auto& ports = network.limits.ports;
        if (!ports.empty() && std::find(ports.begin(), ports.end(), address->port) == ports.end()) {
            return Problem{
                field, fmt::format("port {} is not among limits.ports", address->port), position};
        }
        std::optional<std::chrono::milliseconds> timeout;
        if (connect) timeout = kConnectTimeout;
        auto found = net::Reach(address->host, address->port, guard, timeout);
        if (!found) return Problem{field, found.error().message, position};
        bool usable = false;
        std::string why;
        for (const auto& one : *found) {
            usable |= connect ? one.connected : one.allowed;
            why += fmt::format("{}{} {}", why.empty() ? "" : "; ", one.address, one.error);
            JsonObject item;
            item.Text("field", field).Text("address", one.address).Bool("allowed", one.allowed);
            item.Bool("connected", one.connected).TextOrNull("error", one.error);
            reached.Object(item);
        }
        if (!usable) return Problem{field, "the host is not reachable: " + why, position};
    }
    return std::nullopt;
}

std::string SavedText(const std::string& name, bool create) {
    if (name == domain::kDefaultNetwork) {
        return "Network saved; it stands in place of the settings' [network] until it is deleted";
    }
    return create ? "Network created" : "Network saved";
}

void Store(Service& service, std::shared_ptr<Call> call, const Network& network, bool create) {
    auto answer = [&service, name = network.name, create] {
        auto snapshot = service.catalog->snapshot();
        const auto* saved = snapshot->catalog->FindNetwork(name);
        if (!saved) return NotFound("network");
        JsonObject body;
        body.Bool("success", true).Text("message", SavedText(name, create));
        return JsonResponse(
            200, body.Object("data", JsonOf(*snapshot, *saved, service.dispatcher.destinations()))
        );
    };
    auto edit = SaveEdit(network, create, call->caller.name, domain::DecodeNetwork);
    auto key = domain::EntityKey("network", network.name);
    EditEntity(service, call, std::move(key), std::move(edit), std::move(answer));
}

void SaveNetwork(Service& service, std::shared_ptr<Call> call, std::string_view name) {
    auto asked = AsksForCheck(call->request, true);
    if (!asked) return call->respond(ProblemResponse(asked.error()));
    const bool check = *asked;
    auto body = ReadObject(call->request.body);
    if (!body) return call->respond(ProblemResponse(body.error()));
    auto network = ReadNetwork(*body, name);
    if (!network) return call->respond(ProblemResponse(network.error()));
    auto catalog = service.catalog->catalog();
    if (auto problem = CheckHere(*catalog, *network)) {
        return call->respond(ProblemResponse(*problem));
    }
    const bool create = name.empty();
    if (create && !check && catalog->FindNetwork(network->name)) {
        return call->respond(Conflict("there is a network of this name already"));
    }
    RunQuery(service, call, [&service, call, network = *network, create, check] {
        JsonList reached;
        if (auto problem = CheckReach(service.config, network, check, reached)) {
            return call->respond(ProblemResponse(*problem));
        }
        if (!check) return Store(service, call, network, create);
        if (auto problem = CheckSecrets(*service.catalog, network)) {
            return call->respond(ProblemResponse(*problem));
        }
        JsonObject answer;
        answer.Bool("success", true).Text("message", "Nothing is wrong; nothing was stored");
        call->respond(JsonResponse(200, answer.List("reached", reached)));
    });
}

// Why the network cannot go yet: what waits for it would have nowhere to go. nullopt: it can.
Result<std::optional<std::string>> WhyOwed(Service& service, const std::string& name) {
    const delivery::DeliveryFilter waiting{
        .state = domain::DeliveryState::kWaiting, .network = name};
    auto owed = service.replays->DryRun(waiting, kOwingMax);
    if (!owed) return Fail(owed.error());
    if (owed->deliveries == 0 && owed->complete) return std::optional<std::string>();
    if (owed->deliveries == 0) {
        return std::optional(fmt::format(
            "more than {} conversions still owe something, and whether one of the rest owes it to "
            "this network cannot be told: wait until there are fewer",
            kOwingMax
        ));
    }
    return std::optional(fmt::format(
        "{}{} deliveries still wait for it: set active to false and let them end, or cancel "
        "them by POST /api/admin/replays {{\"action\":\"cancel\",\"state\":\"waiting\","
        "\"network\":\"{}\"}}",
        owed->complete ? "" : "more than ",
        owed->deliveries,
        name
    ));
}

}  // namespace

void ListNetworks(Service& service, std::shared_ptr<Call> call) {
    auto snapshot = service.catalog->snapshot();
    JsonList items, refused;
    const auto sending = service.dispatcher.destinations();
    for (const auto& [name, network] : snapshot->catalog->networks()) {
        items.Object(JsonOf(*snapshot, network, sending));
    }
    for (const auto& problem : snapshot->refused) {
        refused.Text(problem.Text());
    }
    JsonObject body;
    body.Bool("success", true).List("data", items).List("refused", refused);
    call->respond(JsonResponse(200, body));
}

void GetNetwork(Service& service, std::shared_ptr<Call> call) {
    auto snapshot = service.catalog->snapshot();
    const auto* network = snapshot->catalog->FindNetwork(NameIn(call->request, kNetworks));
    if (!network) return call->respond(NotFound("network"));
    call->respond(DataAnswer(JsonOf(*snapshot, *network, service.dispatcher.destinations())));
}

void PostNetwork(Service& service, std::shared_ptr<Call> call) { SaveNetwork(service, call, ""); }

void PutNetwork(Service& service, std::shared_ptr<Call> call) {
    SaveNetwork(service, call, NameIn(call->request, kNetworks));
}

void DeleteNetwork(Service& service, std::shared_ptr<Call> call) {
    auto catalog = service.catalog->catalog();
    std::string name = NameIn(call->request, kNetworks);
    const auto* network = catalog->FindNetwork(name);
    if (!network) return call->respond(NotFound("network"));
    if (network->meta.rev == 0) {
        return call->respond(Conflict("the network is the one of the settings: change it there"));
    }
    const bool comes_back = name == domain::kDefaultNetwork;
    for (const auto& [id, offer] : catalog->offers()) {
        if (Names(offer.networks, name) && !comes_back) {
            return call->respond(Conflict(fmt::format("offer {} names it", id)));
        }
    }
    RunQuery(service, call, [&service, call, name, comes_back] {
        if (!comes_back) {
            auto why = WhyOwed(service, name);
            if (!why) return call->respond(ErrorResponse(why.error()));
            if (*why) return call->respond(Conflict(**why));
        }
        EditEntity(service, call, domain::EntityKey("network", name), DeleteEdit(), [] {
            return Saying("Network deleted");
        });
    });
}

}  // namespace barracuda::api
