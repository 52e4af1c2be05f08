// Ids, keys and dates as the seed stored them.
#include "adopt/seed_document.h"

#include <fmt/format.h>

#include <cmath>

#include "adopt/plan.h"
#include "base/text.h"
#include "domain/bson.h"
#include "domain/given_id.h"

namespace barracuda::adopt {

namespace {

// The time in an ObjectId that we made: none, so nobody takes it for a document's age. The seed's
// are of this century.
const std::string kNoTime = "00000000";
constexpr int64_t kSecondsMax = 100'000'000'000;  // the year 5138; as milliseconds it is 1973
constexpr double kWholeMax = 9007199254740992.0;  // 2^53: whole doubles are exact up to here

bool IsAbsent(const bson_iter_t& at) {
    return BSON_ITER_HOLDS_NULL(&at) || BSON_ITER_HOLDS_UNDEFINED(&at);
}

Result<std::string> IdIn(const domain::TopFields& fields, const char* name) {
    const bson_iter_t* at = fields.Find(name);
    if (!at) return std::string();
    auto id = SeedId(*at);
    if (!id) return Fail(ErrorCode::kInvalid, fmt::format("{}: {}", name, id.error().message));
    return id;
}

// "registration" and "deposit" are goals by name.
std::string GoalNamed(const std::string& name, const AdoptRules& rules) {
    auto type = domain::GoalTypeNamed(name);
    if (type == domain::GoalType::kRegistration) return rules.registration_goal;
    if (type == domain::GoalType::kDeposit) return rules.deposit_goal;
    return {};
}

}  // namespace

void Add(AdoptCounts& to, const AdoptCounts& more) {
    for (const auto& [name, count] : more) to[name] += count;
}

const char* CollectionOf(SeedKind kind) {
    static constexpr const char* kNames[] = {"conversions", "postbacks", "ftds"};
    return kNames[static_cast<int>(kind)];
}

Result<std::string> SeedId(const bson_iter_t& at) {
    if (IsAbsent(at)) return std::string();
    if (BSON_ITER_HOLDS_BOOL(&at) || BSON_ITER_HOLDS_DATE_TIME(&at)) {
        return Fail(ErrorCode::kInvalid, "no id");
    }
    std::optional<std::string> id;
    if (BSON_ITER_HOLDS_DOUBLE(&at)) {
        double value = bson_iter_double(&at);
        bool whole = std::floor(value) == value && std::fabs(value) <= kWholeMax;
        if (whole) id = fmt::format("{}", static_cast<int64_t>(value));
    }
    if (!id) id = domain::ScalarText(at);
    if (!id) return Fail(ErrorCode::kInvalid, "no id");
    // The seed took a placeholder for an id, and its sale stays.
    const auto given = domain::JudgeId(*id);
    if (!given.problem.empty() && !given.stand_in) {
        return Fail(ErrorCode::kInvalid, std::string(given.problem));
    }
    return std::string(given.text);
}

Result<domain::ConversionKey> SeedKeyOf(
    SeedKind kind, std::string_view bson, const AdoptRules& rules
) {
    const domain::TopFields fields(bson);
    auto click = IdIn(fields, "click_id");
    if (!click) return Fail(click.error());
    if (click->empty()) return Fail(ErrorCode::kInvalid, "no click");
    std::string goal = rules.deposit_goal;
    if (kind != SeedKind::kFtd) {
        auto named = IdIn(fields, kind == SeedKind::kConversion ? "goal_id" : "goal");
        if (!named) return Fail(named.error());
        goal = std::move(*named);
        if (kind == SeedKind::kConversion) {
            if (goal.empty()) goal = GoalNamed(fields.TextOr("goal_type"), rules);
        } else if (auto known = GoalNamed(goal, rules); !known.empty()) {
            goal = std::move(known);
        }
    }
    if (goal.empty()) return Fail(ErrorCode::kInvalid, "no goal");
    auto occurrence = IdIn(fields, "occurrence");  // one of ours, after a broken-off adoption
    return domain::ConversionKey{ClickId(*click), GoalId(goal), occurrence.value_or("")};
}

std::string IdText(std::string_view bson) {
    const domain::TopFields fields(bson);
    const bson_iter_t* at = fields.Find("_id");
    if (!at) return "without _id";
    std::string text = domain::ScalarText(*at).value_or("");
    if (BSON_ITER_HOLDS_OID(at) || BSON_ITER_HOLDS_UTF8(at)) return text;
    if (text.empty()) text = HexOf(domain::BytesOf(*at));
    return fmt::format("{} (BSON type {})", text, static_cast<int>(bson_iter_type(at)));
}

ObjectId SubstituteId(std::string_view collection, std::string_view bson) {
    std::string of(collection);
    of.push_back('\0');
    of += IdText(bson);
    return *ObjectId::Parse(kNoTime + HashHex(of, 16).substr(0, 16));
}

bool HasSubstituteId(std::string_view bson) {
    return HoldsObjectId(domain::TopFields(bson)) && IdText(bson).starts_with(kNoTime);
}

bool HoldsObjectId(const domain::TopFields& fields) {
    const bson_iter_t* at = fields.Find("_id");
    return at && BSON_ITER_HOLDS_OID(at);
}

std::optional<Time> SeedTime(const domain::TopFields& fields, const char* name) {
    const bson_iter_t* at = fields.Find(name);
    if (!at) return std::nullopt;
    if (BSON_ITER_HOLDS_DATE_TIME(at)) return domain::TimeOf(*at);
    if (BSON_ITER_HOLDS_NUMBER(at)) {
        const int64_t number = bson_iter_as_int64(at);
        return Time{number < kSecondsMax ? number * 1000 : number};
    }
    if (BSON_ITER_HOLDS_UTF8(at)) return Time::ParseIso(domain::ScalarText(*at).value_or(""));
    return std::nullopt;
}

Time SeedCreated(const domain::TopFields& fields) {
    for (const char* name : {"createdAt", "updatedAt"}) {
        auto at = SeedTime(fields, name);
        if (at && at->ms > 0) return *at;
    }
    const bson_iter_t* id = fields.Find("_id");
    if (!id || !BSON_ITER_HOLDS_OID(id)) return Time{};
    return Time{static_cast<int64_t>(bson_oid_get_time_t(bson_iter_oid(id))) * 1000};
}

bool HoldsText(const domain::TopFields& fields, const char* name) {
    const bson_iter_t* at = fields.Find(name);
    return at && BSON_ITER_HOLDS_UTF8(at);
}

bool HoldsOtherScalar(const domain::TopFields& fields, const char* name) {
    const bson_iter_t* at = fields.Find(name);
    return at && !IsAbsent(*at) && !BSON_ITER_HOLDS_UTF8(at);
}

std::string UpdateOf(
    std::string_view read, std::string_view after, const std::vector<std::string>& always
) {
    const domain::TopFields was(read), is(after);
    domain::BsonWriter set, unset;
    bool sets = false, unsets = false;
    domain::EachElement(after, [&](std::string_view name, const bson_iter_t& at) {
        const bson_iter_t* before = was.Find(name);
        bool wanted = std::find(always.begin(), always.end(), name) != always.end();
        if (!wanted && before && SameValue(*before, at)) return;
        set.Element(at);
        sets = true;
    });
    domain::EachElement(read, [&](std::string_view name, const bson_iter_t&) {
        if (is.Find(name)) return;
        unset.Text(name, "");
        unsets = true;
    });
    if (!sets && !unsets) return {};
    domain::BsonWriter update;
    if (sets) update.Document("$set", set.Take());
    if (unsets) update.Document("$unset", unset.Take());
    return update.Take();
}

bool SameValue(const bson_iter_t& a, const bson_iter_t& b) {
    domain::BsonWriter one, other;
    bson_iter_t left = a, right = b;
    if (bson_iter_type(&a) != bson_iter_type(&b)) return false;
    one.Element(left);
    other.Element(right);
    return one.Take() == other.Take();
}

}  // namespace barracuda::adopt
