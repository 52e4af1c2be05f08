// The admin's pages about contacts: list with statistics, CSV, one contact. Reading runs on query
// threads, writing through the ledger.
#include <fmt/format.h>

#include <map>

#include "api/contact_json.h"
#include "api/form_routes.h"
#include "api/query_pool.h"
#include "api/sums_json.h"
#include "base/text.h"
#include "delivery/contact_sync.h"
#include "report/contact_csv.h"
#include "report/contacts.h"

namespace barracuda::api {

namespace {

constexpr size_t kStatusBytesMax = 64;

report::ContactFilter ReadFilter(Reader& reader) {
    report::ContactFilter filter;
    filter.type = reader.Text("type");
    filter.status = reader.Text("status");
    filter.search = Lower(Trim(reader.Text("search")));
    if (filter.type == "all") filter.type.clear();
    if (filter.status == "all") filter.status.clear();
    return filter;
}

report::ContactQuery ReadQuery(Reader& reader) {
    report::ContactQuery query;
    query.filter = ReadFilter(reader);
    query.page = reader.Count("page", 1);
    query.limit = std::min<size_t>(reader.Count("limit", 50), 200);
    std::string sort = reader.Text("sortBy");
    if (!sort.empty()) query.sort = sort;
    if (!report::IsContactSort(query.sort)) reader.Refuse("sortBy", "is not a field to sort by");
    std::string order = reader.Text("sortOrder");
    if (!order.empty() && order != "asc" && order != "desc") {
        reader.Refuse("sortOrder", "must be asc or desc");
    }
    query.descending = order != "asc";
    return query;
}

JsonObject CountsOf(const std::map<std::string, int64_t>& counts) {
    JsonObject to;
    for (const auto& [name, count] : counts) {
        to.Int(JsonName(name.empty() ? "unknown" : name), count);
    }
    return to;
}

JsonObject CommonStats(const report::ContactStats& tally) {
    JsonObject stats;
    stats.Int("total", tally.total).Object("byType", CountsOf(tally.types));
    stats.Object("byStatus", CountsOf(tally.statuses));
    stats.Object("affiliateStats", CountsOf(tally.affiliate_statuses));
    return stats.Int("thisMonth", tally.month);
}

http::Response ListAnswer(store::Engine& engine, const report::ContactQuery& query) {
    auto page = report::SelectContacts(engine, query);
    if (!page) return ErrorResponse(page.error());
    auto tally = report::ContactStatsOf(engine, Time::Now());
    if (!tally) return ErrorResponse(tally.error());
    JsonList rows;
    for (const auto& contact : page->rows) rows.Object(ContactJson(contact));
    JsonObject pagination, answer;
    pagination.Int("page", static_cast<int64_t>(query.page));
    pagination.Int("limit", static_cast<int64_t>(query.limit));
    pagination.Int("total", static_cast<int64_t>(page->total));
    const size_t pages = (page->total + query.limit - 1) / query.limit;
    pagination.Int("totalPages", static_cast<int64_t>(pages));
    auto stats = CommonStats(*tally);
    PutSum(stats.Int("ftdCount", tally->ftd), "totalFtdAmount", tally->ftd_sums);
    answer.Bool("success", true).List("data", rows);
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
        auto tally = report::ContactStatsOf(service.engine, Time::Now());
        if (!tally) return call->respond(ErrorResponse(tally.error()));
        auto data = CommonStats(*tally);
        JsonObject ftd, answer;
        PutSum(ftd.Int("total", tally->ftd), "revenue", tally->ftd_sums);
        answer.Bool("success", true).Object("data", data.Object("ftd", ftd));
        call->respond(JsonResponse(200, answer));
    });
}

void ExportContacts(Service& service, std::shared_ptr<Call> call) {
    Input empty;
    auto input = call->request.body.empty() ? Result<Input>(empty) : Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto filter = ReadFilter(reader);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    auto csv = std::make_shared<report::ContactCsv>(service.engine, std::move(filter));
    http::Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.headers.emplace_back("Content-Disposition", "attachment; filename=\"contacts.csv\"");
    response.headers.emplace_back("Cache-Control", "no-store");
    response.stream = [&service, csv](http::NextChunk next) {
        bool queued = service.queries.Run([csv, next] {
            auto part = csv->Next();
            if (part) next(part->empty() ? std::nullopt : std::optional(std::move(*part)));
        });
        // A read that fails, or too many waiting: `next` is dropped, which breaks off visibly.
        (void)queued;
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
