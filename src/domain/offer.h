// Offer: what is advertised. It says which networks hear of its conversions, and of which goals.
// A plain value with its BSON codec and check.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/strong_id.h"
#include "domain/entity.h"

namespace barracuda::domain {

struct Offer {
    std::string id{};
    std::string title{};
    std::vector<NetworkName> networks{};  // beside the default one; empty: those with every_offer
    std::vector<std::string> goals{};     // of which they hear; empty: all
    EntityMeta meta{};

    bool operator==(const Offer&) const = default;
};

// The first fault of an offer by itself; nullopt: none.
std::optional<Problem> Check(const Offer& offer);

// The offer's fields as its history shows them; its document and back. Errors: kInternal, bytes
// that are no BSON.
FlatFields Flat(const Offer& offer);
std::string Encode(const Offer& offer);
Result<Offer> DecodeOffer(std::string_view bson);

}  // namespace barracuda::domain
