#include "store/mongo/commit.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "base/text.h"
#include "domain/bson.h"
#include "store/index.h"
#include "store/mongo/address.h"

namespace barracuda::store {

namespace {

constexpr uint32_t kDuplicateKey = 11000;
constexpr size_t kWordsMax = 400;

bool IsDuplicate(uint32_t code) { return code == kDuplicateKey || code == 11001; }

std::string WhereOf(const Ref& ref) { return static_cast<char>(ref.collection) + ref.key; }

// Values that may stand once in a collection besides its primary key.
std::vector<std::string> UniqueValues(const Ref& ref, const std::optional<std::string>& document) {
    std::vector<std::string> values;
    if (!document || ref.collection == Collection::kConversions) return values;
    for (const auto& entry : EntriesOf(ref, domain::TopFields(*document))) {
        if (entry.unique_prefix > 0) values.push_back(entry.key.substr(0, entry.unique_prefix));
    }
    return values;
}

using BulkOperation =
    std::unique_ptr<mongoc_bulk_operation_t, decltype(&mongoc_bulk_operation_destroy)>;

// The names of the fields of the index that refused: `keyPattern`, or (before 4.2 and from some
// proxies) the index's name within the message.
void ReadIndex(const bson_t& error, Collection collection, bool& of_id, bool& of_key) {
    bson_iter_t at, pattern;
    std::vector<std::string> fields;
    if (bson_iter_init_find(&at, &error, "keyPattern") && BSON_ITER_HOLDS_DOCUMENT(&at) &&
        bson_iter_recurse(&at, &pattern)) {
        while (bson_iter_next(&pattern)) fields.emplace_back(bson_iter_key(&pattern));
    } else if (bson_iter_init_find(&at, &error, "errmsg")) {
        std::string text = domain::ScalarText(at).value_or("");
        if (text.find("index: _id_") != text.npos) fields = {"_id"};
        if (text.find("click_id") != text.npos && text.find("goal_id") != text.npos) {
            fields = {"click_id", "goal_id"};
        }
    }
    of_id = fields.size() == 1 && fields[0] == "_id";
    of_key = collection == Collection::kConversions ? fields.size() >= 2 && fields[0] == "click_id"
                                                    : of_id;
}

size_t CountIn(const bson_t& reply, const char* field) {
    bson_iter_t at;
    return bson_iter_init_find(&at, &reply, field) ? static_cast<size_t>(bson_iter_as_int64(&at))
                                                   : 0;
}

// The server's own words of one write, cut: a validator's may be pages.
std::string WordsOf(const bson_t& error, uint32_t code) {
    bson_iter_t at;
    std::string text;
    if (bson_iter_init_find(&at, &error, "errmsg")) text = domain::ScalarText(at).value_or("");
    return fmt::format("MongoDB: {} (error {})", CutUtf8(text, kWordsMax), code);
}

bool HasEntries(const bson_t& reply, const char* array) {
    bson_iter_t at, entry;
    return bson_iter_init_find(&at, &reply, array) && bson_iter_recurse(&at, &entry) &&
           bson_iter_next(&entry);
}

}  // namespace

CommitBatch::CommitBatch(Reader& reader, std::span<const Write> writes, Deadline deadline)
    : reader_(reader), writes_(writes), deadline_(deadline), states_(writes.size()) {
    documents_.reserve(writes.size());
    for (const auto& write : writes) {
        documents_.push_back(write.after ? WithId(write.ref, *write.after) : std::string());
    }
}

std::vector<WriteResult> CommitBatch::Run() {
    for (size_t begin = 0; begin < writes_.size();) {
        size_t end = EndOfRun(begin);
        ApplyRun(begin, end);
        begin = end;
    }
    std::vector<WriteResult> results;
    results.reserve(states_.size());
    for (auto& state : states_) {
        results.push_back(state ? std::move(*state) : WriteResult(WriteState::kFailed));
    }
    return results;
}

// Writes that may go side by side: no document twice, no unique value twice.
size_t CommitBatch::EndOfRun(size_t begin) const {
    std::set<std::string> documents, values;
    for (size_t i = begin; i < writes_.size(); ++i) {
        const Write& write = writes_[i];
        if (!documents.insert(WhereOf(write.ref)).second) return i;
        std::set<std::string> own;  // an update may keep its value
        for (const auto* document : {&write.before, &write.after}) {
            for (auto& value : UniqueValues(write.ref, *document)) own.insert(std::move(value));
        }
        for (const auto& value : own) {
            if (!values.insert(value).second) return i;
        }
    }
    return writes_.size();
}

void CommitBatch::ApplyRun(size_t begin, size_t end) {
    std::set<std::string> failed;
    for (size_t i = 0; i < begin; ++i) {
        if (!states_[i] || *states_[i] != WriteState::kApplied)
            failed.insert(WhereOf(writes_[i].ref));
    }
    std::map<std::pair<Collection, Kind>, Indices> groups;
    Indices deletes;
    for (size_t i = begin; i < end; ++i) {
        const Write& write = writes_[i];
        if (failed.contains(WhereOf(write.ref))) {
            states_[i] = WriteState::kLost;  // it may build on the write that failed
        } else if (write.after) {
            Kind kind = write.before ? Kind::kReplace : Kind::kInsert;
            groups[{write.ref.collection, kind}].push_back(i);
        } else if (write.before) {
            deletes.push_back(i);
        } else {
            states_[i] = WriteState::kApplied;  // absent it was, absent it stays
        }
    }
    for (auto& [what, open] : groups) Send(what.first, what.second, std::move(open), false);
    for (size_t i : deletes) Delete(i);
}

// `again`: an earlier try may have landed.
void CommitBatch::Send(Collection collection, Kind kind, Indices open, bool again) {
    std::string why;
    while (!open.empty()) {
        Reply reply = Bulk(collection, kind, open);
        if (!reply.words.empty()) why = reply.words;
        if (!reply.answered && reply.failure == Failure::kForbidden) break;
        if (!reply.answered && reply.failure == Failure::kRejected) {
            return Halve(collection, kind, open, why);
        }
        if (reply.answered) {
            Indices doubtful = Settle(kind, open, reply, again);
            open = LookUp(kind, doubtful, again);
        }
        again = again || !reply.answered || !reply.majority;
        if (!open.empty() && !deadline_.Wait()) break;
    }
    for (size_t i : open) FailAt(i, why);
}

void CommitBatch::FailAt(size_t index, std::string why) {
    if (why.empty()) why = "MongoDB did not say in time";
    reader_.seen().faults().Report(Fault::kStore, NameOf(writes_[index].ref.collection), why);
    states_[index] = WriteResult(WriteState::kFailed, std::move(why));
}

// The whole was refused: find the write that is at fault, the others must not suffer from it.
void CommitBatch::Halve(
    Collection collection, Kind kind, const Indices& open, const std::string& why
) {
    if (open.size() == 1) return FailAt(open[0], why);
    auto middle = open.begin() + static_cast<ptrdiff_t>(open.size() / 2);
    Send(collection, kind, Indices(open.begin(), middle), true);
    Send(collection, kind, Indices(middle, open.end()), true);
}

// Puts every write into the bulk; false: libmongoc does not take one of them, and `why`.
bool CommitBatch::Fill(
    mongoc_bulk_operation_t* bulk,
    Collection collection,
    Kind kind,
    const Indices& open,
    std::string& why
) const {
    // The codec has checked the document; metadata may hold any key that the server takes.
    Bson unchecked;
    unchecked.Bool("validate", false);
    // The filter names the key too, for sharding: without the hint the server plans over both
    // indexes, a seventh of what such an update costs it.
    Bson by_id;
    by_id.Bool("validate", false).Document("hint", Bson().Int("_id", 1));
    bson_error_t error = {};
    for (size_t i : open) {
        bson_t document = ViewOf(documents_[i]);
        bool taken = false;
        if (kind == Kind::kInsert) {
            taken =
                mongoc_bulk_operation_insert_with_opts(bulk, &document, unchecked.get(), &error);
        } else {
            Bson filter = StoredFilter(collection, *writes_[i].before);
            taken = mongoc_bulk_operation_replace_one_with_opts(
                bulk, filter.get(), &document, by_id.get(), &error
            );
        }
        if (!taken) {
            why = ErrorOf(error).message;
            return false;
        }
    }
    return true;
}

CommitBatch::Reply CommitBatch::Bulk(Collection collection, Kind kind, const Indices& open) {
    Reply into;
    auto lease = reader_.client().Take();
    if (!lease) {
        into.words = lease.error().message;
        return into;
    }
    auto session = lease->Session();
    Bson options;
    bson_error_t error = {};
    options.Bool("ordered", false);
    if (session) mongoc_client_session_append(session.get(), options.get(), &error);
    auto where = lease->Collection(NameOf(collection));
    BulkOperation bulk(
        mongoc_collection_create_bulk_operation_with_opts(where.get(), options.get()),
        mongoc_bulk_operation_destroy
    );
    if (!Fill(bulk.get(), collection, kind, open, into.words)) {
        into.failure = Failure::kRejected;
        return into;
    }
    bson_t reply;
    bool done = mongoc_bulk_operation_execute(bulk.get(), &reply, &error) != 0;
    ReadErrors(reply, collection, into.errors);
    into.done = CountIn(reply, "nInserted") + CountIn(reply, "nMatched");
    into.majority = !HasEntries(reply, "writeConcernErrors");
    // Of inserts every one must be accounted for; of replacements those without a result are looked
    // up anyway.
    bool all = kind == Kind::kInsert ? into.done + into.errors.size() == open.size()
                                     : !into.errors.empty();
    into.clean = done;
    into.answered = done || all || !into.majority;
    if (!into.answered) into.failure = FailureOf(error, &reply);
    if (!done) into.words = ErrorOf(error).message;
    bson_destroy(&reply);
    // Refused or done: what was seen here, the winner included, the next read sees too.
    reader_.seen().Note(session.get());
    return into;
}

void CommitBatch::ReadErrors(
    const bson_t& reply, Collection collection, std::map<size_t, WriteError>& into
) {
    bson_iter_t list, entry;
    if (!bson_iter_init_find(&list, &reply, "writeErrors") || !bson_iter_recurse(&list, &entry)) {
        return;
    }
    while (bson_iter_next(&entry)) {
        std::string_view bytes = domain::BytesOf(entry);
        if (bytes.empty()) continue;
        bson_t one = ViewOf(bytes);
        WriteError error;
        error.code = static_cast<uint32_t>(CountIn(one, "code"));
        error.words = WordsOf(one, error.code);
        if (IsDuplicate(error.code)) ReadIndex(one, collection, error.of_id, error.of_key);
        into[CountIn(one, "index")] = error;
    }
}

CommitBatch::Indices CommitBatch::Settle(
    Kind kind, const Indices& open, const Reply& reply, bool again
) {
    bool all_matched = reply.done + reply.errors.size() == open.size();
    Indices doubtful;
    for (size_t position = 0; position < open.size(); ++position) {
        size_t i = open[position];
        refused_.erase(i);
        auto at = reply.errors.find(position);
        if (at == reply.errors.end()) {
            if (all_matched && reply.majority) {
                states_[i] = WriteState::kApplied;
            } else if (kind == Kind::kReplace && reply.clean && reply.done == 0 && !again) {
                states_[i] = WriteState::kLost;
            } else {
                doubtful.push_back(i);
            }
            continue;
        }
        const WriteError& error = at->second;
        if (!IsDuplicate(error.code)) {
            // A failover in the middle of a bulk is told for each write.
            bson_error_t told = {MONGOC_ERROR_SERVER, error.code, {}};
            bool passing = FailureOf(told, nullptr) == Failure::kTransient;
            if (passing) doubtful.push_back(i);
            if (!passing) FailAt(i, error.words);
        } else if (kind == Kind::kInsert && error.of_key && !again) {
            states_[i] = WriteState::kLost;
        } else {
            // An `_id` of another key is none that we drew.
            if (!error.of_key) {
                auto state = error.of_id ? WriteState::kFailed : WriteState::kRefused;
                refused_.insert_or_assign(i, WriteResult(state, error.words));
            }
            doubtful.push_back(i);
        }
    }
    return doubtful;
}

CommitBatch::Indices CommitBatch::LookUp(Kind kind, const Indices& doubtful, bool again) {
    if (doubtful.empty()) return {};
    std::vector<Ref> refs;
    for (size_t i : doubtful) refs.push_back(writes_[i].ref);
    auto loaded = reader_.Load(refs, deadline_);
    Indices open;
    for (size_t n = 0; n < doubtful.size(); ++n) {
        size_t i = doubtful[n];
        if (!loaded) {
            FailAt(i, loaded.error().message);
            continue;
        }
        // One that was refused at once has not landed, whatever else the reply says.
        bool tried = again || !refused_.contains(i);
        auto state = kind == Kind::kInsert ? StateOfInsert(i, (*loaded)[n], tried)
                                           : StateOfReplace(i, (*loaded)[n]);
        if (state) {
            states_[i] = *state;
        } else {
            open.push_back(i);
        }
    }
    return open;
}

// nullopt: it is to be sent (again).
std::optional<WriteResult> CommitBatch::StateOfInsert(
    size_t i, const std::optional<std::string>& stored, bool tried
) {
    if (!stored) {
        auto refused = refused_.find(i);
        if (refused == refused_.end()) return std::nullopt;
        return refused->second;
    }
    bool ours = *stored == documents_[i];
    if (writes_[i].ref.collection == Collection::kConversions) {
        ours = domain::TopText(*stored, "_id") == domain::TopText(documents_[i], "_id");
    }
    return tried && ours ? WriteState::kApplied : WriteState::kLost;
}

std::optional<WriteResult> CommitBatch::StateOfReplace(
    size_t i, const std::optional<std::string>& stored
) {
    const std::string& before = *writes_[i].before;
    if (refused_.contains(i)) return WriteState::kRefused;
    if (!stored) return WriteState::kLost;
    if (ComesOf(*stored, before, documents_[i])) return WriteState::kApplied;
    if (IsStill(writes_[i].ref.collection, *stored, before)) return std::nullopt;
    return WriteState::kLost;
}

// One at a time: a bulk would tell only how many were deleted. Deletes are rare.
void CommitBatch::Delete(size_t index) {
    const Write& write = writes_[index];
    Bson filter = StoredFilter(write.ref.collection, *write.before);
    bool again = false;
    std::string why;
    do {
        auto lease = reader_.client().Take();
        if (!lease) {
            why = lease.error().message;
            continue;
        }
        auto session = lease->Session();
        Bson options;
        bson_error_t error = {};
        if (session) mongoc_client_session_append(session.get(), options.get(), &error);
        auto where = lease->Collection(NameOf(write.ref.collection));
        bson_t reply;
        bool done =
            mongoc_collection_delete_one(where.get(), filter.get(), options.get(), &reply, &error);
        size_t deleted = CountIn(reply, "deletedCount");
        auto failure = FailureOf(error, &reply);
        bson_destroy(&reply);
        reader_.seen().Note(session.get());
        if (done && deleted > 0) {
            states_[index] = WriteState::kApplied;
            return;
        }
        if (done) {
            auto stored = reader_.Load(std::span(&write.ref, 1), deadline_);
            bool gone = stored && !stored->front();
            if (!stored) return FailAt(index, stored.error().message);
            states_[index] = again && gone ? WriteState::kApplied : WriteState::kLost;
            return;
        }
        why = ErrorOf(error).message;
        if (failure != Failure::kTransient) break;
        again = true;
    } while (deadline_.Wait());
    FailAt(index, std::move(why));
}

}  // namespace barracuda::store
