// What became of one person, as the store has it: their form, what was decided about them, the
// conversions of their clicks with their histories, and who was told of these.
//
// What came in and what was sent, call by call, is in the two logs, which are looked up by the
// click: they are lossy, and no part of this.
//
// Threads: any; blocks its thread on the store, so query threads call it.
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/object_id.h"
#include "base/result.h"
#include "base/time.h"
#include "store/engine.h"

namespace barracuda::contacts {

enum class TimelineKind { kContact, kEdit, kFlow, kConversion, kChange, kDelivery, kErasure };
const char* NameOf(TimelineKind kind);

// What an item says, by names that openapi.yaml lists for each kind; what is empty is not among
// them. A page that speaks another language makes its own sentence of them.
class Facts {
public:
    using Fact = std::pair<const char*, std::string>;

    Facts() = default;
    Facts(std::initializer_list<Fact> facts);
    std::string Get(std::string_view name) const;  // empty: it is not there
    bool Has(std::string_view name) const { return !Get(name).empty(); }
    const std::vector<Fact>& all() const { return facts_; }

private:
    std::vector<Fact> facts_;
};

struct TimelineItem {
    Time at;
    TimelineKind kind = TimelineKind::kContact;
    std::string id;  // of the contact, of a conversion, or `_id-id` of a delivery
    Facts facts;
    std::string text;  // the same in English, as reasons and errors are
};

struct Timeline {
    static constexpr size_t kItemsMax = 500;
    static constexpr size_t kConversionsMax = 500;  // that are read, by their keys

    std::vector<TimelineItem> items;  // newest first
    bool complete = true;             // false: there is more than the bounds allow
};

// Of one who was erased there is the erasure alone, while its mark stands (erasure_sweep.h).
// nullopt: there is no such contact. Errors: the store's.
Result<std::optional<Timeline>> TimelineOf(store::Engine& engine, const ObjectId& contact);

}  // namespace barracuda::contacts
