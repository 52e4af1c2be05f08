#include "store/kv_engine.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/check.h"
#include "base/text.h"
#include "base/thread_name.h"
#include "store/index.h"
#include "store/kv_changes.h"
#include "store/kv_keys.h"
#include "store/kv_verify.h"

namespace barracuda::store {

namespace {

constexpr int64_t kNoRev = -1;  // of what is not stored

int64_t RevOf(const std::optional<std::string>& document) {
    if (!document) return kNoRev;
    bson_iter_t at;
    if (!domain::OpenBson(at, *document) || !bson_iter_find(&at, "rev")) return 0;
    return bson_iter_as_int64(&at);
}

// As RevOf, where the fields have been found.
int64_t RevIn(const domain::TopFields& document) {
    const bson_iter_t* at = document.Find("rev");
    return at ? bson_iter_as_int64(at) : 0;
}

Error NewerStore(const std::string& version) {
    return {
        ErrorCode::kUnavailable,
        fmt::format(
            "this store was written by a later version of barracuda (its indexes are of version "
            "{}, "
            "this program knows {}): run that version, or restore a backup of before the upgrade "
            "into another directory (docs/operating/backup.md)",
            OneLine(version),
            DerivedVersion()
        ),
        {}};
}

Error NoCopyBefore(const Error& why) {
    return {
        ErrorCode::kUnavailable,
        "no copy of the store could be made before its upgrade, so nothing was changed: " +
            why.message,
        {}};
}

}  // namespace

struct KvEngine::Batch {
    Revisions known;  // as loads saw them since the last commit, or as this batch leaves them
    KvChanges changes;
    std::set<std::string> failed;  // documents with a lost or refused write: later ones are lost
    std::map<std::string, std::string> unique_added;  // unique prefix -> entry
    std::set<std::string> unique_removed;             // entries
    std::map<std::string, RollupValue> rollups;
    CellBatch cells;
    std::vector<uint32_t> order;
    // Of the write that is planned.
    std::string key;
    int64_t* rev = nullptr;  // in `known`
    std::vector<IndexEntry> old_entries, new_entries;

    void Begin(Revisions seen) {
        known = std::move(seen);
        changes.Clear();
        failed.clear();
        unique_added.clear();
        unique_removed.clear();
        rollups.clear();
        cells = {};
    }
    // Conversions in the order of their keys, and so what follows of them: most of a batch needs no
    // sorting then. Those of one document stay in their order, and where a value may be taken all.
    std::span<const uint32_t> OrderOf(std::span<const Write> writes) {
        order.resize(writes.size());
        std::iota(order.begin(), order.end(), 0);
        const bool free = std::all_of(writes.begin(), writes.end(), [](const Write& write) {
            return write.ref.collection == Collection::kConversions;
        });
        if (!free) return order;
        std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
            return writes[a].ref.key < writes[b].ref.key;
        });
        return order;
    }
    KvChange& Change(Space space, KvChange::Kind kind, std::string_view key) {
        KvChange& change = changes.Add(space, kind);
        change.key.assign(key);
        return change;
    }
    void Put(Space space, std::string_view key) { Change(space, KvChange::Kind::kPut, key); }
    void Delete(Space space, std::string_view key) { Change(space, KvChange::Kind::kDelete, key); }
    void Add(std::string_view key, std::string_view value) {
        Change(Space::kIndexes, KvChange::Kind::kAdd, key).value.assign(value);
    }
    void AddRollup(const Ref& ref, const domain::TopFields& document, int sign) {
        BARRACUDA_CHECK(sign == 1 || sign == -1);  // a document counts once, or is taken back once
        auto delta = RollupOf(ref, document);
        if (!delta) return;
        delta->second.count *= sign;
        delta->second.micros *= sign;
        rollups[delta->first].Add(delta->second);
    }
    // nullptr: there is no such document.
    void AddSums(const Ref& ref, const domain::TopFields* before, const domain::TopFields* after) {
        if (before) AddRollup(ref, *before, -1);
        if (after) AddRollup(ref, *after, +1);
        if (ref.collection != Collection::kConversions) return;
        const auto counted = [](const domain::TopFields* fields) {
            return fields ? CountedOf(*fields) : std::optional<Counted>();
        };
        cells.Change(counted(before), counted(after));
    }
    // The sums of all its documents, each once.
    void PutSums() {
        for (const auto& [key, delta] : rollups) {
            if (delta.count != 0 || delta.micros != 0) Add(key, delta.Bytes());
        }
        cells.Each([this](std::string_view key, const std::string& rows) { Add(key, rows); });
    }
    // An entry that both have stays as it is.
    void ChangeEntries(std::span<IndexEntry> before, std::span<IndexEntry> after);
};

