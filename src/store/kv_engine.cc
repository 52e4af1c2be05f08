#include "store/kv_engine.h"

#include <map>
#include <set>

#include "store/index.h"
#include "store/kv_keys.h"
#include "store/kv_verify.h"

namespace barracuda::store {

namespace {

constexpr std::string_view kVersionKey("\0index_version", 14);

int64_t RevOf(const std::optional<std::string>& document) {
    if (!document) return -1;
    bson_iter_t at;
    if (!domain::OpenBson(at, *document) || !bson_iter_find(&at, "rev")) return 0;
    return bson_iter_as_int64(&at);
}

}  // namespace

struct KvEngine::Batch {
    Revisions known;  // as loads saw them since the last commit
    std::vector<KvChange> changes;
    Revisions documents;           // written in this batch
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
    void AddRollup(const Ref& ref, const domain::TopFields& document, int sign) {
        auto delta = RollupOf(ref, document);
        if (!delta) return;
        delta->second.count *= sign;
        delta->second.micros *= sign;
        rollups[delta->first].Add(delta->second);
    }
};

std::optional<std::string> KvEngine::Trouble() const {
    std::lock_guard lock(state_mutex_);
    return trouble_.empty() ? std::nullopt : std::optional(trouble_);
}

// What loads saw until now, and no load that is under way may add to it.
KvEngine::Revisions KvEngine::TakeKnown() {
    std::lock_guard lock(state_mutex_);
    ++epoch_;
    return std::exchange(known_, {});
}

Result<std::vector<std::optional<std::string>>> KvEngine::Load(std::span<const Ref> refs) {
    std::vector<std::string> keys;
    keys.reserve(refs.size());
    for (const auto& ref : refs) keys.push_back(DocumentKey(ref));
    uint64_t epoch = 0;
    {
        std::lock_guard lock(state_mutex_);
        epoch = epoch_;
    }
    auto found = kv_->MultiGet(Space::kDocuments, keys);
    if (!found) return found;
    std::lock_guard lock(state_mutex_);
    // A commit came between: what was read may be older than it.
    if (epoch != epoch_ || known_.size() + keys.size() > kKnownMax) return found;
    for (size_t i = 0; i < keys.size(); ++i) known_[std::move(keys[i])] = RevOf((*found)[i]);
    return found;
}

Result<bool> KvEngine::StoredIs(const Write& write, const Batch& batch) {
    std::string key = DocumentKey(write.ref);
    if (batch.failed.contains(key)) return false;  // it may build on the write that failed
    int64_t wanted = RevOf(write.before);
    if (auto at = batch.documents.find(key); at != batch.documents.end()) {
        return at->second == wanted;
    }
    if (auto at = batch.known.find(key); at != batch.known.end()) return at->second == wanted;
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
    std::optional<domain::TopFields> before, after;
    if (write.before) old_entries = EntriesOf(write.ref, before.emplace(*write.before));
    if (write.after) new_entries = EntriesOf(write.ref, after.emplace(*write.after));
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
    auto old_work = before ? WorkKeyOf(write.ref, *before) : std::nullopt;
    auto new_work = after ? WorkKeyOf(write.ref, *after) : std::nullopt;
    if (old_work != new_work) {
        if (old_work) batch.Delete(Space::kWork, *old_work);
        if (new_work) batch.Put(Space::kWork, *new_work, {});
    }
    if (before) batch.AddRollup(write.ref, *before, -1);
    if (after) batch.AddRollup(write.ref, *after, +1);
    std::string key = DocumentKey(write.ref);
    if (write.after) {
        batch.Put(Space::kDocuments, key, *write.after);
    } else {
        batch.Delete(Space::kDocuments, key);
    }
    batch.documents[std::move(key)] = RevOf(write.after);
    return WriteState::kApplied;
}

Result<std::vector<WriteState>> KvEngine::Commit(std::span<const Write> writes) {
    std::lock_guard lock(commit_mutex_);
    if (auto trouble = Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
    Batch batch;
    batch.known = TakeKnown();
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
    if (batch.changes.empty()) return states;
    auto applied = kv_->Apply(batch.changes);
    for (const auto& change : batch.changes) {
        bool added = change.space == Space::kWork && change.kind == KvChange::Kind::kPut;
        if (added) empty_work_.Added(change.key);
    }
    TakeKnown();  // loads of the meantime may have read what stood before
    if (applied) return states;
    std::lock_guard state(state_mutex_);
    trouble_ = "the store refuses writes until a restart: " + applied.error().message;
    return Fail(ErrorCode::kUnavailable, trouble_);
}

namespace {

// The first byte string above every string that starts with `prefix`.
std::string After(std::string prefix) {
    while (!prefix.empty() && static_cast<unsigned char>(prefix.back()) == 0xff) prefix.pop_back();
    if (!prefix.empty()) prefix.back() = static_cast<char>(prefix.back() + 1);
    return prefix;
}

struct Range {
    std::string prefix;
    std::string low, high;  // [low, high)
};

Range RangeOf(const ScanRequest& request) {
    std::string prefix;
    prefix.push_back(
        request.index ? static_cast<char>(*request.index) : static_cast<char>(request.collection)
    );
    for (const auto& value : request.equal) AppendText(prefix, value);
    prefix.append(request.key_prefix);
    Range range{prefix, prefix, After(prefix)};
    if (request.from) AppendDate(range.low, *request.from);
    if (request.to) {
        range.high = prefix;
        AppendDate(range.high, *request.to);
    }
    return range;
}

// Whether an earlier page of this very scan may have ended there. Another list's place would pass
// over what it sorts before.
bool IsPlaceIn(const ScanRequest& request, const Range& range) {
    const std::string& cursor = request.cursor;
    if (cursor.size() <= range.prefix.size() || !cursor.starts_with(range.prefix)) return false;
    return !request.index || KeyInEntry(IndexOf(*request.index), cursor);
}

}  // namespace

Result<Page> KvEngine::Scan(const ScanRequest& request) {
    if (request.index == IndexId::kConversionDue) return ScanWork(request);
    Range range = RangeOf(request);
    if (!request.cursor.empty() && !IsPlaceIn(request, range)) return Fail(BadCursor());
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
        if (request.index) {
            auto key = KeyInEntry(IndexOf(*request.index), it->Key());
            if (!key) continue;  // damaged; verify names it
            keys.push_back(DocumentKey({request.collection, std::string(*key)}));
        } else {
            page.documents.emplace_back(it->Value());
        }
        ++taken;
        last = std::string(it->Key());
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

// Looking holds up nobody; repairing is for who is alone on the store.
Result<std::vector<std::string>> KvEngine::Verify(bool repair) {
    if (!repair) return KvVerifier(*kv_, false).Run();
    std::lock_guard lock(commit_mutex_);
    const auto trouble = Trouble();
    auto findings = KvVerifier(*kv_, !trouble).Run();
    empty_work_.Clear();
    if (trouble && findings && !findings->empty()) return Fail(ErrorCode::kUnavailable, *trouble);
    return findings;
}

std::unique_ptr<KvEngine> KvEngine::OpenToRead(std::unique_ptr<Kv> kv) {
    return std::unique_ptr<KvEngine>(new KvEngine(std::move(kv)));
}

Result<std::unique_ptr<KvEngine>> KvEngine::Open(std::unique_ptr<Kv> kv) {
    auto engine = OpenToRead(std::move(kv));
    std::string key(kVersionKey);
    auto stored = engine->kv_->MultiGet(Space::kDocuments, std::span(&key, 1));
    if (!stored) return Fail(stored.error());
    const std::string version = DerivedVersion();
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
