// IrevSettings and IrevOrder: the two values an attempt at an iREV API is made of.
//
// Plain values: any thread.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "delivery/attempt.h"
#include "net/address_guard.h"

namespace barracuda::delivery {

struct IrevSettings {
    std::string base_url{};            // public API, e.g. https://network.example/api/v3
    std::string hash{};                // for goals whose click has no hash of its own
    std::string private_api_url{};     // e.g. https://network.example/backend/open-api/v1
    std::string private_api_token{};   // sent as a bearer token, never logged
    std::string delivery_parameter{};  // query parameter that repeats the delivery id; empty: none
    std::chrono::milliseconds attempt_timeout{8'000};  // one attempt, with all its calls
    std::shared_ptr<const net::AddressGuard> guard{};  // null: the client's
    // Of a network that is stored, its name: an error names the entity's field, not the [network]
    // of the settings.
    std::string stored{};
    std::string secret_trouble{};  // why a secret that is named is missing; empty: none is
};

// The texts that no log and no answer may hold.
inline std::vector<std::string> SecretsOf(const IrevSettings& settings) {
    return {settings.hash, settings.private_api_token};
}

// One attempt to be made.
struct IrevOrder {
    std::shared_ptr<const IrevSettings> settings;
    DeliveryId delivery_id;
    Parameters parameters;
    AttemptDone done;
    MaySend may_send;
};

}  // namespace barracuda::delivery
