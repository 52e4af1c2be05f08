#include "net/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "net/test_server.h"

namespace barracuda::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using Clock = std::chrono::steady_clock;

HttpReply Fetch(Client& client, HttpCall call, milliseconds step = milliseconds(100)) {
    std::optional<HttpReply> reply;
    client.Start(std::move(call), [&](HttpReply got) { reply = std::move(got); });
    const auto end = Clock::now() + std::chrono::seconds(10);
    while (!reply && Clock::now() < end) client.Step(step);
    EXPECT_TRUE(reply.has_value());
    return reply.value_or(HttpReply{});
}

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

// A network that may reach loopback leaves an open connection; one that may not must not get it.
TEST(Client, AnOpenConnectionIsJudgedByEveryCallsOwnGuard) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200);
    const auto strict = std::make_shared<const AddressGuard>(std::vector<Cidr>());
    const auto reply = Fetch(client, {.url = server.url(), .guard = strict});
    EXPECT_EQ(reply.status, 0);
    EXPECT_TRUE(reply.refused_address);
    EXPECT_EQ(server.requests().size(), 1u);
    EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200);
}

TEST(Client, APortThatIsNotListedIsNotCalled) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    const auto ranges = Loopback().allowed;
    const auto other = std::make_shared<const AddressGuard>(ranges, std::vector<int>{443, 8443});
    const auto reply = Fetch(client, {.url = server.url(), .guard = other});
    EXPECT_TRUE(reply.refused_address);
    EXPECT_THAT(reply.error, HasSubstr("port"));
    EXPECT_EQ(server.connections(), 0);
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
        TestServer server([&](const TestRequest&) { return sent + kHangUp; });
        Client client(Loopback());
        EXPECT_EQ(Fetch(client, {.url = server.url()}).error, expected) << sent;
    }
    int calls = 0;
    TestServer server([&](const TestRequest&) {
        return ++calls == 1 ? TestReply(200, "ok") : kHangUp;
    });
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).status, 200);
    const HttpReply second = Fetch(client, {.url = server.url()});
    EXPECT_EQ(second.error, "the connection ended before a reply came") << "of a reused one";
    EXPECT_EQ(calls, 2) << "it is not sent again";
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

TEST(Client, GivesUpOnABodyThatNeverEnds) {
    TestServer server([](const TestRequest&) {
        return "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhal";
    });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url(), .timeout = milliseconds(150)});
    EXPECT_TRUE(reply.timed_out);
    EXPECT_EQ(reply.status, 0);
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

TEST(Client, CutsABigBody) {
    TestServer server([](const TestRequest&) { return TestReply(200, std::string(5 << 20, 'x')); });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url(), .response_bytes_max = 1000});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, std::string(1000, 'x'));
    EXPECT_TRUE(reply.truncated);
}

TEST(Client, RefusesEndlessHeaders) {
    TestServer server([](const TestRequest&) {
        std::string headers;
        for (int i = 0; i < 200; ++i) headers += "X: " + std::string(1000, 'h') + "\r\n";
        return TestReply(200, "ok", headers);
    });
    Client client(Loopback());
    EXPECT_THAT(Fetch(client, {.url = server.url()}).error, HasSubstr("headers"));
}

TEST(Client, GivesTheLocationAndDoesNotFollowIt) {
    TestServer server([](const TestRequest&) { return TestRedirect("/next?sub1=a b"); });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url() + "/first"});
    EXPECT_EQ(reply.status, 302);
    EXPECT_EQ(reply.location, server.url() + "/next?sub1=a+b");
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST(Client, GivesRetryAfterAsSent) {
    TestServer server([](const TestRequest&) { return TestReply(503, "", "retry-after: 120\r\n"); }
    );
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).retry_after, "120");
}

TEST(Client, RefusesAnAddressThatIsNotAllowed) {
    TestServer server([](const TestRequest&) { return TestReply(200, "secret"); });
    Client client(ClientOptions{});
    const std::string port = ":" + std::to_string(server.port());
    for (const char* host :
         {"127.0.0.1",
          "localhost",
          "2130706433",
          "0x7f.1",
          "127.1",
          "0.0.0.0",
          "[::ffff:127.0.0.1]"}) {
        const auto reply = Fetch(client, {.url = "http://" + std::string(host) + port});
        EXPECT_EQ(reply.status, 0) << host;
        EXPECT_TRUE(reply.refused_address) << host << ": " << reply.error;
    }
    EXPECT_EQ(server.connections(), 0);
}

TEST(Client, RefusesOtherSchemesCredentialsAndControlBytes) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    const std::string host = server.url().substr(7);
    const std::string bad[] = {"file:///etc/passwd", "gopher://x", "nothing", "http://u:p@" + host};
    for (const std::string& url : bad) EXPECT_EQ(Fetch(client, {.url = url}).status, 0) << url;
    EXPECT_THAT(Fetch(client, {.url = server.url() + "/a\r\nb"}).error, HasSubstr("control byte"));
    EXPECT_THAT(
        Fetch(client, {.url = server.url(), .headers = {"A: b\r\nC: d"}}).error,
        HasSubstr("control byte")
    );
    EXPECT_EQ(server.requests().size(), 0u);
}

TEST(Client, IgnoresTheProxyOfTheEnvironment) {
    TestServer server([](const TestRequest&) { return TestReply(200, "direct"); });
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).body, "direct");
    unsetenv("http_proxy");
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
