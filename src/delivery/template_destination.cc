// A network that is told by a template: rendered for each attempt, one call, no redirects.
#include <fmt/format.h>

#include "delivery/destination.h"
#include "delivery/network_text.h"

namespace barracuda::delivery {

namespace {

class TemplateDestination final : public Destination {
public:
    TemplateDestination(net::Client& client, TemplateSettings settings)
        : client_(client), settings_(std::move(settings)) {}

    bool approves() const override { return false; }

    void Send(
        const domain::Delivery& delivery,
        const Parameters& parameters,
        AttemptDone done,
        MaySend may_send
    ) override {
        const auto& secrets = settings_.secrets;
        const Time now = settings_.now();
        domain::RenderInput input{parameters, delivery.id, now, secrets.values};
        auto call = settings_.postback.Render(input);
        if (!call) {
            // No secret is our configuration's trouble; a value that fits nowhere stays so.
            bool ours = call.error().code == ErrorCode::kUnavailable;
            Attempt attempt;
            attempt.cls = ours ? AttemptClass::kAlarm : AttemptClass::kFinal;
            attempt.error =
                secrets.trouble.empty() || !ours ? call.error().message : secrets.trouble;
            client_.Post([attempt, done = std::move(done)] { done(attempt); });
            return;
        }
        input.mask = true;
        auto masked = settings_.postback.Render(input);
        CallTrace trace;
        trace.method = call->method;
        if (masked) trace.url = masked->url;
        net::HttpCall http;
        http.id = delivery.id.value;
        http.method = call->method;
        http.url = std::move(call->url);
        http.headers = std::move(call->headers);
        http.headers.push_back("Barracuda-Delivery: " + delivery.id.value);
        http.body = std::move(call->body);
        http.timeout = settings_.attempt_timeout;
        http.guard = settings_.guard;
        http.may_send = std::move(may_send);
        client_.Start(
            std::move(http),
            [trace, values = secrets.values, done = std::move(done)](net::HttpReply reply) mutable {
                Attempt attempt = AttemptOf(reply, values);
                NoteReply(trace, reply, values);
                attempt.call = std::move(trace);
                done(std::move(attempt));
            }
        );
    }

private:
    net::Client& client_;
    const TemplateSettings settings_;
};

}  // namespace

std::shared_ptr<Destination> MakeTemplateDestination(
    net::Client& client, TemplateSettings settings
) {
    return std::make_shared<TemplateDestination>(client, std::move(settings));
}

Parameters TemplateParametersOf(
    const domain::Conversion& conversion, const domain::Delivery& delivery
) {
    using domain::Field;
    Parameters to = delivery.parameters;  // frozen when it was owed
    auto add = [&](const char* name, std::string_view value) {
        for (const auto& [known, _] : to) {
            if (known == name) return;
        }
        if (!value.empty()) to.emplace_back(name, value);
    };
    const auto& fields = conversion.fields;
    add("click_id", conversion.key.click.value);
    add("goal_id", conversion.key.goal.value);
    add("goal_type", domain::NameOf(conversion.goal_type));
    add("status", domain::NameOf(conversion.status));
    add("amount", fields.Get(Field::kAmount, "0"));
    add("event", "conversion");
    add("change", "0");
    for (auto field :
         {Field::kTransactionId,
          Field::kAffiliateId,
          Field::kOfferId,
          Field::kSaleAmount,
          Field::kCurrency,
          Field::kSub1,
          Field::kSub2,
          Field::kSub3,
          Field::kSub4,
          Field::kSub5}) {
        add(domain::InfoOf(field).name, fields.Get(field));
    }
    return to;
}

}  // namespace barracuda::delivery
