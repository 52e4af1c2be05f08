#include "adopt/writer.h"

#include <algorithm>

#include "adopt/adoption.h"
#include "adopt/rows.h"
#include "base/time.h"
#include "domain/bson.h"
#include "store/mongo/address.h"
#include "store/mongo/ask.h"

namespace barracuda::adopt {

namespace {

using BulkOperation =
    std::unique_ptr<mongoc_bulk_operation_t, decltype(&mongoc_bulk_operation_destroy)>;

bool IsDuplicate(uint32_t code) { return code == 11000 || code == 11001; }

std::string CollectionIn(const std::string& where) { return where.substr(0, where.find('/')); }

// The document as it was read. The seed's writes do not raise `rev` but set `updatedAt`.
store::Bson AsRead(const char* collection, const std::string& before) {
    bool conversion = std::string_view(collection) == NameOf(store::Collection::kConversions);
    store::Bson filter = StoredFilter(
        conversion ? store::Collection::kConversions : store::Collection::kContacts, before
    );
    bson_t view = store::ViewOf(before);
    bson_iter_t at;
    if (bson_iter_init_find(&at, &view, "updatedAt")) {
        filter.Value("updatedAt", bson_iter_value(&at));
    } else {
        filter.Document("updatedAt", store::Bson().Bool("$exists", false));
    }
    return filter;
}

struct BulkReply {
    int64_t done = 0;
    std::vector<std::pair<size_t, uint32_t>> errors;  // position, code
};

// Unordered; errors of single writes are in the reply, others fail.
Result<BulkReply> Execute(mongoc_bulk_operation_t* bulk) {
    bson_t reply;
    bson_error_t error = {};
    bool done = mongoc_bulk_operation_execute(bulk, &reply, &error) != 0;
    BulkReply into;
    bson_iter_t at, list, entry;
    for (const char* field : {"nInserted", "nMatched", "nRemoved"}) {
        if (bson_iter_init_find(&at, &reply, field)) into.done += bson_iter_as_int64(&at);
    }
    if (bson_iter_init_find(&at, &reply, "writeErrors") && bson_iter_recurse(&at, &list)) {
        while (bson_iter_next(&list)) {
            size_t index = 0;
            uint32_t code = 0;
            if (!bson_iter_recurse(&list, &entry)) continue;
            while (bson_iter_next(&entry)) {
                std::string_view key = bson_iter_key(&entry);
                if (key == "index") index = static_cast<size_t>(bson_iter_as_int64(&entry));
                if (key == "code") code = static_cast<uint32_t>(bson_iter_as_int64(&entry));
            }
            into.errors.emplace_back(index, code);
        }
    }
    bool only_duplicates =
        !into.errors.empty() && std::all_of(into.errors.begin(), into.errors.end(), [](auto& e) {
            return IsDuplicate(e.second);
        });
    bson_iter_t concern;
    bool unconfirmed = bson_iter_init_find(&at, &reply, "writeConcernErrors") &&
                       bson_iter_recurse(&at, &concern) && bson_iter_next(&concern);
    Error told = store::ToldError(error, &reply);
    bson_destroy(&reply);
    if (unconfirmed) return Fail(ErrorCode::kUnavailable, "no majority has confirmed a write");
    if (!done && !only_duplicates) return Fail(told);
    return into;
}

store::Bson Unchecked() {
    store::Bson unchecked;
    unchecked.Bool("validate", false);  // metadata may hold any key that the server takes
    return unchecked;
}

// One unordered bulk; `add(bulk, item, error)` puts an item into it.
template <typename Item, typename Add>
Result<BulkReply> Send(
    store::MongoClient& client, const char* collection, const std::vector<Item>& items, Add add
) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto in = lease->Collection(collection);
    store::Bson options;
    options.Bool("ordered", false);
    BulkOperation bulk(
        mongoc_collection_create_bulk_operation_with_opts(in.get(), options.get()),
        mongoc_bulk_operation_destroy
    );
    bson_error_t error = {};
    for (const auto& item : items) {
        if (add(bulk.get(), item, &error)) continue;
        return Fail(ErrorCode::kInternal, std::string("MongoDB: ") + error.message);
    }
    return Execute(bulk.get());
}

store::Bson DocumentOf(const Aside& aside) {
    store::Bson to, differences;
    to.Text("_id", aside.where).Text("reason", aside.reason);
    if (!aside.why.empty()) to.Text("why", aside.why);
    if (!aside.key.click.value.empty()) {
        to.Text("click_id", aside.key.click.value).Text("goal_id", aside.key.goal.value);
    }
    if (!aside.into.empty()) to.Text("into", aside.into);
    size_t count = 0;
    for (const auto& difference : aside.differences) {
        store::Bson one;
        one.Text("field", difference.field).Text("kept", difference.kept);
        one.Text("said", difference.said);
        differences.Document(std::to_string(count++), one);
    }
    if (count > 0) to.Array("differences", differences);
    auto put = [&](const char* name, const std::string& document) {
        if (document.empty()) return;
        bson_t view = store::ViewOf(document);
        bson_append_document(to.get(), name, -1, &view);
    };
    put("document", aside.document);
    put("made", aside.made);
    if (!aside.made.empty()) to.Bool("pending", true);
    to.Date("at", Time::Now());
    return to;
}

Aside AsideOf(const std::string& document) {
    const domain::TopFields fields(document);
    Aside aside{.where = fields.TextOr("_id"), .reason = fields.TextOr("reason")};
    aside.why = fields.TextOr("why");
    aside.key.click = ClickId(fields.TextOr("click_id"));
    aside.key.goal = GoalId(fields.TextOr("goal_id"));
    aside.into = fields.TextOr("into");
    aside.document = fields.Bytes("document");
    aside.made = fields.Bytes("made");
    bson_iter_t entry;
    const auto* list = fields.Find("differences");
    if (!list || !BSON_ITER_HOLDS_ARRAY(list) || !bson_iter_recurse(list, &entry)) return aside;
    while (bson_iter_next(&entry)) {
        const domain::TopFields one(domain::BytesOf(entry));
        aside.differences.push_back(
            {aside.where, one.TextOr("field"), one.TextOr("kept"), one.TextOr("said")}
        );
    }
    return aside;
}

}  // namespace

