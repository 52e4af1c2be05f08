// Adopting the seed's documents: what the seed stored goes in, what shall stand comes out.
// docs/operating/adopt.md has the rules as an operator reads them.
//
//     auto key = SeedKeyOf(SeedKind::kConversion, bson, rules);
//     AdoptPlan plan = PlanKey({.key = *key, .conversions = {bson, …}, .ftds = {…}}, rules);
//     // plan.update changes plan.before where it stands, plan.insert is new, plan.merged goes
//
// Pure: no I/O, no clock, no random source; ids that are needed come from what was stored. Planning
// again over what an interrupted run left behind comes to the same end, so nothing needs undoing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "domain/bson.h"
#include "domain/contact.h"
#include "domain/conversion.h"

namespace barracuda::adopt {

struct AdoptRules {
    std::string registration_goal = "5", deposit_goal = "6";
    std::map<std::string, domain::GoalType> goal_types = {};  // of the configured goals, by id
    Time now;                                                 // of the adoption: for histories
};

// By name, as the report has them: "conversions.merged". Sums of sums are sums.
using AdoptCounts = std::map<std::string, int64_t>;
void Add(AdoptCounts& to, const AdoptCounts& more);

enum class SeedKind { kConversion, kPostback, kFtd };
// The seed's collection of these rows.
const char* CollectionOf(SeedKind kind);

// An id as the seed stored it, as text, digit for digit. Empty: there is none. kInvalid: one that
// no report can name (longer than 1024 bytes, control characters, no UTF-8, no scalar).
Result<std::string> SeedId(const bson_iter_t& at);

// The key that a row counts under. kInvalid with the reason: it has none.
Result<domain::ConversionKey> SeedKeyOf(
    SeedKind kind, std::string_view bson, const AdoptRules& rules
);

// Everything that the seed stored about one key, as BSON, in any order.
struct SeedGroup {
    domain::ConversionKey key;
    std::vector<std::string> conversions = {}, postbacks = {}, ftds = {};
};

// Two rows of one key that say different things.
struct AdoptDifference {
    std::string where;  // "conversions/ID"
    std::string field;
    std::string kept;
    std::string said;
    bool operator==(const AdoptDifference&) const = default;
};

// At most one of `update`, `insert` is set. An `insert` with a `before`: its `_id` is no ObjectId
// and cannot be changed, so it goes and comes back with another one.
struct AdoptPlan {
    std::optional<std::string> before;  // the conversion that stays, as stored
    std::string update;                 // {$set: …, $unset: …} for it; empty: it stays as it is
    std::string insert;                 // a whole document
    std::optional<domain::Conversion> document;  // what stands afterwards
    std::vector<std::string> merged;  // conversions, as stored, that go: they are part of it
    std::vector<AdoptDifference> differences;
    AdoptCounts counts;
    bool counted = false;  // by a run that was broken off before `merged` was gone
};

// The adoption of everything stored under one key.
AdoptPlan PlanKey(const SeedGroup& group, const AdoptRules& rules);

// Facts about a contact that its own document does not hold.
struct ContactFacts {
    bool oldest_of_email = false;  // no older contact has its e-mail
    std::string click = {};        // found for one that knows none; else empty
    std::string hash = {};
    std::vector<domain::Conversion> conversions = {};  // of its click and of its hash
};

struct ContactPlan {
    std::string update;  // as above
    std::string insert;
    AdoptCounts counts;
};

// The adoption of one contact, stored as `bson`.
ContactPlan PlanContact(std::string_view bson, const ContactFacts& facts);

// The e-mail that makes two contacts one person: lower case, trimmed; empty: none.
std::string EmailKeyOf(std::string_view bson);

// Of `_id`: "65f0c1…", or its text and, where it is neither ObjectId nor text, its BSON type.
std::string IdText(std::string_view bson);

// When the seed made a document: createdAt, else updatedAt, else the time in its ObjectId.
Time SeedCreated(const domain::TopFields& fields);

// The update that turns `stored` into `after` with the fewest fields: only those that differ from
// what the program reads in `stored` (`read`, encoded), and `always`. Empty: nothing.
std::string UpdateOf(
    std::string_view read, std::string_view after, const std::vector<std::string>& always
);

// An ObjectId for a document whose `_id` is none: always the same one.
ObjectId SubstituteId(std::string_view collection, std::string_view bson);
// Whether `_id` is such a one: the adoption has made the document itself.
bool HasSubstituteId(std::string_view bson);

}  // namespace barracuda::adopt
