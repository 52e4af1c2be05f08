// Route 2: POST /api/contact. Stores the contact with the first step of its flow, waits a little
// for the network, and answers with what is known by then.
#include "api/form_routes.h"
#include "api/forms.h"
#include "api/respond.h"
#include "delivery/flow.h"

namespace barracuda::api {

namespace {

std::string StatusOfConversion(const std::optional<domain::Conversion>& conversion) {
    return conversion ? domain::NameOf(conversion->status) : "pending";
}

const char* NoteOf(const domain::Flow& flow) {
    if (flow.step == domain::FlowStep::kRefused) return "Stored; the network refused it";
    return flow.Unfinished() ? "Stored; the network has not answered everything yet"
                             : "Stored and reported to the network";
}

http::Response ContactAnswer(const delivery::FlowProgress& progress) {
    const auto& contact = progress.contact;
    const bool affiliate = contact.type == "affiliate";
    const bool clicked = !contact.click_id.empty();
    JsonObject data, answer;
    data.Bool("affiliateApplied", affiliate);
    data.Bool("affiliatePosted", true).Bool("isAffiliate", affiliate);
    data.Bool("affiliateRegistered", contact.affiliate_registered).Bool("ftd", contact.ftd);
    data.Raw("ftd_amount", contact.ftd_amount ? contact.ftd_amount->Text() : "0");
    data.Text("registrationStatus", StatusOfConversion(progress.registration));
    data.Text("depositStatus", StatusOfConversion(progress.deposit));
    data.Text("userType", contact.type).TextOrNull("clickId", contact.click_id);
    data.Text("affiliateId", contact.affiliate_id).TextOrNull("sub1", contact.sub1);
    data.TextOrNull("hash", clicked ? contact.sub1 : "");
    data.Text("note", NoteOf(contact.flow));
    answer.Bool("success", true).Text("message", "Contact form submitted successfully");
    return JsonResponse(200, answer.Object("data", data));
}

}  // namespace

void PostContact(Service& service, std::shared_ptr<Call> call) {
    if (!AdmitForm(service, *call)) return;
    auto contact = ReadForm(service, *call, "contact", {});
    if (!contact) return RespondForm(service, *call, ErrorResponse(contact.error()));
    if (contact->tracking_source.empty()) contact->tracking_source = "contact_form";
    if (contact->affiliate_id.empty()) contact->affiliate_id = "2";
    if (IsClickHash(contact->sub1)) {
        contact->click_id = contact->sub1;
        contact->flow.step = domain::FlowStep::kRegistration;
    } else {
        contact->flow.step = domain::FlowStep::kAcquire;
    }
    const bool taken = service.flows->Create(
        std::move(*contact),
        service.config.delivery.inline_wait,
        [&service, call](Result<delivery::FlowProgress> progress) {
            RespondForm(
                service,
                *call,
                progress ? ContactAnswer(*progress) : ErrorResponse(progress.error())
            );
        }
    );
    if (!taken) RespondForm(service, *call, Overloaded());
}

}  // namespace barracuda::api
