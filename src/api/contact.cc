// Route 2: POST /api/contact. Stores the contact with the first step of its flow, waits a little
// for the network, and answers with what is known by then.
#include <algorithm>

#include "api/form_routes.h"
#include "api/forms.h"
#include "api/respond.h"
#include "delivery/flow.h"

namespace barracuda::api {

namespace {

std::string StatusOfConversion(const std::optional<domain::Conversion>& conversion) {
    return conversion ? domain::NameOf(conversion->status) : "pending";
}

// Whether a delivery of this conversion to the forms' network is in this state.
bool Has(const std::optional<domain::Conversion>& conversion, domain::DeliveryState state) {
    if (!conversion) return false;
    const auto& all = conversion->deliveries;
    return std::any_of(all.begin(), all.end(), [&](const domain::Delivery& one) {
        return one.destination == domain::kDefaultNetwork && one.state == state;
    });
}

// The flow may have ended with its conversions recorded and the network not reached yet.
const char* NoteOf(const delivery::FlowProgress& progress) {
    using domain::DeliveryState;
    const auto& flow = progress.contact.flow;
    auto any = [&](DeliveryState state) {
        return Has(progress.registration, state) || Has(progress.deposit, state);
    };
    if (flow.step == domain::FlowStep::kRefused || any(DeliveryState::kDead)) {
        return "Stored; the network refused it";
    }
    if (flow.Unfinished()) return "Stored; the network has not answered everything yet";
    return any(DeliveryState::kWaiting) ? "Stored; the network is being told"
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
    data.Text("note", NoteOf(progress));
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
