// Text of the network's calls: bounded UTF-8 of what it answered and the JSON we send. Pure.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda::delivery {

// At most `bytes_max` bytes of `bytes` as valid UTF-8, cut between characters; a byte that is not
// UTF-8, and NUL, becomes '?', so that every store and every page can hold the text.
std::string ToUtf8(std::string_view bytes, size_t bytes_max);

// A body as it is kept: ToUtf8, without our own secrets, which error pages of many servers repeat.
std::string KeptText(
    std::string_view body, size_t bytes_max, const std::vector<std::string>& secrets
);

using TextPairs = std::vector<std::pair<std::string, std::string>>;

// `pairs` without those named `left_out` and without empty values.
TextPairs FilledPairs(const TextPairs& pairs, std::string_view left_out);

// `path` under `base`, with a query where there is one.
std::string NetworkUrl(std::string_view base, std::string_view path, const TextPairs& query);
std::vector<std::string> PrivateApiHeaders(std::string_view token);

// {"conversions":[{...},…]}. The amounts and goal_type_id, affiliate_id, offer_id
// are written as JSON numbers, digit for digit (no double in between), when they read as one;
// is_test as true or false; all else as strings. Empty values are left out; `unique` is "API"
// unless given.
std::string ConversionsJson(std::span<const TextPairs> conversions);

// A look-up's answer, read for one conversion.
struct LookupAnswer {
    bool valid = false;  // JSON with an array `data`
    bool found = false;
    // The answer without its other entries, at most as much as is kept.
    std::string answer{};
};

// An entry whose hash or goal_type_id is another does not count: an API that ignores a filter it
// does not know would otherwise make us believe that everything was sent.
LookupAnswer ReadLookup(
    std::string_view body, std::string_view hash, std::string_view goal_type_id
);

// The parameter that says which of several conversions of a click and goal it is. The private API
// has no word for it, so it stays here.
inline constexpr const char* kOccurrence = "occurrence";

// A 2xx answer to a creation, read for one conversion.
struct CreatedItem {
    enum class State {
        kTaken,
        kRefused,  // it names an error of its own
        kUnnamed,  // it lists others and not this one
    };
    State state = State::kTaken;
    std::string error{};  // when refused
    // The answer without its other entries, at most as much as is kept; empty without a list.
    std::string answer{};
};

// Of each of those sent, in their order: found in the answer's `conversions` by hash and
// goal_type_id, or by its place where entries name no hash and are as many. 2xx is a yes: an answer
// without such a list, or to one conversion alone, took all.
std::vector<CreatedItem> ReadCreated(std::string_view body, std::span<const TextPairs> sent);

}  // namespace barracuda::delivery
