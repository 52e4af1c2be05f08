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

constexpr std::chrono::milliseconds kConnectTimeout{2'000};
// Conversions with something owed that a deletion looks through.
constexpr size_t kOwingMax = 2'000'000;

// A moment of the clock that never goes back, as the calendar has it.
Time TimeOf(delivery::Instant at) {
    using std::chrono::milliseconds;
    const auto from_now = at - std::chrono::steady_clock::now();
    return Time{Time::Now().ms + std::chrono::duration_cast<milliseconds>(from_now).count()};
}

// State of sending to a network, at this node and now.
JsonObject SendingJson(const delivery::QueueStats& stats) {
    JsonObject to;
    to.Text("breaker", NameOf(stats.breaker))
        .Raw("rate_per_second", fmt::format("{:.3f}", stats.rate));
    to.Int("under_way", stats.under_way).Int("waiting", stats.waiting);
    to.Int("attempts", stats.attempts).Int("accepted", stats.accepted);
    to.Int("retried", stats.retried).Int("dead", stats.dead);
    to.TextOrNull("since", stats.down_since ? TimeOf(*stats.down_since).Iso() : "");
    const bool waits = stats.next_probe && *stats.next_probe != delivery::Instant::max();
    to.TextOrNull("next_probe_at", waits ? TimeOf(*stats.next_probe).Iso() : "");
    to.Int("last_code", stats.last_code).TextOrNull("last_error", stats.last_error);
    return to;
}

JsonObject JsonOf(
    const delivery::Snapshot& snapshot,
    const Network& network,
    const std::vector<delivery::QueueStats>& sending
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
        if (stats.queue.network != network.name) continue;
        const char* member = stats.queue.private_api ? "sending_private_api" : "sending";
        json.Object(member, SendingJson(stats));
    }
    return json;
}

// Checks against the other entities and the settings; no name is looked up.
std::optional<Problem> CheckHere(
    const config::Config& config, const domain::Catalog& catalog, const Network& network
) {
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
    const auto allowed = ParseRanges(config.network.allow_addresses).value();
    for (size_t at : delivery::RangesOutside(network, allowed)) {
        return Problem{
            fmt::format("limits.allowed_addresses[{}]", at),
            "is not inside network.allow_addresses of the settings, which alone open what is not "
            "public",
            std::nullopt};
    }
    return CheckOwed(catalog, *catalog.With(network), "active");
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
    const auto guard = delivery::GuardFor(
        network,
        ParseRanges(config.network.allow_addresses).value(),
        ParseRanges(config.network.deny_addresses).value()
    );
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

std::string SavedText(const NetworkName& name, bool create) {
    if (name == domain::kDefaultNetwork) {
        return "Network saved; it stands in place of the settings' [network] until it is deleted";
    }
    return create ? "Network created" : "Network saved";
}

void Store(
    Entities& entities,
    const std::shared_ptr<Call>& call,
    const Network& network,
    bool create,
    Turns::Turn turn
) {
    // Once more: looking up its names took a while.
    if (auto problem = CheckHere(entities.config, *entities.catalog.catalog(), network)) {
        return call->respond(ProblemResponse(*problem));
    }
    auto answer = [&entities, name = network.name, create] {
        auto snapshot = entities.catalog.snapshot();
        const auto* saved = snapshot->catalog->FindNetwork(name);
        if (!saved) return NotFound("network");
        JsonObject body;
        body.Bool("success", true).Text("message", SavedText(name, create));
        return JsonResponse(
            200, body.Object("data", JsonOf(*snapshot, *saved, entities.dispatcher.queues()))
        );
    };
    auto edit = SaveEdit(network, create, call->caller.name, domain::DecodeNetwork);
    auto key = domain::EntityKey("network", network.name.value);
    EditEntity(entities, call, turn, std::move(key), std::move(edit), std::move(answer));
}

void SaveNetwork(Entities& entities, std::shared_ptr<Call> call, std::string_view name) {
    auto asked = AsksForCheck(call->request, true);
    if (!asked) return call->respond(ProblemResponse(asked.error()));
    const bool check = *asked;
    auto body = ReadObject(call->request);
    if (!body) return call->respond(ProblemResponse(body.error()));
    auto network = ReadNetwork(*body, name);
    if (!network) return call->respond(ProblemResponse(network.error()));
    auto catalog = entities.catalog.catalog();
    if (auto problem = CheckHere(entities.config, *catalog, *network)) {
        return call->respond(ProblemResponse(*problem));
    }
    const bool create = name.empty();
    if (create && !check && catalog->FindNetwork(network->name)) {
        return call->respond(Conflict("there is a network of this name already"));
    }
    const bool taken = entities.reaches.Run([&entities, call, network = *network, create, check] {
        JsonList reached;
        if (auto problem = CheckReach(entities.config, network, check, reached)) {
            return call->respond(ProblemResponse(*problem));
        }
        if (!check) {
            return InTurn(entities, call, [&entities, call, network, create](Turns::Turn turn) {
                Store(entities, call, network, create, std::move(turn));
            });
        }
        if (auto problem = CheckSecrets(entities.catalog, network)) {
            return call->respond(ProblemResponse(*problem));
        }
        JsonObject answer;
        answer.Bool("success", true).Text("message", "Nothing is wrong; nothing was stored");
        call->respond(JsonResponse(200, answer.List("reached", reached)));
    });
    if (!taken) call->respond(Overloaded());
}

// Why the network cannot go yet: what waits for it would have nowhere to go. nullopt: it can.
Result<std::optional<std::string>> WhyOwed(Entities& entities, const NetworkName& name) {
    const delivery::DeliveryFilter waiting{
        .state = domain::DeliveryState::kWaiting, .network = name};
    auto owed = entities.replays.DryRun(waiting, kOwingMax);
    if (!owed) return Fail(owed.error());
    if (owed->matched == 0 && owed->complete) return std::optional<std::string>();
    if (owed->matched == 0) {
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
        owed->matched,
        name.value
    ));
}

