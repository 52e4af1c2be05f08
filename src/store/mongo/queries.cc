#include "store/mongo/queries.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "domain/bson.h"
#include "store/index.h"
#include "store/mongo/address.h"

namespace barracuda::store {

namespace {

constexpr int64_t kWorkMs = 4'000;
constexpr uint32_t kTimeLimitExceeded = 50;
constexpr size_t kGroupsMax = 1'000'000;  // of sums: beyond it there are none, not some
constexpr Collection kWithWork[] = {Collection::kConversions, Collection::kContacts};

using Cursor = std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)>;

// Calls `take` with every document that the cursor gives. False: not with all, and `error` why.
template <typename Take>
bool Each(mongoc_cursor_t* cursor, bson_error_t& error, Take take) {
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor, &document)) take(*document);
    return !mongoc_cursor_error(cursor, &error);
}

// Only what the work list needs.
Result<std::vector<WorkItem>> FindWork(
    MongoClient::Lease& lease, Seen& seen, Collection collection, const Bson& filter, size_t limit
) {
    Bson options;
    options.Document("sort", Bson().Int("owner", 1).Int("due", 1));
    options.Document(
        "projection",
        Bson()
            .Int("click_id", 1)
            .Int("goal_id", 1)
            .Int("occurrence", 1)
            .Int("owner", 1)
            .Int("due", 1)
    );
    auto most = static_cast<int64_t>(limit);
    options.Int("limit", most).Int("batchSize", most).Int("maxTimeMS", kWorkMs);
    auto found = seen.Find(lease, NameOf(collection), filter, options);
    if (!found) return Fail(found.error());
    std::vector<WorkItem> items;
    for (const auto& bytes : *found) {
        const domain::TopFields fields(bytes);
        items.push_back(
            {RefOfDocument(collection, bytes),
             NodeId(fields.TextOr("owner")),
             Time{fields.Number("due")}}
        );
    }
    return items;
}

// A missing owner reads as an empty one.
void AppendOwner(Bson& filter, const NodeId& owner) {
    if (!owner.empty()) {
        filter.Text("owner", owner.value);
    } else {
        filter.Document("owner", Bson().Array("$in", Bson().Null("0").Text("1", "")));
    }
}

Bson DueWithin(Time from, Time until) {
    Bson due;
    due.Date("$gte", from).Date("$lte", until);
    return due;
}

// However many they are: whoever is left out is never taken over from.
Result<bool> FindOwners(
    MongoClient::Lease& lease, Seen& seen, Collection collection, std::set<NodeId>& owners
) {
    Bson some;
    some.Date("$gte", Time{INT64_MIN});
    Bson nobodys;
    nobodys.Null("owner").Document("due", some);
    auto found = FindWork(lease, seen, collection, nobodys, 1);
    NodeId last;
    for (bool first = true; found; first = false) {
        if (!found->empty()) owners.insert(last = found->front().owner);
        if (!first && found->empty()) return true;
        Bson next;
        next.Document("owner", Bson().Text(first ? "$gte" : "$gt", last.value));
        next.Document("due", some);
        found = FindWork(lease, seen, collection, next, 1);
    }
    return Fail(found.error());
}

constexpr std::string_view kOccurrence = "occurrence";

struct Sum {
    std::vector<const char*> fields;
    const char* money;
};

// As the program reads a document: a missing field is empty, an amount that is no money
// (base/money.h: below 0, beyond 10^12, no number) is 0, and every amount is rounded half to even
// to micro-units before it is added.
Bson PipelineOf(const Sum& sum) {
    std::string group = R"({"m":{"$dateToString":{"date":"$createdAt","format":"%Y-%m",)"
                        R"("timezone":"UTC","onNull":"1970-01"}})";
    for (size_t i = 0; i < sum.fields.size(); ++i) {
        if (sum.fields[i] == kOccurrence) {
            group += fmt::format(
                R"(,"f{}":{{"$cond":[{{"$gt":["$occurrence",""]}},"{}",""]}})", i, kAgain
            );
            continue;
        }
        group += fmt::format(
            R"(,"f{}":{{"$convert":{{"input":"${}","to":"string","onError":"","onNull":""}}}})",
            i,
            sum.fields[i]
        );
    }
    group += "}";
    std::string pipeline = fmt::format(
        R"([{{"$project":{{"_id":0,"g":{},"v":{{"$convert":{{"input":"${}","to":"decimal",)"
        R"("onError":0,"onNull":0}}}}}}}},)"
        R"({{"$group":{{"_id":"$g","n":{{"$sum":1}},"s":{{"$sum":{{"$cond":[{{"$and":[)"
        R"({{"$gte":["$v",0]}},{{"$lte":["$v",1000000000000]}}]}},)"
        R"({{"$round":[{{"$multiply":["$v",1000000]}},0]}},0]}}}}}}}},{{"$limit":{}}}])",
        group,
        sum.money,
        kGroupsMax + 1
    );
    return Bson::Json(pipeline);
}

