#include "auth/admins.h"
#include "auth/key_ring.h"
#include "auth/sessions.h"
#include "delivery/replay_job.h"
#include "delivery/stop.h"
#include "domain/goal.h"
#include "domain/network.h"
#include "domain/offer.h"
#include "nodes/goal_rules.h"
#include "nodes/node_document.h"
#include "report/filter_bson.h"
#include "seeds.h"

namespace barracuda::fuzz {

namespace {

constexpr Time kThen{1'700'000'000'000};

domain::Network SampleNetwork() {
    domain::Network one;
    one.name = NetworkName("tracker");
    one.secrets = {"env:BARRACUDA_SECRET_TRACKER"};
    one.limits = {.concurrency = 4, .rate_per_second = 5, .retry_ms = {0, 5'000}, .ports = {443}};
    one.goals = {"5", "6"};
    one.updates = true;
    one.postback = {
        .method = "POST",
        .url = "https://t.example/{click_id}",
        .headers = {"X-A: {amount}"},
        .body_type = "json",
        .body = "{\"a\":{amount}}"};
    return one;
}

auth::Admin SampleAdmin() {
    auth::Admin one;
    one.email = one.id = "someone@example.com";
    one.name = "N";
    one.password = "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHQ$aGFzaA";
    one.invitation = std::string(64, 'a');
    one.invited_until = one.seen = one.created = kThen;
    one.factor.secret = "GEZDGNBVGY3TQOJQ";
    one.factor.on = true;
    (void)one.factor.NewRecovery();
    one.profile = "{\"theme\":\"dark\"}";
    one.rev = 2;
    return one;
}

auth::ApiKey SampleKey() {
    auth::ApiKey one;
    one.hash = std::string(64, 'b');
    one.id = one.hash.substr(0, 12);
    one.name = "tracker";
    one.affiliate = AffiliateId("7");
    one.created = one.used = kThen;
    return one;
}

auth::Session SampleSession() {
    auth::Session one;
    one.hash = std::string(64, 'c');
    one.email = "someone@example.com";
    one.mark = "mark";
    one.origin = {"192.0.2.1", "Browser/1"};
    one.created = one.seen = kThen;
    return one;
}

delivery::ReplayJob SampleJob(delivery::JobAction action) {
    delivery::ReplayJob one;
    one.id = std::string(24, 'd');
    one.action = action;
    one.rate = 500;
    one.by = "admin:someone@example.com";
    one.cursor = "cursor";
    one.skipped = {{"id", "why"}};
    one.created = one.updated = kThen;
    return one;
}

}  // namespace

Seeds EntitySeeds() {
    const domain::Goal goal{.id = "5", .repeatable = true, .then = "6", .then_amount = "99.5"};
    const domain::Offer offer{.id = "2", .title = "O", .networks = {NetworkName("tracker")}};
    nodes::NodeDocument node;
    node.id = NodeId("0123456789abcdef");
    node.host = "h";
    node.started = node.seen = kThen;
    return {
        domain::Encode(SampleNetwork()),
        domain::Encode(goal),
        domain::Encode(offer),
        nodes::Encode(node),
        nodes::Encode(nodes::GoalRecord{}),
        delivery::EncodeStop({NetworkName("tracker"), "answered 410 (gone)", kThen})};
}
Seeds AccountSeeds() {
    return {
        auth::EncodeAdmin(SampleAdmin()),
        auth::EncodeKey(SampleKey()),
        auth::EncodeSession(SampleSession())};
}
Seeds JobSeeds() {
    report::Filter filter;
    return {
        delivery::EncodeJob(SampleJob(delivery::JobAction::kReplay)),
        delivery::EncodeJob(SampleJob(delivery::JobAction::kApprove)),
        report::Encode(filter)};
}
Seeds CellSeeds() {
    return {
        std::string("\x7e\x01\x00\x1a\xe4\x53\n\x01\x36\x00\x01\x00\x00\x02\x04\x06", 15),
        "~\x02key\nrows",
        std::string(64, '\x80') + "\n" + std::string(64, '\xff')};
}
Seeds ImportSeeds() {
    return {
        "{\"barracuda_export\":1}\n{\"settings\":{\"_id\":\"a\",\"n\":{\"$numberLong\":\"5\"}}}\n"
        "{\"end\":1,\"hash\":\"00\"}\n",
        "{\"barracuda_export\":1}\n{\"end\":0,\"hash\":"
        "\"0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8\"}\n",
        "{\"barracuda_export\":2}\n"};
}
Seeds ReplySeeds() {
    const std::string head = "secret-1234\n/b?c=d\n120\n";
    return {
        head + R"({"data":[{"hash":"hash-1","goal_type_id":6,"id":9}],"total":1})",
        head + R"({"conversions":[{"hash":"hash-1","goal_type_id":"6"},{"errors":["no"]}]})",
        head + "<html>secret-1234 %73ecret-1234</html>",
        "secret-1234\nhttps://elsewhere.example/?hash=00ff\nWed, 21 Oct 2026 07:28:00 GMT\n{}",
        "secret-1234\n//host/../a\\b\n-1\n[[[[{\"data\":null}]]]]",
        head + "{\"data\":[\"\\ud800\",1e999,-0,\"\\u0000\"]}"};
}

}  // namespace barracuda::fuzz
