#include "net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <optional>
#include <thread>

#include "net/client_fixture.h"

namespace barracuda::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

TEST(Client, SendsACallAndReadsTheReply) {
    TestServer server([](const TestRequest&) { return TestReply(201, "made"); });
    Client client(Loopback());
    const auto reply = Fetch(
        client,
        {.method = "POST", .url = server.url() + "/p?q=1", .headers = {"X-A: b"}, .body = "hi"}
    );
    EXPECT_EQ(reply.status, 201);
    EXPECT_EQ(reply.body, "made");
    EXPECT_EQ(reply.error, "");
    EXPECT_EQ(client.in_flight(), 0u);
    const auto request = server.requests().at(0);
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/p?q=1");
    EXPECT_EQ(request.body, "hi");
    EXPECT_THAT(request.headers, HasSubstr("X-A: b\r\n"));
    EXPECT_EQ(request.headers.find("Expect"), std::string::npos);
}

// A dispatcher that always has something due never waits.
TEST(Client, HearsOfItsSocketsWithoutWaiting) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    HttpCall call{.url = server.url(), .timeout = std::chrono::seconds(5)};
    EXPECT_EQ(Fetch(client, std::move(call), milliseconds(0)).status, 200);
}

TEST(Client, ReusesTheConnection) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    for (int i = 0; i < 5; ++i) EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200);
    EXPECT_EQ(server.connections(), 1);
}

TEST(Client, TellsTheAddressAndTheTimings) {
    TestServer server([](const TestRequest&) {
        std::this_thread::sleep_for(milliseconds(30));
        return TestReply(200, "ok");
    });
    Client client(Loopback());
    const auto first = Fetch(client, {.url = server.url()});
    EXPECT_EQ(first.address, "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_FALSE(first.reused);
    EXPECT_GT(first.timings.connect.count(), 0);
    EXPECT_GE(first.timings.first_byte, milliseconds(30));
    EXPECT_GE(first.timings.total, first.timings.first_byte);
    EXPECT_LT(first.timings.connect, milliseconds(30));
    const auto second = Fetch(client, {.url = server.url()});
    EXPECT_TRUE(second.reused);
    EXPECT_EQ(second.timings.connect.count(), 0);
    EXPECT_EQ(second.address, first.address);
}

TEST(Client, TellsWhereACallThatHungWas) {
    TestServer server([](const TestRequest&) { return std::nullopt; });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url(), .timeout = milliseconds(100)});
    EXPECT_TRUE(reply.timed_out);
    EXPECT_EQ(reply.address, "127.0.0.1:" + std::to_string(server.port()));
    EXPECT_EQ(reply.timings.first_byte.count(), 0);
    EXPECT_GE(reply.timings.total, milliseconds(100));
}

TEST(Client, ReportsARefusedConnection) {
    std::string url;
    {
        url = TestServer([](const TestRequest&) { return ""; }).url();
    }
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = url});
    EXPECT_EQ(reply.status, 0);
    EXPECT_NE(reply.error, "");
    EXPECT_FALSE(reply.refused_address);
    EXPECT_FALSE(reply.timed_out);
}

TEST(Client, ReportsAClosedConnection) {
    TestServer server([](const TestRequest&) { return ""; });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url()});
    EXPECT_EQ(reply.status, 0);
    EXPECT_NE(reply.error, "");
}

// Every second call to a server that closes early was a failed attempt, and 5 s late.
TEST(Client, AConnectionThatWasClosedMeanwhileCostsNoAttempt) {
    for (const char* method : {"GET", "POST"}) {
        std::atomic<int> calls = 0;
        TestServer server([&](const TestRequest&) {
            return ++calls == 2 ? kHangUp : TestReply(200, "ok");
        });
        Client client(Loopback());
        const HttpCall call{.method = method, .url = server.url(), .body = "b"};
        EXPECT_FALSE(Fetch(client, call).reused);
        const HttpReply second = Fetch(client, call);
        EXPECT_EQ(second.status, 200) << second.error;
        EXPECT_TRUE(second.reused) << "as it began";
        EXPECT_GT(second.timings.connect.count(), 0) << "as it ended";
        EXPECT_EQ(calls, 3);
        EXPECT_EQ(server.connections(), 2);
    }
}

