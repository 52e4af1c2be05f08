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

// The key of the document that an entry is of; nullopt: these bytes are no entry.
std::optional<std::string> DocumentOf(Space space, std::string_view key) {
    if (space == Space::kWork) {
        auto item = WorkItemOf(key);
        return item ? std::optional(DocumentKey(item->ref)) : std::nullopt;
    }
    const auto* index = key.empty() ? nullptr : IndexOfByte(key[0]);
    auto primary = index ? KeyInEntry(*index, key) : std::nullopt;
    if (!primary) return std::nullopt;
    return DocumentKey({index->collection, std::string(*primary)});
}

// Whether the document has this entry.
bool Derives(
    Space space, std::string_view document_key, std::string_view bson, const std::string& entry
) {
    const Ref ref = RefOfKey(document_key);
    const domain::TopFields fields(bson);
    if (space == Space::kWork) return WorkKeyOf(ref, fields) == entry;
    for (const auto& one : EntriesOf(ref, fields)) {
        if (one.key == entry) return true;
    }
    return false;
}

}  // namespace

template <typename Look>
Result<bool> KvVerifier::Each(PageRange range, Look look) {
    return EachPage(*snapshot_, std::move(range), stop_, look, [this](Seen seen) {
        return Take(std::move(seen));
    });
}

Result<bool> KvVerifier::ReadAll() {
    const std::string first_document(1, '\1'), first_cell(1, kCellPrefix);
    const std::string after_rollups(1, kAfterRollups);
    const auto entries = [this](Space space) {
        return [this, space](const KvPage& page) { return Entries(space, page); };
    };
    auto done = Each({Space::kDocuments, first_document}, [this](const KvPage& page) {
        return Documents(page);
    });
    const KeySums wanted = std::exchange(sums_, KeySums(secret_));
    if (done) done = Each({Space::kIndexes, "", first_cell}, entries(Space::kIndexes));
    if (done) done = Each({Space::kIndexes, after_rollups}, entries(Space::kIndexes));
    if (done) done = Each({Space::kWork}, entries(Space::kWork));
    if (!done) return done;
    unlike_ = wanted.Unlike(sums_);
    return LookCloser();
}

// What of them is missing, and what is too many.
Result<bool> KvVerifier::LookCloser() {
    if (unlike_.empty()) return true;
    documents_ = 0;
    auto done = Each({Space::kDocuments, std::string(1, '\1')}, [this](const KvPage& page) {
        return Missing(page);
    });
    for (const auto& [space, first] : unlike_) {
        if (!done) return done;
        const bool work = space == Space::kWork;
        PageRange range{space};
        if (!work) range.from = std::string(1, first);
        if (!work && first != '\xff') range.to = std::string(1, static_cast<char>(first + 1));
        done =
            Each(range, [this, space = space](const KvPage& page) { return Strays(space, page); });
    }
    return done;
}

Result<bool> KvVerifier::Take(Seen seen) {
    sums_.Add(seen.sums);
    for (auto& finding : seen.findings) list_.Add(std::move(finding));
    for (const auto& [key, delta] : seen.rollups) rollups_[key].Add(delta);
    if (!seen.first_unique.empty()) {
        Seen seam(secret_);  // of two pages
        JudgeUnique(seen.first_unique, last_unique_, seam);
        for (auto& finding : seam.findings) list_.Add(std::move(finding));
        last_unique_ = std::move(seen.last_unique);
    }
    for (const auto& entry : seen.missing) Wrong(entry.space, entry.key, "", entry.what);
    for (const auto& entry : seen.stray) Stray(entry.space, entry.key);
    documents_ += seen.documents;
    if (tell_ && seen.documents > 0) tell_(documents_);
    return changes_.size() < PageRange::kPage ? Result<bool>(true) : Repair();
}

Result<std::vector<std::string>> KvVerifier::Run() {
    if (auto read = ReadAll(); !read) return Fail(read.error());
    if (auto compared = Rollups(); !compared) return Fail(compared.error());
    if (auto repaired = Repair(); !repaired) return Fail(repaired.error());
    if (auto counted = Cells(); !counted) return Fail(counted.error());
    list_.End();
    return std::move(findings_);
}

Result<KvVerifier::Seen> KvVerifier::Documents(const KvPage& page) const {
    Seen seen(secret_);
    seen.documents = page.size();
    for (const auto& [key, value] : page) {
        const Ref ref = RefOfKey(key);
        Judge(ref, value, seen);
        const domain::TopFields fields(value);
        for (const auto& entry : EntriesOf(ref, fields)) seen.sums.Add(Space::kIndexes, entry.key);
        if (auto work = WorkKeyOf(ref, fields)) seen.sums.Add(Space::kWork, *work);
        if (auto delta = RollupOf(ref, fields)) seen.rollups[delta->first].Add(delta->second);
    }
    return seen;
}

Result<KvVerifier::Seen> KvVerifier::Entries(Space space, const KvPage& page) const {
    Seen seen(secret_);
    for (const auto& [key, value] : page) {
        seen.sums.Add(space, key, value.empty());
        const auto* index = space == Space::kIndexes ? IndexOfByte(key[0]) : nullptr;
        if (!index || !index->unique || !KeyInEntry(*index, key)) continue;
        if (seen.first_unique.empty()) {
            seen.first_unique = key;
        } else {
            JudgeUnique(key, seen.last_unique, seen);
        }
        seen.last_unique = key;
    }
    return seen;
}

