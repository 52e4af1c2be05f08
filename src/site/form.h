// The contact form as the page shows it: empty, or again with what was typed and what is wrong
// with it. Names are those of route 2's fields.
//
// Threads: any; plain values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "http/request.h"

namespace barracuda::site {

enum class Fault {
    kMissing,
    kWrong,  // not what the field wants
    kTaken,  // an e-mail address that is known
    kTooLong,
    kUnreadable,  // bytes that are no text
};

struct Complaint {
    std::string field;
    Fault fault = Fault::kWrong;
};

// Why a form was not taken, where no field of it is to blame.
enum class Trouble { kNone, kForeign, kTooMany, kNotNow, kUnfit };

struct Form {
    http::Pairs kept;   // what a tracker put into the address: goes through unseen
    http::Pairs typed;  // by field
    std::vector<Complaint> complaints;
    Trouble trouble = Trouble::kNone;

    bool refused() const { return trouble != Trouble::kNone || !complaints.empty(); }
    std::string_view Typed(std::string_view field) const;        // empty: nothing
    const Complaint* ComplaintOf(std::string_view field) const;  // nullptr: none
};

// The fields that a visitor sees.
inline constexpr std::string_view kSeen[] = {"type", "name", "company", "email", "message"};

}  // namespace barracuda::site
