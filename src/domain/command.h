// The commands of routes, the dispatcher and operators to the ledger. Every value that a decision
// may need is drawn before (ids, time), so that deciding again gives the same answer.
//
// Plain values: any thread.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "domain/conversion.h"
#include "domain/network.h"

namespace barracuda::domain {

// The speaker of a report: the column of contract.md's table "What a second report does".
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

// A network that shall be told. An ask of a route itself has no rules; the catalog's networks
// have some, which decide() holds against the document as the command leaves it.
struct DeliveryAsk {
    NetworkName network;
    std::string kind;
    // Sent besides the document's own values: a form's name, e-mail, company.
    Parameters extra = {};
    StatusSet statuses = {};
    OfferRule offers = {};
    bool updates = false;  // a later change is owed too, as a delivery of its own (kind `update`)
};

// Makes an admin's report a correction: it changes what is stored, records nothing, and leaves
// alone whose word it was where it moves the status only. Its command changes a conversion once.
struct Correction {
    std::optional<int64_t> rev = {};  // the revision it was decided on; nullopt: any
    std::string reason = {};          // into the history
    // Takes back what this command did to the status, unless somebody has moved it since.
    std::string undoes = {};
};

// "This click reached this goal."
struct Report {
    Speaker speaker = Speaker::kKeyed;
    std::string route;  // "ftd", "postback", …: for provenance and history
    ConversionKey key;
    int64_t goal_epoch = 0;  // of the goal rules that made the key (nodes/goal_rules.h)
    GoalType goal_type = GoalType::kOther;
    Fields given;                  // what the caller said
    Fields defaults;               // what fills a new document where the caller said nothing
    std::optional<Status> status;  // given, or a default that counts as given (route 4)
    Status default_status = Status::kPending;
    std::vector<DeliveryAsk> deliveries;
    ObjectId new_id;  // `_id` if this command records
    ObjectId command_id;
    std::string by;  // "key:NAME", "admin:E", "open"
    // Of a key that is bound to one: what does not stand under it is not its to change, nor to see.
    std::string bound_affiliate = {};
    std::optional<Correction> correction = {};
};

// One attempt's outcome, written like any other command.
struct Outcome {
    ConversionKey key;
    DeliveryId delivery_id;
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
    NodeId from;
};

// An operator, or a replay job of his, sends a dead delivery again; a cancelled one only when it is
// named and no job asks.
struct Replay {
    ConversionKey key;
    DeliveryId delivery_id = {};  // empty: every dead one of this conversion
    ObjectId command_id = {};
    std::string by = {};   // "admin:E", "cli": for history
    std::string job = {};  // a delivery that this job woke before stays as it is
};

// An operator ends a delivery without sending it.
struct EndDelivery {
    ConversionKey key;
    DeliveryId delivery_id;
    DeliveryState state = DeliveryState::kDone;  // kDone or kCancelled
    ObjectId command_id;
    std::string by;
};

using Command = std::variant<Report, Outcome, TakeOver, Replay, EndDelivery>;

inline const ConversionKey& KeyOf(const Command& command) {
    return std::visit([](const auto& c) -> const ConversionKey& { return c.key; }, command);
}

}  // namespace barracuda::domain