// A whole number in Decimal128's text, which may carry an exponent ("1.50E+6").
__int128 WholeOf(const bson_iter_t& at) {
    if (!BSON_ITER_HOLDS_DECIMAL128(&at)) return bson_iter_as_int64(&at);
    bson_decimal128_t decimal;
    bson_iter_decimal128(&at, &decimal);
    char text[BSON_DECIMAL128_STRING];
    bson_decimal128_to_string(&decimal, text);
    std::string_view rest = text;
    bool negative = rest.starts_with('-');
    if (negative) rest.remove_prefix(1);
    __int128 value = 0;
    long exponent = 0;
    bool fraction = false;
    for (size_t i = 0; i < rest.size(); ++i) {
        char c = rest[i];
        if (c == '.') {
            fraction = true;
        } else if (c == 'E') {
            exponent += std::strtol(rest.data() + i + 1, nullptr, 10);
            break;
        } else if (c >= '0' && c <= '9') {
            value = value * 10 + (c - '0');
            exponent -= fraction;
        }
    }
    for (; exponent > 0; --exponent) value *= 10;
    for (; exponent < 0; ++exponent) value /= 10;
    return negative ? -value : value;
}

RollupRow RowOf(const bson_t& document, size_t fields) {
    RollupRow row;
    bson_iter_t at;
    if (bson_iter_init_find(&at, &document, "_id")) {
        std::string_view group = domain::BytesOf(at);
        row.group.push_back(domain::TopText(group, "m").value_or(""));
        for (size_t i = 0; i < fields; ++i) {
            std::string name = fmt::format("f{}", i);
            row.group.push_back(domain::TopText(group, name.c_str()).value_or(""));
        }
    }
    if (bson_iter_init_find(&at, &document, "n")) row.count = bson_iter_as_int64(&at);
    if (bson_iter_init_find(&at, &document, "s")) row.micros = WholeOf(at);
    return row;
}

}  // namespace

Result<std::vector<NodeId>> OwnersOfWork(MongoClient& client, Seen& seen) {
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    std::set<NodeId> owners;
    for (Collection collection : kWithWork) {
        auto found = FindOwners(*lease, seen, collection, owners);
        if (!found) return Fail(found.error());
    }
    return std::vector<NodeId>(owners.begin(), owners.end());
}

Result<std::vector<WorkItem>> DueWork(MongoClient& client, Seen& seen, const WorkQuery& query) {
    auto from =
        query.owners ? Result<std::vector<NodeId>>(*query.owners) : OwnersOfWork(client, seen);
    if (!from) return Fail(from.error());
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    std::vector<WorkItem> items;
    for (const auto& owner : *from) {
        if (items.size() >= query.limit) break;
        Bson filter;
        AppendOwner(filter, owner);
        filter.Document("due", DueWithin(query.from.value_or(Time{INT64_MIN}), query.until));
        auto found = FindWork(*lease, seen, query.collection, filter, query.limit - items.size());
        if (!found) return Fail(found.error());
        // In one order whoever is asked: an owner that is none is null or empty.
        std::stable_sort(found->begin(), found->end(), [](const auto& a, const auto& b) {
            return a.due < b.due;
        });
        items.insert(items.end(), found->begin(), found->end());
    }
    return items;
}

Result<std::vector<std::string>> FindAnyOf(
    MongoClient& client, Seen& seen, IndexId index, std::span<const std::string> values
) {
    if (values.empty()) return std::vector<std::string>();
    const IndexDefinition& definition = IndexOf(index);
    Bson list, filter, options;
    size_t count = 0;
    for (const auto& value : values) list.Text(std::to_string(count++), value);
    filter.Document(definition.fields[0], Bson().Array("$in", list));
    options.Int("maxTimeMS", kWorkMs);
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    return seen.Find(*lease, NameOf(definition.collection), filter, options);
}

Result<std::optional<std::vector<RollupRow>>> SumUp(
    MongoClient& client, Collection collection, std::chrono::milliseconds most
) {
    Sum sum;
    if (collection == Collection::kConversions) {
        sum = {{"affiliate_id", "goal_type", "status", "currency", kOccurrence.data()}, "amount"};
    } else if (collection == Collection::kContacts) {
        sum = {{"type", "status", "affiliate_status", "ftd", "ftd_currency"}, "ftd_amount"};
    } else {
        return std::optional(std::vector<RollupRow>());
    }
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    Bson pipeline = PipelineOf(sum), options;
    options.Bool("allowDiskUse", true).Int("maxTimeMS", most.count());
    auto in = lease->Collection(NameOf(collection));
    Cursor cursor(
        mongoc_collection_aggregate(
            in.get(), MONGOC_QUERY_NONE, pipeline.get(), options.get(), nullptr
        ),
        mongoc_cursor_destroy
    );
    std::vector<RollupRow> rows;
    bson_error_t error = {};
    const bool all = Each(cursor.get(), error, [&](const bson_t& document) {
        rows.push_back(RowOf(document, sum.fields.size()));
    });
    if (!all) {
        const bool server = error.domain == MONGOC_ERROR_SERVER;
        if (server && error.code == kTimeLimitExceeded) return std::nullopt;
        return Fail(ErrorOf(error));
    }
    if (rows.size() > kGroupsMax) {
        return Fail(ErrorCode::kUnavailable, "the statistics have too many groups");
    }
    std::sort(rows.begin(), rows.end(), [](const RollupRow& a, const RollupRow& b) {
        return a.group < b.group;
    });
    return std::optional(std::move(rows));
}

}  // namespace barracuda::store
