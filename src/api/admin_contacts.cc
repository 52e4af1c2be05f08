// The admin's pages about contacts: list with statistics, CSV, one contact. Reading runs on query
// threads, writing through the ledger.
#include <fmt/format.h>

#include <map>

#include "api/contact_list.h"
#include "api/form_routes.h"
#include "api/query_pool.h"
#include "delivery/contact_sync.h"
#include "store/index.h"

namespace barracuda::api {

namespace {

constexpr size_t kCsvPage = 500;
constexpr size_t kStatusBytesMax = 64;

ContactQuery ReadQuery(Reader& reader) {
    ContactQuery query;
    query.filter = ReadContactFilter(reader);
    query.page = reader.Count("page", 1);
    query.limit = std::min<size_t>(reader.Count("limit", 50), 200);
    std::string sort = reader.Text("sortBy");
    if (!sort.empty()) query.sort = sort;
    if (!IsContactSort(query.sort)) reader.Refuse("sortBy", "is not a field to sort by");
    std::string order = reader.Text("sortOrder");
    if (!order.empty() && order != "asc" && order != "desc") {
        reader.Refuse("sortOrder", "must be asc or desc");
    }
    query.descending = order != "asc";
    return query;
}

struct Tally {
    int64_t total = 0, month = 0, ftd = 0;
    __int128 micros = 0;
    std::map<std::string, int64_t> types, statuses, affiliate_statuses;
};

// Of everything, from the roll-up that is kept with the documents.
Result<Tally> TallyOf(store::Engine& engine) {
    auto rows = engine.Rollup(store::Collection::kContacts);
    if (!rows) return Fail(rows.error());
    Tally tally;
    const std::string month = Time::Now().Month();
    for (const auto& row : *rows) {  // group: month, type, status, affiliate_status, ftd
        if (row.group.size() < 5) continue;
        tally.total += row.count;
        if (row.group[0] == month) tally.month += row.count;
        tally.types[row.group[1]] += row.count;
        tally.statuses[row.group[2]] += row.count;
        if (!row.group[3].empty()) tally.affiliate_statuses[row.group[3]] += row.count;
        if (row.group[4] != "true") continue;
        tally.ftd += row.count;
        tally.micros += row.micros;
    }
    return tally;
}

std::string SumOf(const Tally& tally) { return Money{static_cast<int64_t>(tally.micros)}.Text(); }

JsonObject CountsOf(const std::map<std::string, int64_t>& counts) {
    JsonObject to;
    for (const auto& [name, count] : counts) {
        std::string key = JsonText(name.empty() ? "unknown" : name);
        to.Int(std::string_view(key).substr(1, key.size() - 2), count);
    }
    return to;
}

JsonObject CommonStats(const Tally& tally) {
    JsonObject stats;
    stats.Int("total", tally.total).Object("byType", CountsOf(tally.types));
    stats.Object("byStatus", CountsOf(tally.statuses));
    stats.Object("affiliateStats", CountsOf(tally.affiliate_statuses));
    return stats.Int("thisMonth", tally.month);
}

http::Response ListAnswer(store::Engine& engine, const ContactQuery& query) {
    auto page = SelectContacts(engine, query);
    if (!page) return ErrorResponse(page.error());
    auto tally = TallyOf(engine);
    if (!tally) return ErrorResponse(tally.error());
    std::string rows;
    for (const auto& contact : page->rows) {
        rows += (rows.empty() ? "" : ",") + ContactJson(contact).Done();
    }
    JsonObject pagination, answer;
    pagination.Int("page", static_cast<int64_t>(query.page));
    pagination.Int("limit", static_cast<int64_t>(query.limit));
    pagination.Int("total", static_cast<int64_t>(page->total));
    const size_t pages = (page->total + query.limit - 1) / query.limit;
    pagination.Int("totalPages", static_cast<int64_t>(pages));
    auto stats = CommonStats(*tally);
    stats.Int("ftdCount", tally->ftd).Raw("totalFtdAmount", SumOf(*tally));
    answer.Bool("success", true).Raw("data", "[" + rows + "]");
    return JsonResponse(200, answer.Object("stats", stats).Object("pagination", pagination));
}

// The contact a path names: …/contacts/{id}.
Result<store::Ref> RefIn(const http::Request& request) {
    auto id = ObjectId::Parse(request.path.substr(request.path.rfind('/') + 1));
    if (!id) return Fail(ErrorCode::kInvalid, "id must be 24 hex digits", "id");
    return store::Ref{store::Collection::kContacts, id->Hex()};
}

Error NoContact() { return {ErrorCode::kNotFound, "there is no such contact", "id"}; }

Result<domain::Contact> LoadContact(store::Engine& engine, const store::Ref& ref) {
    auto documents = engine.Load(std::span(&ref, 1));
    if (!documents) return Fail(documents.error());
    if (!documents->front()) return Fail(NoContact());
    return domain::DecodeContact(*documents->front());
}

http::Response OneAnswer(const domain::Contact& contact, const char* message) {
    JsonObject answer;
    answer.Bool("success", true);
    if (*message) answer.Text("message", message);
    return JsonResponse(200, answer.Object("data", ContactJson(contact)));
}

// Answers what an edit of one contact came to.
ledger::EditDone EditAnswer(std::shared_ptr<Call> call, std::function<http::Response()> written) {
    return [call, written = std::move(written)](Result<ledger::EditState> state) {
        if (!state) return call->respond(ErrorResponse(state.error()));
        const bool gone = *state != ledger::EditState::kWritten;
        call->respond(gone ? ErrorResponse(NoContact()) : written());
    };
}

struct CsvExport {
    ContactFilter filter;
    std::string cursor;
    bool begun = false, ended = false;
};

void NextCsvPart(store::Engine& engine, CsvExport& csv, const http::NextChunk& next) {
    std::string part;
    while (part.empty() && !csv.ended) {
        store::ScanRequest request;
        request.collection = store::Collection::kContacts;
        request.index = store::IndexId::kContactCreated;
        request.descending = true;
        request.limit = kCsvPage;
        request.cursor = csv.cursor;
        auto page = engine.Scan(request);
        if (!page) return;  // dropping `next` breaks off: an incomplete list must show
        if (!std::exchange(csv.begun, true)) part = CsvHead();
        for (const auto& document : page->documents) {
            auto contact = domain::DecodeContact(document);
            if (contact && Matches(csv.filter, *contact)) part += CsvLine(*contact);
        }
        csv.cursor = page->cursor;
        csv.ended = csv.cursor.empty();
    }
    next(part.empty() ? std::nullopt : std::optional(std::move(part)));
}

}  // namespace

void ListContacts(Service& service, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto query = ReadQuery(reader);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(service, call, [&service, call, query] {
        call->respond(ListAnswer(service.engine, query));
    });
}

void ContactStats(Service& service, std::shared_ptr<Call> call) {
    RunQuery(service, call, [&service, call] {
        auto tally = TallyOf(service.engine);
        if (!tally) return call->respond(ErrorResponse(tally.error()));
        auto data = CommonStats(*tally);
        JsonObject ftd, answer;
        ftd.Int("total", tally->ftd).Raw("revenue", SumOf(*tally));
        answer.Bool("success", true).Object("data", data.Object("ftd", ftd));
        call->respond(JsonResponse(200, answer));
    });
}

void ExportContacts(Service& service, std::shared_ptr<Call> call) {
    Input empty;
    auto input = call->request.body.empty() ? Result<Input>(empty) : Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto csv = std::make_shared<CsvExport>();
    csv->filter = ReadContactFilter(reader);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    http::Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"contacts.csv\"");
    response.headers.emplace_back("Cache-Control", "no-store");
    response.stream = [&service, csv](http::NextChunk next) {
        bool queued =
            service.queries.Run([&service, csv, next] { NextCsvPart(service.engine, *csv, next); });
        (void)queued;  // too many queries wait: `next` is dropped, which breaks off visibly
    };
    call->respond(std::move(response));
}

