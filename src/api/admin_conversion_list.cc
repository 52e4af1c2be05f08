// Route 7, reading: the list with its filters, and statistics (src/report) over HTTP.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/conversion_json.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/record.h"
#include "api/routes.h"
#include "api/sums_json.h"
#include "base/text.h"
#include "report/conversions.h"

namespace barracuda::api {

namespace {

constexpr size_t kTotalDigits = 9;

// The cursor of a filtered list carries its total, `hex.digits`: counting reads as much as all the
// pages together, and is done for the first one.
void ReadPlace(Reader& reader, report::ConversionQuery& query) {
    const std::string text = reader.Text("cursor");
    const size_t dot = text.find('.');
    auto bytes = BytesOfHex(text.substr(0, dot));
    bool good = bytes.has_value();
    if (dot != std::string::npos) {
        const std::string total = text.substr(dot + 1);
        good = good && !bytes->empty() && !total.empty() && total.size() <= kTotalDigits &&
               total.find_first_not_of("0123456789") == std::string::npos;
        if (good) query.total = std::stoul(total);
    }
    if (!good) return reader.Refuse("cursor", "is not one of ours");
    query.cursor = std::move(*bytes);
}

std::string PlaceText(const report::ConversionQuery& query, const report::ConversionPage& page) {
    std::string text = CursorText(page.next_cursor);
    if (!text.empty() && !query.Summed()) text += fmt::format(".{}", page.total);
    return text;
}

report::ConversionQuery ReadQuery(Reader& reader) {
    report::ConversionQuery query;
    query.page = reader.Count("page", 1);
    query.limit = ReadLimit(reader);
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
    if (!report::IsConversionSort(query.sort)) {
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
    ReadPlace(reader, query);
    return query;
}

JsonObject Counts(const std::map<std::string, report::Tally>& tallies) {
    JsonObject to;
    for (const auto& [name, tally] : tallies) to.Int(JsonName(name), tally.count);
    return to;
}

http::Response AnswerList(store::Engine& engine, const report::ConversionQuery& query) {
    auto listed = report::SelectConversions(engine, query);
    if (!listed) return ErrorResponse(listed.error());
    auto stats = report::ConversionStatsOf(engine, Time::Now(), query);
    if (!stats) return ErrorResponse(stats.error());
    int64_t total = query.Summed() ? stats->asked : static_cast<int64_t>(listed->total);
    JsonList data;
    for (const auto& row : listed->rows) data.Object(ConversionJson(row));
    JsonObject numbers, pagination, body;
    numbers.Int("total", stats->total.count).Object("byGoalType", Counts(stats->goal_types));
    numbers.Object("byStatus", Counts(stats->statuses));
    PutSum(numbers, "totalAmount", stats->total.sums);
    numbers.Int("thisMonth", stats->month.count).Int("approvedCount", stats->approved.count);
    auto limit = static_cast<int64_t>(query.limit);
    pagination.Int("page", static_cast<int64_t>(query.page)).Int("limit", limit);
    pagination.Int("total", total).Int("totalPages", (total + limit - 1) / limit);
    pagination.TextOrNull("nextCursor", PlaceText(query, *listed));
    body.Bool("success", true).List("data", data).Object("stats", numbers);
    return JsonResponse(200, body.Object("pagination", pagination));
}

http::Response AnswerStats(store::Engine& engine) {
    auto stats = report::ConversionStatsOf(engine, Time::Now());
    if (!stats) return ErrorResponse(stats.error());
    auto percent = [&](int64_t part) {
        return stats->total.count == 0 ? 0.0 : 100.0 * double(part) / double(stats->total.count);
    };
    JsonObject types, month, data, body;
    for (const auto& [name, tally] : stats->goal_types) {
        JsonObject type;
        type.Int("count", tally.count);
        type.Raw("percentage", fmt::format("{:.2f}", percent(tally.count)));
        types.Object(JsonName(name), type);
    }
    std::vector<std::pair<std::string, report::Tally>> top(
        stats->affiliates.begin(), stats->affiliates.end()
    );
    std::stable_sort(top.begin(), top.end(), [](const auto& a, const auto& b) {
        return a.second.count > b.second.count;
    });
    std::string affiliates;
    for (size_t i = 0; i < top.size() && i < 20; ++i) {
        JsonObject item;
        item.Text("affiliate_id", top[i].first).Int("conversions", top[i].second.count);
        PutSum(item, "revenue", top[i].second.sums);
        affiliates += (i == 0 ? "" : ",") + item.Done();
    }
    PutSum(month.Int("count", stats->month.count), "revenue", stats->month.sums);
    data.Int("total", stats->total.count).Object("byGoalType", types);
    data.Object("byStatus", Counts(stats->statuses));
    PutSum(data, "totalRevenue", stats->total.sums);
    data.Int("approvedConversions", stats->approved.count);
    data.Raw("approvedRevenue", stats->approved.sums.Default());
    PutByCurrency(data, stats->approved.sums, "approvedByCurrency");
    data.Object("thisMonth", month);
    data.Raw("topAffiliates", "[" + affiliates + "]");
    data.Text("conversionRate", fmt::format("{:.2f}%", percent(stats->approved.count)));
    return JsonResponse(200, body.Bool("success", true).Object("data", data));
}

}  // namespace

void ListAdminConversions(Service& service, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    report::ConversionQuery query = ReadQuery(reader);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(service, call, [&service, call, query] {
        call->respond(AnswerList(service.engine, query));
    });
}

void AdminConversionStats(Service& service, std::shared_ptr<Call> call) {
    RunQuery(service, call, [&service, call] { call->respond(AnswerStats(service.engine)); });
}

}  // namespace barracuda::api
