// Route 3: POST /api/register. Answers as soon as the contact is durable; only affiliates touch the
// network, behind the answer.
#include "api/form_routes.h"
#include "api/forms.h"
#include "api/respond.h"
#include "delivery/catalog_store.h"
#include "delivery/flow.h"
#include "delivery/flow_reports.h"
#include "net/url.h"

namespace barracuda::api {

namespace {

// The offer call the flow is going to make, without what it adds about the person.
std::string TrackingLink(const Service& service, const domain::Contact& contact) {
    const auto& network = service.config.network;
    delivery::FlowOptions options;
    options.offer = network.offer;
    options.url_id = network.url_id;
    net::QueryParameters query;
    for (auto& [name, value] : delivery::ClickCallOf(contact, options)) {
        bool personal = name == "name" || name == "email" || name == "company";
        if (!personal && name != "offer_id" && !value.empty()) query.emplace_back(name, value);
    }
    auto catalog = service.catalog->catalog();
    return catalog->FindNetwork(domain::kDefaultNetwork)->base_url + "/offer/" +
           net::PercentEncode(network.offer) + "?" + net::BuildQuery(query);
}

http::Response RegisterAnswer(const Service& service, const domain::Contact& contact) {
    JsonObject data, answer;
    if (contact.type == "affiliate") {
        data.Bool("affiliatePosted", true).Bool("isAffiliate", true);
        data.Text("trackingLink", TrackingLink(service, contact));
        data.Text("affiliateId", contact.affiliate_id);
        data.Text("dashboardUrl", service.config.network.dashboard_url);
        data.Text("note", "Stored; the network is being told");
    } else {
        data.Bool("isAffiliate", false).Bool("posted", true);
    }
    answer.Bool("success", true).Text("message", "Registration submitted successfully");
    return JsonResponse(200, answer.Object("data", data));
}

}  // namespace

void PostRegister(Service& service, std::shared_ptr<Call> call) {
    if (!AdmitForm(service, *call)) return;
    auto contact = ReadForm(service, *call, "register", {"name", "company"});
    if (!contact) return RespondForm(service, *call, ErrorResponse(contact.error()));
    if (contact->type == "affiliate") {
        if (contact->affiliate_id.empty()) contact->affiliate_id = "2";
        contact->flow.step = domain::FlowStep::kAcquire;
    }
    const bool taken = service.flows->Create(
        std::move(*contact),
        std::chrono::milliseconds(0),
        [&service, call](Result<delivery::FlowProgress> progress) {
            RespondForm(
                service,
                *call,
                progress ? RegisterAnswer(service, progress->contact)
                         : ErrorResponse(progress.error())
            );
        }
    );
    if (!taken) RespondForm(service, *call, Overloaded());
}

}  // namespace barracuda::api
