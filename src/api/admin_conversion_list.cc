// Route 7, reading: the list with its filters, and statistics over everything from the rollups.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/conversion_json.h"
#include "api/query_pool.h"
#include "api/record.h"
#include "api/routes.h"
#include "store/index.h"

namespace barracuda::api {

using domain::Field;

namespace {

constexpr size_t kScannedMax = 200'000;  // documents looked at for one filtered or sorted page

struct ListQuery {
    size_t page = 1, limit = 50;
    std::string goal_type, affiliate, status, search, sort, cursor;
    bool descending = true;
    std::optional<Time> from, to;
    bool filtered() const { return !goal_type.empty() || !status.empty() || !search.empty(); }
};

std::optional<Time> ReadTime(Reader& reader, const char* name) {
    std::string text = reader.Text(name);
    if (text.empty()) return std::nullopt;
    auto time = Time::ParseIso(text);
    if (!time) reader.Refuse(name, "must be an ISO 8601 time such as 2026-01-31T00:00:00Z");
    return time;
}

std::string FromHex(std::string_view hex) {
    auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
    std::string bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes.push_back(static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1])));
    }
    return bytes;
}

ListQuery ReadQuery(Reader& reader) {
    ListQuery query;
    query.page = reader.Count("page", 1);
    query.limit = std::min<size_t>(reader.Count("limit", 50), 200);
    query.goal_type = reader.Text("goal_type");
    if (!query.goal_type.empty() && !domain::GoalTypeNamed(query.goal_type)) {
        reader.Refuse("goal_type", "must be registration, deposit or other");
    }
    query.status = reader.Text("status");
    if (!query.status.empty() && !domain::StatusNamed(query.status)) {
        reader.Refuse("status", "must be pending, approved or rejected");
    }
    query.affiliate = reader.Id("affiliate_id");
    query.search = reader.Text("search");
    query.sort = reader.Text("sortBy");
    if (query.sort.empty()) query.sort = "createdAt";
    static constexpr const char* kSorts[] = {
        "createdAt", "updatedAt", "amount", "affiliate_id", "click_id", "goal_type", "status"};
    if (std::find(std::begin(kSorts), std::end(kSorts), query.sort) == std::end(kSorts)) {
        reader.Refuse(
            "sortBy",
            "must be createdAt, updatedAt, amount, affiliate_id, click_id, goal_type or status"
        );
    }
    std::string order = reader.Text("sortOrder");
    if (!order.empty() && order != "asc" && order != "desc") {
        reader.Refuse("sortOrder", "must be asc or desc");
    }
    query.descending = order != "asc";
    query.from = ReadTime(reader, "from");
    query.to = ReadTime(reader, "to");
    std::string cursor = reader.Text("cursor");
    if (cursor.size() % 2 != 0 ||
        cursor.find_first_not_of("0123456789abcdef") != std::string::npos) {
        reader.Refuse("cursor", "is not one of ours");
    } else {
        query.cursor = FromHex(cursor);
    }
    return query;
}

bool Matches(const ListQuery& query, const domain::Conversion& c) {
    return (query.goal_type.empty() || query.goal_type == domain::NameOf(c.goal_type)) &&
           (query.status.empty() || query.status == domain::NameOf(c.status)) &&
           (query.affiliate.empty() || query.affiliate == c.fields.Get(Field::kAffiliateId)) &&
           (query.search.empty() || c.key.click.value.starts_with(query.search));
}

store::ScanRequest RequestOf(const ListQuery& query) {
    store::ScanRequest request;
    request.descending = query.descending;
    request.from = query.from;
    request.to = query.to;
    if (query.affiliate.empty()) {
        request.index = store::IndexId::kConversionCreated;
    } else {
        request.index = store::IndexId::kConversionAffiliate;
        request.equal = {query.affiliate};
    }
    return request;
}

