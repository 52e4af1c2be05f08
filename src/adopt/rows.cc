#include "adopt/rows.h"

#include <fmt/format.h>

#include <cstdlib>

#include "base/unseen.h"
#include "domain/bson.h"
#include "store/mongo/address.h"
#include "store/mongo/ask.h"

namespace barracuda::adopt {

namespace {

constexpr const char* kHelper = "barracuda_adopt_click";
constexpr SeedKind kKinds[] = {SeedKind::kConversion, SeedKind::kPostback, SeedKind::kFtd};

size_t HashOf(std::string_view text) { return std::hash<std::string_view>()(text); }

// Every value that SeedId reads as this text. Numbers of all types are equal to the server.
void AppendVariants(store::Bson& list, size_t& count, const std::string& id) {
    list.Text(std::to_string(count++), id);
    char* end = nullptr;
    if (id.size() <= 19 && id.find_first_not_of("-0123456789") == id.npos) {
        int64_t whole = std::strtoll(id.c_str(), &end, 10);
        if (*end == '\0' && fmt::format("{}", whole) == id) {
            list.Int(std::to_string(count++), whole);
        }
    } else if (id.size() <= 32 && id.find_first_not_of("-+.e0123456789") == id.npos) {
        double number = std::strtod(id.c_str(), &end);
        std::string name = std::to_string(count);
        if (*end != '\0') return;
        bson_append_double(list.get(), name.data(), static_cast<int>(name.size()), number);
        ++count;
    }
    if (bson_oid_is_valid(id.data(), id.size())) AppendKey(list, std::to_string(count++), id);
}

store::Bson Projection(std::initializer_list<const char*> fields) {
    store::Bson only, options;
    for (const char* field : fields) only.Int(field, 1);
    options.Document("projection", only);
    return options;
}

// Calls `visit` with every document, without keeping them.
template <typename Visit>
Result<bool> Visiting(
    store::MongoClient& client,
    const char* collection,
    const store::Bson& filter,
    const store::Bson& options,
    Visit visit
) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto in = lease->Collection(collection);
    store::MongoCursor cursor(
        mongoc_collection_find_with_opts(in.get(), filter.get(), options.get(), nullptr),
        mongoc_cursor_destroy
    );
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) visit(store::BytesOf(*document));
    bson_error_t error = {};
    const bson_t* reply = nullptr;
    if (mongoc_cursor_error_document(cursor.get(), &error, &reply)) {
        return Fail(store::ToldError(error, reply));
    }
    return true;
}

}  // namespace

std::string IdOnly(std::string_view document) {
    bson_t view = store::ViewOf(document);
    bson_iter_t at;
    store::Bson id;
    if (bson_iter_init_find(&at, &view, "_id")) id.Value("_id", bson_iter_value(&at));
    return id.Bytes();
}

// `min` and `max` go by the index and know no types; `$gt` would see only ids of the same type.
Result<Rows> AdoptionRows::Page(
    const char* collection, const std::string& after, const std::string& until, size_t limit
) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    store::Bson options;
    auto most = static_cast<int64_t>(limit) + 1;
    options.Document("sort", store::Bson().Int("_id", 1))
        .Document("hint", store::Bson().Int("_id", 1));
    options.Int("limit", most).Int("batchSize", most);
    auto bound = [&](const char* name, const std::string& id) {
        bson_t view = store::ViewOf(id);
        bson_append_document(options.get(), name, -1, &view);
    };
    if (!after.empty()) bound("min", after);
    if (!until.empty()) bound("max", until);
    auto found = FindAll(*lease, collection, store::Bson(), options);
    if (!found) return found;
    if (!after.empty()) std::erase_if(*found, [&](const auto& d) { return IdOnly(d) == after; });
    if (!until.empty()) {  // `max` is without it
        store::Bson filter;
        bson_t view = store::ViewOf(until);
        bson_concat(filter.get(), &view);
        auto last = FindAll(*lease, collection, filter, store::Bson());
        if (!last) return last;
        found->insert(found->end(), last->begin(), last->end());
    }
    if (found->size() > limit) found->resize(limit);
    return found;
}

Result<Rows> AdoptionRows::Of(const char* collection, const std::set<std::string>& clicks) {
    if (clicks.empty()) return Rows();
    if (auto read = ReadUntrimmed(); !read) return Fail(read.error());
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    store::Bson list, filter;
    size_t count = 0;
    for (const auto& click : clicks) {
        AppendVariants(list, count, click);
        auto at = untrimmed_.find(click);
        if (at == untrimmed_.end()) continue;
        for (const auto& written : at->second) list.Text(std::to_string(count++), written);
    }
    filter.Document("click_id", store::Bson().Array("$in", list));
    return FindAll(*lease, collection, filter, store::Bson());
}

// The few that `$in` cannot name. One reading of each collection or of its index by click.
Result<bool> AdoptionRows::ReadUntrimmed() {
    if (untrimmed_read_) return true;
    const std::string unseen = UnseenClass();
    store::Bson filter;
    filter.Document("click_id", store::Bson().Text("$regex", "^" + unseen + "|" + unseen + "$"));
    auto visit = [&](const std::string& row) {
        const domain::TopFields fields(row);
        const std::string written = fields.TextOr("click_id");
        const std::string click(TrimUnseen(written));
        if (!click.empty() && click != written) untrimmed_[click].insert(written);
    };
    for (auto kind : kKinds) {
        auto read = Visiting(client_, CollectionOf(kind), filter, Projection({"click_id"}), visit);
        if (!read) return read;
    }
    untrimmed_read_ = true;
    return true;
}

