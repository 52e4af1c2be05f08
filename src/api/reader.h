// Reads an Input's values by the rules of docs/contract.md "Everywhere"; keeps each field's first
// error and answers defaults after it.
//
// Threads: one; it is a view of its Input, which lives longer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/input.h"
#include "base/money.h"
#include "domain/fields.h"

namespace barracuda::api {

class Reader {
public:
    static constexpr size_t kTextBytesMax = 4096;
    static constexpr size_t kMetadataBytesMax = 16 * 1024;
    static constexpr int kMetadataDepthMax = 16;

    // The fate of an id that is an unreplaced macro or a placeholder.
    enum class StandIns {
        kRefused,
        kDropped,  // as if it were absent: no visitor of a form is lost by a tracker's slip
    };

    explicit Reader(const Input& input, StandIns stand_ins = StandIns::kRefused)
        : input_(input), stand_ins_(stand_ins) {}

    // An id: text or a whole number, digit for digit. Refused: absent, a macro, no id (JudgeId).
    std::string RequiredId(std::string_view name);
    std::string Id(std::string_view name);  // empty: absent
    // A value to look for: text without unseen characters at its ends, as ids are stored.
    std::string Sought(std::string_view name);
    // `sub1`: plain data on every route, never a reason to refuse. A value that cannot be kept is
    // dropped.
    std::string Sub1();
    // Text of at most `bytes_max` bytes; empty: absent.
    std::string Text(std::string_view name, size_t bytes_max = kTextBytesMax);
    std::string RequiredText(std::string_view name);
    std::optional<Money> Amount(std::string_view name);
    std::string Currency(std::string_view name);  // in capitals; empty: absent
    std::optional<std::string> Bool(std::string_view name);
    // A whole number from 1 to kCountMax.
    static constexpr size_t kCountMax = 999'999'999;
    size_t Count(std::string_view name, size_t otherwise);
    // The same of any length, where more than `most` is taken as `most`.
    size_t CountUpTo(std::string_view name, size_t otherwise, size_t most);

    // The common optional fields, metadata included, into `to`.
    void Common(domain::Fields& to);

    // Notes that `name` is wrong: "NAME WHAT". The first fault counts.
    void Refuse(std::string_view name, std::string_view what);
    const std::optional<Error>& error() const { return error_; }
    // The first fault of each field, the first ones of them; error() is the first.
    const std::vector<Error>& faults() const { return faults_; }
    // Number of values dropped; their names are among Input::Unread.
    int64_t dropped() const { return dropped_; }

private:
    const Value* Sound(std::string_view name);
    const Value* Scalar(std::string_view name);
    std::string Drop(const Value& value);
    std::string CommonText(const domain::FieldInfo& info);
    std::string ObjectBytes(std::string_view name);

    const Input& input_;
    const StandIns stand_ins_;
    std::optional<Error> error_;
    std::vector<Error> faults_;
    int64_t dropped_ = 0;
};

}  // namespace barracuda::api
