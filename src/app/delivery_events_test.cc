#include "app/delivery_events.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace barracuda::app {
namespace {

using namespace std::chrono_literals;
using delivery::AttemptRecord;
using testing::ElementsAre;
using testing::IsEmpty;

struct Watched {
    std::vector<std::string> lines;
    std::vector<delivery::QueueStats> queues;
    DeliveryEvents::Clock::time_point now{1h};
    DeliveryEvents events{[this](Level level, std::string_view message, LogFields fields) {
        lines.push_back(LogLine(false, "2026-01-31T23:59:59.123Z", level, message, fields));
    }};

    void LookAfter(std::chrono::milliseconds pause) { events.Look(queues, now += pause); }
    std::vector<std::string> Take() { return std::exchange(lines, {}); }
};

AttemptRecord Ended(const std::string& network, const std::string& id) {
    AttemptRecord record;
    record.network = NetworkName(network);
    record.delivery_id = DeliveryId(id);
    record.retried = true;
    return record;
}

AttemptRecord Alarm(const std::string& network, const std::string& id) {
    auto record = Ended(network, id);
    record.attempt.cls = delivery::AttemptClass::kAlarm;
    record.attempt.status = 401;
    record.attempt.error = "no such user jane@example.com";
    return record;
}

TEST(DeliveryEventsTest, IsSilentAboutWhatIsAcceptedOrTriedAgain) {
    Watched log;
    auto accepted = Ended("a", "d");
    accepted.attempt.accepted = true;
    accepted.retried = false;
    log.events.Ended(accepted);
    log.events.Ended(Ended("a", "d"));
    log.LookAfter(1s);
    log.events.Finish();
    EXPECT_THAT(log.lines, IsEmpty());
}

TEST(DeliveryEventsTest, OneLineOfAKindAMinuteAndNetworkWithHowManyItStandsFor) {
    Watched log;
    log.events.Ended(Alarm("a", "d1"));
    log.events.Ended(Alarm("b", "d2"));
    log.LookAfter(500ms);
    EXPECT_THAT(
        log.Take(),
        ElementsAre(
            "23:59:59 error: an attempt points at our configuration network=a why=it answered 401 "
            "delivery=d1 count=1\n",
            "23:59:59 error: an attempt points at our configuration network=b why=it answered 401 "
            "delivery=d2 count=1\n"
        )
    );
    for (int i = 0; i < 1'000; ++i) {
        log.events.Ended(Alarm("a", "d3"));
        log.LookAfter(1ms);
    }
    EXPECT_THAT(log.Take(), IsEmpty());
    log.LookAfter(60s);
    EXPECT_THAT(
        log.Take(),
        ElementsAre("23:59:59 error: an attempt points at our configuration network=a "
                    "why=it answered 401 delivery=d3 count=1000\n")
    );
    log.LookAfter(60s);
    EXPECT_THAT(log.Take(), IsEmpty()) << "nothing new";
}

TEST(DeliveryEventsTest, SaysWhyWithoutAnAnswerInItsOwnWords) {
    Watched log;
    auto record = Alarm("a", "d");
    record.attempt.status = 0;
    record.attempt.error = "network.hash is not set";
    log.events.Ended(record);
    log.LookAfter(1s);
    EXPECT_THAT(
        log.lines,
        ElementsAre("23:59:59 error: an attempt points at our configuration network=a "
                    "why=network.hash is not set delivery=d count=1\n")
    );
}

TEST(DeliveryEventsTest, ADeathIsAWarningAndTheLastOnesAreToldAtAStop) {
    Watched log;
    auto dead = Ended("a", "d1");
    dead.retried = false;
    dead.attempt.status = 422;
    log.events.Ended(dead);
    log.LookAfter(1s);
    log.events.Ended(dead);
    log.events.Ended(dead);
    log.LookAfter(1s);
    const std::string line =
        "23:59:59 warning: a delivery was given up network=a why=it answered 422 delivery=d1 ";
    EXPECT_THAT(log.Take(), ElementsAre(line + "count=1\n"));
    log.events.Finish();
    EXPECT_THAT(log.Take(), ElementsAre(line + "count=2\n"));
    log.events.Finish();
    EXPECT_THAT(log.Take(), IsEmpty());
}

TEST(DeliveryEventsTest, AnAlarmThatIsTheLastAttemptIsBoth) {
    Watched log;
    auto record = Alarm("a", "d");
    record.retried = false;
    log.events.Ended(record);
    log.LookAfter(1s);
    EXPECT_EQ(log.lines.size(), 2u);
}

TEST(DeliveryEventsTest, ABreakerThatOpensAndCloses) {
    using State = delivery::Breaker::State;
    Watched log;
    auto& a = log.queues.emplace_back();
    a.queue = {"a"};
    log.LookAfter(1s);
    EXPECT_THAT(log.Take(), IsEmpty());
    auto open = [&](int openings) {
        a.times_opened += static_cast<uint64_t>(openings);
        a.breaker = State::kOpen;
        auto failed = Ended("a", "d");
        failed.attempt.status = 503;
        log.events.Ended(failed);
        log.LookAfter(1s);
        a.breaker = State::kHalfOpen;
        log.LookAfter(1s);
    };
    auto close = [&] {
        a.breaker = State::kClosed;
        log.LookAfter(1s);
    };
    const std::string down =
        "23:59:59 warning: a network is down: only probes are sent network=a why=it answered 503 ";
    const std::string up = "23:59:59 info: a network answers again network=a ";
    open(1);
    EXPECT_THAT(log.Take(), ElementsAre(down + "count=1\n"));
    close();
    EXPECT_THAT(log.Take(), ElementsAre(up + "after_s=2\n"));
    for (int i = 0; i < 3; ++i) {  // it comes and goes within the minute
        open(1);
        close();
    }
    EXPECT_THAT(log.Take(), IsEmpty());
    log.LookAfter(60s);
    EXPECT_THAT(log.Take(), IsEmpty()) << "it is well, there is nothing to do";
    open(1);
    EXPECT_THAT(log.Take(), ElementsAre(down + "count=4\n"));
    close();
    open(1);
    EXPECT_THAT(log.Take(), ElementsAre(up + "after_s=2\n")) << "down again, told in a minute";
    log.LookAfter(60s);
    EXPECT_THAT(log.Take(), ElementsAre(down + "count=1\n"));
}

}  // namespace
}  // namespace barracuda::app
