#include "delivery/irev_api.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "base/text.h"
#include "net/test_server.h"

namespace barracuda::delivery {
namespace {

using net::TestRedirect;
using net::TestReply;
using net::TestRequest;
using net::TestServer;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using Clock = std::chrono::steady_clock;

class IrevApiTest : public testing::Test {
protected:
    void Serve(TestServer::Handler handler) { server_.emplace(std::move(handler)); }

    IrevSettings Settings() const {
        return {
            .base_url = server_->url() + "/api/v3",
            .hash = "configured",
            .private_api_url = server_->url() + "/open-api/v1/",
            .private_api_token = "s3cret",
        };
    }

    template <typename Call>
    auto Await(Call call) {
        using Answer = std::
            conditional_t<std::is_invocable_v<Call, AttemptDone>, Attempt, Result<std::string>>;
        std::optional<Answer> answer;
        call([&](Answer got) {
            EXPECT_FALSE(answer.has_value()) << "done ran twice";
            answer = std::move(got);
        });
        EXPECT_FALSE(answer.has_value()) << "done ran outside Step()";
        const auto end = Clock::now() + std::chrono::seconds(10);
        while (client_.in_flight() > 0 && Clock::now() < end) client_.Step(milliseconds(50));
        return std::move(answer.value());
    }

    Attempt Goal(const IrevSettings& settings, const Parameters& p) {
        IrevApi network(client_, settings);
        return Await([&](AttemptDone done) { network.GoalPostback("d1", p, std::move(done)); });
    }
    Attempt Acquire(const IrevSettings& settings, const Parameters& p) {
        IrevApi network(client_, settings);
        return Await([&](AttemptDone done) { network.AcquireClick("d1", p, std::move(done)); });
    }
    Attempt Private(const IrevSettings& settings, const Parameters& p) {
        IrevApi network(client_, settings);
        return Await([&](AttemptDone done) { network.PrivateConversion("d1", p, std::move(done)); }
        );
    }