Result<KvVerifier::Seen> KvVerifier::Missing(const KvPage& page) const {
    Seen seen(secret_);
    seen.documents = page.size();
    std::vector<Entry> expected;
    const auto expect = [&](Space space, std::string key, const Ref& ref) {
        if (!unlike_.contains(KeySums::SetOf(space, key))) return;
        expected.push_back({space, std::move(key), Readable(ref)});
    };
    for (const auto& [key, value] : page) {
        const Ref ref = RefOfKey(key);
        const domain::TopFields fields(value);
        for (auto& entry : EntriesOf(ref, fields)) {
            expect(Space::kIndexes, std::move(entry.key), ref);
        }
        if (auto work = WorkKeyOf(ref, fields)) expect(Space::kWork, std::move(*work), ref);
    }
    for (auto space : {Space::kIndexes, Space::kWork}) {
        std::vector<std::string> keys;
        std::vector<Entry*> of;
        for (auto& one : expected) {
            if (one.space != space) continue;
            keys.push_back(one.key);
            of.push_back(&one);
        }
        auto found = snapshot_->MultiGet(space, keys);
        if (!found) return Fail(found.error());
        for (size_t i = 0; i < keys.size(); ++i) {
            if ((*found)[i] != "") seen.missing.push_back(std::move(*of[i]));
        }
    }
    return seen;
}

Result<KvVerifier::Seen> KvVerifier::Strays(Space space, const KvPage& page) const {
    Seen seen(secret_);
    std::vector<std::string> keys;
    keys.reserve(page.size());
    for (const auto& pair : page) keys.push_back(DocumentOf(space, pair.key).value_or(""));
    auto documents = snapshot_->MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    for (size_t i = 0; i < page.size(); ++i) {
        const auto& document = (*documents)[i];
        if (document && !keys[i].empty() && Derives(space, keys[i], *document, page[i].key))
            continue;
        seen.stray.push_back({space, page[i].key, {}});
    }
    return seen;
}

void KvVerifier::Judge(const Ref& ref, std::string_view bson, Seen& seen) {
    const auto find = [&](const std::string& what) {
        seen.findings.push_back(Readable(ref) + ": " + what);
    };
    if (!IsCollection(static_cast<char>(ref.collection))) find("of no known collection");
    bson_t view;
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(bson.data());
    if (!domain::OpenBson(at, bson) || !bson_init_static(&view, data, bson.size()) ||
        !bson_validate(&view, BSON_VALIDATE_NONE, nullptr)) {
        return find("not valid BSON");
    }
    if (!HoldsUtf8(at, 0)) find("text that is not UTF-8");
    const domain::TopFields fields(bson);
    for (const auto& index : Indexes()) {
        if (index.collection != ref.collection) continue;
        for (const char* field : index.fields) {
            if (fields.TextOr(field).find('\0') == std::string::npos) continue;
            find(std::string("a NUL in ") + field + ": in no list by it");
        }
    }
    if (ref.collection != Collection::kConversions) return;
    auto conversion = domain::DecodeConversion(bson);
    if (!conversion) return find(conversion.error().message);
    if (RefOf(conversion->key) != ref) find("does not match its key");
}

// Two documents with one value of a unique index stand beside each other.
void KvVerifier::JudgeUnique(const std::string& entry, const std::string& before, Seen& seen) {
    const auto* index = IndexOfByte(entry[0]);
    const size_t unique = entry.size() - KeyInEntry(*index, entry)->size();
    if (before.size() < unique || entry.compare(0, unique, before, 0, unique) != 0) return;
    if (before.size() - KeyInEntry(*index, before)->size() != unique) return;
    const Ref ref{index->collection, entry.substr(unique)};
    seen.findings.push_back(Readable(ref) + ": the same " + index->name + " as another document");
}

// Few, so they are read as they are.
Result<bool> KvVerifier::Rollups() {
    const std::string first(1, kRollupPrefix), after(1, kAfterRollups);
    auto it = snapshot_->Iterate(Space::kIndexes);
    for (it->Seek(first); it->Valid() && it->Key() < after; it->Next()) {
        const std::string key(it->Key());
        auto wanted = rollups_.find(key);
        auto stored = RollupValue::Parse(it->Value());
        const bool zero = stored && stored->count == 0 && stored->micros == 0;
        if (wanted == rollups_.end()) {
            if (!zero) Stray(Space::kIndexes, key);
        } else if (wanted->second.Bytes() == it->Value()) {
            rollups_.erase(wanted);
        }
    }
    if (auto status = it->Status(); !status) return status;
    for (const auto& [key, value] : rollups_) {
        Wrong(Space::kIndexes, key, value.Bytes(), "a sum of the statistics");
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
        list_.Add("cells of the reports missing or wrong: " + day.Iso().substr(0, 10));
    }
    if (!repair_) return true;
    const auto kind = rows.empty() ? KvChange::Kind::kDelete : KvChange::Kind::kPut;
    changes_.push_back({Space::kIndexes, kind, key, rows});
    return changes_.size() < PageRange::kPage ? Result<bool>(true) : Repair();
}

void KvVerifier::Wrong(
    Space space, const std::string& key, std::string value, const std::string& what
) {
    created_whole_ = created_whole_ && !IsCreated(space, key);
    list_.Add(std::string(NameOf(space)) + " entry missing or wrong: " + what);
    if (repair_) changes_.push_back({space, KvChange::Kind::kPut, key, std::move(value)});
}

void KvVerifier::Stray(Space space, const std::string& key) {
    list_.Add(std::string(NameOf(space)) + " entry without a document");
    if (repair_) changes_.push_back({space, KvChange::Kind::kDelete, key, {}});
}

Result<bool> KvVerifier::Repair() {
    if (changes_.empty()) return true;
    auto applied = kv_.Apply(changes_);
    changes_.clear();
    return applied;
}

}  // namespace barracuda::store