TEST(Client, ACallIsMadeOnceMoreAtMostAndOnANewConnection) {
    std::atomic<int> calls = 0;
    std::atomic<bool> well = true;
    TestServer server([&](const TestRequest&) {
        ++calls;
        for (int i = 0; i < 200 && well && calls < 3; ++i) {
            std::this_thread::sleep_for(milliseconds(5));  // so that each has its connection
        }
        return well ? TestReply(200, "ok") : kHangUp;
    });
    Client client(Loopback());
    std::atomic<int> ended = 0;
    for (int i = 0; i < 3; ++i) client.Start({.url = server.url()}, [&](HttpReply) { ++ended; });
    while (ended < 3) client.Step(milliseconds(20));
    ASSERT_EQ(server.connections(), 3);
    well = false;
    const HttpReply reply = Fetch(client, {.url = server.url()});
    EXPECT_EQ(reply.error, "the connection ended before a reply came");
    EXPECT_TRUE(reply.reused);
    EXPECT_FALSE(reply.own_fault);
    EXPECT_EQ(calls, 5) << "though two more were open";
    EXPECT_EQ(server.connections(), 4);
}

TEST(Client, WhatMayBeSentOnceIsNotRepeatedNorWhatHasAnAnswer) {
    const std::string half = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc" + kHangUp;
    for (const std::string& second : {kHangUp, half}) {
        std::atomic<int> calls = 0;
        TestServer server([&](const TestRequest&) {
            return ++calls == 1 ? TestReply(200, "ok") : second;
        });
        Client client(Loopback());
        EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200);
        const HttpReply reply = Fetch(client, {.url = server.url(), .once = second == kHangUp});
        EXPECT_EQ(reply.status, 0);
        EXPECT_TRUE(reply.reused);
        EXPECT_EQ(calls, 2);
    }
}

TEST(Client, TheRightToSendIsAskedForAgain) {
    std::atomic<int> calls = 0, asked = 0;
    TestServer server([&](const TestRequest&) {
        return ++calls == 1 ? TestReply(200, "ok") : kHangUp;
    });
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200);
    const auto reply =
        Fetch(client, {.url = server.url(), .may_send = [&] { return ++asked == 1; }});
    EXPECT_TRUE(reply.withheld);
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(calls, 2);
}

// A machine out of descriptors called every network down.
TEST(Client, WantOfDescriptorsIsAFaultOfOurs) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    client.Step(milliseconds(0));
    rlimit before{}, none{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    const int next = dup(0);
    ASSERT_GE(next, 0);
    close(next);
    none.rlim_cur = static_cast<rlim_t>(next);
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
    const HttpReply by_address = Fetch(client, {.url = server.url()});
    const HttpReply by_name =
        Fetch(client, {.url = "http://localhost:" + std::to_string(server.port())});
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(by_address.status, 0);
    EXPECT_TRUE(by_address.own_fault) << by_address.error;
    EXPECT_EQ(by_address.error, "not sent: this machine has no descriptor or port left");
    EXPECT_TRUE(by_name.own_fault) << by_name.error;
    EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200) << "as soon as there are some";
}

// A 200 whose header was cut off counted as the network's yes.
TEST(Client, AReplyThatIsCutOffIsNone) {
    const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    for (size_t size = 0; size < whole.size(); ++size) {
        TestServer server([&](const TestRequest&) { return whole.substr(0, size) + kHangUp; });
        Client client(Loopback());
        const HttpReply reply = Fetch(client, {.url = server.url()});
        EXPECT_EQ(reply.status, 0) << size;
        EXPECT_NE(reply.error, "") << size;
    }
    TestServer server([&](const TestRequest&) {
        return "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n" + kHangUp;
    });
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 0) << "a 100 is no answer";
}

TEST(Client, SaysWhatWentWrongInWords) {
    const std::pair<std::string, const char*> cases[] = {
        {"", "the connection ended before a reply came"},
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
         "the connection ended in the middle of the reply"},
        {"HTTP/1.1 200 OK\r\n", "the connection ended in the middle of the reply"},
        {"hello\r\n\r\n", "the reply is no HTTP"},
        {"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "the reply is no HTTP"},
    };
    for (const auto& [sent, expected] : cases) {
        TestServer server([&sent = sent](const TestRequest&) { return sent + kHangUp; });
        Client client(Loopback());
        EXPECT_EQ(Fetch(client, {.url = server.url()}).error, expected) << sent;
    }
    Client client(Loopback());
    EXPECT_EQ(
        Fetch(client, {.url = "file:///etc/passwd"}).error, "the address is neither http nor https"
    );
}