    std::optional<TestServer> server_;
    net::Client client_{{.allowed = {Cidr::Parse("127.0.0.0/8").value()}}};
};

TEST_F(IrevApiTest, TracesTheLastCallWithSecretsMasked) {
    Serve([](const TestRequest&) { return TestReply(500, std::string(6000, 'x')); });
    const Attempt attempt = Goal(Settings(), {{"goal_id", "5"}, {"click_id", "c"}});
    EXPECT_EQ(attempt.call.method, "GET");
    EXPECT_THAT(attempt.call.url, HasSubstr("/goal/5?hash=***&click_id=c"));
    EXPECT_EQ(attempt.call.address, "127.0.0.1:" + std::to_string(server_->port()));
    EXPECT_EQ(attempt.call.response, std::string(4096, 'x'));
    EXPECT_EQ(attempt.response.size(), 1024u);
    EXPECT_GT(attempt.call.timings.total.count(), 0);
    EXPECT_EQ(Goal({}, {{"goal_id", "5"}}).call.url, "") << "no call was made";
}

// Error pages repeat the request. What is kept of them is told to whoever reported.
TEST_F(IrevApiTest, WhatIsKeptOfAnAnswerHoldsNoSecret) {
    Serve([](const TestRequest& request) {
        return TestReply(404, "Cannot GET " + request.target + "\n" + request.headers);
    });
    auto settings = Settings();
    settings.hash = "conf/igured";
    settings.private_api_token = "s3cret\"token";
    const Attempt goal = Goal(settings, {{"goal_id", "5"}, {"click_id", "c"}});
    EXPECT_THAT(goal.response, HasSubstr("Cannot GET /api/v3/goal/5?hash=***&click_id=c"));
    EXPECT_THAT(goal.call.response, HasSubstr("?hash=***&click_id=c"));
    const Attempt made = Private(settings, {{"hash", "h"}, {"goal_type_id", "1"}});
    EXPECT_THAT(made.response, HasSubstr("Bearer ***"));
    EXPECT_THAT(made.call.response, Not(HasSubstr("s3cret")));
}

TEST_F(IrevApiTest, GoalIsAGetWithEveryParameterEncodedOnce) {
    Serve([](const TestRequest&) { return TestReply(200, "ok"); });
    const auto attempt = Goal(
        Settings(),
        {{"goal_id", "g/1"}, {"click_id", "c 1"}, {"sub1", "a&b"}, {"sub2", ""}, {"amount", "1.50"}}
    );
    EXPECT_TRUE(attempt.accepted);
    EXPECT_EQ(attempt.cls, AttemptClass::kAccepted);
    EXPECT_EQ(attempt.response, "ok");
    EXPECT_EQ(attempt.error, "");
    const auto request = server_->requests().at(0);
    EXPECT_EQ(request.method, "GET");
    EXPECT_EQ(
        request.target, "/api/v3/goal/g%2F1?hash=configured&click_id=c%201&sub1=a%26b&amount=1.50"
    );
    EXPECT_THAT(request.headers, HasSubstr("Barracuda-Delivery: d1\r\n"));
    EXPECT_THAT(request.headers, Not(HasSubstr("s3cret")));
}

TEST_F(IrevApiTest, GoalPrefersTheClicksHashAndRepeatsTheDeliveryIdWhereAsked) {
    Serve([](const TestRequest&) { return TestReply(200, "ok"); });
    auto settings = Settings();
    settings.delivery_parameter = "did";
    Goal(settings, {{"goal_id", "1"}, {"hash", "own"}});
    EXPECT_EQ(server_->requests().at(0).target, "/api/v3/goal/1?hash=own&did=d1");
}

TEST_F(IrevApiTest, GoalTellsTheClassesApart) {
    int status = 0;
    Serve([&](const TestRequest&) { return TestReply(status, "why\xff"); });
    const std::pair<int, AttemptClass> cases[] = {
        {500, AttemptClass::kRetry},
        {429, AttemptClass::kRetry},
        {401, AttemptClass::kAlarm},
        {302, AttemptClass::kAlarm},
        {422, AttemptClass::kFinal},
    };
    for (const auto& [code, cls] : cases) {
        status = code;
        const auto attempt = Goal(Settings(), {{"goal_id", "1"}});
        EXPECT_FALSE(attempt.accepted);
        EXPECT_EQ(attempt.status, code);
        EXPECT_EQ(attempt.cls, cls) << code;
        EXPECT_EQ(attempt.response, "why?");
        EXPECT_NE(attempt.error, "");
    }
}

TEST_F(IrevApiTest, GoalKeepsOneKibibyteOfTheReply) {
    Serve([](const TestRequest&) { return TestReply(200, std::string(1 << 20, 'x')); });
    const auto attempt = Goal(Settings(), {{"goal_id", "1"}});
    EXPECT_TRUE(attempt.accepted);
    EXPECT_EQ(attempt.response.size(), 1024u);
}

TEST_F(IrevApiTest, GoalTimesOut) {
    Serve([](const TestRequest&) { return std::nullopt; });
    auto settings = Settings();
    settings.attempt_timeout = milliseconds(100);
    const auto attempt = Goal(settings, {{"goal_id", "1"}});
    EXPECT_EQ(attempt.status, 0);
    EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
    EXPECT_THAT(attempt.error, HasSubstr("no reply"));
}

TEST_F(IrevApiTest, MissingSettingsAndUnusableIdsFailWithoutACall) {
    Serve([](const TestRequest&) { return TestReply(200, "ok"); });
    auto none = Settings();
    none.base_url = none.private_api_url = none.hash = "";
    for (const auto& attempt :
         {Goal(none, {{"goal_id", "1"}}), Acquire(none, {{"offer_id", "1"}})}) {
        EXPECT_FALSE(attempt.accepted);
        EXPECT_EQ(attempt.cls, AttemptClass::kAlarm);
        EXPECT_EQ(attempt.error, "network.base_url is not set");
    }
    EXPECT_EQ(Private(none, {}).error, "network.private_api_url is not set");
    auto no_hash = Settings();
    no_hash.hash = "";
    EXPECT_EQ(Goal(no_hash, {{"goal_id", "1"}}).error, "network.hash is not set");
    auto no_token = Settings();
    no_token.private_api_token = "";
    EXPECT_EQ(Private(no_token, {}).error, "network.private_api_token is not set");
    // A network that is stored does not read those settings.
    none.stored = no_hash.stored = no_token.stored = "default";
    EXPECT_EQ(
        Goal(none, {{"goal_id", "1"}}).error, "the stored network \"default\" has no base_url"
    );
    EXPECT_EQ(
        Goal(no_hash, {{"goal_id", "1"}}).error, "the stored network \"default\" has no secrets"
    );
    EXPECT_EQ(Private(no_token, {}).error, "the stored network \"default\" has no private_secret");
    no_hash.secret_trouble = "secret env:X: the environment has no such variable";
    EXPECT_EQ(Goal(no_hash, {{"goal_id", "1"}}).error, no_hash.secret_trouble);
    for (const char* id : {"", ".", ".."}) {
        EXPECT_EQ(Goal(Settings(), {{"goal_id", id}}).cls, AttemptClass::kFinal);
        EXPECT_EQ(Acquire(Settings(), {{"offer_id", id}}).cls, AttemptClass::kFinal);
    }
    EXPECT_EQ(Private(Settings(), {{"hash", "h"}}).error, "goal_type_id is missing");
    EXPECT_EQ(server_->connections(), 0);
}

TEST_F(IrevApiTest, AnAddressTheGuardRefusesIsAnAlarm) {
    Serve([](const TestRequest&) { return TestReply(200, "ok"); });
    auto settings = Settings();
    settings.base_url = "http://10.0.0.1/api";
    const auto attempt = Goal(settings, {{"goal_id", "1"}});
    EXPECT_EQ(attempt.cls, AttemptClass::kAlarm);
    EXPECT_THAT(attempt.error, HasSubstr("not public"));
}

TEST_F(IrevApiTest, ClickStopsAtTheLocationThatCarriesTheHash) {
    Serve([](const TestRequest&) {
        return TestRedirect("https://unreachable.invalid/land?sub1=h%201&click_id=c1");
    });
    const auto attempt = Acquire(Settings(), {{"offer_id", "2"}, {"affiliate_id", "7"}});
    ASSERT_TRUE(attempt.accepted) << attempt.error;
    EXPECT_EQ(server_->requests().at(0).target, "/api/v3/offer/2?affiliate_id=7&unique=1");
    const delivery::Click expected{
        .hash = "h 1",
        .id = "c1",
        .tracking_link = server_->url() + "/api/v3/offer/2?affiliate_id=7&unique=1",
        .clicked_url = "https://unreachable.invalid/land?sub1=h%201&click_id=c1",
    };
    EXPECT_EQ(attempt.click, expected);
}

TEST_F(IrevApiTest, ClickFollowsRedirectsByHandAndTakesSubAsTheHash) {
    Serve([](const TestRequest& request) {
        if (request.target.starts_with("/api")) return TestRedirect("/hop?n=1");
        return TestRedirect("app://land?sub=h2");
    });
    const auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
    ASSERT_TRUE(attempt.accepted) << attempt.error;
    EXPECT_EQ(attempt.click->hash, "h2");
    EXPECT_EQ(attempt.click->id, "h2");
    EXPECT_EQ(attempt.click->clicked_url, "app://land/?sub=h2");
    ASSERT_EQ(server_->requests().size(), 2u);
    EXPECT_EQ(server_->requests().at(1).target, "/hop?n=1");
    EXPECT_THAT(server_->requests().at(1).headers, HasSubstr("Barracuda-Delivery: d1\r\n"));
}

TEST_F(IrevApiTest, ClickTakesNoHashThatIsNoId) {
    std::string query;
    Serve([&](const TestRequest& request) {
        if (request.target.starts_with("/land")) return TestReply(200, "page");
        return TestRedirect("/land?" + query);
    });
    for (const std::string& bad :
         {std::string("{click_id}"),
          std::string(1'025, 'h'),
          std::string("%0a"),
          std::string("%ff")}) {
        query = "sub1=" + bad + "&click_id=c1";
        const auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
        EXPECT_FALSE(attempt.accepted) << bad;
        EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
        EXPECT_THAT(attempt.error, HasSubstr("no hash"));
    }
    query = "sub1={sub1}&sub=h3&click_id={click_id}";  // what is usable counts
    const auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
    ASSERT_TRUE(attempt.accepted) << attempt.error;
    EXPECT_EQ(attempt.click->hash, "h3");
    EXPECT_EQ(attempt.click->id, "h3");
}

TEST_F(IrevApiTest, ClickKeepsAnUrlThatCanBeStored) {
    Serve([](const TestRequest&) {
        return TestRedirect("/land?sub1=h&x=\xff" + std::string(9'000, 'y'));
    });
    const auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
    ASSERT_TRUE(attempt.accepted) << attempt.error;
    const std::string& url = attempt.click->clicked_url;
    EXPECT_LE(url.size(), 4'096u);
    EXPECT_GE(url.size(), 4'090u);
    EXPECT_TRUE(IsUtf8(url));
}

TEST_F(IrevApiTest, ClickGivesUpAfterFiveRedirects) {
    Serve([](const TestRequest&) { return TestRedirect("/again"); });
    const auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
    EXPECT_FALSE(attempt.accepted);
    EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
    EXPECT_THAT(attempt.error, HasSubstr("more than 5 redirects"));
    EXPECT_EQ(server_->requests().size(), 6u);
}

TEST_F(IrevApiTest, ClickWithoutAHashFailed) {
    std::string reply = TestReply(200, "page");
    Serve([&](const TestRequest& request) {
        return request.target.starts_with("/gone") ? TestReply(410, "") : reply;
    });
    auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
    EXPECT_FALSE(attempt.accepted);
    EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
    EXPECT_THAT(attempt.error, HasSubstr("no hash"));
    reply = TestReply(422, "");
    EXPECT_EQ(Acquire(Settings(), {{"offer_id", "2"}}).cls, AttemptClass::kFinal);
    reply = TestRedirect("/gone");  // a landing page's refusal is not the network's
    EXPECT_EQ(Acquire(Settings(), {{"offer_id", "2"}}).cls, AttemptClass::kRetry);
}

TEST_F(IrevApiTest, ClickDoesNotFollowIntoAPrivateNetwork) {
    Serve([](const TestRequest&) { return TestRedirect("http://169.254.169.254/latest"); });
    const auto attempt = Acquire(Settings(), {{"offer_id", "2"}});
    EXPECT_FALSE(attempt.accepted);
    EXPECT_THAT(attempt.error, HasSubstr("not public"));
}

TEST_F(IrevApiTest, TheTimeoutCoversAllRedirects) {
    Serve([](const TestRequest&) {
        std::this_thread::sleep_for(milliseconds(80));
        return TestRedirect("/again");
    });
    auto settings = Settings();
    settings.attempt_timeout = milliseconds(200);
    const auto start = Clock::now();
    const auto attempt = Acquire(settings, {{"offer_id", "2"}});
    EXPECT_EQ(attempt.status, 0);
    EXPECT_LT(Clock::now() - start, milliseconds(400));
    EXPECT_LT(server_->requests().size(), 5u);
}

TEST_F(IrevApiTest, PrivateConversionThatExistsIsNotCreatedAgain) {
    Serve([](const TestRequest&) { return TestReply(200, R"({"data":[{"id":9,"hash":"h"}]})"); });
    const auto attempt = Private(Settings(), {{"hash", "h"}, {"goal_type_id", "1"}});
    EXPECT_TRUE(attempt.accepted);
    ASSERT_EQ(server_->requests().size(), 1u);
    EXPECT_EQ(
        server_->requests()[0].target, "/open-api/v1/users/conversions?hash=h&goal_type_id=1"
    );
    EXPECT_THAT(server_->requests()[0].headers, HasSubstr("Authorization: Bearer s3cret\r\n"));
}

// The look-up would find the click's other deposits.
TEST_F(IrevApiTest, OneOfSeveralOfAClickIsCreatedWithoutALookUp) {
    Serve([](const TestRequest& request) {
        if (request.method == "GET") return TestReply(200, R"({"data":[{"id":9,"hash":"h"}]})");
        return TestReply(201, R"({"conversions":[{"id":12}]})");
    });
    const auto attempt =
        Private(Settings(), {{"hash", "h"}, {"goal_type_id", "7"}, {"occurrence", "t2"}});
    EXPECT_TRUE(attempt.accepted);
    ASSERT_EQ(server_->requests().size(), 1u);
    EXPECT_EQ(
        server_->requests()[0].body,
        R"({"conversions":[{"hash":"h","goal_type_id":7,"unique":"API"}]})"
    );
}

TEST_F(IrevApiTest, PrivateConversionIsCreatedWhenMissing) {
    int status = 201;
    Serve([&](const TestRequest& request) {
        if (request.method == "GET") return TestReply(200, R"({"data":[]})");
        return TestReply(status, R"({"conversions":[{"id":11}]})");
    });
    auto settings = Settings();
    settings.delivery_parameter = "did";
    const Parameters p{{"hash", "h"}, {"goal_type_id", "1"}, {"deposit_amount", "250.00"}};
    const auto attempt = Private(settings, p);
    EXPECT_TRUE(attempt.accepted);
    const auto request = server_->requests().at(1);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/open-api/v1/users/conversions?did=d1");
    EXPECT_EQ(
        request.body,
        R"({"conversions":[{"hash":"h","goal_type_id":1,"deposit_amount":250.00,"unique":"API"}]})"
    );
    EXPECT_THAT(request.headers, HasSubstr("Content-Type: application/json\r\n"));
    EXPECT_THAT(request.headers, HasSubstr("Barracuda-Delivery: d1\r\n"));
    status = 503;
    EXPECT_EQ(Private(settings, p).cls, AttemptClass::kRetry);
}

TEST_F(IrevApiTest, PrivateConversionIsNotCreatedWhenTheLookUpFails) {
    std::string reply;
    Serve([&](const TestRequest&) { return reply; });
    const Parameters p{{"hash", "h"}, {"goal_type_id", "1"}};
    reply = TestReply(401, "");
    auto attempt = Private(Settings(), p);
    EXPECT_EQ(attempt.cls, AttemptClass::kAlarm);
    EXPECT_THAT(attempt.error, HasSubstr("look-up"));
    reply = TestReply(200, "<html>");
    attempt = Private(Settings(), p);
    EXPECT_FALSE(attempt.accepted);
    EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
    for (const auto& request : server_->requests()) EXPECT_EQ(request.method, "GET");
}

TEST_F(IrevApiTest, ListsGiveTheRawBody) {
    int status = 200;
    Serve([&](const TestRequest&) { return TestReply(status, R"({"data":[1]})"); });
    IrevApi network(client_, Settings());
    const auto list = [&] {
        return Await([&](IrevApi::ListDone done) {
            network.ListPrivateConversions({{"page", "2"}, {"hash", ""}}, std::move(done));
        });
    };
    EXPECT_EQ(list().value(), R"({"data":[1]})");
    EXPECT_EQ(server_->requests()[0].target, "/open-api/v1/users/conversions?page=2");
    status = 500;
    EXPECT_EQ(list().error().code, ErrorCode::kUpstream);
}

TEST_F(IrevApiTest, TheNetworkMayGoBeforeItsAttempts) {
    Serve([](const TestRequest&) { return TestReply(200, "ok"); });
    std::optional<Attempt> attempt;
    IrevApi(client_, Settings()).GoalPostback("d1", {{"goal_id", "1"}}, [&](Attempt got) {
        attempt = std::move(got);
    });
    while (client_.in_flight() > 0) client_.Step(milliseconds(50));
    EXPECT_TRUE(attempt.value().accepted);
}

}  // namespace
}  // namespace barracuda::delivery
