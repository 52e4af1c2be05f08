// Reports (src/report/grouped.h) over HTTP: as JSON, or as CSV where that is asked for.
#include <fmt/format.h>

#include <algorithm>

#include "api/filter_input.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/routes.h"
#include "report/changed_cells.h"
#include "report/csv.h"
#include "report/grouped.h"

namespace barracuda::api {

namespace {

using report::GroupedQuery;
using report::Measures;

constexpr int64_t kDayMs = store::kCellDayMs;
constexpr int64_t kDaysMax = 1'830;  // five years
constexpr int64_t kDaysUsual = 30;
constexpr int64_t kEndMs = 253'370'764'800'000;  // 9999-01-01: a later year has five digits
constexpr size_t kGroupsMax = 3, kRowsUsual = 50, kRowsMax = 1'000, kCsvRowsMax = 100'000;

// A date is the beginning of the zone's day, and as an end that day is within.
std::optional<Time> ReadMoment(
    Reader& reader, const char* name, const report::Zone& zone, bool is_end
) {
    constexpr size_t kDateBytes = 10;
    auto at = ReadTime(reader, name);
    if (!at) return at;
    if (reader.Text(name).size() == kDateBytes) at = zone.At(at->ms + (is_end ? kDayMs : 0));
    if (at->ms < 0 || at->ms % store::kQuarterMs != 0) {
        reader.Refuse(name, "must lie on a quarter of an hour since 1970");
    } else if (at->ms > kEndMs) {
        reader.Refuse(name, "must lie before the year 9999");
    }
    return at;
}

void ReadPeriod(Reader& reader, GroupedQuery& query) {
    const auto& zone = query.zone;
    const std::string today = zone.Iso(Time::Now()).substr(0, 10);
    const int64_t tomorrow =
        Time::ParseIso(today)->ms + kDayMs;  // its midnight, on the clocks there
    auto from = ReadMoment(reader, "from", zone, false);
    auto to = ReadMoment(reader, "to", zone, true);
    query.to = to.value_or(zone.At(tomorrow));
    const int64_t local = query.to.ms + zone.OffsetSeconds(query.to) * 1000LL;
    query.from = from.value_or(zone.At(std::max<int64_t>(local - kDaysUsual * kDayMs, 0)));
    if (query.from >= query.to) {
        reader.Refuse("to", "must be later than from");
    } else if (query.to.ms - query.from.ms > kDaysMax * kDayMs) {
        reader.Refuse("from", fmt::format("is more than {} days before to", kDaysMax));
    }
}

void ReadGroups(Reader& reader, GroupedQuery& query) {
    for (const auto& name : ValuesIn(reader.Text("group"))) {
        const auto group = report::GroupNamed(name);
        if (!group) {
            return reader.Refuse(
                "group", "must be day, goal, affiliate_id, offer_id, country, source or status"
            );
        }
        if (std::find(query.groups.begin(), query.groups.end(), *group) != query.groups.end()) {
            return reader.Refuse("group", "names " + name + " twice");
        }
        query.groups.push_back(*group);
    }
    if (query.groups.empty() || query.groups.size() > kGroupsMax) {
        reader.Refuse("group", "must be one to three, with commas between");
    }
}

// A name, with `-` before it downwards; without any the days in their order, else most first.
void ReadSort(Reader& reader, GroupedQuery& query) {
    constexpr size_t kCurrencyBytes = 3;
    std::string sort = reader.Text("sort");
    const bool by_day = !query.groups.empty() && query.groups.front() == report::Group::kDay;
    if (sort.empty()) sort = by_day ? "day" : "-conversions";
    query.descending = sort.starts_with('-');
    if (query.descending) sort.erase(0, 1);
    const auto group = report::GroupNamed(sort);
    const bool is_count =
        std::any_of(std::begin(report::kCounts), std::end(report::kCounts), [&](const auto& one) {
            return sort == one.name;
        });
    const bool is_currency =
        sort.size() == kCurrencyBytes &&
        std::all_of(sort.begin(), sort.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
    if (group ? std::find(query.groups.begin(), query.groups.end(), *group) == query.groups.end()
              : !is_count && !is_currency) {
        reader.Refuse(
            "sort",
            "must be one of its groups, conversions, registrations, ftds, approved, pending, "
            "rejected or a currency, with - before it for the most first"
        );
    }
    query.sort = std::move(sort);
}

bool WantsCsv(const http::Request& request, Reader& reader) {
    const std::string format = ReadWord(reader, "format", {"json", "csv"});
    if (!format.empty()) return format == "csv";
    return request.Header("Accept").value_or("").starts_with("text/csv");
}

GroupedQuery ReadReport(Reader& reader, bool csv) {
    GroupedQuery query;
    query.zone = ReadZone(reader);
    query.filter = ReadFilter(reader);
    query.filter.from = query.filter.to = std::nullopt;
    ReadPeriod(reader, query);
    ReadGroups(reader, query);
    ReadSort(reader, query);
    const std::string compare = ReadWord(reader, "compare", {"previous", "year"});
    if (compare == "previous") query.compare = report::Compare::kPrevious;
    if (compare == "year") query.compare = report::Compare::kYear;
    query.changed = ReadWord(reader, "by", {"created", "changed"}) == "changed";
    if (query.changed && query.compare != report::Compare::kNone) {
        reader.Refuse(
            "compare",
            "is not answered by=changed: what was changed again has left the earlier period"
        );
    }
    const size_t most = csv ? kCsvRowsMax : kRowsMax;
    query.limit = reader.Count("limit", csv ? kCsvRowsMax : kRowsUsual);
    if (query.limit > most) reader.Refuse("limit", fmt::format("must be at most {}", most));
    if (auto unanswered = report::UnansweredIn(query.filter)) {
        reader.Refuse(*unanswered, "is no filter of reports: the list of conversions has it");
    }
    return query;
}

JsonObject SumsJson(const report::Sums& sums) {
    JsonObject to;
    for (const auto& [currency, sum] : sums.All()) to.Raw(JsonName(currency), sum);
    return to;
}

void PutMeasures(JsonObject& to, const Measures& measures) {
    for (const auto& count : report::kCounts) to.Int(count.name, measures.*count.value);
    to.Object("sums", SumsJson(measures.amount)).Object("payout", SumsJson(measures.payout));
    to.Object("revenue", SumsJson(measures.revenue));
}

void PutRow(JsonObject& to, const report::ReportRow& row, const GroupedQuery& query) {
    PutMeasures(to, row.now);
    if (query.compare == report::Compare::kNone) return;
    JsonObject before;
    PutMeasures(before, row.before);
    to.Object("before", before);
}

JsonObject PeriodJson(const report::Period& period) {
    JsonObject to;
    return std::move(to.Text("from", period.from.Iso()).Text("to", period.to.Iso()));
}

http::Response AsJson(const report::Report& report, const GroupedQuery& query, int64_t took_ms) {
    JsonList rows;
    for (const auto& row : report.rows) {
        JsonObject keys, to;
        for (size_t i = 0; i < row.keys.size(); ++i) {
            keys.Text(report::NameOf(query.groups[i]), row.keys[i]);
        }
        to.Object("keys", keys);
        PutRow(to, row, query);
        rows.Object(to);
    }
    JsonObject rest, total, body;
    PutRow(rest.Int("rows", static_cast<int64_t>(report.rest_rows)), report.rest, query);
    const auto all = static_cast<int64_t>(report.rows.size() + report.rest_rows);
    PutRow(total.Int("rows", all), report.total, query);
    body.Bool("success", true).List("rows", rows).Object("rest", rest).Object("total", total);
    body.Object("period", PeriodJson({query.from, query.to}));
    if (query.compare != report::Compare::kNone) {
        body.Object("beforePeriod", PeriodJson(BeforeOf(query)));
    }
    body.Text("asOf", report.as_of.Iso()).Int("tookMs", took_ms);
    return JsonResponse(200, body);
}

// Of one kind of sum, by currency.
struct SumColumn {
    std::string name, currency;
    report::Sums Measures::*of;
};

std::vector<SumColumn> SumColumnsOf(const report::ReportRow& total) {
    static constexpr std::pair<const char*, report::Sums Measures::*> kSums[] = {
        {"amount", &Measures::amount},
        {"payout", &Measures::payout},
        {"revenue", &Measures::revenue}};
    std::vector<SumColumn> columns;
    for (const auto& [name, of] : kSums) {
        report::Sums all = total.now.*of;
        for (const auto& [currency, sum] : (total.before.*of).All()) all.Add(currency, 1);
        for (const auto& [currency, sum] : all.All()) {
            columns.push_back({fmt::format("{}_{}", name, currency), currency, of});
        }
    }
    return columns;
}

http::Response AsCsv(const report::Report& report, const GroupedQuery& query, bool mark) {
    const auto sums = SumColumnsOf(report.total);
    const bool compared = query.compare != report::Compare::kNone;
    std::vector<std::string> cells;
    const auto put_names = [&](const char* after) {
        for (const auto& count : report::kCounts) cells.push_back(std::string(count.name) + after);
        for (const auto& sum : sums) cells.push_back(sum.name + after);
    };
    const auto put = [&](const Measures& measures) {
        for (const auto& count : report::kCounts) {
            cells.push_back(std::to_string(measures.*count.value));
        }
        for (const auto& sum : sums) {
            cells.push_back(report::MoneyText((measures.*sum.of).Of(sum.currency)));
        }
    };
    for (auto group : query.groups) cells.emplace_back(report::NameOf(group));
    put_names("");
    if (compared) put_names("_before");
    std::string text = (mark ? report::kCsvMark : "") + report::CsvRow(cells);
    const auto put_row = [&](std::vector<std::string> keys, const report::ReportRow& row) {
        cells = std::move(keys);
        put(row.now);
        if (compared) put(row.before);
        text += report::CsvRow(cells);
    };
    for (const auto& row : report.rows) put_row(row.keys, row);
    if (report.rest_rows > 0) {
        std::vector<std::string> keys(query.groups.size());
        keys.front() = fmt::format("{} more", report.rest_rows);
        put_row(std::move(keys), report.rest);
    }
    http::Response response;
    response.content_type = "text/csv; charset=utf-8";
    const std::string day = query.zone.Iso(query.from).substr(0, 10);
    response.headers.emplace_back(
        "Content-Disposition", fmt::format("attachment; filename=\"report-{}.csv\"", day)
    );
    response.headers.emplace_back("Cache-Control", "no-store");
    response.body = std::move(text);
    return response;
}

}  // namespace

void AdminReport(Lists& lists, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    const bool csv = WantsCsv(call->request, reader);
    const GroupedQuery query = ReadReport(reader, csv);
    const bool mark = ReadSwitch(*input, reader, "bom");
    RefuseUnread(*input, reader, "is no parameter of reports");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(lists.queries, call, [&lists, call, query, csv, mark] {
        report::ChangedCells changed(lists.engine);
        store::CellSource* const kept = store::CellsOf(lists.engine);
        auto* cells = query.changed ? &changed : kept;
        if (!cells) {
            return call->respond(
                ErrorResponse({ErrorCode::kUnavailable, "this store keeps no cells", {}})
            );
        }
        const auto begin = std::chrono::steady_clock::now();
        auto report = ReportOf(*cells, query);
        if (!report) return call->respond(ErrorResponse(report.error()));
        const auto took = std::chrono::steady_clock::now() - begin;
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        call->respond(csv ? AsCsv(*report, query, mark) : AsJson(*report, query, ms));
    });
}

}  // namespace barracuda::api
