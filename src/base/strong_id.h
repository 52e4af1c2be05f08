// Strong ids: an offer id cannot be passed for a click id. Opaque bytes, kept digit for digit. They
// compare, order and hash as their bytes; `value` is for what writes them down (JSON, BSON, a URL).
//
// Plain values: any thread.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda {

template <typename Tag>
struct StrongId {
    std::string value;

    StrongId() = default;
    explicit StrongId(std::string text) : value(std::move(text)) {}
    explicit StrongId(std::string_view text) : value(text) {}
    explicit StrongId(const char* text) : value(text) {}
    template <size_t kSize>
    StrongId(const char (&literal)[kSize]) : value(literal) {}  // says itself what it is
    bool empty() const { return value.empty(); }
    friend auto operator<=>(const StrongId&, const StrongId&) = default;
};

using ClickId = StrongId<struct ClickTag>;
using GoalId = StrongId<struct GoalTag>;
using OfferId = StrongId<struct OfferTag>;
using AffiliateId = StrongId<struct AffiliateTag>;
// The name of a network entity (domain/network.h): `default` or what an operator chose.
using NetworkName = StrongId<struct NetworkTag>;
// The boot id of one process (nodes/membership.h); empty: nobody's.
using NodeId = StrongId<struct NodeTag>;
// One delivery of one conversion, the same on every attempt (domain::DeliveryIdOf).
using DeliveryId = StrongId<struct DeliveryTag>;

// Lists of ids, from and to where they are texts: BSON, JSON, the words of an edit's history.
template <typename Id>
std::vector<std::string> TextsOf(const std::vector<Id>& ids) {
    std::vector<std::string> texts;
    for (const auto& id : ids) texts.push_back(id.value);
    return texts;
}
template <typename Id>
std::vector<Id> IdsOf(const std::vector<std::string>& texts) {
    return std::vector<Id>(texts.begin(), texts.end());
}

}  // namespace barracuda

template <typename Tag>
struct std::hash<barracuda::StrongId<Tag>> {
    size_t operator()(const barracuda::StrongId<Tag>& id) const noexcept {
        return std::hash<std::string>()(id.value);
    }
};
