// Retention by age, as the settings want it: contacts older than that are erased, as if each had
// been asked for (erase_contact.h), and conversions lose what may say their visitor
// (domain::VisitorLoses::kTraces). A conversion itself never goes: it is the ledger.
//
// Contacts go in the order in which they came: what is gone is met no more, so the first of them is
// the one to look at. Conversions stay, so how far they are read is kept, in the document
// `retention` of the settings: by when they came, and once more by when they were written last, for
// what was imported or added later. Both are read through their indexes and from where they were
// left; a look that finds nothing costs a seek each.
//
// Of several nodes one does it: the node that this document names, until it is gone. The work is in
// small pages with a pause between them, and goes on where it was after a restart.
//
// Threads: one of its own, `retention`. It waits for the ledger and for `run` of its parts: Stop
// before these stop.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/fault.h"
#include "base/repeater.h"
#include "contacts/erase_contact.h"
#include "store/index.h"

namespace barracuda::contacts {

inline constexpr const char* kRetention = "retention";

// The document of that name, and its codec (docs/formats/documents.md).
struct RetentionState {
    NodeId node;                // whose work it is
    Time created{}, updated{};  // conversions are read up to here, in either order
    int64_t rev = 0;
};
std::string Encode(const RetentionState& state);
RetentionState DecodeRetentionState(std::string_view bson);

class Retention {
public:
    static constexpr std::chrono::minutes kEvery{10};
    static constexpr std::chrono::milliseconds kPause{250};  // between two pages
    static constexpr size_t kContacts = 50;                  // in a page
    static constexpr size_t kConversions = 200;

    struct Parts {
        EraseParts erase;
        std::chrono::milliseconds contacts_max_age{0};  // 0: they stay
        std::chrono::milliseconds visitors_max_age{0};  // of conversions; 0: it stays
        // Whether another node is gone, so that its work may be taken.
        std::function<bool(const NodeId&)> is_gone = [](const NodeId&) { return true; };
        std::function<Time()> now = Time::Now;
        FaultSink& faults = NoFaults();
    };
    explicit Retention(Parts parts) : parts_(std::move(parts)) {}

    void Start();  // nothing where both ages are 0
    void Stop() { thread_.Stop(); }

    // A page of each; what Start's thread does, for tests without it. True: there may be more now.
    bool Step();

    struct Counts {
        uint64_t contacts = 0;     // erased
        uint64_t conversions = 0;  // that lost something
    };
    Counts counts() const { return {contacts_, conversions_}; }

private:
    // One of the two orders in which conversions are read.
    struct Order {
        store::IndexId index;
        const char* field;
        Time RetentionState::*read;
        std::optional<store::ScanRequest> going = {};  // a reading under way
    };

    Result<std::optional<RetentionState>> Hold();
    Result<bool> EraseContacts();
    Result<bool> EraseVisitors(const RetentionState& state, Order& order);
    Result<bool> Mark(const std::vector<domain::Contact>& contacts);
    Result<bool> Keep(const Order& order, Time read);
    void Failed(const Error& why);

    Parts parts_;
    std::array<Order, 2> orders_{
        Order{store::IndexId::kConversionCreated, "createdAt", &RetentionState::created},
        Order{store::IndexId::kConversionUpdated, "updatedAt", &RetentionState::updated}};
    std::atomic<uint64_t> contacts_ = 0, conversions_ = 0;
    Repeater thread_;
};

}  // namespace barracuda::contacts