TEST(Client, GivesUpOnAServerThatHangs) {
    TestServer server([](const TestRequest&) { return std::nullopt; });
    Client client(Loopback());
    const auto start = Clock::now();
    const auto reply = Fetch(client, {.url = server.url(), .timeout = milliseconds(150)});
    EXPECT_TRUE(reply.timed_out);
    EXPECT_EQ(reply.status, 0);
    EXPECT_GE(Clock::now() - start, milliseconds(150));
    EXPECT_LT(Clock::now() - start, milliseconds(2000));
}

TEST(Client, CountsTheWaitForAConnectionInTheTimeout) {
    TestServer server([](const TestRequest&) { return std::nullopt; });
    auto options = Loopback();
    options.connections_per_host_max = 1;
    Client client(options);
    int timed_out = 0;
    for (int i = 0; i < 3; ++i) {
        client.Start({.url = server.url(), .timeout = milliseconds(100)}, [&](HttpReply reply) {
            timed_out += reply.timed_out;
        });
    }
    const auto end = Clock::now() + milliseconds(2000);
    while (client.in_flight() > 0 && Clock::now() < end) client.Step(milliseconds(50));
    EXPECT_EQ(timed_out, 3);
    EXPECT_LE(server.connections(), 1);
}

TEST(Client, AsksForTheRightToSendBeforeTheFirstByte) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    bool may = false;
    int asked = 0;
    auto call = [&] {
        return HttpCall{.url = server.url(), .may_send = [&] {
                            ++asked;
                            return may;
                        }};
    };
    auto reply = Fetch(client, call());
    EXPECT_TRUE(reply.withheld);
    EXPECT_EQ(reply.status, 0);
    EXPECT_THAT(reply.error, HasSubstr("not sent"));
    may = true;
    reply = Fetch(client, call());
    EXPECT_FALSE(reply.withheld);
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(asked, 2);
    EXPECT_EQ(server.requests().size(), 1u);
}

// A call that waited for a connection goes out late, perhaps after its process slept.
TEST(Client, AsksAgainAfterTheWaitForAConnection) {
    std::atomic<bool> may = true;
    TestServer server([&](const TestRequest&) {
        may = false;  // while the others wait for this one's connection
        return TestReply(200, "ok");
    });
    auto options = Loopback();
    options.connections_per_host_max = 1;
    Client client(options);
    int sent = 0, withheld = 0;
    for (int i = 0; i < 5; ++i) {
        HttpCall call{.url = server.url(), .may_send = [&] { return may.load(); }};
        client.Start(std::move(call), [&](HttpReply reply) {
            sent += reply.status == 200;
            withheld += reply.withheld;
        });
    }
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (client.in_flight() > 0 && Clock::now() < end) client.Step(milliseconds(50));
    EXPECT_EQ(sent, 1);
    EXPECT_EQ(withheld, 4);
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST(Client, GivesRetryAfterAsSent) {
    TestServer server([](const TestRequest&) { return TestReply(503, "", "retry-after: 120\r\n"); }
    );
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).retry_after, "120");
}

TEST(Client, StartsFromManyThreadsAndFromCallbacks) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    std::atomic<int> done{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            for (int i = 0; i < 25; ++i) {
                client.Start({.url = server.url()}, [&](HttpReply first) {
                    client.Start({.url = server.url()}, [&, first](HttpReply second) {
                        done += first.status == 200 && second.status == 200;
                    });
                });
                client.Post([&] { done += 1; });
            }
        });
    }
    const auto end = Clock::now() + std::chrono::seconds(20);
    while (done < 200 && Clock::now() < end) client.Step(milliseconds(100));
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(done, 200);
    EXPECT_EQ(client.in_flight(), 0u);
}

TEST(Client, WakesAStepThatWaits) {
    Client client(Loopback());
    std::thread other([&] {
        std::this_thread::sleep_for(milliseconds(50));
        client.Post([] {});
    });
    const auto start = Clock::now();
    client.Step(milliseconds(5000));
    EXPECT_LT(Clock::now() - start, milliseconds(2000));
    other.join();
}

TEST(Client, DropsCallsInFlightWhenDestroyed) {
    TestServer server([](const TestRequest&) { return std::nullopt; });
    bool called = false;
    {
        Client client(Loopback());
        client.Start({.url = server.url()}, [&](HttpReply) { called = true; });
        for (int i = 0; i < 5; ++i) client.Step(milliseconds(10));
        EXPECT_EQ(client.in_flight(), 1u);
    }
    EXPECT_FALSE(called);
}

}  // namespace
}  // namespace barracuda::net