Result<bool> AdoptionWriter::PutAside(const std::vector<Aside>& asides) {
    if (asides.empty()) return true;
    const store::Bson unchecked = Unchecked();
    auto add = [&](mongoc_bulk_operation_t* bulk, const Aside& aside, bson_error_t* error) {
        store::Bson document = DocumentOf(aside);
        return mongoc_bulk_operation_insert_with_opts(bulk, document.get(), unchecked.get(), error);
    };
    // A duplicate: put there by a run before.
    auto done = Send(client_, kAsideCollection, asides, add);
    if (!done) return Fail(done.error());
    return true;
}

Result<bool> AdoptionWriter::InsertUnlessThere(
    const char* collection, const std::string& document
) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    bson_error_t error = {};
    bson_t reply, view = store::ViewOf(document);
    bool done = mongoc_collection_insert_one(
        lease->Collection(collection).get(), &view, Unchecked().get(), &reply, &error
    );
    Error told = store::ToldError(error, &reply);
    bson_destroy(&reply);
    if (done || IsDuplicate(error.code)) return true;
    return Fail(told);
}

// The original is aside: deleted, and what takes its place comes after. Not the other way round,
// for a unique index may have room for one only.
Result<bool> AdoptionWriter::Renew(const Aside& aside) {
    std::string collection = CollectionIn(aside.where);
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    bson_error_t error = {};
    bson_t reply;
    std::string id = IdOnly(aside.document);
    bson_t filter = store::ViewOf(id);
    bool done = mongoc_collection_delete_one(
        lease->Collection(collection.c_str()).get(), &filter, nullptr, &reply, &error
    );
    Error told = store::ToldError(error, &reply);
    bson_destroy(&reply);
    if (!done) return Fail(told);
    auto inserted = InsertUnlessThere(collection.c_str(), aside.made);
    if (!inserted) return inserted;
    return Settled(aside);
}

Result<bool> AdoptionWriter::Settled(const Aside& aside) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    bson_error_t error = {};
    store::Bson update;
    update.Document("$unset", store::Bson().Text("pending", ""));
    bool done = mongoc_collection_update_one(
        lease->Collection(kAsideCollection).get(),
        store::Bson().Text("_id", aside.where).get(),
        update.get(),
        nullptr,
        nullptr,
        &error
    );
    if (!done) return Fail(store::ToldError(error));
    return true;
}

