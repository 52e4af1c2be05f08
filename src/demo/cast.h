// The cast of a demo: networks, offers and goals that its conversions are of, and the people of its
// forms. Everything is numbered or named after what it is, so that nobody is meant.
//
// Threads: any; plain values.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "demo/dice.h"
#include "domain/goal.h"
#include "domain/network.h"
#include "domain/offer.h"

namespace barracuda::demo {

inline constexpr size_t kAffiliates = 400;
inline constexpr size_t kSources = 60;

struct OfferRole {
    const char* id;
    const char* title;
    const char* network;  // that hears of it; nullptr: none
    double weight;
};
inline constexpr OfferRole kOffers[] = {
    {"2", "Sandbox Casino", "sandbox-north", 30},
    {"14", "Sandbox Sports", "sandbox-north", 21},
    {"27", "Sandbox Poker", "sandbox-east", 14},
    {"31", "Sandbox Bingo", "sandbox-south", 9},
    {"45", "Sandbox Lottery", nullptr, 8},
    {"52", "Sandbox Dating", "sandbox-east", 6},
    {"66", "Sandbox Loans", nullptr, 5},
    {"73", "Sandbox Shopping", nullptr, 4},
    {"88", "Sandbox Travel", "sandbox-south", 2},
    {"91", "Sandbox Courses", nullptr, 1},
};

struct CountryRole {
    const char* code;
    const char* currency;
    double weight;
};
inline constexpr CountryRole kCountries[] = {
    {"US", "USD", 17},
    {"BR", "BRL", 14},
    {"DE", "EUR", 12},
    {"IN", "USD", 9},
    {"GB", "GBP", 8},
    {"PL", "EUR", 7},
    {"ES", "EUR", 6},
    {"RO", "EUR", 5},
    {"NG", "USD", 4},
    {"PT", "EUR", 4},
    {"CA", "USD", 3},
    {"FR", "EUR", 3},
    {"MX", "USD", 2},
    {"ZA", "USD", 2},
    {"TR", "USD", 1},
    {"SE", "EUR", 1},
    {"NO", "EUR", 1},
    {"IS", "EUR", .1},
};

// The third goal, beside the registration and the deposit that are built in.
inline constexpr const char* kQualifiedGoal = "7";

// The networks, called at `base` ("http://127.0.0.1:PORT") and nowhere else.
std::vector<domain::Network> Networks(std::string_view base);
std::vector<domain::Offer> Offers();
domain::Goal QualifiedGoal();

// Few affiliates bring most, and most bring a little.
std::vector<double> LongTail(size_t count);

}  // namespace barracuda::demo
