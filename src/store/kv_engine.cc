#include "store/kv_engine.h"

#include <cstring>
#include <map>
#include <set>

#include "base/money.h"
#include "domain/bson.h"
#include "store/index.h"

namespace barracuda::store {

Ref RefOf(const domain::ConversionKey& key) {
    Ref ref;
    ref.key.reserve(key.click.value.size() + key.goal.value.size() + key.occurrence.size() + 3);
    AppendText(ref.key, key.click.value);
    AppendText(ref.key, key.goal.value);
    if (!key.occurrence.empty()) AppendText(ref.key, key.occurrence);
    return ref;
}

domain::ConversionKey ConversionKeyOf(const Ref& ref) {
    domain::ConversionKey key;
    std::string_view rest = ref.key;
    for (std::string* part : {&key.click.value, &key.goal.value, &key.occurrence}) {
        size_t end = rest.find('\0');
        if (end == std::string_view::npos) break;
        *part = std::string(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    return key;
}

std::string RollupValue::Bytes() const {
    std::string bytes(24, '\0');
    std::memcpy(bytes.data(), &count, 8);
    std::memcpy(bytes.data() + 8, &micros, 16);
    return bytes;
}

std::optional<RollupValue> RollupValue::Parse(std::string_view bytes) {
    if (bytes.size() != 24) return std::nullopt;
    RollupValue value;
    std::memcpy(&value.count, bytes.data(), 8);
    std::memcpy(&value.micros, bytes.data() + 8, 16);
    return value;
}

namespace {

constexpr char kRollupPrefix = '\x7f';  // above every IndexId
constexpr std::string_view kVersionKey("\0index_version", 14);

std::string DocumentKey(const Ref& ref) { return static_cast<char>(ref.collection) + ref.key; }

int64_t RevOf(const std::optional<std::string>& document) {
    if (!document) return -1;
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(document->data());
    if (!bson_iter_init_from_data(&at, data, document->size()) || !bson_iter_find(&at, "rev")) {
        return 0;
    }
    return bson_iter_as_int64(&at);
}

std::optional<Time> TopTime(std::string_view document, const char* field) {
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(document.data());
    if (!bson_iter_init_from_data(&at, data, document.size()) || !bson_iter_find(&at, field)) {
        return std::nullopt;
    }
    return domain::TimeOf(at);
}

// Work queue: owner, due, collection, primary key.
std::optional<std::string> WorkKey(const Ref& ref, std::string_view document) {
    auto due = TopTime(document, "due");
    if (!due) return std::nullopt;
    std::string key;
    AppendText(key, domain::TopText(document, "owner").value_or(""));
    AppendDate(key, *due);
    key.append(DocumentKey(ref));
    return key;
}

// What one document adds to the rollups, or nothing.
std::optional<std::pair<std::string, RollupValue>> RollupOf(
    const Ref& ref, std::string_view document
) {
    std::vector<const char*> fields;
    const char* money = "amount";
    if (ref.collection == Collection::kConversions) {
        fields = {"affiliate_id", "goal_type", "status", "currency"};
    } else if (ref.collection == Collection::kContacts) {
        fields = {"type", "status", "affiliate_status", "ftd"};
        money = "ftd_amount";
    } else {
        return std::nullopt;
    }
    std::string key(1, kRollupPrefix);
    key.push_back(static_cast<char>(ref.collection));
    AppendText(key, TopTime(document, "createdAt").value_or(Time{}).Month());
    for (const char* field : fields) AppendText(key, domain::TopText(document, field).value_or(""));
    auto amount = Money::Parse(domain::TopText(document, money).value_or("0"));
    return std::pair(key, RollupValue{.count = 1, .micros = amount ? amount->micros : 0});
}

}  // namespace

struct KvEngine::Batch {
    std::vector<KvChange> changes;
    std::unordered_map<std::string, std::optional<std::string>> documents;  // within this batch
    std::set<std::string> failed;  // documents with a lost or refused write: later ones are lost
    std::map<std::string, std::string> unique_added;  // unique prefix -> entry
    std::set<std::string> unique_removed;             // entries
    std::map<std::string, RollupValue> rollups;

    void Put(Space space, std::string key, std::string value) {
        changes.push_back({space, KvChange::Kind::kPut, std::move(key), std::move(value)});
    }
    void Delete(Space space, std::string key) {
        changes.push_back({space, KvChange::Kind::kDelete, std::move(key), {}});
    }
    void AddRollup(const Ref& ref, std::string_view document, int sign) {
        auto delta = RollupOf(ref, document);
        if (!delta) return;
        delta->second.count *= sign;
        delta->second.micros *= sign;
        rollups[delta->first].Add(delta->second);
    }
};

std::optional<std::string> KvEngine::Trouble() const {
    std::lock_guard lock(mutex_);
    return trouble_.empty() ? std::nullopt : std::optional(trouble_);
}

Result<std::vector<std::optional<std::string>>> KvEngine::Load(std::span<const Ref> refs) {
    std::vector<std::string> keys;
    keys.reserve(refs.size());
    for (const auto& ref : refs) keys.push_back(DocumentKey(ref));
    std::lock_guard lock(mutex_);
    auto found = kv_->MultiGet(Space::kDocuments, keys);
    if (!found) return found;
    fresh_.clear();
    for (size_t i = 0; i < keys.size(); ++i) fresh_[std::move(keys[i])] = (*found)[i];
    return found;
}

Result<bool> KvEngine::StoredIs(const Write& write, const Batch& batch) {
    std::string key = DocumentKey(write.ref);
    if (batch.failed.contains(key)) return false;  // it may build on the write that failed
    int64_t wanted = RevOf(write.before);
    if (auto at = batch.documents.find(key); at != batch.documents.end()) {
        return RevOf(at->second) == wanted;
    }
    if (auto at = fresh_.find(key); at != fresh_.end()) return RevOf(at->second) == wanted;
    auto stored = kv_->MultiGet(Space::kDocuments, std::span(&key, 1));
    if (!stored) return Fail(stored.error());
    return RevOf(stored->front()) == wanted;
}

Result<bool> KvEngine::UniqueTaken(const IndexEntry& entry, const Batch& batch) {
    std::string prefix = entry.key.substr(0, entry.unique_prefix);
    if (auto at = batch.unique_added.find(prefix); at != batch.unique_added.end()) {
        return at->second != entry.key;
    }
    auto it = kv_->Iterate(Space::kIndexes);
    for (it->Seek(prefix); it->Valid() && it->Key().starts_with(prefix); it->Next()) {
        std::string stored(it->Key());
        if (stored != entry.key && !batch.unique_removed.contains(stored)) return true;
    }
    auto status = it->Status();
    if (!status) return status;
    return false;
}

Result<WriteState> KvEngine::Plan(const Write& write, Batch& batch) {
    auto same = StoredIs(write, batch);
    if (!same) return Fail(same.error());
    if (!*same) return WriteState::kLost;
    std::vector<IndexEntry> old_entries, new_entries;
    if (write.before) old_entries = EntriesOf(write.ref, *write.before);
    if (write.after) new_entries = EntriesOf(write.ref, *write.after);
    auto holds = [](const std::vector<IndexEntry>& entries, const std::string& key) {
        for (const auto& entry : entries) {
            if (entry.key == key) return true;
        }
        return false;
    };
    for (const auto& entry : new_entries) {
        // An `_id` is drawn by us with 12 unique bytes; only values that people choose can clash.
        if (entry.unique_prefix == 0 || entry.key[0] == static_cast<char>(IndexId::kConversionId)) {
            continue;
        }
        if (holds(old_entries, entry.key)) continue;
        auto taken = UniqueTaken(entry, batch);
        if (!taken) return Fail(taken.error());
        if (*taken) return WriteState::kRefused;
    }
    for (const auto& entry : old_entries) {
        if (holds(new_entries, entry.key)) continue;
        if (entry.unique_prefix > 0) {
            batch.unique_removed.insert(entry.key);
            batch.unique_added.erase(entry.key.substr(0, entry.unique_prefix));
        }
        batch.Delete(Space::kIndexes, entry.key);
    }
    for (auto& entry : new_entries) {
        if (holds(old_entries, entry.key)) continue;
        if (entry.unique_prefix > 0 && entry.key[0] != static_cast<char>(IndexId::kConversionId)) {
            batch.unique_added[entry.key.substr(0, entry.unique_prefix)] = entry.key;
        }
        batch.Put(Space::kIndexes, std::move(entry.key), {});
    }
    auto old_work = write.before ? WorkKey(write.ref, *write.before) : std::nullopt;
    auto new_work = write.after ? WorkKey(write.ref, *write.after) : std::nullopt;
    if (old_work != new_work) {
        if (old_work) batch.Delete(Space::kWork, *old_work);
        if (new_work) batch.Put(Space::kWork, *new_work, {});
    }
    if (write.before) batch.AddRollup(write.ref, *write.before, -1);
    if (write.after) batch.AddRollup(write.ref, *write.after, +1);
    std::string key = DocumentKey(write.ref);
    if (write.after) {
        batch.Put(Space::kDocuments, key, *write.after);
    } else {
        batch.Delete(Space::kDocuments, key);
    }
    batch.documents[std::move(key)] = write.after;
    return WriteState::kApplied;
}

Result<std::vector<WriteState>> KvEngine::Commit(std::span<const Write> writes) {
    std::lock_guard lock(mutex_);
    if (!trouble_.empty()) return Fail(ErrorCode::kUnavailable, trouble_);
    Batch batch;
    std::vector<WriteState> states;
    states.reserve(writes.size());
    for (const auto& write : writes) {
        auto state = Plan(write, batch);
        if (!state) return Fail(state.error());
        if (*state != WriteState::kApplied) batch.failed.insert(DocumentKey(write.ref));
        states.push_back(*state);
    }
    for (const auto& [key, delta] : batch.rollups) {
        if (delta.count == 0 && delta.micros == 0) continue;
        batch.changes.push_back({Space::kIndexes, KvChange::Kind::kAdd, key, delta.Bytes()});
    }
    fresh_.clear();
    if (batch.changes.empty()) return states;
    auto applied = kv_->Apply(batch.changes);
    if (!applied) {
        trouble_ = "the store refuses writes until a restart: " + applied.error().message;
        return Fail(ErrorCode::kUnavailable, trouble_);
    }
    return states;
}

namespace {

// The first byte string above every string that starts with `prefix`.
std::string After(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

struct Range {
    std::string low, high;  // [low, high)
};

Range RangeOf(const ScanRequest& request) {
    std::string prefix;
    prefix.push_back(
        request.index ? static_cast<char>(*request.index) : static_cast<char>(request.collection)
    );
    for (const auto& value : request.equal) AppendText(prefix, value);
    prefix.append(request.key_prefix);
    Range range{prefix, After(prefix)};
    if (request.from) AppendDate(range.low, *request.from);
    if (request.to) {
        range.high = prefix;
        AppendDate(range.high, *request.to);
    }
    return range;
}

}  // namespace

Result<Page> KvEngine::Scan(const ScanRequest& request) {
    if (request.index == IndexId::kConversionDue) return ScanWork(request);
    Range range = RangeOf(request);
    auto it = kv_->Iterate(request.index ? Space::kIndexes : Space::kDocuments);
    if (request.descending) {
        std::string start =
            request.cursor.empty() ? range.high : std::min(request.cursor, range.high);
        it->SeekForPrev(start);
        if (it->Valid() && it->Key() >= start) it->Prev();
    } else if (request.cursor.empty() || request.cursor < range.low) {
        it->Seek(range.low);
    } else {
        it->Seek(request.cursor);
        if (it->Valid() && it->Key() == request.cursor) it->Next();
    }
    Page page;
    std::vector<std::string> keys;
    std::string last;
    size_t taken = 0;
    for (; it->Valid(); request.descending ? it->Prev() : it->Next()) {
        if (it->Key() < range.low || it->Key() >= range.high) break;
        if (taken == request.limit) {
            page.cursor = last;
            break;
        }
        ++taken;
        last = std::string(it->Key());
        if (request.index) {
            std::string key(1, static_cast<char>(request.collection));
            key.append(KeyInEntry(IndexOf(*request.index), last));
            keys.push_back(std::move(key));
        } else {
            page.documents.emplace_back(it->Value());
        }
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    if (!request.index) return page;
    auto documents = kv_->MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    for (auto& document : *documents) {
        if (document) page.documents.push_back(std::move(*document));
    }
    return page;
}

Result<std::vector<RollupRow>> KvEngine::Rollup(Collection collection) {
    std::string prefix{kRollupPrefix, static_cast<char>(collection)};
    std::vector<RollupRow> rows;
    auto it = kv_->Iterate(Space::kIndexes);
    for (it->Seek(prefix); it->Valid() && it->Key().starts_with(prefix); it->Next()) {
        auto value = RollupValue::Parse(it->Value());
        if (!value) return Fail(ErrorCode::kInternal, "a rollup value is damaged");
        if (value->count == 0 && value->micros == 0) continue;
        RollupRow row{.group = {}, .count = value->count, .micros = value->micros};
        std::string_view rest = it->Key();
        rest.remove_prefix(2);
        for (size_t end; (end = rest.find('\0')) != std::string_view::npos;) {
            row.group.emplace_back(rest.substr(0, end));
            rest.remove_prefix(end + 1);
        }
        rows.push_back(std::move(row));
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    return rows;
}

namespace {

struct Derived {
    std::map<std::string, std::string> indexes, work;
};

}  // namespace

// Recomputes everything derived from the documents and compares it with what is stored. It holds
// the derived entries in memory: an offline tool, about 300 bytes a document.
Result<std::vector<std::string>> KvEngine::Verify(bool repair) {
    std::lock_guard lock(mutex_);
    std::vector<std::string> findings;
    Derived expected;
    std::map<std::string, RollupValue> rollups;
    auto it = kv_->Iterate(Space::kDocuments);
    for (it->Seek(std::string_view("\x01", 1)); it->Valid(); it->Next()) {
        Ref ref{static_cast<Collection>(it->Key()[0]), std::string(it->Key().substr(1))};
        if (ref.collection == Collection::kConversions) {
            auto conversion = domain::DecodeConversion(it->Value());
            if (!conversion || RefOf(conversion->key).key != ref.key) {
                findings.push_back("conversion does not match its key: " + ref.key);
            }
        }
        for (auto& entry : EntriesOf(ref, it->Value())) expected.indexes[entry.key] = "";
        if (auto work = WorkKey(ref, it->Value())) expected.work[*work] = "";
        if (auto delta = RollupOf(ref, it->Value())) rollups[delta->first].Add(delta->second);
    }
    auto status = it->Status();
    if (!status) return Fail(status.error());
    for (const auto& [key, value] : rollups) expected.indexes[key] = value.Bytes();
    std::vector<KvChange> changes;
    auto compare = [&](Space space, std::map<std::string, std::string>& wanted, const char* what) {
        auto at = kv_->Iterate(space);
        for (at->Seek(""); at->Valid(); at->Next()) {  // an owner may be empty: a first NUL
            auto found = wanted.find(std::string(at->Key()));
            auto rollup = RollupValue::Parse(at->Value());
            bool zero = rollup && rollup->count == 0 && rollup->micros == 0;
            if (found != wanted.end() && found->second == at->Value()) {
                wanted.erase(found);
            } else if (found == wanted.end() && !zero) {
                findings.push_back(std::string(what) + " entry without a document");
                changes.push_back({space, KvChange::Kind::kDelete, std::string(at->Key()), {}});
            }
        }
        for (auto& [key, value] : wanted) {
            findings.push_back(std::string(what) + " entry missing or wrong");
            changes.push_back({space, KvChange::Kind::kPut, key, value});
        }
    };
    compare(Space::kIndexes, expected.indexes, "index");
    compare(Space::kWork, expected.work, "work");
    if (repair && !changes.empty()) {
        if (!trouble_.empty()) return Fail(ErrorCode::kUnavailable, trouble_);
        auto applied = kv_->Apply(changes);
        if (!applied) return Fail(applied.error());
    }
    return findings;
}

Result<std::unique_ptr<KvEngine>> KvEngine::Open(std::unique_ptr<Kv> kv) {
    std::unique_ptr<KvEngine> engine(new KvEngine(std::move(kv)));
    std::string key(kVersionKey);
    auto stored = engine->kv_->MultiGet(Space::kDocuments, std::span(&key, 1));
    if (!stored) return Fail(stored.error());
    std::string version = std::to_string(kIndexVersion);
    if (stored->front() != version) {
        auto built = engine->Verify(true);
        if (!built) return Fail(built.error());
        KvChange change{Space::kDocuments, KvChange::Kind::kPut, key, version};
        auto applied = engine->kv_->Apply(std::span(&change, 1));
        if (!applied) return Fail(applied.error());
    }
    return engine;
}

}  // namespace barracuda::store
