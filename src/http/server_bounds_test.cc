// What the server bounds: connections, bodies, time.
#include <sys/resource.h>

#include "http/server_fixture.h"

namespace barracuda::http {
namespace {

using ServerBounds = ServerFixture;

TEST_F(ServerBounds, TimesOut) {
    Begin(
        {.header_timeout = 100ms,
         .body_grace = 100ms,
         .idle_timeout = 300ms,
         .linger_timeout = 100ms}
    );
    for (const char* part :
         {"GET / HTT",
          "GET / HTTP/1.1\r\nHost: a\r\n",
          "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"}) {
        TestClient client(server_->port());
        client.Send(part);
        std::string answer = client.ReadAll();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 408 Request Timeout")) << part << answer;
        EXPECT_TRUE(client.closed());
    }
    TestClient idle(server_->port());
    idle.Send(Get("/echo"));
    EXPECT_TRUE(Has(idle.ReadTo("[]"), "200 OK"));
    EXPECT_EQ(idle.ReadAll(), "");
    EXPECT_TRUE(idle.closed());
}

TEST_F(ServerBounds, CutsOffWhoDoesNotRead) {
    Begin({.write_timeout = 100ms});
    TestClient client(server_->port());
    client.Send(Get("/large"));
    std::this_thread::sleep_for(400ms);
    EXPECT_LT(client.ReadAll().size(), size_t{8 << 20});
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerBounds, RefusesConnectionsBeyondItsLimit) {
    Begin({.connections_max = 2});
    auto first = std::make_unique<TestClient>(server_->port());
    TestClient second(server_->port());
    first->Send(Get("/echo"));
    second.Send(Get("/echo"));
    first->ReadTo("[]");
    second.ReadTo("[]");
    TestClient third(server_->port());
    std::string answer = third.ReadAll();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
    EXPECT_TRUE(Has(answer, "Retry-After: 1\r\n"));
    third.Close();
    first.reset();
    std::this_thread::sleep_for(100ms);
    TestClient fourth(server_->port());
    fourth.Send(Get("/echo"));
    EXPECT_TRUE(Has(fourth.ReadTo("[]"), "200 OK"));
}

TEST_F(ServerBounds, AnswersWhatIsAlwaysAnsweredWhenEveryPlaceIsTaken) {
    ServerOptions options{.connections_max = 1, .refused_max = 2};
    options.always_answered = [](const Request& request) { return request.path == "/livez"; };
    Begin(options);
    TestClient holder(server_->port());
    holder.Send(Get("/echo"));
    holder.ReadTo("[]");
    TestClient machine(server_->port());
    machine.Send(Get("/livez") + Get("/livez"));
    std::string answer = machine.ReadAll();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
    EXPECT_EQ(answer.find("HTTP/1.1", 1), std::string::npos) << "one request a connection too many";
    machine.Close();
    for (const char* request :
         {"GET /echo HTTP/1.1\r\nHost: a\r\n\r\n",
          "POST /livezz HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n",
          "GET /liv",
          ""}) {
        TestClient other(server_->port());
        other.Send(request);
        EXPECT_TRUE(Has(other.ReadAll(), "503 Service Unavailable")) << request;
        EXPECT_TRUE(other.closed());
    }
}

TEST_F(ServerBounds, TellsEveryConnectionTooManyThatItIs) {
    Begin({.connections_max = 2, .refused_max = 1});
    std::vector<std::unique_ptr<TestClient>> clients;
    for (int i = 0; i < 12; ++i) {
        clients.push_back(std::make_unique<TestClient>(server_->port()));
        if (i < 2) clients.back()->Send(Get("/echo"));
        if (i < 2) clients.back()->ReadTo("[]");
    }
    for (size_t i = 2; i < clients.size(); ++i) {
        EXPECT_TRUE(Has(clients[i]->ReadAll(), "Retry-After: 1\r\n")) << i;
    }
    const auto stats = server_->stats();
    EXPECT_EQ(stats.connections_max, 2u);
    EXPECT_EQ(stats.refused, 10u);
    clients[0]->Send(Get("/echo"));
    EXPECT_TRUE(Has(clients[0]->ReadTo("[]"), "200 OK"));
}

TEST_F(ServerBounds, WhoAsksNothingMakesRoomWherePlacesAreFew) {
    Begin({.connections_max = 4, .header_timeout = 200ms});
    TestClient asked(server_->port());
    asked.Send(Get("/echo"));
    asked.ReadTo("[]");
    TestClient first(server_->port()), second(server_->port());
    std::this_thread::sleep_for(500ms);
    EXPECT_EQ(first.ReadAll(10), "");
    EXPECT_FALSE(first.closed()) << "a place is free";
    TestClient third(server_->port());
    first.ReadAll();
    EXPECT_TRUE(first.closed()) << "the one that waits for longest";
    second.ReadAll(100);
    EXPECT_FALSE(second.closed()) << "one was enough";
    asked.Send(Get("/echo"));
    EXPECT_TRUE(Has(asked.ReadTo("[]"), "200 OK")) << "a connection between requests stays";
}

TEST_F(ServerBounds, AcceptThatFailsIsToldAndDoesNotSpin) {
    class Faults : public FaultSink {
    public:
        void Report(Fault kind, std::string_view, std::string_view what) override {
            if (kind == Fault::kAccept && !what.empty()) ++accepts;
        }
        std::atomic<int> accepts{0};
    } faults;
    ServerOptions options;
    options.faults = &faults;
    Begin(options);
    TestClient before(server_->port());
    before.Send(Get("/echo"));
    before.ReadTo("[]");
    rlimit limit{};
    ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
    std::vector<int> held;
    TestClient late(server_->port(), false);
    rlimit low = limit;
    low.rlim_cur = 512;
    ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
    for (int fd = dup(0); fd >= 0; fd = dup(0)) held.push_back(fd);
    late.Connect(server_->port());
    std::this_thread::sleep_for(500ms);
    const int told = faults.accepts;
    EXPECT_GE(told, 2);
    EXPECT_LE(told, 12);
    EXPECT_EQ(server_->stats().accept_failures, static_cast<uint64_t>(told));
    for (int fd : held) close(fd);
    setrlimit(RLIMIT_NOFILE, &limit);
    late.Send(Get("/echo"));
    EXPECT_TRUE(Has(late.ReadTo("[]"), "200 OK")) << "it waited, and is served";
}

TEST_F(ServerBounds, BoundsTheSumOfBodies) {
    Begin({.body_bytes_total_max = 150'000});
    std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n";
    std::string body(90'000, 'b');
    auto first = std::make_unique<TestClient>(server_->port());
    const auto sent_once = [&] {
        TestClient second(server_->port());
        second.Send(head + body);
        return second.ReadTo("]");
    };
    // Both ends are seen soon, not at once: on a busy machine another one may be served before.
    const auto until = [&](std::string_view answer) {
        const auto end = std::chrono::steady_clock::now() + 20s;
        while (std::chrono::steady_clock::now() < end) {
            if (sent_once().starts_with(answer)) return true;
            std::this_thread::sleep_for(20ms);
        }
        return false;
    };
    first->Send(head + body.substr(1));
    EXPECT_TRUE(until("HTTP/1.1 503"));
    first.reset();
    EXPECT_TRUE(until("HTTP/1.1 200"));
    for (int i = 0; i < 3; ++i) {
        TestClient next(server_->port());
        next.Send(head + body);
        EXPECT_TRUE(next.ReadTo("]").starts_with("HTTP/1.1 200")) << i;
    }
}

TEST_F(ServerBounds, ABodyThatStandsStillEndsWhateverCameBefore) {
    Begin({.body_grace = 300ms, .body_bytes_grace_min = 1000});
    std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n";
    TestClient idle(server_->port());
    idle.Send(head + std::string(400'000, 'b'));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_TRUE(idle.ReadAll().starts_with("HTTP/1.1 408"));
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
    TestClient drop(server_->port());  // a byte now and then is no progress
    drop.Send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (int i = 0; i < 20 && drop.Send("1\r\nx\r\n"); ++i) std::this_thread::sleep_for(50ms);
    EXPECT_TRUE(drop.ReadAll().starts_with("HTTP/1.1 408"));
    TestClient slow(server_->port());
    slow.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 12000\r\n\r\n");
    for (int i = 0; i < 12; ++i) {
        slow.Send(std::string(1000, 's'));
        std::this_thread::sleep_for(80ms);
    }
    EXPECT_TRUE(slow.ReadTo("]").starts_with("HTTP/1.1 200"));
}

TEST_F(ServerBounds, SmallBodiesAreAlwaysTakenAndOneSharerCannotTakeAll) {
    ServerOptions options{.body_bytes_total_max = 500'000, .body_bytes_sharer_max = 200'000};
    options.sharer = [this](const std::string&) { return sharer_; };
    Begin(options);
    auto begin_body = [this](size_t bytes) {
        auto client = std::make_unique<TestClient>(server_->port());
        client->Send(
            "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(bytes) +
            "\r\n\r\n" + std::string(bytes - 1, 'b')
        );
        std::this_thread::sleep_for(50ms);
        return client;
    };
    auto refused = [](TestClient& client) {
        client.Send("b");
        return client.ReadTo("]").starts_with("HTTP/1.1 503");
    };
    auto first = begin_body(150'000);
    EXPECT_TRUE(refused(*begin_body(150'000)));
    std::vector<std::unique_ptr<TestClient>> small;
    for (int i = 0; i < 20; ++i) small.push_back(begin_body(60'000));
    for (auto& client : small) EXPECT_FALSE(refused(*client));
    sharer_ = "another";
    auto other = begin_body(150'000);
    sharer_ = "";
    auto nobody = begin_body(150'000);
    EXPECT_TRUE(refused(*begin_body(150'000))) << "the sum is bound for all";
    EXPECT_FALSE(refused(*first));
    EXPECT_FALSE(refused(*other));
    EXPECT_FALSE(refused(*nobody));
}

TEST_F(ServerBounds, AsksWhetherItNeedsTheBodyBeforeItIsThere) {
    ServerOptions options;
    options.needs_no_body = [](const Request& request) {
        return !request.Header("x-key") || request.peer_address != "127.0.0.1";
    };
    Begin(options);
    for (const char* framing :
         {"Content-Length: 1000000",
          "Transfer-Encoding: chunked",
          "Content-Length: 5\r\nExpect: 100-continue"}) {
        const std::string fields = std::string("Host: a\r\n") + framing + "\r\n";
        TestClient stranger(server_->port());
        stranger.Send("POST /echo HTTP/1.1\r\n" + fields + "\r\n");
        std::string answer = stranger.ReadAll();
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200")) << answer;
        EXPECT_TRUE(Has(answer, "Connection: close")) << answer;
        EXPECT_TRUE(answer.ends_with("POST /echo []")) << answer;
    }
    TestClient known(server_->port());
    known.Send("POST /echo HTTP/1.1\r\nHost: a\r\nX-Key: k\r\nContent-Length: 5\r\n\r\n");
    std::this_thread::sleep_for(50ms);
    known.Send("hello");
    EXPECT_TRUE(known.ReadTo("]").ends_with("[hello]"));
}

TEST_F(ServerBounds, BytesThatCannotBeginARequestAreRefusedAtOnce) {
    Begin();
    const std::string hello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);
    for (const std::string& bytes :
         {hello,
          std::string(1, '\0'),
          std::string("\x80\x2e\x01"),
          std::string(" GET"),
          std::string("SSH-2.0-x Debian"),
          std::string("GET example"),
          std::string(40, 'A')}) {
        TestClient client(server_->port());
        client.Send(bytes);
        EXPECT_TRUE(client.ReadTo("}", 1000).starts_with("HTTP/1.1 400")) << bytes;
    }
}

}  // namespace
}  // namespace barracuda::http
