#include "store/document_ref.h"

#include "base/check.h"
#include "domain/bson.h"

namespace barracuda::store {

const char* NameOf(Collection collection) {
    switch (collection) {
        case Collection::kConversions:
            return "conversions";
        case Collection::kContacts:
            return "contacts";
        case Collection::kAdmins:
            return "admins";
        case Collection::kSessions:
            return "sessions";
        case Collection::kApiKeys:
            return "api_keys";
        case Collection::kNodes:
            return "nodes";
        case Collection::kSettings:
            return "settings";
    }
    BARRACUDA_CHECK(false);
}

bool IsStoresOwn(Collection collection, std::string_view document) {
    if (collection != Collection::kSettings) return false;
    auto id = domain::TopText(document, "_id");
    return id == kMigrationId || id == kMarkerId;
}

Ref RefOfDocument(Collection collection, std::string_view document) {
    if (collection != Collection::kConversions) {
        return {collection, domain::TopText(document, "_id").value_or("")};
    }
    const domain::TopFields fields(document);
    return RefOf(domain::ConversionKey{
        ClickId(fields.TextOr("click_id")),
        GoalId(fields.TextOr("goal_id")),
        fields.TextOr("occurrence")});
}

}  // namespace barracuda::store
