// A listening socket that came with the process, and a stop that leaves it to the next one.
#include <gtest/gtest.h>

#include <future>

#include "base/file.h"
#include "http/server_fixture.h"

namespace barracuda::http {
namespace {

class ServerHeldTest : public ServerFixture {
protected:
    void SetUp() override {
        ASSERT_TRUE(listening_);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* raw = reinterpret_cast<sockaddr*>(&address);
        ASSERT_EQ(bind(listening_.fd(), raw, size), 0);
        ASSERT_EQ(listen(listening_.fd(), 64), 0);
        ASSERT_EQ(getsockname(listening_.fd(), raw, &size), 0);
        port_ = ntohs(address.sin_port);
    }

    ServerOptions Held() {
        return {.port = port_, .threads = 2, .listening = listening_.fd(), .drain_grace = 400ms};
    }

    File listening_{socket(AF_INET, SOCK_STREAM, 0)};
    uint16_t port_ = 0;
};

TEST_F(ServerHeldTest, EveryThreadAcceptsFromIt) {
    Begin(Held());
    EXPECT_EQ(server_->port(), port_);
    for (int i = 0; i < 20; ++i) {
        TestClient client(port_);
        client.Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_TRUE(Has(client.ReadTo("[]"), "200 OK"));
    }
}

TEST_F(ServerHeldTest, WhatComesAfterAStopIsTheNextServers) {
    Begin(Held());
    server_->Stop();
    TestClient between(port_);
    ASSERT_TRUE(between.connected());
    between.Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    Begin(Held());
    EXPECT_TRUE(Has(between.ReadTo("[]"), "200 OK"));
}

TEST_F(ServerHeldTest, AKeptConnectionHasItsNextRequestAnsweredAndIsThenClosed) {
    Begin(Held());
    TestClient kept(port_), fresh(port_);
    kept.Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    kept.ReadTo("[]");
    auto stopped = std::async(std::launch::async, [this] { server_->Stop(); });
    std::this_thread::sleep_for(100ms);
    for (TestClient* one : {&kept, &fresh}) {
        one->Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
        const std::string answer = one->ReadAll();
        EXPECT_TRUE(Has(answer, "200 OK") && Has(answer, "Connection: close")) << answer;
        one->Close();
    }
    EXPECT_EQ(stopped.wait_for(2s), std::future_status::ready);
}

TEST_F(ServerHeldTest, ASilentConnectionHoldsAStopNoLongerThanTheGrace) {
    Begin(Held());
    TestClient silent(port_);
    silent.Send("GET /echo HTTP/1.1\r\nHost: h\r\n\r\n");
    silent.ReadTo("[]");
    const auto begin = std::chrono::steady_clock::now();
    server_->Stop();
    const auto took = std::chrono::steady_clock::now() - begin;
    EXPECT_GE(took, 400ms);
    EXPECT_LT(took, 3s);
    EXPECT_EQ(silent.ReadAll(), "");
    EXPECT_TRUE(silent.closed());
}

TEST_F(ServerHeldTest, ADescriptorThatIsNoneIsSaid) {
    ServerOptions options = Held();
    options.listening = 1'000'000;
    auto server = Server::Start(options, [](Request&&, Respond) {});
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace barracuda::http
