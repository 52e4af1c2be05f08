#include "store/mongo/scan.h"

#include <algorithm>

#include "base/text.h"
#include "domain/bson.h"
#include "store/index.h"
#include "store/mongo/address.h"
#include "store/mongo/setup.h"

namespace barracuda::store {

namespace {

// The fields that a page is ordered by; the last of them tell every document apart.
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

// How a value may stand in a document: the seed kept affiliates as numbers or as text, and both are
// the same affiliate; the word that a missing one reads as may be missing; a flag is no text.
size_t AppendForms(Bson& to, size_t count, const std::string& field, const std::string& value) {
    if (IsFlagField(field)) {
        to.Bool(std::to_string(count++), value == "true");
    } else {
        to.Text(std::to_string(count++), value);
    }
    const auto words = WordsOf(field);
    if (!words.empty() && value == words.front()) to.Null(std::to_string(count++));
    const bool number = !value.empty() && value.size() <= 18 &&
                        value.find_first_not_of("0123456789") == std::string::npos &&
                        (value == "0" || value[0] != '0');
    if (!number || !words.empty() || field == "click_id" || field == "goal_id") return count;
    to.Int(std::to_string(count++), std::stoll(value));
    return count;
}

void AppendEqual(Bson& to, const std::string& field, const std::vector<std::string>& values) {
    if (field == "_id") return AppendKey(to, field, values.front());
    Bson forms;
    size_t count = 0;
    for (const auto& value : values) count = AppendForms(forms, count, field, value);
    if (count == 1 && !IsFlagField(field)) {
        to.Text(field, values.front());
    } else {
        to.Document(field, Bson().Array("$in", forms));
    }
}

bool IsContinuation(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }

// The first text above every one that starts with `prefix` (valid UTF-8): its last character, one
// on. Empty: there is none.
std::string AfterPrefix(std::string prefix) {
    constexpr std::string_view kLast = "\xf4\x8f\xbf\xbf";  // U+10FFFF
    while (prefix.ends_with(kLast)) prefix.resize(prefix.size() - kLast.size());
    if (prefix.empty()) return prefix;
    size_t at = prefix.size() - 1;
    for (; at > 0 && prefix[at] == '\xbf' && IsContinuation(prefix[at]); --at) prefix[at] = '\x80';
    auto& byte = prefix[at];
    // One on from the last character of a length, and over the surrogates, which are none.
    if (byte == '\x7f') return prefix.substr(0, at) + "\xc2\x80";
    if (byte == '\xdf') return prefix.substr(0, at) + "\xe0\xa0\x80";
    if (byte == '\xef') return prefix.substr(0, at) + "\xf0\x90\x80\x80";
    if (at > 0 && byte == '\x9f' && prefix[at - 1] == '\xed') {
        return prefix.substr(0, at - 1) + "\xee\x80\x80";
    }
    byte = static_cast<char>(byte + 1);
    return prefix;
}

// The date up to which an earlier page came: what lies on its other side is not even looked at.
std::optional<Time> ReachedOf(const ScanRequest& request) {
    bson_t cursor;
    bson_iter_t at;
    auto* data = reinterpret_cast<const uint8_t*>(request.cursor.data());
    if (request.cursor.empty() || !bson_init_static(&cursor, data, request.cursor.size()) ||
        !bson_iter_init_find(&at, &cursor, "0") || !BSON_ITER_HOLDS_DATE_TIME(&at)) {
        return std::nullopt;
    }
    return Time{bson_iter_date_time(&at)};
}

// Takes the fields that are equal in every document of the page off `order`.
Bson FilterOf(const ScanRequest& request, std::vector<std::string>& order) {
    Bson filter;
    // The index of work is partial: only a query that asks for `due` can go by it.
    if (request.index == IndexId::kConversionDue) {
        filter.Document("due", Bson().Bool("$exists", true));
    }
    std::vector<std::vector<std::string>> equal = request.any;
    for (const auto& value : request.equal) equal.push_back({value});
    std::string rest = request.key_prefix;  // parts end with a NUL, the last may be cut
    for (size_t end; (end = rest.find('\0')) != std::string::npos; rest.erase(0, end + 1)) {
        equal.push_back({rest.substr(0, end)});
    }
    for (const auto& values : equal) {
        if (order.empty()) break;
        AppendEqual(filter, order.front(), values);
        order.erase(order.begin());
    }
    if (order.empty()) return filter;
    const std::string& next = order.front();
    if (!rest.empty()) {
        Bson range;
        range.Text("$gte", rest);
        if (const std::string after = AfterPrefix(rest); !after.empty()) range.Text("$lt", after);
        filter.Document(next, range);
    } else if (IsDateField(next)) {  // a document without a date stands in no list by date
        Time from = request.from.value_or(Time{INT64_MIN});
        const auto reached = ReachedOf(request);
        if (reached && !request.descending) from = std::max(from, *reached);
        Bson range;
        range.Date("$gte", from);
        if (request.to) range.Date("$lt", *request.to);
        if (reached && request.descending) range.Date("$lte", *reached);
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
    for (const auto& values : request.any) {
        list += '/';
        for (const auto& value : values) list += ' ' + value;
    }
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

// Of several values the server must not choose another index, whose order it would have to make.
void AppendHint(Bson& to, const ScanRequest& request) {
    if (!request.any.empty()) to.Text("hint", NameOfIndex(IndexOf(*request.index)));
}

struct Question {
    Bson filter, sort;
    std::vector<std::string> order;
};

Result<Question> QuestionOf(const ScanRequest& request) {
    Question question{{}, {}, OrderOf(request)};
    question.filter = FilterOf(request, question.order);
    if (!request.cursor.empty()) {
        auto beyond = BeyondOf(request, question.order);
        if (!beyond) return Fail(BadCursor());
        Bson both;
        both.Array("$and", Bson().Document("0", question.filter).Document("1", *beyond));
        question.filter = std::move(both);
    }
    for (const auto& field : question.order) {
        question.sort.Int(field, request.descending ? -1 : 1);
    }
    return question;
}

}  // namespace

Result<Page> ScanPage(MongoClient& client, Seen& seen, const ScanRequest& request) {
    auto question = QuestionOf(request);
    if (!question) return Fail(question.error());
    const auto one_more = static_cast<int64_t>(request.limit) + 1;
    Bson options;
    options.Document("sort", question->sort).Int("limit", one_more).Int("batchSize", one_more);
    options.Int("maxTimeMS", kScanTime.count());
    AppendHint(options, request);
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto found = seen.Find(*lease, NameOf(request.collection), question->filter, options);
    if (!found) return Fail(found.error());
    Page page{std::move(*found), {}};
    if (page.documents.size() > request.limit) {
        page.documents.resize(request.limit);
        if (request.limit > 0) {
            page.cursor = CursorAfter(request, page.documents.back(), question->order);
        }
    }
    return page;
}

Result<size_t> CountScan(MongoClient& client, const ScanRequest& request, size_t most) {
    ScanRequest whole = request;
    whole.cursor.clear();
    auto question = QuestionOf(whole);
    if (!question) return Fail(question.error());
    Bson command;
    command.Text("count", NameOf(request.collection)).Document("query", question->filter);
    command.Int("limit", static_cast<int64_t>(most)).Int("maxTimeMS", kScanTime.count());
    command.Document("readConcern", Bson().Text("level", "majority"));
    AppendHint(command, request);
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    auto told = lease->Command(command);
    if (!told) return Fail(told.error());
    bson_iter_t at;
    if (!bson_iter_init_find(&at, told->get(), "n")) {
        return Fail(ErrorCode::kUnavailable, "MongoDB counted nothing");
    }
    return static_cast<size_t>(bson_iter_as_int64(&at));
}

Result<Bson> ExplainScan(MongoClient& client, const ScanRequest& request) {
    auto question = QuestionOf(request);
    if (!question) return Fail(question.error());
    Bson find, command;
    find.Text("find", NameOf(request.collection)).Document("filter", question->filter);
    find.Document("sort", question->sort).Int("limit", static_cast<int64_t>(request.limit) + 1);
    AppendHint(find, request);
    command.Document("explain", find).Text("verbosity", "executionStats");
    auto lease = client.Take();
    if (!lease) return Fail(lease.error());
    return lease->Command(command);
}

}  // namespace barracuda::store
