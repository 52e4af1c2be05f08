// A contact: a person who filled in a form, as one BSON document, with the flow that the form set
// off (acquire a click, record the registration, then the deposit by rule) in the same document.
// Pure values; no thread contract beyond that.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/money.h"
#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "domain/conversion.h"

namespace barracuda::domain {

enum class FlowStep {
    kNone,
    kAcquire,
    kRegistration,
    kRefused,  // the registration's delivery is dead: a replay may still bring it about
    kDeposit,
    kDone
};
const char* NameOf(FlowStep step);

// The key that a step reports under, as it was when the step was written: a goal that is edited
// meanwhile, or counts in another way, makes no second conversion. An empty id: not chosen yet.
struct FlowGoal {
    std::string id;
    GoalType type = GoalType::kOther;
    std::string occurrence;  // empty: the goal counted once a click
    bool operator==(const FlowGoal&) const = default;
};

// The steps that a form still has to take. A step is written before it is tried, so that a restart
// goes on where the program stopped.
struct Flow {
    std::string route;  // "contact" | "register": contract.md's routes 2 and 3 differ
    FlowStep step = FlowStep::kNone;
    int attempts = 0;  // failed ones of this step
    Time next_at;
    std::string last_error;
    FlowGoal goal{};                      // of the steps registration, refused and deposit
    std::optional<Money> deposit_amount;  // a sum the caller was trusted to name; else the rule's
    std::optional<Money> sale_amount;

    bool Unfinished() const { return step != FlowStep::kNone && step != FlowStep::kDone; }
    bool operator==(const Flow&) const = default;
};

struct Contact {
    ObjectId id;
    std::string email;
    std::string email_key;  // unset where there is no e-mail, and for the second of one e-mail
    std::string name, type, company, messenger, username, message;
    std::string tracking_source, campaign_id;
    std::string affiliate_id, url_id, sub1, sub2, sub3, click_id;
    std::string click_hash;   // of the click; as sub1 in what 0.1.0 wrote
    bool hash_given = false;  // by the network itself, with the click it was asked for
    std::string status = "new", affiliate_status, affiliate_reason, notes;
    std::string affiliate_error, tracking_link, clicked_url;
    bool affiliate_registered = false;
    bool ftd = false;
    std::optional<Money> ftd_amount;
    std::string ftd_currency;  // empty: the default one
    std::optional<Time> ftd_date;
    Flow flow;
    NodeId owner;  // that runs the flow, while it is unfinished
    int64_t rev = 0;
    Time created, updated;
    std::string rest;  // BSON of the fields this program does not know: kept as they are

    // The click that conversions of this contact are stored under; empty: none yet.
    const std::string& Click() const { return click_id.empty() ? sub1 : click_id; }
    // The click's hash beside its id. Whose word that is: contacts/click_hash.h.
    const std::string& Hash() const {
        return click_id.empty() || !click_hash.empty() ? click_hash : sub1;
    }
};

// `due` and `owner` stand in the document while the flow is unfinished.
std::string Encode(const Contact& contact);
// Accepts what the seed wrote: missing fields, null, numbers as ids.
Result<Contact> DecodeContact(std::string_view bson);

// The contact's flags (contract.md, "What a second report does"): recomputed from all conversions
// of the contact's click, so that neither order nor repetition matters. True when something
// changed.
bool SyncFlags(Contact& contact, const std::vector<Conversion>& conversions);

}  // namespace barracuda::domain
