#include "api/contact_json.h"

namespace barracuda::api {

JsonObject ContactJson(const domain::Contact& c) {
    JsonObject to;
    to.Text("id", c.id.Hex()).Text("_id", c.id.Hex());
    to.Text("name", c.name).Text("email", c.email).Text("company", c.company);
    to.Text("type", c.type).Text("status", c.status);
    auto maybe = [&](const char* name, const std::string& value) {
        if (!value.empty()) to.Text(name, value);
    };
    maybe("affiliate_status", c.affiliate_status);
    maybe("affiliate_reason", c.affiliate_reason);
    maybe("messenger", c.messenger);
    maybe("username", c.username);
    maybe("message", c.message);
    maybe("notes", c.notes);
    maybe("tracking_source", c.tracking_source);
    maybe("campaign_id", c.campaign_id);
    maybe("affiliate_id", c.affiliate_id);
    maybe("url_id", c.url_id);
    maybe("sub1", c.sub1);
    maybe("sub2", c.sub2);
    maybe("sub3", c.sub3);
    maybe("click_id", c.click_id);
    maybe("click_hash", c.Hash());
    maybe("affiliateError", c.affiliate_error);
    maybe("tracking_link", c.tracking_link);
    maybe("clicked_url", c.clicked_url);
    to.Bool("affiliateRegistered", c.affiliate_registered).Bool("ftd", c.ftd);
    to.Raw("ftd_amount", c.ftd_amount ? c.ftd_amount->Text() : "null");
    maybe("ftd_currency", c.ftd_currency);
    to.TextOrNull("ftd_date", c.ftd_date ? c.ftd_date->Iso() : "");
    if (c.flow.step != domain::FlowStep::kNone) {
        JsonObject flow;
        flow.Text("step", domain::NameOf(c.flow.step)).Int("attempts", c.flow.attempts);
        if (c.flow.Unfinished()) flow.Text("next_at", c.flow.next_at.Iso());
        to.Object("flow", flow.TextOrNull("last_error", c.flow.last_error));
    }
    return to.Text("createdAt", c.created.Iso()).Text("updatedAt", c.updated.Iso());
}

}  // namespace barracuda::api
