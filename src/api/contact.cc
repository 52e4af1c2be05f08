// Route 2: POST /api/contact. Stores the contact with the first step of its flow, waits a little
// for the network, and answers with what is known by then.
#include <algorithm>

#include "api/form_routes.h"
#include "api/forms.h"
#include "api/ignored.h"
#include "api/landing.h"
#include "api/respond.h"
#include "contacts/click_hash.h"
#include "contacts/flow.h"

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
        return one.network == domain::kDefaultNetwork && one.state == state;
    });
}

// The flow may have ended with its conversions recorded and the network not reached yet.
const char* DeliveryNoteOf(const contacts::FlowProgress& progress) {
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

http::Response ContactAnswer(
    const Forms& forms, const Call& call, const contacts::FlowProgress& progress
) {
    const auto& contact = progress.contact;
    const bool affiliate = contact.type == "affiliate";
    JsonObject data, answer;
    data.Bool("affiliateApplied", affiliate);
    data.Bool("affiliatePosted", true).Bool("isAffiliate", affiliate);
    data.Bool("affiliateRegistered", contact.affiliate_registered).Bool("ftd", contact.ftd);
    data.Raw("ftd_amount", contact.ftd_amount ? contact.ftd_amount->Text() : "0");
    data.Text("registrationStatus", StatusOfConversion(progress.registration));
    data.Text("depositStatus", StatusOfConversion(progress.deposit));
    data.Text("userType", contact.type).TextOrNull("clickId", contact.click_id);
    data.Text("affiliateId", contact.affiliate_id).TextOrNull("sub1", contact.sub1);
    data.TextOrNull("hash", contact.Hash());
    const auto words = WordsFor(forms, contact);
    data.Text("note", words.note).Text("deliveryNote", DeliveryNoteOf(progress));
    answer.Bool("success", true).Text("message", words.message);
    PutIgnored(call, answer);
    return JsonResponse(200, answer.Object("data", data));
}

// `faults`: of the form's fields.
void Refuse(
    Forms& forms, Call& call, http::Response response, const std::vector<Error>& faults = {}
) {
    if (IsPages(forms.site, call.request)) {
        response = FormAgain(forms.site, call.request, response, faults);
    }
    RespondForm(forms, call, std::move(response));
}

void Answer(Forms& forms, Call& call, const Result<contacts::FlowProgress>& progress) {
    if (!progress) return Refuse(forms, call, ErrorResponse(progress.error()));
    const bool page = IsPages(forms.site, call.request);
    RespondForm(
        forms,
        call,
        page ? ToThanks(forms.site, call.request, progress->contact.type)
             : ContactAnswer(forms, call, *progress)
    );
}

}  // namespace

void PostContact(Forms& forms, std::shared_ptr<Call> call) {
    if (auto refused = RefuseForm(forms, *call)) return Refuse(forms, *call, std::move(*refused));
    auto contact = ReadForm(forms, *call, "contact", {});
    if (!contact) {
        return Refuse(forms, *call, ErrorResponse(contact.error().front()), contact.error());
    }
    DefaultAffiliate(*contact);
    if (contacts::IsClickHash(contact->sub1)) {
        contact->click_id = contact->click_hash = contact->sub1;
        contact->flow.step = domain::FlowStep::kRegistration;
    } else {
        contact->flow.step = domain::FlowStep::kAcquire;
    }
    const bool taken = forms.flows.Create(
        std::move(*contact),
        // A page tells nothing of the network, so that nobody waits for it.
        IsPages(forms.site, call->request) ? std::chrono::milliseconds(0) : forms.inline_wait,
        [&forms, call](Result<contacts::FlowProgress> progress) { Answer(forms, *call, progress); }
    );
    if (!taken) Refuse(forms, *call, Overloaded());
}

}  // namespace barracuda::api
