#include "store/mongo/address.h"

#include <algorithm>
#include <optional>

#include "base/object_id.h"
#include "domain/bson.h"
#include "store/index.h"

namespace barracuda::store {

namespace {

bool Find(const bson_t& document, const char* field, bson_iter_t& at) {
    return bson_iter_init_find(&at, &document, field);
}

void Copy(Bson& to, const bson_t& from, const char* field) {
    bson_iter_t at;
    if (Find(from, field, at)) to.Value(field, bson_iter_value(&at));
}

constexpr const char* kMade[] = {"createdAt", "since"};

std::optional<int64_t> DateIn(std::string_view document, const char* field) {
    bson_t view = ViewOf(document);
    bson_iter_t at;
    if (!Find(view, field, at) || !BSON_ITER_HOLDS_DATE_TIME(&at)) return std::nullopt;
    return bson_iter_date_time(&at);
}

}  // namespace

void AppendKey(Bson& to, std::string_view name, std::string_view key) {
    auto id = ObjectId::Parse(key);
    if (!id) {
        to.Text(name, key);
        return;
    }
    bson_oid_t oid;
    bson_oid_init_from_data(&oid, id->bytes.data());
    bson_append_oid(to.get(), name.data(), static_cast<int>(name.size()), &oid);
}

Bson StoredFilter(Collection collection, std::string_view before) {
    bson_t view = ViewOf(before);
    Bson filter;
    Copy(filter, view, "_id");
    if (collection == Collection::kConversions) {
        Copy(filter, view, "click_id");
        Copy(filter, view, "goal_id");
    }
    for (const char* field : kMade) {
        auto made = collection == Collection::kSettings ? DateIn(before, field) : std::nullopt;
        if (made) filter.Date(field, Time{*made});
    }
    if (int64_t rev = RevIn(before); rev != 0) {
        filter.Int("rev", rev);
    } else {
        filter.Document("rev", Bson().Array("$in", Bson().Int("0", 0).Null("1")));
    }
    return filter;
}

bool IsStill(Collection collection, std::string_view stored, std::string_view before) {
    if (domain::TopText(stored, "_id") != domain::TopText(before, "_id")) return false;
    if (RevIn(stored) != RevIn(before)) return false;
    return collection != Collection::kSettings ||
           std::all_of(std::begin(kMade), std::end(kMade), [&](const char* field) {
               auto made = DateIn(before, field);
               return !made || DateIn(stored, field) == made;
           });
}

int64_t RevIn(std::string_view document) {
    bson_t view = ViewOf(document);
    bson_iter_t at;
    return Find(view, "rev", at) ? bson_iter_as_int64(&at) : 0;
}

std::string WithId(const Ref& ref, std::string_view document) {
    bson_t view = ViewOf(document);
    if (bson_has_field(&view, "_id")) return std::string(document);
    Bson with;
    AppendKey(with, "_id", ref.key);
    bson_concat(with.get(), &view);
    return with.Bytes();
}

bool ComesOf(std::string_view stored, std::string_view before, std::string_view after) {
    if (stored == after) return true;
    if (RevIn(stored) < RevIn(after)) return false;
    auto was = domain::DecodeConversion(before), wrote = domain::DecodeConversion(after);
    auto now = domain::DecodeConversion(stored);
    if (!was || !wrote || !now || wrote->history.empty()) return false;
    const auto& last = wrote->history.back();
    auto holds = [&](const domain::Conversion& conversion) {
        for (const auto& entry : conversion.history) {
            if (entry.command == last.command && entry.field == last.field) return true;
        }
        return false;
    };
    return !holds(*was) && holds(*now);
}

}  // namespace barracuda::store