struct Listed {
    std::vector<domain::Conversion> rows;
    size_t total = 0;
    std::string next_cursor;  // bytes
};

bool Less(const std::string& by, const domain::Conversion& a, const domain::Conversion& b) {
    auto micros = [](const domain::Conversion& c) {
        auto amount = Money::Parse(c.fields.Get(Field::kAmount, "0"));
        return amount ? amount->micros : 0;
    };
    if (by == "updatedAt") return a.updated < b.updated;
    if (by == "amount") return micros(a) < micros(b);
    if (by == "affiliate_id") {
        return a.fields.Get(Field::kAffiliateId) < b.fields.Get(Field::kAffiliateId);
    }
    if (by == "click_id") return a.key.click < b.key.click;
    if (by == "goal_type") return a.goal_type < b.goal_type;
    return a.status < b.status;
}

// By creation time: only the page itself is kept, unless a filter or another order needs more.
Result<Listed> ListRows(store::Engine& engine, const ListQuery& query) {
    Listed listed;
    auto request = RequestOf(query);
    request.cursor = query.cursor;
    bool sorted = query.sort != "createdAt";
    size_t skip = query.cursor.empty() && !sorted ? (query.page - 1) * query.limit : 0;
    size_t scanned = 0;
    bool by_cursor = !query.cursor.empty();
    do {
        // One document a time at a page's end, so that a cursor names the last row shown.
        size_t room = query.limit > listed.rows.size() ? query.limit - listed.rows.size() : 500;
        request.limit =
            sorted || listed.rows.size() >= query.limit || skip > listed.total ? 500 : room;
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        request.cursor = page->cursor;
        for (const auto& document : page->documents) {
            auto conversion = domain::DecodeConversion(document);
            if (!conversion || !Matches(query, *conversion)) continue;
            ++listed.total;
            bool wanted = sorted || (listed.total > skip && listed.rows.size() < query.limit);
            if (wanted) listed.rows.push_back(std::move(*conversion));
        }
        scanned += page->documents.size();
        if (!sorted && listed.rows.size() == query.limit && listed.next_cursor.empty()) {
            listed.next_cursor = request.cursor;
            if (by_cursor) break;
        }
        if (scanned >= kScannedMax) break;
    } while (!request.cursor.empty());
    if (!sorted) return listed;
    std::stable_sort(listed.rows.begin(), listed.rows.end(), [&](const auto& a, const auto& b) {
        return query.descending ? Less(query.sort, b, a) : Less(query.sort, a, b);
    });
    size_t begin = std::min(listed.rows.size(), (query.page - 1) * query.limit);
    size_t end = std::min(listed.rows.size(), begin + query.limit);
    listed.rows = {listed.rows.begin() + begin, listed.rows.begin() + end};
    return listed;
}

struct Tally {
    int64_t count = 0;
    __int128 micros = 0;
    void Add(const store::RollupRow& row) {
        count += row.count;
        micros += row.micros;
    }
    std::string Sum() const { return Money{static_cast<int64_t>(micros)}.Text(); }
};

struct Stats {
    Tally total, approved, month;
    std::map<std::string, Tally> goal_types, statuses, affiliates;
};

Result<Stats> StatsOf(store::Engine& engine) {
    auto rows = engine.Rollup(store::Collection::kConversions);
    if (!rows) return Fail(rows.error());
    Stats stats;
    std::string month = Time::Now().Month();
    for (const auto& row : *rows) {  // group: month, affiliate_id, goal_type, status, currency
        if (row.group.size() < 4) continue;
        stats.total.Add(row);
        if (row.group[0] == month) stats.month.Add(row);
        if (row.group[3] == "approved") stats.approved.Add(row);
        stats.affiliates[row.group[1]].Add(row);
        stats.goal_types[row.group[2]].Add(row);
        stats.statuses[row.group[3]].Add(row);
    }
    return stats;
}