namespace {

bool Holds(std::span<const IndexEntry> entries, std::string_view key) {
    for (const auto& entry : entries) {
        if (entry.key == key) return true;
    }
    return false;
}

// An `_id` is drawn by us with 12 unique bytes; only values that people choose can clash.
bool MayClash(const IndexEntry& entry) {
    return entry.unique_prefix > 0 && entry.key[0] != static_cast<char>(IndexId::kConversionId);
}

}  // namespace

void KvEngine::Batch::ChangeEntries(std::span<IndexEntry> before, std::span<IndexEntry> after) {
    for (const auto& entry : before) {
        if (Holds(after, entry.key)) continue;
        if (entry.unique_prefix > 0) {
            unique_removed.insert(entry.key);
            unique_added.erase(entry.key.substr(0, entry.unique_prefix));
        }
        Delete(Space::kIndexes, entry.key);
    }
    for (auto& entry : after) {
        if (Holds(before, entry.key)) continue;
        if (MayClash(entry)) unique_added[entry.key.substr(0, entry.unique_prefix)] = entry.key;
        // The other's block is left for the next entry.
        changes.Add(Space::kIndexes, KvChange::Kind::kPut).key.swap(entry.key);
    }
}

KvEngine::KvEngine(std::unique_ptr<Kv> kv)
    : kv_(std::move(kv)), batch_(std::make_unique<Batch>()) {}

KvEngine::~KvEngine() = default;

std::optional<std::string> KvEngine::Trouble() const {
    MutexLock lock(state_mutex_);
    return trouble_.empty() ? std::nullopt : std::optional(trouble_);
}

// Takes the revisions that loads saw until now; no load that is under way adds to them.
KvEngine::Revisions KvEngine::TakeKnown() {
    MutexLock lock(state_mutex_);
    ++epoch_;
    return std::exchange(known_, {});
}

Result<std::vector<std::optional<std::string>>> KvEngine::Load(std::span<const Ref> refs) {
    std::vector<std::string> keys;
    keys.reserve(refs.size());
    for (const auto& ref : refs) keys.push_back(DocumentKey(ref));
    uint64_t epoch = 0;
    {
        MutexLock lock(state_mutex_);
        epoch = epoch_;
    }
    auto found = kv_->MultiGet(Space::kDocuments, keys);
    if (!found) return found;
    BARRACUDA_CHECK(found->size() == keys.size());  // an answer for each, in their order
    MutexLock lock(state_mutex_);
    // A commit came between: what was read may be older than it.
    if (epoch != epoch_ || known_.size() + keys.size() > kKnownMax) return found;
    for (size_t i = 0; i < keys.size(); ++i) known_[std::move(keys[i])] = RevOf((*found)[i]);
    return found;
}