void GetContact(Service& service, std::shared_ptr<Call> call) {
    auto ref = RefIn(call->request);
    if (!ref) return call->respond(BadRequest(ref.error()));
    RunQuery(service, call, [&service, call, ref = *ref] {
        auto contact = LoadContact(service.engine, ref);
        if (!contact) return call->respond(ErrorResponse(contact.error()));
        // The flags are a cache; on reading one contact they are what the ledger says.
        auto conversions = delivery::ConversionsOf(service.engine, *contact);
        if (!conversions) return call->respond(ErrorResponse(conversions.error()));
        domain::SyncFlags(*contact, *conversions);
        call->respond(OneAnswer(*contact, ""));
    });
}

void PutContact(Service& service, std::shared_ptr<Call> call) {
    auto ref = RefIn(call->request);
    if (!ref) return call->respond(BadRequest(ref.error()));
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    std::map<std::string, std::string> given;
    for (const char* name : {"status", "notes", "affiliate_status"}) {
        std::string text = reader.Text(name);
        if (name != std::string_view("notes") && text.size() > kStatusBytesMax) {
            reader.Refuse(name, "is longer than 64 bytes");
        }
        // Only notes can be emptied; an empty status is an absent one, as everywhere.
        bool emptied = name == std::string_view("notes") && input->all().contains("notes");
        if (!text.empty() || emptied) given[name] = text;
    }
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    auto after = std::make_shared<domain::Contact>();
    auto edit = [given, after, now = Time::Now()](const std::optional<std::string>& stored) {
        auto contact = domain::DecodeContact(stored.value_or(""));
        if (!stored || !contact) return ledger::EditPlan{};
        for (const auto& [name, text] : given) {
            if (name == "status") contact->status = text;
            if (name == "notes") contact->notes = text;
            if (name == "affiliate_status") contact->affiliate_status = text;
        }
        contact->updated = now;
        ++contact->rev;
        *after = *contact;
        return ledger::EditPlan{true, domain::Encode(*contact)};
    };
    auto answer = [after] { return OneAnswer(*after, "Contact updated successfully"); };
    service.ledger.Edit(*ref, std::move(edit), EditAnswer(call, std::move(answer)));
}

}  // namespace barracuda::api
