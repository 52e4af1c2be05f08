// The admin's pages about contacts: list with statistics, CSV, one contact. Reading runs on query
// threads, writing through the ledger.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "api/contact_json.h"
#include "api/entity_routes.h"
#include "api/filter_input.h"
#include "api/form_routes.h"
#include "api/list_input.h"
#include "api/page_input.h"
#include "api/query_pool.h"
#include "api/sums_json.h"
#include "contacts/contact_sync.h"
#include "contacts/timeline.h"
#include "report/contact_csv.h"
#include "report/contacts.h"
#include "report/fold_case.h"

namespace barracuda::api {

namespace {

constexpr size_t kStatusBytesMax = 64;

constexpr std::string_view kSorts =
    "must be createdAt, updatedAt, name, email, company, type, status, affiliate_status, "
    "ftd_amount or ftd_date";

// `all` is how the old application's pages said that any value will do.
std::string ReadOne(Reader& reader, const char* name) {
    std::string text = reader.Text(name);
    return text == "all" ? "" : text;
}

report::ContactFilter ReadContactFilter(Reader& reader) {
    report::ContactFilter filter;
    filter.type = ReadOne(reader, "type");
    filter.status = ReadOne(reader, "status");
    filter.affiliate_status = ReadOne(reader, "affiliate_status");
    filter.search = report::FoldCase(reader.Sought("search"));
    filter.clicks = ReadTexts(reader, "click_id");
    filter.affiliates = ReadTexts(reader, "affiliate_id");
    filter.ftd = ReadFlag(reader, "ftd");
    filter.from = ReadTime(reader, "from");
    filter.to = ReadEnd(reader, "to");
    return filter;
}

report::ContactQuery ReadQuery(Reader& reader) {
    report::ContactQuery query;
    query.filter = ReadContactFilter(reader);
    query.page = reader.Count("page", 1);
    query.limit = ReadLimit(reader);
    ReadOrder(reader, report::IsContactSort, kSorts, query.sort, query.descending);
    ReadPlace(reader, query.cursor, query.fitting);
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

http::Response ListAnswer(store::Engine& engine, report::ContactQuery query) {
    auto tally = report::ContactStatsOf(engine, Time::Now(), query);
    if (!tally) return ErrorResponse(tally.error());
    if (query.Summed()) {
        const auto count = static_cast<size_t>(std::max<int64_t>(tally->Asked(), 0));
        query.fitting = {{count, true}, tally->asked};
    }
    auto page = report::SelectContacts(engine, query);
    if (!page) return ErrorResponse(page.error());
    JsonList rows;
    for (const auto& contact : page->rows) rows.Object(ContactJson(contact));
    JsonObject pagination, answer;
    const auto total = static_cast<int64_t>(page->fitting.total.count);
    const auto limit = static_cast<int64_t>(query.limit);
    pagination.Int("page", static_cast<int64_t>(query.page)).Int("limit", limit);
    pagination.Int("total", total).Int("totalPages", (total + limit - 1) / limit);
    const auto next = PlaceText(page->next_cursor, page->fitting.total, query.Summed());
    pagination.TextOrNull("nextCursor", next);
    auto stats = CommonStats(*tally);
    PutSum(stats.Int("ftdCount", tally->ftd), "totalFtdAmount", tally->ftd_sums);
    answer.Bool("success", true).List("data", rows);
    if (!page->complete) answer.Bool("complete", false);
    answer.Object("stats", stats).Object("filtered", FilteredJson(page->fitting));
    return JsonResponse(200, answer.Object("pagination", pagination));
}

// A body of which every field is optional may be left out itself.
Result<Input> BodyOrNothing(const http::Request& request) {
    return request.body.empty() ? Result<Input>(Input()) : Input::OfBody(request);
}

Result<store::Ref> RefOf(const Call& call) {
    auto id = ObjectId::Parse(call.id);
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

void ListContacts(ContactPages& pages, std::shared_ptr<Call> call) {
    auto input = Input::OfQuery(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto query = ReadQuery(reader);
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    RunQuery(pages.queries, call, [&pages, call, query] {
        call->respond(ListAnswer(pages.engine, query));
    });
}

void ContactStats(ContactPages& pages, std::shared_ptr<Call> call) {
    RunQuery(pages.queries, call, [&pages, call] {
        auto tally = report::ContactStatsOf(pages.engine, Time::Now());
        if (!tally) return call->respond(ErrorResponse(tally.error()));
        auto data = CommonStats(*tally);
        auto deposits = report::FirstDepositsOf(pages.engine);
        if (!deposits) return call->respond(ErrorResponse(deposits.error()));
        JsonObject ftd, answer;
        PutSum(ftd.Int("total", deposits->count), "revenue", deposits->sums);
        answer.Bool("success", true).Object("data", data.Object("ftd", ftd));
        call->respond(JsonResponse(200, answer));
    });
}

void ExportContacts(ContactPages& pages, std::shared_ptr<Call> call) {
    auto input = BodyOrNothing(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto filter = ReadContactFilter(reader);
    RefuseUnread(*input, reader, kNoFilter);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    auto query = Input::OfQuery(call->request);
    if (!query) return call->respond(BadRequest(query.error()));
    Reader asked(*query);
    const bool mark = ReadSwitch(*query, asked, "bom");
    RefuseUnread(*query, asked, "is no parameter of this path");
    if (asked.error()) return call->respond(BadRequest(*asked.error()));
    auto csv = std::make_shared<report::ContactCsv>(pages.engine, std::move(filter), mark);
    http::Response response;
    response.content_type = "text/csv; charset=utf-8";
    response.headers.emplace_back(
        "Content-Disposition",
        fmt::format("attachment; filename=\"contacts-{}.csv\"", Time::Now().Iso().substr(0, 10))
    );
    response.headers.emplace_back("Cache-Control", "no-store");
    response.stream = [&pages, csv](http::NextChunk next) {
        bool queued = pages.queries.Run([csv, next] {
            auto part = csv->Next();
            if (part) next(part->empty() ? std::nullopt : std::optional(std::move(*part)));
        });
        // A read that fails, or too many waiting: `next` is dropped, which breaks off visibly.
        (void)queued;
    };
    call->respond(std::move(response));
}

void GetContactTimeline(ContactPages& pages, std::shared_ptr<Call> call) {
    auto ref = RefOf(*call);
    if (!ref) return call->respond(BadRequest(ref.error()));
    RunQuery(pages.queries, call, [&pages, call, ref = *ref] {
        auto timeline = contacts::TimelineOf(pages.engine, *ObjectId::Parse(ref.key));
        if (!timeline) return call->respond(ErrorResponse(timeline.error()));
        if (!*timeline) return call->respond(ErrorResponse(NoContact()));
        JsonList items;
        for (const auto& item : (*timeline)->items) {
            JsonObject one;
            one.Text("at", item.at.Iso()).Text("kind", contacts::NameOf(item.kind));
            JsonObject facts;
            for (const auto& [name, value] : item.facts.all()) facts.Text(name, value);
            one.Text("id", item.id).Text("text", item.text).Object("facts", facts);
            items.Object(one);
        }
        JsonObject data;
        data.List("items", items).Bool("complete", (*timeline)->complete);
        call->respond(DataAnswer(data));
    });
}

void GetContact(ContactPages& pages, std::shared_ptr<Call> call) {
    auto ref = RefOf(*call);
    if (!ref) return call->respond(BadRequest(ref.error()));
    RunQuery(pages.queries, call, [&pages, call, ref = *ref] {
        auto contact = LoadContact(pages.engine, ref);
        if (!contact) return call->respond(ErrorResponse(contact.error()));
        // The flags are a cache; on reading one contact they are what the ledger says.
        auto conversions = contacts::ConversionsOf(pages.engine, *contact);
        if (!conversions) return call->respond(ErrorResponse(conversions.error()));
        domain::SyncFlags(*contact, *conversions);
        call->respond(OneAnswer(*contact, ""));
    });
}

namespace {

// The fields of a contact that an admin may change.
struct Editable {
    const char* name;
    std::string domain::Contact::*member;
    size_t bytes_max;
    bool may_be_emptied;  // of the others an empty one is an absent one, as everywhere
};
constexpr Editable kEditable[] = {
    {"status", &domain::Contact::status, kStatusBytesMax, false},
    {"affiliate_status", &domain::Contact::affiliate_status, kStatusBytesMax, false},
    {"notes", &domain::Contact::notes, Reader::kTextBytesMax, true},
    {"affiliate_reason", &domain::Contact::affiliate_reason, Reader::kTextBytesMax, true},
};

using Given = std::vector<std::pair<const Editable*, std::string>>;

void EditContact(
    ContactPages& pages,
    std::shared_ptr<Call> call,
    const store::Ref& ref,
    Given given,
    const char* message
) {
    auto after = std::make_shared<domain::Contact>();
    auto edit = [given = std::move(given),
                 after,
                 now = Time::Now()](const std::optional<std::string>& stored) {
        auto contact = domain::DecodeContact(stored.value_or(""));
        if (!stored || !contact) return ledger::EditPlan{};
        for (const auto& [editable, text] : given) *contact.*editable->member = text;
        contact->updated = now;
        ++contact->rev;
        *after = *contact;
        return ledger::EditPlan{true, domain::Encode(*contact)};
    };
    auto answer = [after, message] { return OneAnswer(*after, message); };
    pages.ledger.Edit(ref, std::move(edit), EditAnswer(call, std::move(answer)));
}

const Editable* EditableNamed(std::string_view name) {
    return std::find_if(std::begin(kEditable), std::end(kEditable), [&](const Editable& one) {
        return name == one.name;
    });
}

void DecideAffiliate(
    ContactPages& pages, std::shared_ptr<Call> call, const char* status, const char* message
) {
    auto ref = RefOf(*call);
    if (!ref) return call->respond(BadRequest(ref.error()));
    auto input = BodyOrNothing(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    Given given{
        {EditableNamed("affiliate_status"), status},
        {EditableNamed("affiliate_reason"), reader.Text("reason")}};
    RefuseUnread(*input, reader, "is no field of this call");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    EditContact(pages, std::move(call), *ref, std::move(given), message);
}

}  // namespace

void PutContact(ContactPages& pages, std::shared_ptr<Call> call) {
    auto ref = RefOf(*call);
    if (!ref) return call->respond(BadRequest(ref.error()));
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    Given given;
    for (const auto& editable : kEditable) {
        std::string text = reader.Text(editable.name);
        if (text.size() > editable.bytes_max) {
            reader.Refuse(
                editable.name, fmt::format("is longer than {} bytes", editable.bytes_max)
            );
        }
        const bool emptied = editable.may_be_emptied && input->Has(editable.name);
        if (!text.empty() || emptied) given.emplace_back(&editable, std::move(text));
    }
    RefuseUnread(*input, reader, "is no field that can be changed");
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    EditContact(pages, std::move(call), *ref, std::move(given), "Contact updated successfully");
}

void ApproveAffiliate(ContactPages& pages, std::shared_ptr<Call> call) {
    DecideAffiliate(pages, std::move(call), "approved", "Affiliate approved");
}

void RejectAffiliate(ContactPages& pages, std::shared_ptr<Call> call) {
    DecideAffiliate(pages, std::move(call), "rejected", "Affiliate rejected");
}

}  // namespace barracuda::api
