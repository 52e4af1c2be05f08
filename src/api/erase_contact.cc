// DELETE /api/admin/contacts/{id}: erases the person. Conversions stay, but what their deliveries
// were told of the person goes first, so that a crash in between leaves something to erase again.
#include <algorithm>

#include "api/form_routes.h"
#include "api/query_pool.h"
#include "api/respond.h"
#include "delivery/contact_sync.h"

namespace barracuda::api {

namespace {

bool IsPersonal(std::string_view name) {
    return name == "name" || name == "email" || name == "company";
}

// Takes the person out of the parameters of one delivery; those that name somebody else with the
// same click stay.
bool Erase(domain::Parameters& parameters, const std::string& email) {
    auto own = [&](const auto& one) { return one.first == "email" && one.second == email; };
    if (std::none_of(parameters.begin(), parameters.end(), own)) return false;
    std::erase_if(parameters, [](const auto& one) { return IsPersonal(one.first); });
    return true;
}

bool Erase(domain::Conversion& conversion, const std::string& email) {
    bool changed = false;
    for (auto& delivery : conversion.deliveries) changed |= Erase(delivery.parameters, email);
    return changed;
}

void EraseFrom(Service& service, domain::Conversion conversion, const std::string& email) {
    if (!Erase(conversion, email)) return;
    auto edit = [email](const std::optional<std::string>& stored) {
        auto fresh = domain::DecodeConversion(stored.value_or(""));
        if (!stored || !fresh || !Erase(*fresh, email)) return ledger::EditPlan{};
        return ledger::EditPlan{true, domain::Encode(*fresh)};
    };
    // A store that refuses this refuses the contact's deletion after it, which is answered.
    service.ledger.Edit(
        store::RefOf(conversion.key), std::move(edit), [](Result<ledger::EditState>) {}
    );
}

void AnswerErased(const Call& call, const Result<ledger::EditState>& state) {
    if (!state) return call.respond(ErrorResponse(state.error()));
    if (*state != ledger::EditState::kWritten) {
        return call.respond(ErrorResponse({ErrorCode::kNotFound, "there is no such contact", "id"})
        );
    }
    JsonObject answer;
    answer.Bool("success", true).Text("message", "Contact deleted successfully");
    call.respond(JsonResponse(200, answer));
}

}  // namespace

void DeleteContact(Service& service, std::shared_ptr<Call> call) {
    const std::string& path = call->request.path;
    auto id = ObjectId::Parse(path.substr(path.rfind('/') + 1));
    if (!id) return call->respond(http::JsonError(400, "id must be 24 hex digits"));
    store::Ref ref{store::Collection::kContacts, id->Hex()};
    auto erase = [&service, call, ref] {
        auto documents = service.engine.Load(std::span(&ref, 1));
        if (!documents) return call->respond(ErrorResponse(documents.error()));
        auto contact = domain::DecodeContact(documents->front().value_or(""));
        if (documents->front() && contact) {
            auto conversions = delivery::ConversionsOf(service.engine, *contact);
            if (!conversions) return call->respond(ErrorResponse(conversions.error()));
            for (auto& c : *conversions) EraseFrom(service, std::move(c), contact->email);
        }
        service.ledger.Barrier([&service, call, ref] {
            service.ledger.Edit(
                ref,
                [](const std::optional<std::string>& stored) {
                    return ledger::EditPlan{stored.has_value(), std::nullopt};
                },
                [call](Result<ledger::EditState> state) { AnswerErased(*call, state); }
            );
        });
    };
    if (!service.queries.Run(std::move(erase))) call->respond(Overloaded());
}

}  // namespace barracuda::api
