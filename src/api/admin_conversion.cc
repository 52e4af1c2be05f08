// /api/admin/conversions/{id}: one conversion with whose it is and what else its click has, and its
// correction by an admin.
#include <algorithm>

#include "api/conversion_json.h"
#include "api/job_input.h"
#include "api/list_input.h"
#include "api/query_pool.h"
#include "api/record.h"
#include "api/routes.h"
#include "contacts/contact_of_click.h"
#include "delivery/catalog_store.h"
#include "store/index.h"

namespace barracuda::api {

using domain::Corrected;
using domain::Field;

namespace {

constexpr size_t kSiblingsMax = 200;
constexpr int kRevMax = 1'000'000'000;

Error NoConversion() { return {ErrorCode::kNotFound, "there is no such conversion", "id"}; }

Result<domain::Conversion> FindConversion(store::Engine& engine, const std::string& id) {
    const auto given = ObjectId::Parse(id);
    if (!given) return Fail(ErrorCode::kInvalid, "id must be 24 hex digits", "id");
    store::ScanRequest request;
    request.index = store::IndexId::kConversionId;
    request.equal = {given->Hex()};
    request.limit = 1;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    if (page->documents.empty()) return Fail(NoConversion());
    return domain::DecodeConversion(page->documents.front());
}

struct Siblings {
    std::vector<domain::Conversion> rows{};  // oldest first
    bool complete = true;
};

Result<Siblings> SiblingsOf(store::Engine& engine, const domain::Conversion& one) {
    store::ScanRequest request;
    request.equal = {one.key.click.value};
    request.limit = kSiblingsMax + 1;
    auto page = engine.Scan(request);
    if (!page) return Fail(page.error());
    Siblings siblings{.complete = page->cursor.empty()};
    for (const auto& document : page->documents) {
        auto row = domain::DecodeConversion(document);
        if (row && row->id != one.id) siblings.rows.push_back(std::move(*row));
    }
    std::sort(siblings.rows.begin(), siblings.rows.end(), [](const auto& a, const auto& b) {
        return a.created < b.created;
    });
    return siblings;
}

JsonObject SiblingJson(const domain::Conversion& c) {
    JsonObject to;
    to.Text("id", c.id.Hex()).Text("goal_id", c.key.goal.value);
    to.Text("goal_type", domain::NameOf(c.goal_type));
    if (!c.key.occurrence.empty()) to.Text("occurrence", c.key.occurrence);
    to.Text("status", domain::NameOf(c.status));
    if (const auto* amount = c.fields.Find(Field::kAmount)) to.Amount("amount", *amount);
    if (const auto* currency = c.fields.Find(Field::kCurrency)) to.Text("currency", *currency);
    return to.Text("createdAt", c.created.Iso());
}

http::Response AnswerOne(store::Engine& engine, const std::string& id) {
    auto one = FindConversion(engine, id);
    if (!one) return ErrorResponse(one.error());
    auto siblings = SiblingsOf(engine, *one);
    if (!siblings) return ErrorResponse(siblings.error());
    auto contact = contacts::ContactOfClick(engine, one->key.click.value);
    if (!contact) return ErrorResponse(contact.error());
    JsonList others;
    for (const auto& sibling : siblings->rows) others.Object(SiblingJson(sibling));
    JsonObject data = ConversionJson(*one), body;
    data.TextOrNull("contact_id", *contact ? (*contact)->Hex() : "");
    body.Bool("success", true).Object("data", data.List("siblings", others));
    if (!siblings->complete) body.Bool("complete", false);
    return JsonResponse(200, body);
}

// What a PATCH says; what is wrong is refused in the reader.
domain::Report ReadCorrection(const Input& input, Reader& reader) {
    domain::Report report;
    report.speaker = domain::Speaker::kAdmin;
    report.status = ReadStatus(reader);
    Give(report, Field::kAmount, reader.Amount("amount"));
    Give(report, Field::kSaleAmount, reader.Amount("sale_amount"));
    Give(report, Field::kCurrency, reader.Currency("currency"));
    domain::Correction correction;
    const bool wanted = report.status == domain::Status::kRejected || !report.given.all().empty();
    correction.reason = ReadReason(reader, wanted);
    const auto rev = ReadNumber(reader, "rev", 0, kRevMax);
    if (!rev) reader.Refuse("rev", "is required: the revision that is corrected");
    correction.rev = rev;
    RefuseUnread(input, reader, "is nothing that can be corrected");
    if (!report.status && report.given.all().empty()) {
        reader.Refuse("status", "is required where no sum is given");
    }
    report.correction = std::move(correction);
    report.command_id = ObjectId::New();
    return report;
}

// Somebody was faster: what is there now stands beside the refusal, so that nothing has to be
// guessed.
http::Response Stale(const domain::Conversion& there) {
    JsonObject body;
    body.Bool("success", false).Text("message", "rev: it was changed meanwhile, look at it anew");
    body.Text("field", "rev").Object("data", ConversionJson(there));
    return JsonResponse(409, body, "another revision");
}

http::Response AnswerCorrection(const Result<domain::Decision>& decision) {
    if (!decision) return ErrorResponse(decision.error());
    if (!decision->document) return ErrorResponse(NoConversion());
    if (decision->corrected == Corrected::kStale) return Stale(*decision->document);
    JsonObject body;
    const bool changed = decision->changed;
    body.Bool("success", true).Text("message", changed ? "Corrected" : "It is so already");
    return JsonResponse(200, body.Object("data", ConversionJson(*decision->document)));
}

}  // namespace

void GetConversion(Conversions& conversions, std::shared_ptr<Call> call) {
    RunQuery(conversions.queries, call, [&conversions, call] {
        call->respond(AnswerOne(conversions.engine, call->id));
    });
}

void PatchConversion(Conversions& conversions, std::shared_ptr<Call> call) {
    auto input = Input::OfBody(call->request);
    if (!input) return call->respond(BadRequest(input.error()));
    Reader reader(*input);
    auto report = ReadCorrection(*input, reader);
    if (reader.error()) return call->respond(BadRequest(*reader.error()));
    report.by = call->caller.name;
    RunQuery(conversions.queries, call, [&conversions, call, report]() mutable {
        auto one = FindConversion(conversions.engine, call->id);
        if (!one) return call->respond(ErrorResponse(one.error()));
        report.key = one->key;
        report.deliveries = conversions.catalog.catalog()->AsksFor(report.key.goal.value);
        const unsigned io_thread = call->request.io_thread;
        const bool taken = conversions.ledger.Submit(
            std::move(report),
            io_thread,
            [call](Result<domain::Decision> decision) { call->respond(AnswerCorrection(decision)); }
        );
        if (!taken) call->respond(Overloaded());
    });
}

}  // namespace barracuda::api
