// What a route, the dispatcher or an operator asks of the ledger. Every value a decision may need
// is drawn before (ids, time), so that deciding again gives the same answer.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/conversion.h"
#include "domain/network.h"

namespace barracuda::domain {

// Who speaks; it picks the column of contract.md's table "What a second report does".
enum class Speaker { kKeyed, kForm, kChain, kAdmin };

// Which offers an ask is about, held against the document's own offer.
struct OfferRule {
    bool only = false;                  // true: only those named; false: all but those named
    std::vector<std::string> offers{};  // ids
    bool Admits(std::string_view offer) const {
        bool named = std::find(offers.begin(), offers.end(), offer) != offers.end();
        return named == only;
    }
};

// A network that shall be told. What a route itself asks for has no rules; the catalog's networks
// have some, which decide() holds against the document as the command leaves it.
struct DeliveryAsk {
    std::string destination;
    std::string kind;
    Parameters extra =
        {};  // sent besides the document's own values: a form's name, e-mail, company
    StatusSet statuses = {};
    OfferRule offers = {};
    bool updates = false;  // a later change is owed too, as a delivery of its own (kind `update`)
};

// "This click reached this goal."
struct Report {
    Speaker speaker = Speaker::kKeyed;
    std::string route;  // "ftd", "postback", …: for provenance and history
    ConversionKey key;
    int64_t goal_epoch = 0;  // of the goal rules that made the key (delivery/goal_rules.h)
    GoalType goal_type = GoalType::kOther;
    Fields given;                  // what the caller said
    Fields defaults;               // what fills a new document where the caller said nothing
    std::optional<Status> status;  // given, or a default that counts as given (route 4)
    Status default_status = Status::kPending;
    std::vector<DeliveryAsk> deliveries;
    ObjectId new_id;  // `_id` if this command records
    ObjectId command_id;
    std::string by;  // "key:NAME", "admin:E", "open"
    // Of a key that is bound to one: what another affiliate has is not its to change, nor to see.
    std::string bound_affiliate = {};
};

// One attempt's outcome, written like any other command.
struct Outcome {
    ConversionKey key;
    std::string delivery_id;
    bool accepted = false;
    std::optional<Time> retry_at;  // nullopt and not accepted: dead
    int status = 0;
    std::string error;
    std::string response;
    Parameters parameters;  // what was sent; frozen by the first recorded attempt
    ObjectId command_id;
    bool approves = true;  // an acceptance moves a pending conversion to approved
    std::vector<DeliveryAsk> deliveries = {};  // the catalog's: others may be told of that move
};

// This node takes over what a dead one owns. Whatever `from` does not own any more stays with its
// owner: of several nodes that take over at once, exactly one gets the document.
struct TakeOver {
    ConversionKey key;
    std::string from;
};

// An operator, or a replay job of his, sends a dead delivery again; a cancelled one only when it is
// named and no job asks.
struct Replay {
    ConversionKey key;
    std::string delivery_id = {};  // empty: every dead one of this conversion
    ObjectId command_id = {};
    std::string by = {};   // "admin:E", "cli": for history
    std::string job = {};  // a delivery that this job woke before stays as it is
};

// An operator ends a delivery without sending it.
struct Settle {
    ConversionKey key;
    std::string delivery_id;
    DeliveryState state = DeliveryState::kDone;  // kDone or kCancelled
    ObjectId command_id;
    std::string by;
};

using Command = std::variant<Report, Outcome, TakeOver, Replay, Settle>;

inline const ConversionKey& KeyOf(const Command& command) {
    return std::visit([](const auto& c) -> const ConversionKey& { return c.key; }, command);
}

}  // namespace barracuda::domain
