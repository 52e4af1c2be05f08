#include "store/index.h"

#include "base/check.h"
#include "domain/bson.h"

namespace barracuda::store {

const std::vector<IndexDefinition>& Indexes() {
    // clang-format off
    static const std::vector<IndexDefinition> kIndexes = {
        {IndexId::kConversionId,        Collection::kConversions, "_id",                    {"_id"}, true},
        {IndexId::kConversionCreated,   Collection::kConversions, "createdAt",              {"createdAt"}},
        {IndexId::kConversionAffiliate, Collection::kConversions, "affiliate_id_createdAt", {"affiliate_id", "createdAt"}},
        {IndexId::kConversionDead,      Collection::kConversions, "dead",                   {"dead"}},
        {IndexId::kContactEmail,        Collection::kContacts,    "email_key",              {"email_key"}, true},
        {IndexId::kContactSub1,         Collection::kContacts,    "sub1",                   {"sub1"}},
        {IndexId::kContactClick,        Collection::kContacts,    "click_id",               {"click_id"}},
        {IndexId::kContactCreated,      Collection::kContacts,    "createdAt",              {"createdAt"}},
    };
    // clang-format on
    return kIndexes;
}

const IndexDefinition& IndexOf(IndexId id) {
    static const IndexDefinition kDue{
        IndexId::kConversionDue, Collection::kConversions, "work", {"owner", "due"}};
    if (id == kDue.id) return kDue;
    for (const auto& index : Indexes()) {
        if (index.id == id) return index;
    }
    BARRACUDA_CHECK(false);
}

bool IsDateField(std::string_view field) { return field == "createdAt" || field == "dead"; }

void AppendText(std::string& key, std::string_view text) {
    key.append(text);
    key.push_back('\0');
}

void AppendDate(std::string& key, Time time) {
    auto bits = static_cast<uint64_t>(time.ms) ^ (uint64_t{1} << 63);
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<char>(bits >> shift));
}

namespace {

bool AppendValue(std::string& key, const domain::TopFields& document, const char* field) {
    const bson_iter_t* at = document.Find(field);
    if (!at) return false;
    if (IsDateField(field)) {
        AppendDate(key, domain::TimeOf(*at));
        return true;
    }
    if (BSON_ITER_HOLDS_UTF8(at)) {  // the usual case, without a copy
        uint32_t length = 0;
        const char* bytes = bson_iter_utf8(at, &length);
        const std::string_view text(bytes, length);
        if (text.find('\0') != std::string_view::npos) return false;
        AppendText(key, text);
        return true;
    }
    auto text = domain::ScalarText(*at);
    if (text) AppendText(key, *text);
    return text.has_value();
}

}  // namespace

std::vector<IndexEntry> EntriesOf(const Ref& ref, const domain::TopFields& document) {
    std::vector<IndexEntry> entries;
    entries.reserve(4);
    for (const auto& index : Indexes()) {
        if (index.collection != ref.collection) continue;
        IndexEntry entry;
        entry.key.reserve(64 + ref.key.size());
        entry.key.push_back(static_cast<char>(index.id));
        bool complete = true;
        for (const char* field : index.fields) {
            complete = complete && AppendValue(entry.key, document, field);
        }
        if (!complete) continue;
        if (index.unique) entry.unique_prefix = entry.key.size();
        entry.key.append(ref.key);
        entries.push_back(std::move(entry));
    }
    return entries;
}

std::optional<std::string_view> KeyInEntry(const IndexDefinition& index, std::string_view entry) {
    if (entry.empty() || entry[0] != static_cast<char>(index.id)) return std::nullopt;
    entry.remove_prefix(1);
    for (const char* field : index.fields) {
        const size_t end = entry.find('\0');
        if (!IsDateField(field) && end == std::string_view::npos) return std::nullopt;
        const size_t length = IsDateField(field) ? 8 : end + 1;
        if (length > entry.size()) return std::nullopt;
        entry.remove_prefix(length);
    }
    return entry;
}

}  // namespace barracuda::store