// Why nobody may delete it; nullopt: it can go, as far as the catalog knows.
std::optional<http::Response> WhyItStays(
    const domain::Catalog& catalog, const NetworkName& name, bool comes_back
) {
    const auto* network = catalog.FindNetwork(name);
    if (!network) return NotFound("network");
    if (network->meta.rev == 0) {
        return Conflict("the network is the one of the settings: change it there");
    }
    for (const auto& [id, offer] : catalog.offers()) {
        if (Names(TextsOf(offer.networks), name.value) && !comes_back) {
            return Conflict(fmt::format("offer {} names it", id));
        }
    }
    return std::nullopt;
}

}  // namespace

void ListNetworks(Entities& entities, std::shared_ptr<Call> call) {
    auto snapshot = entities.catalog.snapshot();
    JsonList items, refused;
    const auto sending = entities.dispatcher.queues();
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

void GetNetwork(Entities& entities, std::shared_ptr<Call> call) {
    auto snapshot = entities.catalog.snapshot();
    const auto* network = snapshot->catalog->FindNetwork(NetworkName(call->id));
    if (!network) return call->respond(NotFound("network"));
    call->respond(DataAnswer(JsonOf(*snapshot, *network, entities.dispatcher.queues())));
}

void PostNetwork(Entities& entities, std::shared_ptr<Call> call) {
    SaveNetwork(entities, call, "");
}

void PutNetwork(Entities& entities, std::shared_ptr<Call> call) {
    SaveNetwork(entities, call, call->id);
}

void DeleteNetwork(Entities& entities, std::shared_ptr<Call> call) {
    const NetworkName name(call->id);
    const bool comes_back = name == domain::kDefaultNetwork;
    if (auto stays = WhyItStays(*entities.catalog.catalog(), name, comes_back)) {
        return call->respond(std::move(*stays));
    }
    RunQuery(entities.queries, call, [&entities, call, name, comes_back] {
        if (!comes_back) {
            auto why = WhyOwed(entities, name);
            if (!why) return call->respond(ErrorResponse(why.error()));
            if (*why) return call->respond(Conflict(**why));
        }
        InTurn(entities, call, [&entities, call, name, comes_back](Turns::Turn turn) {
            if (auto stays = WhyItStays(*entities.catalog.catalog(), name, comes_back)) {
                return call->respond(std::move(*stays));
            }
            auto key = domain::EntityKey("network", name.value);
            EditEntity(entities, call, turn, std::move(key), DeleteEdit(), [] {
                return Saying("Network deleted");
            });
        });
    });
}

}  // namespace barracuda::api
