// The client's bounds: which addresses, schemes and ports are called, and how much is read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <thread>

#include "net/client_fixture.h"

namespace barracuda::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;

// A network that may reach loopback leaves an open connection; one that may not must not get it.
TEST(ClientBounds, AnOpenConnectionIsJudgedByEveryCallsOwnGuard) {
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

TEST(ClientBounds, APortThatIsNotListedIsNotCalled) {
    TestServer server([](const TestRequest&) { return TestReply(200, "ok"); });
    Client client(Loopback());
    const auto ranges = Loopback().allowed;
    const auto other = std::make_shared<const AddressGuard>(ranges, std::vector<int>{443, 8443});
    const auto reply = Fetch(client, {.url = server.url(), .guard = other});
    EXPECT_TRUE(reply.refused_address);
    EXPECT_THAT(reply.error, HasSubstr("port"));
    EXPECT_EQ(server.connections(), 0);
}

TEST(ClientBounds, CutsABigBody) {
    TestServer server([](const TestRequest&) { return TestReply(200, std::string(5 << 20, 'x')); });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url(), .response_bytes_max = 1000});
    EXPECT_EQ(reply.status, 200);
    EXPECT_EQ(reply.body, std::string(1000, 'x'));
    EXPECT_TRUE(reply.truncated);
}

TEST(ClientBounds, RefusesEndlessHeaders) {
    TestServer server([](const TestRequest&) {
        std::string headers;
        for (int i = 0; i < 200; ++i) headers += "X: " + std::string(1000, 'h') + "\r\n";
        return TestReply(200, "ok", headers);
    });
    Client client(Loopback());
    EXPECT_THAT(Fetch(client, {.url = server.url()}).error, HasSubstr("headers"));
}

TEST(ClientBounds, GivesTheLocationAndDoesNotFollowIt) {
    TestServer server([](const TestRequest&) { return TestRedirect("/next?sub1=a b"); });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url() + "/first"});
    EXPECT_EQ(reply.status, 302);
    EXPECT_EQ(reply.location, server.url() + "/next?sub1=a+b");
    EXPECT_EQ(server.requests().size(), 1u);
}

TEST(ClientBounds, RefusesAnAddressThatIsNotAllowed) {
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

TEST(ClientBounds, RefusesOtherSchemesCredentialsAndControlBytes) {
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

TEST(ClientBounds, IgnoresTheProxyOfTheEnvironment) {
    TestServer server([](const TestRequest&) { return TestReply(200, "direct"); });
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    Client client(Loopback());
    EXPECT_EQ(Fetch(client, {.url = server.url()}).body, "direct");
    unsetenv("http_proxy");
}

TEST(ClientBounds, GivesUpOnABodyThatNeverEnds) {
    TestServer server([](const TestRequest&) {
        return "HTTP/1.1 200 X\r\nContent-Length: 10\r\n\r\nhal";
    });
    Client client(Loopback());
    const auto reply = Fetch(client, {.url = server.url(), .timeout = milliseconds(150)});
    EXPECT_TRUE(reply.timed_out);
    EXPECT_EQ(reply.status, 0);
}

}  // namespace
}  // namespace barracuda::net
