// Network: whom conversions are told to, as data. A plain value with its BSON codec and Check();
// how one attempt is made is delivery/destination.h's, when the next one is the dispatcher's.
//
// A secret is never here, only its name (a SecretRef): "env:BARRACUDA_SECRET_X" is an environment
// variable, "file:NAME" a file of the directory DATA/secrets, "setting:network.hash" and
// "setting:network.private_api_token" the program's own settings. Anything else that the program
// can read is out of reach on purpose: a network's address is chosen by whoever may edit it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "domain/conversion.h"
#include "domain/entity.h"

namespace barracuda::domain {

enum class NetworkKind {
    kIrevV3,       // docs/network-api.md, A: one GET a goal; also the private API beside it
    kIrevPrivate,  // docs/network-api.md, B: look up, then create
    kTemplate,     // a postback written as a template (postback_template.h)
};
const char* NameOf(NetworkKind kind);
std::optional<NetworkKind> NetworkKindNamed(std::string_view name);

// A set of the three statuses of a conversion; by default all.
struct StatusSet {
    uint8_t bits = 7;

    static StatusSet None() { return {0}; }
    bool Has(Status status) const { return bits & (1u << static_cast<int>(status)); }
    void Add(Status status) { bits |= static_cast<uint8_t>(1u << static_cast<int>(status)); }
    bool All() const { return bits == 7; }
    bool operator==(const StatusSet&) const = default;
};

// How gently a network is treated. 0 and empty mean: the program's own setting.
struct NetworkLimits {
    int concurrency = 0;              // attempts at a time
    int rate_per_second = 0;          // attempts begun a second
    int64_t attempt_timeout_ms = 0;   // one attempt, in total
    std::vector<int64_t> retry_ms{};  // delay before attempt 1, 2, …; as many attempts as entries
    std::vector<std::string> allowed_addresses{};  // CIDRs that are not public and may be reached
    std::vector<int> ports{};                      // empty: any
    bool operator==(const NetworkLimits&) const = default;
};

// As written by the operator; compiled by PostbackTemplate::Compile.
struct PostbackText {
    std::string method = "GET";
    std::string url{};
    std::vector<std::string> headers{};  // "Name: value"
    std::string body_type = "none";      // none | form | json
    std::string body{};
    bool operator==(const PostbackText&) const = default;
};

struct Network {
    NetworkName name{};
    NetworkKind kind = NetworkKind::kTemplate;
    bool active = true;             // false: nothing new is owed to it; what is owed is still sent
    bool every_offer = true;        // false: only conversions of offers that name it
    std::string base_url{};         // irev kinds
    std::string private_api_url{};  // irev_v3 alone: the private API of the same network
    std::string delivery_parameter{};  // irev kinds: query parameter that repeats the delivery's id
    // SecretRefs. irev_v3: the hash; irev_private: the token; template: the key that signs, and a
    // second one while keys are rotated.
    std::vector<std::string> secrets{};
    std::string private_secret{};  // SecretRef of private_api_url's token
    NetworkLimits limits{};
    StatusSet statuses{};              // which are told
    std::vector<std::string> goals{};  // which are told; empty: all
    bool updates = false;              // whether later changes are told too (kind `update`)
    PostbackText postback{};           // kind template
    EntityMeta meta{};

    bool operator==(const Network&) const = default;
};

// The built-in network of the settings, and what the routes of contract.md notify.
inline const NetworkName kDefaultNetwork{"default"};

// The kind of the first delivery that conversions owe a network of this kind.
const char* DeliveryKindOf(NetworkKind kind);
inline constexpr const char* kUpdateKind = "update";

// The first fault of a network that needs no look-up: names, addresses, bounds and the template.
// CIDRs and the resolution of hosts are checked by the route that saves it (api/admin_networks.cc).
std::optional<Problem> Check(const Network& network);
// Whether `text` reads as a SecretRef; the secret itself may be absent.
bool IsSecretRef(std::string_view text);
// http(s)://host[:port][/path] without user, query or fragment; the reason when it is not.
std::optional<Problem> CheckBaseUrl(std::string_view field, std::string_view url);

// The network's fields as its history shows them; its document and back. Errors: kInternal, bytes
// that are no BSON.
FlatFields Flat(const Network& network);
std::string Encode(const Network& network);
Result<Network> DecodeNetwork(std::string_view bson);

}  // namespace barracuda::domain
