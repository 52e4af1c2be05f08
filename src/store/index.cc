#include "store/index.h"

#include "base/check.h"
#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::store {

const std::vector<IndexDefinition>& Indexes() {
    // clang-format off
    static const std::vector<IndexDefinition> kIndexes = {
        {IndexId::kConversionId,          Collection::kConversions, "_id",                    {"_id"}, 2, true},
        {IndexId::kConversionCreated,     Collection::kConversions, "createdAt",              {"createdAt"}},
        {IndexId::kConversionUpdated,     Collection::kConversions, "updatedAt",              {"updatedAt"}, 3},
        {IndexId::kConversionAffiliate,   Collection::kConversions, "affiliate_id_createdAt", {"affiliate_id", "createdAt"}},
        {IndexId::kConversionGoal,        Collection::kConversions, "goal_id_createdAt",      {"goal_id", "createdAt"}, 3},
        {IndexId::kConversionOffer,       Collection::kConversions, "offer_id_createdAt",     {"offer_id", "createdAt"}, 3},
        {IndexId::kConversionState,       Collection::kConversions, "state_createdAt",        {"goal_type", "status", "provenance", "createdAt"}, 3},
        {IndexId::kConversionTransaction, Collection::kConversions, "transaction_id_createdAt", {"transaction_id", "createdAt"}, 3},
        {IndexId::kConversionDead,        Collection::kConversions, "dead",                   {"dead"}},
        {IndexId::kContactEmail,          Collection::kContacts,    "email_key",              {"email_key"}, 2, true, true},
        {IndexId::kContactSub1,           Collection::kContacts,    "sub1",                   {"sub1"}},
        {IndexId::kContactClick,          Collection::kContacts,    "click_id",               {"click_id"}},
        {IndexId::kContactCreated,        Collection::kContacts,    "createdAt",              {"createdAt"}},
        {IndexId::kContactAffiliate,      Collection::kContacts,    "affiliate_id_createdAt", {"affiliate_id", "createdAt"}, 4},
        {IndexId::kContactFtd,            Collection::kContacts,    "ftd_createdAt",          {"ftd", "createdAt"}, 4},
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

bool IsDateField(std::string_view field) {
    return field == "createdAt" || field == "updatedAt" || field == "dead";
}

bool IsFlagField(std::string_view field) { return field == "ftd"; }

std::span<const char* const> WordsOf(std::string_view field) {
    static constexpr const char* kTypes[] = {"other", "registration", "deposit"};
    static constexpr const char* kStatuses[] = {"pending", "approved", "rejected"};
    static constexpr const char* kProvenances[] = {"unknown", "reported", "admin", "form", "auto"};
    static constexpr const char* kFlags[] = {"false", "true"};
    if (field == "goal_type") return kTypes;
    if (field == "status") return kStatuses;
    if (field == "provenance") return kProvenances;
    if (IsFlagField(field)) return kFlags;
    return {};
}

void AppendText(std::string& key, std::string_view text) {
    key.append(text);
    key.push_back('\0');
}

void AppendDate(std::string& key, Time time) {
    const auto bits = static_cast<uint64_t>(time.ms) ^ (uint64_t{1} << 63);
    char bytes[sizeof(bits)];
    for (size_t i = 0; i < sizeof(bits); ++i) bytes[i] = static_cast<char>(bits >> (56 - 8 * i));
    key.append(bytes, sizeof(bytes));
}

std::optional<Time> DateIn(std::string_view key, size_t at) {
    if (key.size() < at + 8) return std::nullopt;
    uint64_t bits = 0;
    for (size_t i = 0; i < 8; ++i) bits = bits << 8 | static_cast<unsigned char>(key[at + i]);
    return Time{static_cast<int64_t>(bits ^ (uint64_t{1} << 63))};
}

namespace {

constexpr size_t kHashBytes = 16;

std::string HashedText(std::string_view text) { return HashHex(text, kHashBytes); }

// The word's number in one digit, as domain::DecodeConversion reads it.
std::string_view DigitOf(std::span<const char* const> words, std::string_view text) {
    constexpr std::string_view kDigits = "0123456789";
    for (size_t i = 1; i < words.size(); ++i) {
        if (text == words[i]) return kDigits.substr(i, 1);
    }
    return kDigits.substr(0, 1);
}

std::string_view WordIn(const bson_iter_t* at) {
    return at ? domain::Utf8At(*at).value_or(std::string_view()) : std::string_view();
}

// As domain::DecodeContact reads it.
std::string_view FlagDigit(std::span<const char* const> words, const bson_iter_t* at) {
    return DigitOf(words, at && bson_iter_as_bool(at) ? "true" : "false");
}

// A field of an index with what its name says of its values, which is not asked for each document.
struct IndexedField {
    std::string_view name;
    std::span<const char* const> words;
    bool date, flag;
};

struct PreparedIndex {
    const IndexDefinition* index;
    std::vector<IndexedField> fields;
};

std::vector<PreparedIndex> PrepareIndexes(Collection collection) {
    std::vector<PreparedIndex> prepared;
    for (const auto& index : Indexes()) {
        if (index.collection != collection) continue;
        auto& one = prepared.emplace_back(PreparedIndex{&index, {}});
        for (const char* field : index.fields) {
            one.fields.push_back({field, WordsOf(field), IsDateField(field), IsFlagField(field)});
        }
    }
    return prepared;
}

std::span<const PreparedIndex> PreparedFor(Collection collection) {
    static const auto kConversions = PrepareIndexes(Collection::kConversions);
    static const auto kContacts = PrepareIndexes(Collection::kContacts);
    if (collection == Collection::kConversions) return kConversions;
    if (collection == Collection::kContacts) return kContacts;
    return {};
}

bool AppendValue(
    std::string& key, const domain::TopFields& document, const IndexedField& field, bool hashed
) {
    const bson_iter_t* at = document.Find(field.name);
    if (!field.words.empty()) {
        AppendText(key, field.flag ? FlagDigit(field.words, at) : DigitOf(field.words, WordIn(at)));
        return true;
    }
    if (!at) return false;
    if (field.date) {
        AppendDate(key, domain::TimeOf(*at));
        return true;
    }
    if (const auto in_place = domain::Utf8At(*at)) {  // the usual case, without a copy
        if (in_place->find('\0') != std::string_view::npos) return false;
        if (hashed) {
            AppendText(key, HashedText(*in_place));
        } else {
            AppendText(key, *in_place);
        }
        return true;
    }
    auto text = domain::ScalarText(*at);
    if (text) AppendText(key, hashed ? HashedText(*text) : *text);
    return text.has_value();
}

}  // namespace

std::string IndexedText(IndexId id, size_t field, std::string_view value) {
    const auto& index = IndexOf(id);
    const auto words = WordsOf(index.fields[field]);
    if (!words.empty()) return std::string(DigitOf(words, value));
    return index.hashed ? HashedText(value) : std::string(value);
}

size_t PutEntries(
    const Ref& ref, const domain::TopFields& document, std::vector<IndexEntry>& into
) {
    constexpr size_t kValuesUsual = 64;  // bytes
    size_t count = 0;
    for (const auto& [index, fields] : PreparedFor(ref.collection)) {
        if (count == into.size()) into.emplace_back().key.reserve(kValuesUsual + ref.key.size());
        IndexEntry& entry = into[count];
        entry.key.assign(1, static_cast<char>(index->id));
        bool complete = true;
        for (const auto& field : fields) {
            complete = complete && AppendValue(entry.key, document, field, index->hashed);
        }
        if (!complete) continue;
        entry.unique_prefix = index->unique ? entry.key.size() : 0;
        entry.key.append(ref.key);
        ++count;
    }
    return count;
}

std::vector<IndexEntry> EntriesOf(const Ref& ref, const domain::TopFields& document) {
    std::vector<IndexEntry> entries;
    entries.resize(PutEntries(ref, document, entries));
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
