#include "store/mongo/scan.h"

#include <algorithm>

#include "base/text.h"
#include "domain/bson.h"
#include "store/index.h"
#include "store/mongo/address.h"

namespace barracuda::store {

namespace {

constexpr std::string_view kLastCharacter = "\xf4\x8f\xbf\xbf";  // U+10FFFF, in no id of use

using Cursor = std::unique_ptr<mongoc_cursor_t, decltype(&mongoc_cursor_destroy)>;

// What a page is ordered by: fields, the last of which tell every document apart.
std::vector<std::string> OrderOf(const ScanRequest& request) {
    if (!request.index) {
        if (request.collection != Collection::kConversions) return {"_id"};
        return {"click_id", "goal_id", "occurrence"};
    }
    std::vector<std::string> fields;
    for (const char* field : IndexOf(*request.index).fields) fields.emplace_back(field);
    if (fields.back() != "_id") fields.emplace_back("_id");
    return fields;
}

// The seed kept affiliates as numbers or as text; both are the same affiliate.
void AppendEqual(Bson& to, const std::string& field, const std::string& value) {
    if (field == "_id") return AppendKey(to, field, value);
    bool number = !value.empty() && value.size() <= 18 &&
                  value.find_first_not_of("0123456789") == std::string::npos &&
                  (value == "0" || value[0] != '0');
    if (!number || field == "click_id" || field == "goal_id") {
        to.Text(field, value);
        return;
    }
    to.Document(field, Bson().Array("$in", Bson().Text("0", value).Int("1", std::stoll(value))));
}

// Takes the fields that are equal in every document of the page off `order`.
Bson FilterOf(const ScanRequest& request, std::vector<std::string>& order) {
    Bson filter;
    // The index of work is partial: only a query that asks for `due` can go by it.
    if (request.index == IndexId::kConversionDue) {
        filter.Document("due", Bson().Bool("$exists", true));
    }
    std::vector<std::string> equal = request.equal;
    std::string rest = request.key_prefix;  // parts end with a NUL, the last may be cut
    for (size_t end; (end = rest.find('\0')) != std::string::npos; rest.erase(0, end + 1)) {
        equal.push_back(rest.substr(0, end));
    }
    for (const auto& value : equal) {
        if (order.empty()) break;
        AppendEqual(filter, order.front(), value);
        order.erase(order.begin());
    }
    if (order.empty()) return filter;
    const std::string& next = order.front();
    if (!rest.empty()) {
        filter.Document(
            next, Bson().Text("$gte", rest).Text("$lt", rest + std::string(kLastCharacter))
        );
    } else if (IsDateField(next)) {  // a document without a date stands in no list by date
        Bson range;
        range.Date("$gte", request.from.value_or(Time{INT64_MIN}));
        if (request.to) range.Date("$lt", *request.to);
        filter.Document(next, range);
    } else if (request.index && next != "_id") {
        filter.Document(next, Bson().Bool("$exists", true));
    }
    return filter;
}

// Tells lists apart whose places look alike: by creation and by death, of one affiliate and
// another, of one click's conversions and another's.
std::string ListOf(const ScanRequest& request) {
    std::string list = std::to_string(request.index ? static_cast<int>(*request.index) : 0);
    for (const auto& value : request.equal) list += ' ' + value;
    if (!request.key_prefix.empty()) list += '/' + HexOf(request.key_prefix);
    return list;
}

// A cursor: the order's values of the last document shown, as a BSON document with keys 0, 1, …; a
// value that is missing there was missing here. And whose it is, in `list`.
std::string CursorAfter(
    const ScanRequest& request, const std::string& document, const std::vector<std::string>& order
) {
    bson_t view = ViewOf(document);
    Bson cursor;
    cursor.Text("list", ListOf(request));
    for (size_t i = 0; i < order.size(); ++i) {
        bson_iter_t at;
        if (!bson_iter_init_find(&at, &view, order[i].c_str())) continue;
        cursor.Value(std::to_string(i), bson_iter_value(&at));
    }
    return cursor.Bytes();
}

bool IsPlain(const bson_iter_t& at) {
    return BSON_ITER_HOLDS_UTF8(&at) || BSON_ITER_HOLDS_OID(&at) || BSON_ITER_HOLDS_NUMBER(&at) ||
           BSON_ITER_HOLDS_DATE_TIME(&at);
}

// Everything after the cursor: equal in the fields before, beyond it in one. nullopt: a cursor that
// is none of ours.
std::optional<Bson> BeyondOf(const ScanRequest& request, const std::vector<std::string>& order) {
    bson_t cursor;
    auto* data = reinterpret_cast<const uint8_t*>(request.cursor.data());
    if (!bson_init_static(&cursor, data, request.cursor.size()) ||
        !bson_validate(&cursor, BSON_VALIDATE_UTF8, nullptr)) {
        return std::nullopt;
    }
    // A replay job that ran before cursors said whose they are goes on.
    const auto list = domain::TopText(request.cursor, "list");
    if (list && *list != ListOf(request)) return std::nullopt;
    Bson branches, before;
    size_t count = 0;
    if (order.empty()) return std::nullopt;
    for (size_t i = 0; i < order.size(); ++i) {
        bson_iter_t at;
        bool there = bson_iter_init_find(&at, &cursor, std::to_string(i).c_str());
        if (there && !IsPlain(at)) return std::nullopt;
        const bool date = IsDateField(order[i]) || order[i] == "due";
        if (there && date != BSON_ITER_HOLDS_DATE_TIME(&at)) return std::nullopt;
        if (!there && order[i] != "occurrence") return std::nullopt;
        Bson branch, beyond;
        branch.Merge(before);
        if (there && !request.descending) {
            beyond.Value("$gt", bson_iter_value(&at));
        } else if (there && order[i] == "occurrence") {
            // Below are smaller ones and the one without: a missing value sorts first.
            beyond.Document("$not", Bson().Value("$gte", bson_iter_value(&at)));
        } else if (there) {
            beyond.Value("$lt", bson_iter_value(&at));
        } else if (!request.descending) {
            beyond.Bool("$exists", true);
        } else {
            continue;  // nothing sorts below a missing value
        }
        branch.Document(order[i], beyond);
        branches.Document(std::to_string(count++), branch);
        if (there) before.Value(order[i], bson_iter_value(&at));
    }
    Bson beyond;
    beyond.Array("$or", branches);
    return beyond;
}

Bson OptionsOf(const ScanRequest& request, const std::vector<std::string>& order) {
    Bson sort, options;
    for (const auto& field : order) sort.Int(field, request.descending ? -1 : 1);
    auto one_more = static_cast<int64_t>(request.limit) + 1;
    options.Document("sort", sort).Int("limit", one_more).Int("batchSize", one_more);
    options.Int("maxTimeMS", kScanTime.count());
    return options;
}

}  // namespace

Result<Page> ScanPage(MongoClient& client, const ScanRequest& request) {
    auto order = OrderOf(request);
    Bson filter = FilterOf(request, order);
    if (!request.cursor.empty()) {
        auto beyond = BeyondOf(request, order);
        if (!beyond) return Fail(BadCursor());
        Bson both;
        both.Array("$and", Bson().Document("0", filter).Document("1", *beyond));
        filter = std::move(both);
    }
    Bson options = OptionsOf(request, order);
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto in = lease->Collection(NameOf(request.collection));
    Cursor cursor(
        mongoc_collection_find_with_opts(in.get(), filter.get(), options.get(), nullptr),
        mongoc_cursor_destroy
    );
    Page page;
    const bson_t* document = nullptr;
    while (mongoc_cursor_next(cursor.get(), &document)) {
        if (page.documents.size() == request.limit) {
            if (!page.documents.empty())
                page.cursor = CursorAfter(request, page.documents.back(), order);
            break;
        }
        page.documents.emplace_back(
            reinterpret_cast<const char*>(bson_get_data(document)), document->len
        );
    }
    bson_error_t error = {};
    if (mongoc_cursor_error(cursor.get(), &error)) return Fail(ErrorOf(error));
    return page;
}

}  // namespace barracuda::store
