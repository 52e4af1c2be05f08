// Route 7, reading: the list with its filters, and statistics (src/report) over HTTP.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/conversion_json.h"
#include "api/filter_input.h"
#include "api/list_input.h"
#include "api/page_input.h"
#include "api/query_pool.h"
#include "api/record.h"
#include "api/routes.h"
#include "api/sums_json.h"
#include "report/conversion_csv.h"
#include "report/conversions.h"

namespace barracuda::api {

namespace {

constexpr std::string_view kSorts =
    "must be createdAt, updatedAt, amount, affiliate_id, click_id, goal_type or status";

report::ConversionQuery ReadQuery(Reader& reader) {
    report::ConversionQuery query;
    query.page = reader.Count("page", 1);
    query.limit = ReadLimit(reader);
    query.filter = ReadFilter(reader);
    ReadOrder(reader, report::IsConversionSort, kSorts, query.sort, query.descending);
    ReadPlace(reader, query.cursor, query.fitting);
    return query;
}

report::CsvOrder ReadCsvOrder(const Input& input, Reader& reader) {
    report::CsvOrder order;
    order.filter = ReadFilter(reader);
    ReadOrder(reader, report::IsConversionSort, kSorts, order.sort, order.descending);
    order.columns = ValuesIn(reader.Text("columns"));
    for (const auto& column : order.columns) {
        if (report::IsConversionColumn(column)) continue;
        reader.Refuse("columns", fmt::format("has no column {}", JsonText(column)));
    }
    if (order.columns.size() > kValuesMax) {
        reader.Refuse("columns", fmt::format("has more than {} values", kValuesMax));
    }
    order.zone = ReadZone(reader);
    order.mark = ReadSwitch(input, reader, "bom");
    return order;
}

JsonObject Counts(const std::map<std::string, report::Tally>& tallies) {
    JsonObject to;
    for (const auto& [name, tally] : tallies) to.Int(JsonName(name), tally.count);
    return to;
}

http::Response AnswerList(store::Engine& engine, report::ConversionQuery query) {
    auto stats = report::ConversionStatsOf(engine, Time::Now(), query);
    if (!stats) return ErrorResponse(stats.error());
    if (query.Summed()) {
        const auto count = static_cast<size_t>(std::max<int64_t>(stats->Asked(), 0));
        query.fitting = {{count, true}, stats->asked};
    }
    auto listed = report::SelectConversions(engine, query);
    if (!listed) return ErrorResponse(listed.error());
    const auto total = static_cast<int64_t>(listed->fitting.total.count);
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
    const auto next = PlaceText(listed->next_cursor, listed->fitting.total, query.Summed());
    pagination.TextOrNull("nextCursor", next);
    body.Bool("success", true).List("data", data);
    if (!listed->complete) body.Bool("complete", false);
    body.Object("stats", numbers).Object("filtered", FilteredJson(listed->fitting));
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
        type.Text("percentage", fmt::format("{:.2f}", percent(tally.count)));
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

// A read that fails, or too many waiting: `next` is dropped, which breaks off visibly.
void SendPart(
    QueryPool& queries, std::shared_ptr<report::ConversionCsv> csv, http::NextChunk next
) {
    (void)queries.Run([&queries, csv, next] {
        auto part = csv->Next();
        if (!part) return;
        if (!part->text.empty()) return next(std::move(part->text));
        if (part->ended) return next(std::nullopt);
        SendPart(queries, csv, next);
    });
}

}  // namespace

void ListAdminConversions(Lists& lists, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    report::ConversionQuery query = ReadQuery(reader);
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(lists.queries, call, [&lists, call, query] {
        call->respond(AnswerList(lists.engine, query));
    });
}

// Streamed: begun on a query thread, as what cannot be sorted is refused before the first byte;
// every part is another turn of these threads, so that an export holds up no list.
void ExportConversions(Lists& lists, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto order = ReadCsvOrder(*input, reader);
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(lists.queries, call, [&lists, call, order = std::move(order)] {
        auto csv = std::make_shared<report::ConversionCsv>(lists.engine, order);
        if (auto begun = csv->Begin(); !begun) return call->respond(ErrorResponse(begun.error()));
        http::Response response;
        response.content_type = "text/csv; charset=utf-8";
        const std::string day = order.zone.Iso(Time::Now()).substr(0, 10);
        response.headers.emplace_back(
            "Content-Disposition", fmt::format("attachment; filename=\"conversions-{}.csv\"", day)
        );
        response.headers.emplace_back("Cache-Control", "no-store");
        response.stream = [&lists, csv](http::NextChunk next) {
            SendPart(lists.queries, csv, std::move(next));
        };
        call->respond(std::move(response));
    });
}

void AdminConversionStats(Lists& lists, std::shared_ptr<Call> call) {
    RunQuery(lists.queries, call, [&lists, call] { call->respond(AnswerStats(lists.engine)); });
}

}  // namespace barracuda::api