// One whose original is still there is met again with its page.
Result<bool> AdoptionWriter::EndRenewals() {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    auto pending =
        FindAll(*lease, kAsideCollection, store::Bson().Bool("pending", true), store::Bson());
    if (!pending) return Fail(pending.error());
    for (const auto& document : *pending) {
        Aside aside = AsideOf(document);
        std::string collection = CollectionIn(aside.where);
        bson_t id = store::ViewOf(aside.document);
        bson_iter_t at;
        store::Bson filter;
        if (bson_iter_init_find(&at, &id, "_id")) filter.Value("_id", bson_iter_value(&at));
        auto there = HasAny(*lease, collection.c_str(), filter);
        if (!there) return there;
        if (*there) continue;
        auto inserted = InsertUnlessThere(collection.c_str(), aside.made);
        if (!inserted) return inserted;
        if (auto settled = Settled(aside); !settled) return settled;
    }
    return true;
}

Result<Applied> AdoptionWriter::Apply(const PageWrites& writes) {
    Applied applied;
    if (auto put = PutAside(writes.asides); !put) return Fail(put.error());
    for (const auto& aside : writes.asides) {
        if (aside.made.empty()) continue;
        if (auto renewed = Renew(aside); !renewed) return Fail(renewed.error());
    }
    if (auto updated = Update(writes.updates, applied); !updated) return Fail(updated.error());
    if (auto inserted = Insert(writes.inserts, applied); !inserted) return Fail(inserted.error());
    // Last: what goes is part of something that stands by now.
    if (!applied.all) return applied;
    if (auto deleted = Delete(writes.deletes, applied); !deleted) return Fail(deleted.error());
    return applied;
}

Result<bool> AdoptionWriter::Update(
    const std::vector<PageWrites::Update>& updates, Applied& applied
) {
    if (updates.empty()) return true;
    const store::Bson unchecked = Unchecked();
    auto add = [&](mongoc_bulk_operation_t* bulk, const auto& one, bson_error_t* error) {
        store::Bson filter = AsRead(one.collection, one.before);
        bson_t view = store::ViewOf(one.update);
        return mongoc_bulk_operation_update_one_with_opts(
            bulk, filter.get(), &view, unchecked.get(), error
        );
    };
    auto done = Send(client_, updates.front().collection, updates, add);
    if (!done) return Fail(done.error());
    for (const auto& [position, code] : done->errors) applied.taken.push_back(position);
    applied.all = done->done == static_cast<int64_t>(updates.size());
    return true;
}

Result<bool> AdoptionWriter::Insert(
    const std::vector<PageWrites::Insert>& inserts, Applied& applied
) {
    if (inserts.empty()) return true;
    const store::Bson unchecked = Unchecked();
    auto add = [&](mongoc_bulk_operation_t* bulk, const auto& one, bson_error_t* error) {
        bson_t view = store::ViewOf(one.document);
        return mongoc_bulk_operation_insert_with_opts(bulk, &view, unchecked.get(), error);
    };
    auto done = Send(client_, inserts.front().collection, inserts, add);
    if (!done) return Fail(done.error());
    applied.all = applied.all && done->errors.empty();
    return true;
}

Result<bool> AdoptionWriter::Delete(
    const std::vector<PageWrites::Delete>& deletes, Applied& applied
) {
    if (deletes.empty()) return true;
    auto add = [](mongoc_bulk_operation_t* bulk, const auto& one, bson_error_t* error) {
        store::Bson filter = AsRead(one.collection, one.before);
        return mongoc_bulk_operation_remove_one_with_opts(bulk, filter.get(), nullptr, error);
    };
    auto done = Send(client_, deletes.front().collection, deletes, add);
    if (!done) return Fail(done.error());
    applied.all = done->done == static_cast<int64_t>(deletes.size());
    return true;
}

Result<std::vector<Aside>> AdoptionWriter::Listed(
    const std::vector<const char*>& reasons, size_t limit
) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    store::Bson list, filter, options;
    size_t count = 0;
    for (const char* reason : reasons) list.Text(std::to_string(count++), reason);
    filter.Document("reason", store::Bson().Array("$in", list));
    options.Document("sort", store::Bson().Int("_id", 1)).Int("limit", static_cast<int64_t>(limit));
    auto found = FindAll(*lease, kAsideCollection, filter, options);
    if (!found) return Fail(found.error());
    std::vector<Aside> asides;
    for (const auto& document : *found) asides.push_back(AsideOf(document));
    return asides;
}

}  // namespace barracuda::adopt
