#include "api/answers.h"

#include <gtest/gtest.h>

#include <memory>
#include <stdexcept>
#include <vector>

#include "api/service.h"
#include "store/memory/memory_log.h"

namespace barracuda::api {
namespace {

constexpr size_t kRow = 3;

class Faults : public FaultSink {
public:
    void Report(Fault kind, std::string_view subject, std::string_view what) override {
        told.push_back(std::string(NameOf(kind)) + " " + std::string(subject) + ": ");
        told.back() += what;
    }
    std::vector<std::string> told;
};

class AnswersTest : public testing::Test {
protected:
    AnswersTest() {
        answers_.Tell(&log_, [this](const RequestRecord& record) { seen_.push_back(record); });
    }

    std::shared_ptr<Call> Begin() {
        auto call = std::make_shared<Call>();
        answers_.Begin(*call, kRow, "/api/ftd", [this](http::Response response) {
            given_.push_back(std::move(response));
        });
        call->received.route = "ftd";
        call->received.at = Time::Now();
        return call;
    }
    uint64_t Counted(size_t status_class) const { return answers_.counts().Of(kRow, status_class); }
    std::vector<std::string> Received() {
        log_.Flush();
        return store_.Read({.log = store::LogId::kReceived})->documents;
    }

    Faults faults_;
    Answers answers_{faults_};
    store::MemoryLog store_{{{store::LogId::kReceived, {1 << 20, std::chrono::hours(1)}}}};
    ReceivedLog log_{store_, store::LogId::kReceived, EncodeReceived};
    std::vector<RequestRecord> seen_;
    std::vector<http::Response> given_;
};

TEST_F(AnswersTest, TheFirstAnswerCountsAndIsTheOnlyOne) {
    auto call = Begin();
    call->respond(http::JsonError(409, "known"));
    call->respond(http::JsonError(503, "again"));
    call.reset();
    ASSERT_EQ(given_.size(), 1u);
    EXPECT_EQ(given_[0].status, 409);
    EXPECT_EQ(Counted(3), 1u);
    EXPECT_EQ(Counted(4), 0u);
    ASSERT_EQ(seen_.size(), 1u);
    EXPECT_EQ(seen_[0].status, 409);
    EXPECT_EQ(Received().size(), 1u);
    EXPECT_TRUE(faults_.told.empty());
    EXPECT_EQ(answers_.counts().TimesOf(kRow).counts[0], 1u);
}

TEST_F(AnswersTest, TheReasonOfA503IsForTheOperatorAlone) {
    auto call = Begin();
    call->respond(
        ErrorResponse({ErrorCode::kInternal, "the store did not confirm", "", "not authorized"})
    );
    EXPECT_EQ(given_[0].body.find("authorized"), std::string::npos);
    ASSERT_EQ(faults_.told.size(), 1u);
    EXPECT_EQ(faults_.told[0], "answer /api/ftd: the store did not confirm: not authorized");
    ASSERT_EQ(Received().size(), 1u);
    EXPECT_NE(Received()[0].find("not authorized"), std::string::npos);
    Begin()->respond(http::JsonError(502, "the network does not answer"));
    EXPECT_EQ(faults_.told.size(), 1u) << "a network's fault is none of ours";
}

TEST_F(AnswersTest, ARouteThatThrowsIsCountedLoggedAndTold) {
    auto call = Begin();
    answers_.Threw(*call, "bad_alloc of a secret");
    call.reset();
    ASSERT_EQ(given_.size(), 1u);
    EXPECT_EQ(given_[0].status, 503);
    EXPECT_EQ(given_[0].body.find("secret"), std::string::npos);
    EXPECT_EQ(Counted(4), 1u);
    EXPECT_EQ(seen_.size(), 1u);
    EXPECT_NE(Received().at(0).find("bad_alloc"), std::string::npos);
    EXPECT_EQ(faults_.told, std::vector<std::string>{"route /api/ftd: bad_alloc of a secret"});
}

TEST_F(AnswersTest, ARouteThatForgetsItsAnswerIsCountedLoggedAndTold) {
    Begin().reset();
    ASSERT_EQ(given_.size(), 1u);
    EXPECT_EQ(given_[0].status, 503);
    EXPECT_EQ(Counted(4), 1u);
    EXPECT_EQ(seen_.size(), 1u);
    EXPECT_EQ(Received().size(), 1u);
    ASSERT_EQ(faults_.told.size(), 1u);
    EXPECT_EQ(faults_.told[0].find("unanswered /api/ftd"), 0u);
    auto late = Begin();
    answers_.Stopping();
    late.reset();
    EXPECT_EQ(faults_.told.size(), 1u) << "at a stop it may";
}

}  // namespace
}  // namespace barracuda::api
