// A request's values by name, whatever form they came in: JSON object, query string, form body or
// the text fields of multipart/form-data. Numbers keep their digits (5 and "5" are one id; 5.0 is
// none), so nothing is read through a double.
//
//     auto input = Input::OfBody(request);          // or OfQuery
//     Reader reader(*input);                        // reader.h
//     auto click = reader.RequiredId("click_id");
//     auto amount = reader.Amount("amount");
//     if (reader.error()) return BadRequest(*reader.error());   // names the first bad field
//     for (const auto& name : input->Unread()) …                // what nobody asked for
//
// Only a name that is read can be wrong: what is the matter with a value (given twice, an invalid
// escape) stands in the value, and is said by the Reader.
//
// Threads: one; an Input belongs to its request.
#pragma once

#include <array>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "http/request.h"

namespace barracuda::api {

inline constexpr size_t kFieldsMax = 1024;  // of one body

struct Value {
    enum class Kind { kText, kNumber, kBool, kNull, kObject, kArray };
    Kind kind = Kind::kNull;
    // Text, the number's own digits, "true"/"false", BSON bytes of `metadata`, "[]" of an empty
    // list. Where an escape is invalid the text as it was written.
    std::string text{};
    std::string_view fault{};   // a literal, why it cannot be read; empty: it can
    mutable bool read = false;  // somebody asked for it
};

inline constexpr std::string_view kGivenTwice = "is given twice";
inline constexpr std::string_view kBadEscape = "has an invalid %-escape";

class Input {
public:
    // The URL's parameters. Errors: kInvalid, more than kFieldsMax of them.
    static Result<Input> OfQuery(const http::Request& request);
    // JSON, or a form by content type. A byte order mark before it is skipped. kInvalid where it is
    // neither, and says what it is instead.
    static Result<Input> OfBody(const http::Request& request);

    // nullptr: absent, null or empty. Counts as read. `name` is a literal, or lives as long.
    const Value* Find(std::string_view name) const;
    bool Has(std::string_view name) const { return values_.contains(name); }

    Value* Change(std::string_view name);  // nullptr: there is none
    void Add(std::string name, Value value);
    // Takes over the values of `other`, but for those named in `but`. One that both have is given
    // twice.
    void Merge(Input&& other, std::initializer_list<std::string_view> but);
    // Something that cannot be read as a value: a file, a part in a coding.
    void AddUntaken(std::string name) { untaken_.push_back(std::move(name)); }

    // The names nobody has asked for, and what was untaken.
    std::vector<std::string> Unread() const;
    const std::map<std::string, Value, std::less<>>& all() const { return values_; }
    // Names that were asked for and are absent, the first ones: a misspelt name means one of them.
    std::span<const std::string_view> Missed() const { return {missed_.data(), missed_count_}; }

private:
    std::map<std::string, Value, std::less<>> values_;
    mutable std::array<std::string_view, 32> missed_;  // literals
    mutable size_t missed_count_ = 0;
    std::vector<std::string> untaken_;
};

}  // namespace barracuda::api