// The key of the document is in `batch`, and its revision is known afterwards.
Result<bool> KvEngine::StoredIs(const Write& write, Batch& batch) {
    if (batch.failed.contains(batch.key)) return false;  // it may build on the write that failed
    auto at = batch.known.find(batch.key);
    if (at == batch.known.end()) {
        auto stored = kv_->MultiGet(Space::kDocuments, std::span(&batch.key, 1));
        if (!stored) return Fail(stored.error());
        BARRACUDA_CHECK(stored->size() == 1);
        at = batch.known.emplace(batch.key, RevOf(stored->front())).first;
    }
    batch.rev = &at->second;
    return at->second == RevOf(write.before);
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

Result<bool> KvEngine::AnyTaken(
    std::span<const IndexEntry> entries, std::span<const IndexEntry> before, const Batch& batch
) {
    for (const auto& entry : entries) {
        if (!MayClash(entry) || Holds(before, entry.key)) continue;
        auto taken = UniqueTaken(entry, batch);
        if (!taken || *taken) return taken;
    }
    return false;
}

Result<WriteState> KvEngine::Plan(const Write& write, Batch& batch) {
    batch.key.assign(1, static_cast<char>(write.ref.collection)).append(write.ref.key);
    auto same = StoredIs(write, batch);
    if (!same) return Fail(same.error());
    if (!*same) return WriteState::kLost;
    // Not std::optional: the compiler zeroes the 10 KiB of one that stays empty.
    const domain::TopFields before_fields(write.before ? *write.before : std::string_view());
    const domain::TopFields after_fields(write.after ? *write.after : std::string_view());
    const auto* before = write.before ? &before_fields : nullptr;
    const auto* after = write.after ? &after_fields : nullptr;
    const size_t old_count = before ? PutEntries(write.ref, *before, batch.old_entries) : 0;
    const size_t new_count = after ? PutEntries(write.ref, *after, batch.new_entries) : 0;
    const auto old_entries = std::span(batch.old_entries).first(old_count);
    const auto new_entries = std::span(batch.new_entries).first(new_count);
    auto taken = AnyTaken(new_entries, old_entries, batch);
    if (!taken) return Fail(taken.error());
    if (*taken) return WriteState::kRefused;
    batch.ChangeEntries(old_entries, new_entries);
    auto old_work = before ? WorkKeyOf(write.ref, *before) : std::nullopt;
    auto new_work = after ? WorkKeyOf(write.ref, *after) : std::nullopt;
    if (old_work != new_work) {
        if (old_work) batch.Delete(Space::kWork, *old_work);
        if (new_work) batch.Put(Space::kWork, *new_work);
    }
    batch.AddSums(write.ref, before, after);
    const auto kind = after ? KvChange::Kind::kPut : KvChange::Kind::kDelete;
    KvChange& document = batch.Change(Space::kDocuments, kind, batch.key);
    if (after) document.value.assign(*write.after);
    *batch.rev = after ? RevIn(*after) : kNoRev;
    return WriteState::kApplied;
}

Result<std::vector<WriteResult>> KvEngine::Commit(std::span<const Write> writes) {
    MutexLock lock(commit_mutex_);
    if (auto trouble = Trouble()) return Fail(ErrorCode::kUnavailable, *trouble);
    Batch& batch = *batch_;
    batch.Begin(TakeKnown());
    std::vector<WriteResult> states(writes.size(), WriteState::kFailed);  // by place of its write
    for (const uint32_t i : batch.OrderOf(writes)) {
        auto state = Plan(writes[i], batch);
        if (!state) return Fail(state.error());
        if (*state != WriteState::kApplied) batch.failed.insert(batch.key);
        states[i] = *state;
    }
    batch.PutSums();
    const auto changes = batch.changes.all();
    if (changes.empty()) return states;
    auto applied = kv_->Apply(changes);
    for (const auto& change : changes) {
        bool added = change.space == Space::kWork && change.kind == KvChange::Kind::kPut;
        if (added) empty_work_.Added(change.key);
    }
    TakeKnown();  // loads of the meantime may have read what stood before
    if (applied) return states;
    MutexLock state(state_mutex_);
    trouble_ = "the store refuses writes until a restart: " + applied.error().message;
    return Fail(ErrorCode::kUnavailable, trouble_);
}

Result<bool> KvEngine::Purge(std::span<const Ref> refs) {
    std::vector<KeyRange> ranges;
    for (const auto& ref : refs) ranges.push_back({DocumentKey(ref), DocumentKey(ref)});
    auto purged = kv_->Purge(Space::kDocuments, ranges);
    return purged ? PurgeCells(refs) : purged;
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
    if (!repair) return KvVerifier(*kv_, false, {}).Run();
    MutexLock lock(commit_mutex_);
    const auto trouble = Trouble();
    auto findings = KvVerifier(*kv_, !trouble, {}).Run();
    empty_work_.Clear();
    if (trouble && findings && !findings->empty()) return Fail(ErrorCode::kUnavailable, *trouble);
    return findings;
}

std::unique_ptr<KvEngine> KvEngine::OpenToRead(std::unique_ptr<Kv> kv) {
    std::unique_ptr<KvEngine> engine(new KvEngine(std::move(kv)));
    const std::string keys[] = {std::string(kAcceptedLossKey), std::string(kVersionKey)};
    auto stored = engine->kv_->MultiGet(Space::kDocuments, keys);
    if (!stored) return engine;
    if (const auto& loss = stored->front()) {
        engine->accepted_loss_ = AcceptedLoss::Parse(*loss).value_or(AcceptedLoss{});
    }
    engine->derived_ = stored->back() == DerivedVersion();
    return engine;
}

void KvEngine::SetTrouble(std::string trouble) {
    MutexLock lock(state_mutex_);
    trouble_ = std::move(trouble);
}

Result<bool> KvEngine::BuildDerived(bool anew, std::stop_token stop) {
    {
        KvVerifier builder(*kv_, true, stop);
        builder.Tell([this](size_t documents) {
            SetTrouble(fmt::format("the indexes are being built: {} documents are read", documents)
            );
        });
        auto built = builder.Run();
        if (!built) return Fail(built.error());
    }  // and its snapshot, which would keep in the tables what is purged below
    KvChange change{
        Space::kDocuments, KvChange::Kind::kPut, std::string(kVersionKey), DerivedVersion()};
    if (auto applied = kv_->Apply(std::span(&change, 1)); !applied) return applied;
    derived_ = true;
    if (anew) return true;
    // An older version's index had e-mails in its keys: they would stay in the tables until
    // something compacts these, whoever is erased meanwhile.
    constexpr char kEmails = static_cast<char>(IndexId::kContactEmail);
    const KeyRange range{{kEmails}, {static_cast<char>(kEmails + 1)}};
    return kv_->Purge(Space::kIndexes, std::span(&range, 1));
}

void KvEngine::BuildBeside(bool anew, std::stop_token stop) {
    NameThread("index-build");
    auto built = BuildDerived(anew, stop);
    SetTrouble(built ? "" : "the indexes could not be built: " + built.error().message);
}

Result<std::unique_ptr<KvEngine>> KvEngine::Open(
    std::unique_ptr<Kv> kv, Build build, const std::string& copy_before
) {
    auto engine = OpenToRead(std::move(kv));
    const std::string key(kVersionKey);
    auto stored = engine->kv_->MultiGet(Space::kDocuments, std::span(&key, 1));
    if (!stored) return Fail(stored.error());
    const auto& version = stored->front();
    if (version == DerivedVersion()) return engine;
    if (version && IsNewerThanOurs(*version)) return Fail(NewerStore(*version));
    if (version && !copy_before.empty() && access(copy_before.c_str(), F_OK) != 0) {
        auto copied = engine->kv_->Backup(copy_before);
        if (!copied) return Fail(NoCopyBefore(copied.error()));
    }
    if (build == Build::kBeside && version) {
        engine->SetTrouble("the indexes are being built");
        auto* one = engine.get();
        engine->builder_ =
            std::jthread([one](std::stop_token stop) { one->BuildBeside(false, stop); });
        return engine;
    }
    auto built = engine->BuildDerived(!version, {});
    if (!built) return Fail(built.error());
    engine->SetTrouble("");
    return engine;
}

}  // namespace barracuda::store
