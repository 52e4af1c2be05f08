// A conversion as decided and stored: one BSON document, the same in every engine
// (docs/formats/documents.md). Pure values; no thread contract beyond that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/strong_id.h"
#include "base/time.h"
#include "domain/fields.h"
#include "domain/history.h"

namespace barracuda::domain {

enum class GoalType { kRegistration, kDeposit, kOther };
enum class Status { kPending, kApproved, kRejected };
enum class Provenance { kReported, kAdmin, kForm, kAuto, kUnknown };
enum class DeliveryState { kWaiting, kDone, kDead, kCancelled /* by an operator */ };

// The words of documents and of the API; nullopt: it is none.
const char* NameOf(GoalType type);
const char* NameOf(Status status);
const char* NameOf(Provenance provenance);
const char* NameOf(DeliveryState state);
std::optional<GoalType> GoalTypeNamed(std::string_view name);
std::optional<Status> StatusNamed(std::string_view name);

// Whether a keyed report may replace what is stored (contract.md "What a second report does").
bool IsUnconfirmed(Provenance provenance);

struct ConversionKey {
    ClickId click;
    GoalId goal;
    std::string occurrence;  // empty: the goal counts once per click; else the transaction id
    friend auto operator<=>(const ConversionKey&, const ConversionKey&) = default;
};

// Of money that names none (contract.md).
inline constexpr const char* kDefaultCurrency = "USD";

using Parameters = std::vector<std::pair<std::string, std::string>>;

// Kinds of deliveries to the two APIs of docs/network-api.md; those by a template are "postback"
// and "update".
inline constexpr const char* kGoalPostback = "goal_postback";
inline constexpr const char* kPrivateApi = "private_api";

// One network's notification of one conversion.
struct Delivery {
    // An update that may not be sent yet: an earlier delivery of its network waits (owe.h).
    static constexpr Time kHeld{253'402'300'799'000};  // the end of the year 9999

    DeliveryId id;        // DeliveryIdOf: the same on every attempt
    NetworkName network;  // that is told
    std::string kind;     // kGoalPostback | kPrivateApi | "postback" | "update"
    int64_t change = 0;   // of an update: which change of this conversion it tells
    DeliveryState state = DeliveryState::kWaiting;
    int attempts = 0;
    Time next_at;           // when waiting
    Parameters parameters;  // frozen at the first recorded attempt; empty before
    int status = 0;         // HTTP status of the last attempt, 0: none
    std::string error;
    std::string response;     // at most 1 KiB
    Time last_at;             // of the last recorded outcome; 0: none yet
    std::string replayed_by;  // the replay job that woke it last: once a job
    bool erased = false;      // it told of a person who was erased since (person.h)

    // The error of a delivery that was dead from the beginning: the document had no room for it.
    static constexpr const char* kNoRoom =
        "nothing was sent: the conversion owes as many deliveries as it may; replay it";
    bool HadNoRoom() const { return error == kNoRoom; }
    bool Due(Time now) const { return state == DeliveryState::kWaiting && next_at <= now; }
    // An outcome was recorded once: its parameters are frozen, also after a replay.
    bool Attempted() const {
        return attempts > 0 || status != 0 || !(error.empty() || HadNoRoom());
    }
    bool operator==(const Delivery&) const = default;
};

struct Conversion {
    static constexpr size_t kDeliveriesMax = 32;
    static constexpr size_t kDeliveriesMost = 64;  // with those that had no room, which are dead
    // Of the default network, that routes ask for by themselves: its two APIs.
    static constexpr size_t kDeliveriesOfRoutes = 2;
    static constexpr size_t kHistoryFirst = 1;
    static constexpr size_t kHistoryLast = 49;

    ObjectId id;
    ConversionKey key;
    GoalType goal_type = GoalType::kOther;
    Status status = Status::kPending;
    Provenance provenance = Provenance::kReported;
    Fields fields;
    std::vector<Field> assumed;  // sums of a form or a chain rule: reported, and these not named
    std::string route;
    std::vector<HistoryEntry> history;
    int64_t history_dropped = 0;
    std::vector<Delivery> deliveries;
    int64_t changes = 0;       // changes that some network was to be told
    std::optional<Time> due;   // least next_at of the waiting deliveries
    std::optional<Time> dead;  // greatest last_at of the dead ones: what lists of them go by
    NodeId owner;              // that delivers; empty with no `due`
    int64_t rev = 0;
    Time created;
    Time updated;
    std::string rest;  // BSON of the fields this program does not know: kept as they are

    Delivery* FindDelivery(const NetworkName& network, std::string_view kind);
    const Delivery* FindDelivery(const NetworkName& network, std::string_view kind) const;
    void AddHistory(HistoryEntry entry);
    // Sets or unsets `due`, `owner` and `dead` from the deliveries; call after changing any of
    // them. Who owns a document keeps it until nothing is owed or TakeOver: its deliveries may be
    // under way.
    void Reschedule(const NodeId& node);
};

// A hash of all four: whoever owes the same again makes the same id.
DeliveryId DeliveryIdOf(
    const ObjectId& id, const NetworkName& network, std::string_view kind, int64_t change = 0
);

// Codec. Decoding accepts what the seed wrote: numbers of any type, missing fields, numeric ids.
std::string Encode(const Conversion& conversion);
Result<Conversion> DecodeConversion(std::string_view bson);

}  // namespace barracuda::domain
