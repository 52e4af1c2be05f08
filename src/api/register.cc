// Route 3: POST /api/register. Answers as soon as the contact is durable; only affiliates touch the
// network, behind the answer.
#include "api/form_routes.h"
#include "api/forms.h"
#include "api/ignored.h"
#include "api/respond.h"
#include "contacts/flow.h"

namespace barracuda::api {

namespace {

http::Response RegisterAnswer(
    const Forms& forms, const Call& call, const domain::Contact& contact
) {
    JsonObject data, answer;
    const auto words = WordsFor(forms, contact);
    if (contact.type == "affiliate") {
        data.Bool("affiliatePosted", true).Bool("isAffiliate", true);
        data.Text("trackingLink", forms.flows.TrackingLinkOf(contact));
        data.Text("affiliateId", contact.affiliate_id);
        data.Text("dashboardUrl", forms.dashboard_url);
        data.Text("note", words.note);
    } else {
        data.Bool("isAffiliate", false).Bool("posted", true);
    }
    answer.Bool("success", true).Text("message", words.message);
    PutIgnored(call, answer);
    return JsonResponse(200, answer.Object("data", data));
}

}  // namespace

void PostRegister(Forms& forms, std::shared_ptr<Call> call) {
    if (auto refused = RefuseForm(forms, *call)) return RespondForm(forms, *call, *refused);
    auto contact = ReadForm(forms, *call, "register", {"name", "company"});
    if (!contact) return RespondForm(forms, *call, ErrorResponse(contact.error().front()));
    if (contact->type == "affiliate") {
        DefaultAffiliate(*contact);
        contact->flow.step = domain::FlowStep::kAcquire;
    }
    const bool taken = forms.flows.Create(
        std::move(*contact),
        std::chrono::milliseconds(0),
        [&forms, call](Result<contacts::FlowProgress> progress) {
            RespondForm(
                forms,
                *call,
                progress ? RegisterAnswer(forms, *call, progress->contact)
                         : ErrorResponse(progress.error())
            );
        }
    );
    if (!taken) RespondForm(forms, *call, Overloaded());
}

}  // namespace barracuda::api
