#include "api/event_json.h"

#include "api/respond.h"

namespace barracuda::api {

namespace {

const char* OutcomeOf(const delivery::AttemptRecord& attempt) {
    if (attempt.attempt.accepted) return "accepted";
    return attempt.retried ? "retried" : "dead";
}

}  // namespace

std::string EventJson(const domain::Conversion& c) {
    JsonObject to;
    to.Text("id", c.id.Hex()).Text("click_id", c.key.click.value).Text("goal_id", c.key.goal.value);
    to.Text("goal_type", domain::NameOf(c.goal_type)).Text("status", domain::NameOf(c.status));
    return to.Int("rev", c.rev).Done();
}

std::string EventJson(const Received& received) {
    JsonObject to;
    to.Text("at", received.at.Iso()).Text("route", received.route);
    to.Int("status", received.status).TextOrNull("verdict", received.verdict);
    to.TextOrNull("click_id", received.key.click.value);
    return to.TextOrNull("reason", received.reason).Done();
}

std::string EventJson(const delivery::AttemptRecord& attempt) {
    JsonObject to;
    to.Text("id", attempt.delivery_id.value).Text("network", attempt.network.value);
    to.Text("click_id", attempt.key.click.value).Text("outcome", OutcomeOf(attempt));
    return to.Int("status", attempt.attempt.status).Done();
}

std::string EventJson(const delivery::ReplayJob& job) {
    JsonObject to;
    to.Text("id", job.id).Text("kind", delivery::NameOf(job.action));
    to.Text("state", delivery::NameOf(job.state)).Int("done", job.replayed);
    return to.Int("skipped", job.skips).Done();
}

std::string NetworkEventJson(std::string_view name, std::string_view state) {
    return JsonObject().TextOrNull("name", name).TextOrNull("state", state).Done();
}

}  // namespace barracuda::api
