// Conversions created at a network's private API: together, each answered on its own.
#include "delivery/creations.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <map>

#include "delivery/irev_api.h"
#include "net/test_server.h"

namespace barracuda::delivery {
namespace {

namespace json = boost::json;
using net::TestReply;
using net::TestRequest;
using std::chrono::milliseconds;
using testing::AllOf;
using testing::Ge;
using testing::HasSubstr;
using testing::Le;
using testing::SizeIs;

// The private API: nothing is known at look-ups; creations are answered by `answer`.
class CreationsTest : public testing::Test {
protected:
    void Start(int count, milliseconds timeout = milliseconds(5'000)) {
        network_ = std::make_unique<IrevApi>(
            client_,
            IrevSettings{
                .private_api_url = server_.url() + "/v1",
                .private_api_token = "s3cret",
                .attempt_timeout = timeout}
        );
        for (int i = 0; i < count; ++i) {
            const Parameters p{{"hash", fmt::format("h{}", i)}, {"goal_type_id", "1"}};
            network_->PrivateConversion(
                DeliveryId(fmt::format("d{}", i)),
                p,
                [this, i](Attempt attempt) {
                    EXPECT_FALSE(attempts_.contains(i)) << "done ran twice";
                    attempts_[i] = std::move(attempt);
                },
                may_send_
            );
        }
    }
    void Run() {
        const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
        while (client_.in_flight() > 0 && std::chrono::steady_clock::now() < end) {
            client_.Step(milliseconds(20));
        }
        EXPECT_EQ(client_.in_flight(), 0u);
    }
    // The hashes of each creation call.
    std::vector<std::vector<std::string>> Calls() {
        std::vector<std::vector<std::string>> calls;
        for (const auto& request : server_.requests()) {
            if (request.method == "POST") calls.push_back(HashesIn(request));
        }
        return calls;
    }
    static std::vector<std::string> HashesIn(const TestRequest& request) {
        std::vector<std::string> hashes;
        const json::value body = json::parse(request.body);
        for (const auto& one : body.at("conversions").as_array()) {
            hashes.emplace_back(one.at("hash").as_string().c_str());
        }
        return hashes;
    }
    static std::string Created(const std::vector<std::string>& hashes) {
        std::string items;
        for (const auto& hash : hashes) {
            items += fmt::format(
                R"({}{{"id":"id-{}","hash":"{}"}})", items.empty() ? "" : ",", hash, hash
            );
        }
        return TestReply(201, fmt::format(R"({{"conversions":[{}]}})", items));
    }

    std::function<std::optional<std::string>(const std::vector<std::string>&)> answer_ = Created;
    net::TestServer server_{[this](const TestRequest& request) -> std::optional<std::string> {
        if (request.method == "GET") return TestReply(200, R"({"data":[]})");
        std::this_thread::sleep_for(milliseconds(30));  // what comes meanwhile goes together
        return answer_(HashesIn(request));
    }};
    net::Client client_{{.allowed = {Cidr::Parse("127.0.0.0/8").value()}}};
    std::unique_ptr<IrevApi> network_;
    MaySend may_send_;
    std::map<int, Attempt> attempts_;
};

TEST_F(CreationsTest, WaitForOneAnotherAndKeepTheirOwnAnswers) {
    Start(150);
    Run();
    ASSERT_THAT(attempts_, SizeIs(150));
    for (const auto& [i, attempt] : attempts_) {
        EXPECT_TRUE(attempt.accepted) << attempt.error;
        EXPECT_EQ(attempt.call.method, "POST");
        const auto own = fmt::format(R"({{"conversions":[{{"id":"id-h{0}","hash":"h{0}"}}]}})", i);
        EXPECT_EQ(attempt.response, own) << "nothing of the others";
    }
    std::map<std::string, int> sent;
    size_t largest = 0;
    for (const auto& call : Calls()) {
        EXPECT_LE(call.size(), Creations::kBatchMax);
        largest = std::max(largest, call.size());
        for (const auto& hash : call) ++sent[hash];
    }
    EXPECT_THAT(sent, SizeIs(150));
    for (const auto& [hash, times] : sent) EXPECT_EQ(times, 1) << hash;
    EXPECT_GT(largest, 5u) << "they went together";
    EXPECT_LT(Calls().size(), 75u);
}

TEST_F(CreationsTest, ACallCarriesTheIdsOfAllItsDeliveries) {
    Start(20);
    Run();
    for (const auto& request : server_.requests()) {
        if (request.method != "POST") continue;
        std::string ids;
        for (const auto& hash : HashesIn(request))
            ids += (ids.empty() ? "d" : ",d") + hash.substr(1);
        EXPECT_THAT(request.headers, HasSubstr("Barracuda-Delivery: " + ids + "\r\n"));
    }
}

// The answer names hash and goal, which two deposits of a click share.
TEST_F(CreationsTest, DepositsOfOneClickGoApart) {
    Start(3);
    for (int i = 0; i < 4; ++i) {
        network_->PrivateConversion(
            DeliveryId(fmt::format("o{}", i)),
            {{"hash", "same"}, {"goal_type_id", "1"}, {"occurrence", fmt::format("t{}", i)}},
            [this, i](Attempt attempt) { attempts_[10 + i] = std::move(attempt); },
            may_send_
        );
    }
    Run();
    ASSERT_THAT(attempts_, SizeIs(7));
    for (const auto& [i, attempt] : attempts_) EXPECT_TRUE(attempt.accepted) << attempt.error;
    int created = 0;
    for (const auto& call : Calls()) {
        const auto same = std::count(call.begin(), call.end(), "same");
        EXPECT_LE(same, 1);
        created += static_cast<int>(same);
    }
    EXPECT_EQ(created, 4);
}

TEST_F(CreationsTest, OneThatIsRefusedDoesNotTakeTheOthersWithIt) {
    answer_ = [](const std::vector<std::string>& hashes) {
        const bool bad = std::find(hashes.begin(), hashes.end(), "h7") != hashes.end();
        return bad ? TestReply(422, "h7 is not known") : Created(hashes);
    };
    Start(40);
    Run();
    for (const auto& [i, attempt] : attempts_) {
        EXPECT_EQ(attempt.accepted, i != 7) << i << ": " << attempt.error;
    }
    EXPECT_EQ(attempts_.at(7).cls, AttemptClass::kFinal);
    EXPECT_EQ(attempts_.at(7).response, "h7 is not known");
}

TEST_F(CreationsTest, WhatTheAnswerLeavesOutIsTriedAgain) {
    answer_ = [](std::vector<std::string> hashes) {
        std::erase(hashes, "h3");
        return Created(hashes);
    };
    Start(40);
    Run();
    // Alone in a call it is taken: 2xx is a yes.
    const bool alone = attempts_.at(3).accepted;
    EXPECT_TRUE(alone || attempts_.at(3).cls == AttemptClass::kRetry);
    for (const auto& [i, attempt] : attempts_) EXPECT_TRUE(i == 3 || attempt.accepted) << i;
}

TEST_F(CreationsTest, AnOutageIsEverybodys) {
    answer_ = [](const auto&) { return TestReply(503, "", "Retry-After: 7\r\n"); };
    Start(30);
    Run();
    for (const auto& [i, attempt] : attempts_) {
        EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
        EXPECT_EQ(attempt.retry_after, "7");
    }
    size_t sent = 0;
    for (const auto& call : Calls()) sent += call.size();
    EXPECT_EQ(sent, 30u) << "and is not answered by halves";
}

TEST_F(CreationsTest, ANetworkThatHangsEndsEveryAttemptInItsTime) {
    answer_ = [](const auto&) { return std::nullopt; };
    const auto begin = std::chrono::steady_clock::now();
    Start(30, milliseconds(400));
    Run();
    EXPECT_THAT(attempts_, SizeIs(30));
    for (const auto& [i, attempt] : attempts_) {
        EXPECT_EQ(attempt.cls, AttemptClass::kRetry);
        EXPECT_THAT(attempt.error, HasSubstr("no reply within"));
    }
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
}

TEST_F(CreationsTest, WithoutTheRightToSendNothingIsCreated) {
    std::atomic<int> asked = 0;
    may_send_ = [&] { return ++asked <= 20; };  // the look-ups, and then no more
    Start(20);
    Run();
    EXPECT_THAT(Calls(), SizeIs(0));
    for (const auto& [i, attempt] : attempts_) EXPECT_TRUE(attempt.withheld) << i;
}

}  // namespace
}  // namespace barracuda::delivery
