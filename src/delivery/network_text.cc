#include "delivery/network_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "base/raw_json.h"
#include "base/unseen.h"
#include "delivery/attempt.h"
#include "net/url.h"

namespace barracuda::delivery {
namespace {

namespace json = boost::json;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// JSON's number without an exponent: -?(0|[1-9][0-9]*)(\.[0-9]+)?
bool IsJsonNumber(std::string_view text) {
    if (text.starts_with('-')) text.remove_prefix(1);
    const auto point = std::min(text.find('.'), text.size());
    const std::string_view whole = text.substr(0, point);
    const std::string_view part = text.substr(std::min(point + 1, text.size()));
    if (whole.empty() || !std::all_of(whole.begin(), whole.end(), IsDigit)) return false;
    if (whole.size() > 1 && whole[0] == '0') return false;
    if (point == text.size()) return true;
    return !part.empty() && std::all_of(part.begin(), part.end(), IsDigit);
}

bool IsNumericField(std::string_view name) {
    constexpr std::string_view kNames[] = {
        "payout",
        "revenue",
        "sale_amount",
        "deposit_amount",
        "withdrawal_amount",
        "goal_type_id",
        "affiliate_id",
        "offer_id",
    };
    return std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

std::string JsonString(std::string_view text) {
    return json::serialize(json::string(ToUtf8(text, text.size())));
}

std::string JsonValue(std::string_view name, std::string_view value) {
    if (name == "is_test") return value == "1" || value == "true" ? "true" : "false";
    if (IsNumericField(name) && IsJsonNumber(value)) return std::string(value);
    return JsonString(value);
}

json::value Parse(std::string_view body) {
    json::error_code problem;
    auto value = json::parse(json::string_view(body.data(), body.size()), problem);
    return problem ? json::value() : value;
}

const json::array* ArrayOf(const json::value& value, const char* name) {
    if (!value.is_object()) return nullptr;
    const json::value* found = value.as_object().if_contains(name);
    return found != nullptr ? found->if_array() : nullptr;
}

// A member as text: a string as it is, a number as digits, anything else as empty.
std::string TextOf(const json::value& value, const char* name) {
    if (!value.is_object()) return {};
    const json::value* found = value.as_object().if_contains(name);
    if (found == nullptr) return {};
    if (found->is_string())
        return std::string(found->as_string().c_str(), found->as_string().size());
    if (found->is_int64() || found->is_uint64()) return json::serialize(*found);
    return {};
}

bool SameOrAbsent(const json::value& item, const char* name, std::string_view wanted) {
    const std::string text = TextOf(item, name);
    return text.empty() || text == wanted;
}

std::string_view Get(const TextPairs& parameters, std::string_view name) {
    for (const auto& [key, value] : parameters) {
        if (key == name) return value;
    }
    return {};
}

// Which of the answer's entries is the conversion's at `at` of those sent.
std::optional<size_t> EntryOf(
    const json::array& created, std::span<const TextPairs> sent, size_t at
) {
    const auto hash = Get(sent[at], "hash"), goal = Get(sent[at], "goal_type_id");
    for (size_t i = 0; i < created.size(); ++i) {
        if (TextOf(created[i], "hash") == hash && SameOrAbsent(created[i], "goal_type_id", goal)) {
            return i;
        }
    }
    if (created.size() != sent.size() || !TextOf(created[at], "hash").empty()) return std::nullopt;
    return at;
}

// One entry of an answer's list, with its own digits: whole where that can be kept, else its id.
std::string OwnPart(std::string_view list, std::string_view entry) {
    std::string part = fmt::format(R"({{"{}":[{}]}})", list, CompactJson(entry));
    if (part.size() <= Attempt::kResponseBytesMax) return part;
    const std::string_view id = RawMember(entry, "id");
    if (id.empty()) return {};
    return fmt::format(R"({{"{}":[{{"id":{}}}]}})", list, id);
}

// Why an entry was not taken; empty: nothing says so.
std::string ErrorIn(const json::value& entry) {
    if (!entry.is_object()) return {};
    for (const char* name : {"error", "errors"}) {
        const json::value* found = entry.as_object().if_contains(name);
        if (found == nullptr || found->is_null() || *found == json::value(false)) continue;
        if (found->is_array() && found->as_array().empty()) continue;
        if (found->is_object() && found->as_object().empty()) continue;
        std::string text =
            found->is_string() ? std::string(found->as_string().c_str()) : json::serialize(*found);
        if (!text.empty()) return "the network refused it: " + ToUtf8(text, 512);
    }
    return {};
}

}  // namespace

std::string ToUtf8(std::string_view bytes, size_t bytes_max) {
    std::string out;
    out.reserve(std::min(bytes.size(), bytes_max));
    while (!bytes.empty()) {
        const auto c = FirstUtf8(bytes);
        const size_t length = c.code == 0 ? 0 : c.size;
        if (out.size() + std::max<size_t>(length, 1) > bytes_max) break;
        out += length == 0 ? std::string_view("?") : bytes.substr(0, length);
        bytes.remove_prefix(std::max<size_t>(length, 1));
    }
    return out;
}

std::string KeptText(
    std::string_view body, size_t bytes_max, const std::vector<std::string>& secrets
) {
    constexpr size_t kMasked = 16 * 1024;  // what is cut off later need not be looked through
    return ToUtf8(net::MaskSecrets(body.substr(0, bytes_max + kMasked), secrets), bytes_max);
}

TextPairs FilledPairs(const TextPairs& pairs, std::string_view left_out) {
    TextPairs filled;
    for (const auto& one : pairs) {
        if (!one.second.empty() && one.first != left_out) filled.push_back(one);
    }
    return filled;
}

std::string NetworkUrl(std::string_view base, std::string_view path, const TextPairs& query) {
    while (base.ends_with('/')) base.remove_suffix(1);
    std::string url = fmt::format("{}/{}", base, path);
    if (!query.empty()) url += '?' + net::BuildQuery(query);
    return url;
}

std::vector<std::string> PrivateApiHeaders(std::string_view token) {
    return {fmt::format("Authorization: Bearer {}", token), "Accept: application/json"};
}

std::string ConversionsJson(std::span<const TextPairs> conversions) {
    std::string out = R"({"conversions":[)";
    for (const auto& parameters : conversions) {
        bool unique_given = false;
        out += '{';
        for (const auto& [name, value] : parameters) {
            if (value.empty() || name == kOccurrence) continue;
            unique_given |= name == "unique";
            out += JsonString(name) + ':' + JsonValue(name, value) + ',';
        }
        if (!unique_given) out += R"("unique":"API",)";
        out.back() = '}';
        out += ',';
    }
    out.back() = ']';
    return out + '}';
}

LookupAnswer ReadLookup(
    std::string_view body, std::string_view hash, std::string_view goal_type_id
) {
    const json::value answer = Parse(body);
    const json::array* data = ArrayOf(answer, "data");
    if (data == nullptr) return {};
    for (size_t i = 0; i < data->size(); ++i) {
        const json::value& item = (*data)[i];
        if (!SameOrAbsent(item, "hash", hash)) continue;
        if (!SameOrAbsent(item, "goal_type_id", goal_type_id)) continue;
        LookupAnswer found{.valid = true, .found = true};
        const auto raw = RawItems(RawMember(body, "data"));
        if (raw.size() == data->size()) found.answer = OwnPart("data", raw[i]);
        return found;
    }
    return {.valid = true};
}

std::vector<CreatedItem> ReadCreated(std::string_view body, std::span<const TextPairs> sent) {
    std::vector<CreatedItem> items(sent.size());
    const json::value answer = Parse(body);
    const json::array* created = ArrayOf(answer, "conversions");
    if (created == nullptr) return items;
    const auto raw = RawItems(RawMember(body, "conversions"));
    for (size_t i = 0; i < sent.size(); ++i) {
        const auto at = EntryOf(*created, sent, i);
        if (!at) {
            if (sent.size() > 1) items[i].state = CreatedItem::State::kUnnamed;
            continue;
        }
        const json::value& entry = (*created)[*at];
        items[i].error = ErrorIn(entry);
        if (raw.size() == created->size()) items[i].answer = OwnPart("conversions", raw[*at]);
        if (!items[i].error.empty()) items[i].state = CreatedItem::State::kRefused;
    }
    return items;
}

}  // namespace barracuda::delivery
