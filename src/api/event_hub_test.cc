// Events to listeners: bounded, in order, and whoever missed something is told.
#include "api/event_hub.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/test_wait.h"

namespace barracuda::api {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using namespace std::chrono_literals;

constexpr EventOptions kFast{
    .listeners_max = 2, .waiting_max = 3, .every = 1ms, .ping = 20ms, .life = 10min};

// A connection: takes one piece at a time.
class Listener {
public:
    Listener(EventHub& hub, std::vector<Topic> topics, std::string_view last = "") {
        auto stream = hub.Listen(std::move(topics), last);
        if (stream) stream_ = std::move(*stream);
    }
    bool there() const { return static_cast<bool>(stream_); }
    void Ask() {
        stream_([this](std::optional<std::string> piece) {
            MutexLock lock(mutex_);
            ended_ = !piece;
            text_ += piece.value_or("");
            ++pieces_;
        });
    }
    // The next piece that is no ping.
    std::string Next() {
        for (;;) {
            const int before = pieces();
            Ask();
            EXPECT_TRUE(Comes([&] { return pieces() > before; }));
            const std::string text = Take();
            if (text != ": ping\n\n") return text;
        }
    }
    std::string Take() {
        MutexLock lock(mutex_);
        return std::exchange(text_, {});
    }
    int pieces() const {
        MutexLock lock(mutex_);
        return pieces_;
    }
    bool ended() const {
        MutexLock lock(mutex_);
        return ended_;
    }
    void Close() { stream_ = nullptr; }

private:
    std::function<void(http::NextChunk)> stream_;
    mutable Mutex mutex_;
    std::string text_ GUARDED_BY(mutex_);
    int pieces_ GUARDED_BY(mutex_) = 0;
    bool ended_ GUARDED_BY(mutex_) = false;
};

std::string IdIn(const std::string& text) {
    const size_t at = text.rfind("id: ") + 4;
    return text.substr(at, text.find('\n', at) - at);
}

TEST(EventHubTest, NothingIsMadeWhileNobodyListens) {
    EventHub hub(kFast);
    hub.Start();
    EXPECT_FALSE(hub.Wanted());
    Listener one(hub, {Topic::kJob});
    EXPECT_TRUE(hub.Wanted());
    one.Close();
    EXPECT_TRUE(Comes([&] { return !hub.Wanted(); }));
}

TEST(EventHubTest, TellsTheTopicsThatWereAskedFor) {
    EventHub hub(kFast);
    hub.Start();
    Listener one(hub, {Topic::kJob});
    EXPECT_THAT(one.Next(), HasSubstr("event: hello\n"));
    hub.Publish(Topic::kReceived, "{}");
    hub.Publish(Topic::kJob, R"({"id":"j"})");
    const std::string text = one.Next();
    EXPECT_THAT(text, HasSubstr("event: job\nid: "));
    EXPECT_THAT(text, HasSubstr("data: {\"id\":\"j\"}\n\n"));
    EXPECT_THAT(text, Not(HasSubstr("received")));
}

TEST(EventHubTest, WhoReadsTooSlowlyIsToldToLookAnew) {
    EventHub hub(kFast);
    hub.Start();
    Listener slow(hub, {Topic::kJob});
    for (int i = 0; i < 100; ++i) hub.Publish(Topic::kJob, std::to_string(i));
    const std::string text = slow.Next();
    EXPECT_THAT(text, HasSubstr("event: reload\n"));
    EXPECT_THAT(text, HasSubstr("data: 99\n"));
    EXPECT_THAT(text, Not(HasSubstr("data: 50\n")));
}

TEST(EventHubTest, WhoComesBackHasWhatItMissed) {
    EventHub hub(kFast);
    hub.Start();
    Listener stays(hub, {Topic::kJob});
    const std::string last = IdIn(stays.Next());
    hub.Publish(Topic::kJob, "1");
    hub.Publish(Topic::kJob, "2");
    Listener back(hub, {Topic::kJob}, last);
    const std::string text = back.Next();
    EXPECT_THAT(text, HasSubstr("data: 1\n"));
    EXPECT_THAT(text, HasSubstr("data: 2\n"));
    EXPECT_THAT(text, Not(HasSubstr("reload")));
    back.Close();
    for (int i = 0; i < 9; ++i) hub.Publish(Topic::kJob, "more");
    Listener late(hub, {Topic::kJob}, last);
    EXPECT_THAT(late.Next(), HasSubstr("event: reload\n"));
    late.Close();
    Listener strange(hub, {Topic::kJob}, "another-1");
    EXPECT_THAT(strange.Next(), HasSubstr("event: reload\n"));
}

TEST(EventHubTest, WhatHappenedWhileNobodyListenedIsNotKnown) {
    EventHub hub(kFast);
    hub.Start();
    std::string last;
    {
        Listener one(hub, {Topic::kJob});
        last = IdIn(one.Next());
    }
    EXPECT_TRUE(Comes([&] { return !hub.Wanted(); }));
    hub.Publish(Topic::kJob, "lost");
    Listener back(hub, {Topic::kJob}, last);
    EXPECT_THAT(back.Next(), HasSubstr("event: reload\n"));
}

TEST(EventHubTest, IsBoundedPingsAndEnds) {
    EventHub hub(kFast);
    hub.Start();
    Listener one(hub, {Topic::kJob}), two(hub, {Topic::kJob});
    EXPECT_FALSE(Listener(hub, {Topic::kJob}).there());
    two.Close();
    EXPECT_TRUE(Listener(hub, {Topic::kJob}).there()) << "one that has gone makes room";
    one.Next();
    one.Ask();
    EXPECT_TRUE(Comes([&] { return one.Take() == ": ping\n\n"; }));
    one.Ask();
    hub.Stop();
    EXPECT_TRUE(one.ended());
    EXPECT_FALSE(Listener(hub, {Topic::kJob}).there());
}

TEST(EventHubTest, AStreamHasALife) {
    auto options = kFast;
    options.life = 1ms;
    EventHub hub(options);
    hub.Start();
    Listener one(hub, {Topic::kJob});
    one.Next();
    one.Ask();
    EXPECT_TRUE(Comes([&] { return one.ended(); }));
    EXPECT_THAT(one.Take(), IsEmpty());
}

}  // namespace
}  // namespace barracuda::api
