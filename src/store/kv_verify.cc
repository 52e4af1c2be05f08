#include "store/kv_verify.h"

#include "base/text.h"
#include "store/kv_verify_cells.h"

namespace barracuda::store {

namespace {

bool IsCollection(char byte) {
    return byte >= static_cast<char>(Collection::kConversions) &&
           byte <= static_cast<char>(Collection::kSettings);
}

const IndexDefinition* IndexOfByte(char byte) {
    for (const auto& index : Indexes()) {
        if (static_cast<char>(index.id) == byte) return &index;
    }
    return nullptr;
}

Ref RefOfKey(std::string_view document_key) {
    return {static_cast<Collection>(document_key[0]), std::string(document_key.substr(1))};
}

bool IsCreated(Space space, std::string_view key) {
    return space == Space::kIndexes &&
           key.starts_with(static_cast<char>(IndexId::kConversionCreated));
}

const char* NameOf(Space space) { return space == Space::kWork ? "work" : "index"; }

// How a document is named to people; a key's parts stand apart by blanks.
std::string Readable(const Ref& ref) {
    static constexpr const char* kNames[] = {
        "document", "conversion", "contact", "admin", "session", "API key", "node", "setting"};
    const auto number = static_cast<size_t>(ref.collection);
    std::string text = number < std::size(kNames) ? kNames[number] : kNames[0];
    text += ' ';
    for (char c : CutUtf8(ref.key, 512)) text += c == '\0' ? ' ' : c;
    return text;
}

// Whether all text of a document, and of those in it, is UTF-8: MongoDB takes no document with
// other text, and bson_validate does not look (BSON_VALIDATE_UTF8 finds nothing in libbson 1.23).
bool HoldsUtf8(const bson_iter_t& begin, int depth) {
    constexpr int kDepthMax = 100;
    bson_iter_t at = begin;
    while (bson_iter_next(&at)) {
        uint32_t length = 0;
        const char* text = BSON_ITER_HOLDS_UTF8(&at) ? bson_iter_utf8(&at, &length) : nullptr;
        if (text && !IsUtf8({text, length}, Nul::kTaken)) return false;
        bson_iter_t inner;
        const bool nested = BSON_ITER_HOLDS_DOCUMENT(&at) || BSON_ITER_HOLDS_ARRAY(&at);
        if (!nested || depth == kDepthMax || !bson_iter_recurse(&at, &inner)) continue;
        if (!HoldsUtf8(inner, depth + 1)) return false;
    }
    return true;
}

}  // namespace

Result<bool> KvVerifier::ReadAll() {
    const std::string first_document(1, '\1'), first_cell(1, kCellPrefix);
    const std::string first_rollup(1, kRollupPrefix);
    const std::string after_rollups(1, kRollupPrefix + 1);
    auto entries = [this](const auto& page) { return Entries(Space::kIndexes, page); };
    auto done = EachPage(Space::kDocuments, first_document, "", [this](const auto& page) {
        return Documents(page);
    });
    if (!done) return done;
    done = EachPage(Space::kIndexes, "", first_cell, entries);
    if (!done) return done;
    done = EachPage(Space::kIndexes, first_rollup, after_rollups, [this](const auto& page) {
        return Rollups(page);
    });
    if (!done) return done;
    done = EachPage(Space::kIndexes, after_rollups, "", entries);
    if (!done) return done;
    return EachPage(Space::kWork, "", "", [this](const auto& page) {
        return Entries(Space::kWork, page);
    });
}

Result<std::vector<std::string>> KvVerifier::Run() {
    if (auto read = ReadAll(); !read) return Fail(read.error());
    for (const auto& [key, value] : rollups_) {
        Wrong(Space::kIndexes, key, value.Bytes(), "a sum of the statistics");
    }
    if (auto repaired = Repair(); !repaired) return Fail(repaired.error());
    if (auto counted = Cells(); !counted) return Fail(counted.error());
    list_.End();
    return std::move(findings_);
}

template <typename JudgePage>
Result<bool> KvVerifier::EachPage(
    Space space, std::string from, std::string_view to, JudgePage judge
) {
    std::vector<Pair> page;
    bool more = true;
    while (more) {
        if (stop_.stop_requested()) return Fail(ErrorCode::kUnavailable, "it was stopped");
        // An iterator a page: one kept for the whole way would keep files that were compacted away.
        auto it = snapshot_->Iterate(space);
        page.clear();
        size_t bytes = 0;
        for (it->Seek(from); it->Valid(); it->Next()) {
            if (!to.empty() && it->Key() >= to) break;
            bytes += it->Key().size() + it->Value().size();
            page.push_back({std::string(it->Key()), std::string(it->Value())});
            if (page.size() == kPage || bytes >= kPageBytes) break;
        }
        if (auto status = it->Status(); !status) return Fail(status.error());
        more = page.size() == kPage || bytes >= kPageBytes;
        if (more) from = page.back().key + '\0';
        if (auto judged = judge(page); !judged) return judged;
        if (changes_.size() < kPage) continue;
        if (auto repaired = Repair(); !repaired) return repaired;
    }
    return true;
}

Result<bool> KvVerifier::Documents(const std::vector<Pair>& page) {
    documents_ += page.size();
    if (tell_) tell_(documents_);
    std::vector<Expected> expected;
    for (const auto& [key, value] : page) {
        const Ref ref = RefOfKey(key);
        Judge(ref, value);
        const domain::TopFields fields(value);
        for (auto& entry : EntriesOf(ref, fields)) {
            expected.push_back({Space::kIndexes, std::move(entry.key), Readable(ref)});
        }
        if (auto work = WorkKeyOf(ref, fields)) {
            expected.push_back({Space::kWork, std::move(*work), Readable(ref)});
        }
        if (auto delta = RollupOf(ref, fields)) rollups_[delta->first].Add(delta->second);
    }
    for (auto space : {Space::kIndexes, Space::kWork}) {
        std::vector<std::string> keys, names;
        for (auto& one : expected) {
            if (one.space != space) continue;
            keys.push_back(std::move(one.key));
            names.push_back(std::move(one.what));
        }
        auto found = snapshot_->MultiGet(space, keys);
        if (!found) return Fail(found.error());
        for (size_t i = 0; i < keys.size(); ++i) {
            if ((*found)[i] != "") Wrong(space, keys[i], "", names[i]);
        }
    }
    return true;
}

void KvVerifier::Judge(const Ref& ref, std::string_view bson) {
    if (!IsCollection(static_cast<char>(ref.collection))) Find("of no known collection", &ref);
    bson_t view;
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(bson.data());
    if (!domain::OpenBson(at, bson) || !bson_init_static(&view, data, bson.size()) ||
        !bson_validate(&view, BSON_VALIDATE_NONE, nullptr)) {
        return Find("not valid BSON", &ref);
    }
    if (!HoldsUtf8(at, 0)) Find("text that is not UTF-8", &ref);
    const domain::TopFields fields(bson);
    for (const auto& index : Indexes()) {
        if (index.collection != ref.collection) continue;
        for (const char* field : index.fields) {
            if (fields.TextOr(field).find('\0') == std::string::npos) continue;
            Find(std::string("a NUL in ") + field + ": in no list by it", &ref);
        }
    }
    if (ref.collection != Collection::kConversions) return;
    auto conversion = domain::DecodeConversion(bson);
    if (!conversion) return Find(conversion.error().message, &ref);
    if (RefOf(conversion->key) != ref) Find("does not match its key", &ref);
}

Result<bool> KvVerifier::Entries(Space space, const std::vector<Pair>& page) {
    std::vector<std::string> keys;
    keys.reserve(page.size());
    for (const auto& pair : page) keys.push_back(DocumentOf(space, pair.key).value_or(""));
    auto documents = snapshot_->MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    for (size_t i = 0; i < page.size(); ++i) {
        const auto& document = (*documents)[i];
        if (!document || keys[i].empty() || !Derives(space, keys[i], *document, page[i])) {
            Stray(space, page[i].key);
        } else if (space == Space::kIndexes) {
            JudgeUnique(page[i].key);
        }
    }
    return true;
}

// The key of the document that an entry is of; nullopt: these bytes are no entry.
std::optional<std::string> KvVerifier::DocumentOf(Space space, std::string_view key) const {
    if (space == Space::kWork) {
        auto item = WorkItemOf(key);
        return item ? std::optional(DocumentKey(item->ref)) : std::nullopt;
    }
    const auto* index = key.empty() ? nullptr : IndexOfByte(key[0]);
    auto primary = index ? KeyInEntry(*index, key) : std::nullopt;
    if (!primary) return std::nullopt;
    return DocumentKey({index->collection, std::string(*primary)});
}

bool KvVerifier::Derives(
    Space space, std::string_view document_key, std::string_view bson, const Pair& of
) const {
    const Ref ref = RefOfKey(document_key);
    const domain::TopFields fields(bson);
    if (space == Space::kWork) return WorkKeyOf(ref, fields) == of.key;
    for (const auto& entry : EntriesOf(ref, fields)) {
        if (entry.key == of.key) return true;
    }
    return false;
}

// Two documents with one value of a unique index stand beside each other.
void KvVerifier::JudgeUnique(const std::string& entry) {
    const auto* index = IndexOfByte(entry[0]);
    if (!index->unique) return;
    const size_t primary = KeyInEntry(*index, entry)->size();
    std::string unique = entry.substr(0, entry.size() - primary);
    if (unique == last_unique_) {
        Ref ref{index->collection, entry.substr(unique.size())};
        Find(std::string("the same ") + index->name + " as another document", &ref);
    }
    last_unique_ = std::move(unique);
}

Result<bool> KvVerifier::Rollups(const std::vector<Pair>& page) {
    for (const auto& [key, value] : page) {
        auto wanted = rollups_.find(key);
        auto stored = RollupValue::Parse(value);
        const bool zero = stored && stored->count == 0 && stored->micros == 0;
        if (wanted == rollups_.end()) {
            if (!zero) Stray(Space::kIndexes, key);
        } else if (wanted->second.Bytes() == value) {
            rollups_.erase(wanted);
        }
    }
    return true;
}

// They are counted in the order of creation: after a repair by the index as it is now, and where
// that lacks something that is to be repaired first.
Result<bool> KvVerifier::Cells() {
    if (!repair_ && !created_whole_) return true;
    if (repair_) snapshot_ = kv_.Snapshot();
    KvCellVerifier verifier(*snapshot_, stop_, [this](const auto& key, const auto& rows) {
        return CellWrong(key, rows);
    });
    if (auto counted = verifier.Run(); !counted) return counted;
    return Repair();
}

Result<bool> KvVerifier::CellWrong(const std::string& key, const std::string& rows) {
    const Time day = BeginOfCell(CellView::kAffiliate, CellBegin(key).value_or(Time{}));
    if (wrong_days_.insert(day).second) {
        Find("cells of the reports missing or wrong: " + day.Iso().substr(0, 10));
    }
    if (!repair_) return true;
    const auto kind = rows.empty() ? KvChange::Kind::kDelete : KvChange::Kind::kPut;
    changes_.push_back({Space::kIndexes, kind, key, rows});
    return changes_.size() < kPage ? Result<bool>(true) : Repair();
}

void KvVerifier::Find(std::string what, const Ref* ref) {
    list_.Add(ref ? Readable(*ref) + ": " + what : std::move(what));
}

void KvVerifier::Wrong(
    Space space, const std::string& key, std::string value, const std::string& what
) {
    created_whole_ = created_whole_ && !IsCreated(space, key);
    Find(std::string(NameOf(space)) + " entry missing or wrong: " + what);
    if (repair_) changes_.push_back({space, KvChange::Kind::kPut, key, std::move(value)});
}

void KvVerifier::Stray(Space space, const std::string& key) {
    Find(std::string(NameOf(space)) + " entry without a document");
    if (repair_) changes_.push_back({space, KvChange::Kind::kDelete, key, {}});
}

Result<bool> KvVerifier::Repair() {
    if (changes_.empty()) return true;
    auto applied = kv_.Apply(changes_);
    changes_.clear();
    return applied;
}

}  // namespace barracuda::store