Result<Groups> AdoptionRows::AllOf(const std::set<std::string>& clicks) {
    Groups groups;
    for (auto kind : kKinds) {
        auto rows = Of(CollectionOf(kind), clicks);
        if (!rows) return Fail(rows.error());
        for (auto& row : *rows) {
            auto key = SeedKeyOf(kind, row, rules_);
            if (!key) continue;
            auto& group = groups[*key];
            group.key = std::move(*key);
            auto& of = kind == SeedKind::kConversion ? group.conversions
                       : kind == SeedKind::kPostback ? group.postbacks
                                                     : group.ftds;
            of.push_back(std::move(row));
        }
    }
    return groups;
}

Result<int64_t> AdoptionRows::Count(const char* collection) {
    auto lease = client_.Take();
    if (!lease) return Fail(lease.error());
    bson_error_t error = {};
    auto in = lease->Collection(collection);
    int64_t count =
        mongoc_collection_estimated_document_count(in.get(), nullptr, nullptr, nullptr, &error);
    if (count < 0) return Fail(store::ToldError(error));
    return count;
}

Result<bool> AdoptionRows::ReadContacts() {
    oldest_.clear();
    clicks_.clear();
    std::set<size_t> clickless;
    auto visit = [&](const std::string& contact) {
        std::string email = EmailKeyOf(contact);
        if (email.empty()) return;
        const domain::TopFields fields(contact);
        if (fields.TextOr("sub1").empty() && fields.TextOr("click_id").empty()) {
            clickless.insert(HashOf(email));
        }
        Oldest one{!fields.TextOr("email_key").empty(), SeedCreated(fields), IdText(contact)};
        auto [at, fresh] = oldest_.try_emplace(HashOf(email), one);
        auto rank = [](const Oldest& o) { return std::tuple(!o.has_key, o.created, o.id); };
        if (!fresh && rank(one) < rank(at->second)) at->second = std::move(one);
    };
    auto read = Visiting(
        client_,
        NameOf(store::Collection::kContacts),
        store::Bson(),
        Projection({"email", "email_key", "createdAt", "updatedAt", "sub1", "click_id"}),
        visit
    );
    if (!read) return read;
    return ReadClicks(clickless);
}

Result<bool> AdoptionRows::ReadClicks(const std::set<size_t>& wanted) {
    if (wanted.empty()) return true;
    store::Bson filter;
    filter.Document("metadata.email", store::Bson().Bool("$exists", true));
    auto visit = [&](const std::string& conversion) {
        const domain::TopFields fields(conversion);
        const std::string metadata(fields.Bytes("metadata"));
        size_t email = HashOf(EmailKeyOf(metadata));
        const auto* click_id = fields.Find("click_id");
        if (metadata.empty() || !wanted.contains(email) || !click_id) return;
        auto click = SeedId(*click_id);
        if (!click || click->empty()) return;
        Click found{*click, fields.TextOr("hash", fields.TextOr("click_hash", *click))};
        auto [at, fresh] = clicks_.try_emplace(email, found);
        if (!fresh && at->second.click != found.click) at->second = {};
    };
    return Visiting(
        client_,
        NameOf(store::Collection::kConversions),
        filter,
        Projection({"click_id", "hash", "click_hash", "metadata.email"}),
        visit
    );
}

bool AdoptionRows::IsOldest(std::string_view contact) const {
    auto at = oldest_.find(HashOf(EmailKeyOf(contact)));
    return at != oldest_.end() && at->second.id == IdText(contact);
}

void AdoptionRows::NotOldest(std::string_view contact) {
    oldest_.erase(HashOf(EmailKeyOf(contact)));
}

AdoptionRows::Click AdoptionRows::ClickOf(std::string_view contact) const {
    std::string email = EmailKeyOf(contact);
    auto at = clicks_.find(HashOf(email));
    return email.empty() || at == clicks_.end() ? Click{} : at->second;
}

Result<bool> AdoptionRows::BuildHelpers() {
    for (auto kind : kKinds) {
        auto lease = client_.Take();
        if (!lease) return Fail(lease.error());
        auto indexes = IndexesOf(*lease, CollectionOf(kind));
        if (!indexes) return Fail(indexes.error());
        bool there = indexes->empty();  // then the collection is not there
        for (const auto& index : *indexes) {
            const domain::TopFields fields(index);
            const std::string key(fields.Bytes("key"));
            bson_iter_t at;
            bson_t view = store::ViewOf(key);
            bool usable = !fields.Find("partialFilterExpression") && !fields.Find("collation");
            there = there || (usable && bson_iter_init(&at, &view) && bson_iter_next(&at) &&
                              std::string_view(bson_iter_key(&at)) == "click_id");
        }
        if (there) continue;
        store::Bson index, command;
        index.Document("key", store::Bson().Int("click_id", 1)).Text("name", kHelper);
        command.Text("createIndexes", CollectionOf(kind));
        command.Array("indexes", store::Bson().Document("0", index));
        if (auto built = lease->Command(command); !built) return Fail(built.error());
    }
    return true;
}

Result<bool> AdoptionRows::DropHelpers() {
    for (auto kind : kKinds) {
        auto lease = client_.Take();
        if (!lease) return Fail(lease.error());
        auto indexes = IndexesOf(*lease, CollectionOf(kind));
        if (!indexes) return Fail(indexes.error());
        for (const auto& index : *indexes) {
            if (domain::TopText(index, "name") != kHelper) continue;
            store::Bson command;
            command.Text("dropIndexes", CollectionOf(kind)).Text("index", kHelper);
            if (auto dropped = lease->Command(command); !dropped) return Fail(dropped.error());
        }
    }
    return true;
}

}  // namespace barracuda::adopt