JsonObject Counts(const std::map<std::string, Tally>& tallies) {
    JsonObject to;
    for (const auto& [name, tally] : tallies) to.Int(name, tally.count);
    return to;
}

http::Response AnswerList(store::Engine& engine, const ListQuery& query) {
    auto listed = ListRows(engine, query);
    if (!listed) return ErrorResponse(listed.error());
    auto stats = StatsOf(engine);
    if (!stats) return ErrorResponse(stats.error());
    bool all = !query.filtered() && query.affiliate.empty() && !query.from && !query.to;
    int64_t total = all ? stats->total.count : static_cast<int64_t>(listed->total);
    std::string data;
    for (const auto& row : listed->rows) {
        data += (data.empty() ? "" : ",") + ConversionJson(row).Done();
    }
    JsonObject numbers, pagination, body;
    numbers.Int("total", stats->total.count).Object("byGoalType", Counts(stats->goal_types));
    numbers.Object("byStatus", Counts(stats->statuses)).Raw("totalAmount", stats->total.Sum());
    numbers.Int("thisMonth", stats->month.count).Int("approvedCount", stats->approved.count);
    auto limit = static_cast<int64_t>(query.limit);
    pagination.Int("page", static_cast<int64_t>(query.page)).Int("limit", limit);
    pagination.Int("total", total).Int("totalPages", (total + limit - 1) / limit);
    std::string cursor;
    for (unsigned char c : listed->next_cursor) cursor += fmt::format("{:02x}", c);
    pagination.TextOrNull("nextCursor", cursor);
    body.Bool("success", true).Raw("data", "[" + data + "]").Object("stats", numbers);
    return JsonResponse(200, body.Object("pagination", pagination));
}

http::Response AnswerStats(store::Engine& engine) {
    auto stats = StatsOf(engine);
    if (!stats) return ErrorResponse(stats.error());
    auto percent = [&](int64_t part) {
        return stats->total.count == 0 ? 0.0 : 100.0 * double(part) / double(stats->total.count);
    };
    JsonObject types, month, data, body;
    for (const auto& [name, tally] : stats->goal_types) {
        JsonObject type;
        type.Int("count", tally.count);
        type.Raw("percentage", fmt::format("{:.2f}", percent(tally.count)));
        types.Object(name, type);
    }
    std::vector<std::pair<std::string, Tally>> top(
        stats->affiliates.begin(), stats->affiliates.end()
    );
    std::stable_sort(top.begin(), top.end(), [](const auto& a, const auto& b) {
        return a.second.count > b.second.count;
    });
    std::string affiliates;
    for (size_t i = 0; i < top.size() && i < 20; ++i) {
        JsonObject item;
        item.Text("affiliate_id", top[i].first).Int("conversions", top[i].second.count);
        item.Raw("revenue", top[i].second.Sum());
        affiliates += (i == 0 ? "" : ",") + item.Done();
    }
    month.Int("count", stats->month.count).Raw("revenue", stats->month.Sum());
    data.Int("total", stats->total.count).Object("byGoalType", types);
    data.Object("byStatus", Counts(stats->statuses)).Raw("totalRevenue", stats->total.Sum());
    data.Int("approvedConversions", stats->approved.count);
    data.Raw("approvedRevenue", stats->approved.Sum()).Object("thisMonth", month);
    data.Raw("topAffiliates", "[" + affiliates + "]");
    data.Text("conversionRate", fmt::format("{:.2f}%", percent(stats->approved.count)));
    return JsonResponse(200, body.Bool("success", true).Object("data", data));
}

}  // namespace

void ListAdminConversions(Service& service, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    ListQuery query = ReadQuery(reader);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(service, call, [&service, call, query] {
        call->respond(AnswerList(service.engine, query));
    });
}

void AdminConversionStats(Service& service, std::shared_ptr<Call> call) {
    RunQuery(service, call, [&service, call] { call->respond(AnswerStats(service.engine)); });
}

}  // namespace barracuda::api
