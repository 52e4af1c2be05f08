#include "http/server.h"

#include <future>

#include "http/server_fixture.h"

namespace barracuda::http {
namespace {

using ServerTest = ServerFixture;

TEST_F(ServerTest, KeepsAliveAndMarksJson) {
    Begin();
    TestClient client(server_->port());
    for (int i = 0; i < 3; ++i) {
        ASSERT_TRUE(client.Send(Get("/echo")));
        std::string answer = client.ReadTo("[]");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << answer;
        EXPECT_TRUE(Has(answer, "Content-Type: application/json\r\n"));
        EXPECT_TRUE(Has(answer, "Cache-Control: no-store\r\n"));
        EXPECT_TRUE(Has(answer, "X-Content-Type-Options: nosniff\r\n"));
        EXPECT_TRUE(Has(answer, "Content-Security-Policy: default-src 'none'; base-uri 'none';"));
        EXPECT_TRUE(Has(answer, "Content-Length: 12\r\n"));
        EXPECT_FALSE(Has(answer, "Connection:"));
    }
    client.Send(Get("/echo", "Connection: foo, Close\r\n"));
    EXPECT_TRUE(Has(client.ReadAll(), "Connection: close\r\n"));
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, SpeaksHttp10) {
    Begin();
    TestClient client(server_->port());
    client.Send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    EXPECT_TRUE(Has(client.ReadTo("[]"), "Connection: keep-alive\r\n"));
    client.Send("GET /stream HTTP/1.0\r\n\r\n");
    std::string answer = client.ReadAll();
    EXPECT_FALSE(Has(answer, "chunked"));
    EXPECT_TRUE(answer.ends_with("\r\n\r\npiece0other")) << answer;
}

TEST_F(ServerTest, AnswersPipelinedRequestsInOrder) {
    Begin();
    TestClient client(server_->port());
    std::string all;
    for (int i = 0; i < 500; ++i) {
        all += i % 7 == 0 ? Get("/other") : Get("/" + std::to_string(i));
    }
    client.Send(all + Get("/last", "Connection: close\r\n"));
    std::string answers = client.ReadAll();
    size_t at = 0;
    for (int i = 0; i < 500; ++i) {
        std::string path = i % 7 == 0 ? "/other" : "/" + std::to_string(i);
        at = answers.find("GET " + path + " []", at);
        ASSERT_NE(at, std::string::npos) << i;
    }
    EXPECT_TRUE(answers.ends_with("GET /last []"));
    EXPECT_EQ(handled_, 501);
}

TEST_F(ServerTest, DoesNotDependOnHowBytesAreCut) {
    Begin();
    std::string text =
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    TestClient client(server_->port());
    for (size_t cut = 1; cut < text.size(); ++cut) {
        client.Send(text.substr(0, cut));
        if (cut % 8 == 0) std::this_thread::sleep_for(1ms);
        client.Send(text.substr(cut));
        ASSERT_TRUE(client.ReadTo("]").ends_with("POST /echo [abcde]")) << cut;
    }
    for (char c : text) client.Send({&c, 1});
    EXPECT_TRUE(client.ReadTo("]").ends_with("POST /echo [abcde]"));
}

TEST_F(ServerTest, TakesLargeBodiesAndGivesLargeAnswers) {
    Begin();
    TestClient client(server_->port());
    std::string body(1 << 20, 'b');
    std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1048576\r\n\r\n";
    std::jthread sender([&] { client.Send(head + body); });
    EXPECT_TRUE(client.ReadTo("]").ends_with("[" + body + "]"));
    sender.join();
    client.Send(Get("/large", "Connection: close\r\n"));
    std::this_thread::sleep_for(50ms);  // lets the socket's buffers fill
    EXPECT_GT(client.ReadAll().size(), size_t{8 << 20});
}

TEST_F(ServerTest, RefusesAsJsonAndCloses) {
    Begin();
    auto post = [](const std::string& fields) {
        return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
    };
    std::string many;
    for (int i = 0; i < 101; ++i) many += "A: b\r\n";
    const std::pair<std::string, std::string> cases[] = {
        {"400 Bad Request", post("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n")},
        {"400 Bad Request", "GET / HTTP/1.1\n\n"},
        {"413 Content Too Large", post("Content-Length: 1048577\r\n")},
        {"413 Content Too Large", post("Transfer-Encoding: chunked\r\n") + "100001\r\n"},
        {"414 URI Too Long", "GET /" + std::string(9000, 'a')},
        {"431 Request Header", "GET / HTTP/1.1\r\nX: " + std::string(20000, 'a')},
        {"431 Request Header", post(many)},
    };
    for (const auto& [status, text] : cases) {
        TestClient client(server_->port());
        client.Send(text);
        client.Send(std::string(100'000, 'z')
        );  // a peer that goes on sending still reads the answer
        std::string answer = client.ReadTo("\"}");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 " + status)) << answer;
        EXPECT_TRUE(Has(answer, "{\"success\":false,\"message\":\"")) << answer;
        EXPECT_TRUE(Has(answer, "Connection: close\r\n"));
        EXPECT_EQ(client.ReadAll(), "");
        EXPECT_TRUE(client.closed());
    }
    EXPECT_EQ(handled_, 0);
}

TEST_F(ServerTest, SendsContinueOnlyWhenTheBodyIsAwaited) {
    Begin();
    TestClient client(server_->port());
    std::string head = "POST /e HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: ";
    for (int i = 0; i < 2; ++i) {
        client.Send(head + "2\r\n\r\n");
        EXPECT_EQ(client.ReadTo("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
        client.Send("ab");
        EXPECT_TRUE(client.ReadTo("]").starts_with("HTTP/1.1 200"));
    }
    client.Send(head + "2\r\n\r\nab");
    EXPECT_TRUE(client.ReadTo("]").starts_with("HTTP/1.1 200"));
    client.Send(head + "9999999\r\n\r\n");
    EXPECT_TRUE(client.ReadAll().starts_with("HTTP/1.1 413"));
}

TEST_F(ServerTest, HeadHasNoBody) {
    Begin();
    TestClient client(server_->port());
    client.Send(
        "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\nHEAD /echo HTTP/1.1\r\nHost: a\r\nConnection: "
        "close\r\n\r\n"
    );
    std::string answers = client.ReadAll();
    EXPECT_TRUE(Has(answers, "Content-Length: 13\r\n"));
    EXPECT_TRUE(answers.ends_with("\r\n\r\n"));
    EXPECT_FALSE(Has(answers, "[")) << answers;
    EXPECT_FALSE(Has(answers, "piece")) << answers;
}

TEST_F(ServerTest, StreamsInChunks) {
    Begin();
    TestClient client(server_->port());
    client.Send(Get("/stream") + Get("/echo"));
    EXPECT_TRUE(
        client.ReadTo("0\r\n\r\n").ends_with("\r\n\r\n6\r\npiece0\r\n5\r\nother\r\n0\r\n\r\n")
    );
    EXPECT_TRUE(client.ReadTo("[]").ends_with("GET /echo []"));
    client.Send(Get("/broken"));
    EXPECT_FALSE(Has(client.ReadAll(), "0\r\n\r\n"));
    EXPECT_TRUE(client.closed());
}

TEST_F(ServerTest, AnswersForHandlersThatDoNot) {
    Begin();
    TestClient client(server_->port());
    for (const char* path : {"/drop", "/throw"}) {
        client.Send(Get(path));
        std::string answer = client.ReadTo("}");
        EXPECT_TRUE(answer.starts_with("HTTP/1.1 503")) << answer;
        EXPECT_FALSE(Has(answer, "secret"));
    }
    client.Send(Get("/twice") + Get("/echo"));
    EXPECT_TRUE(client.ReadTo("[]").ends_with("GET /twice []"));
    EXPECT_TRUE(client.ReadTo("[]").ends_with("GET /echo []"));
}

TEST_F(ServerTest, AnswerToAPeerThatHasGoneIsNothing) {
    Begin();
    auto client = std::make_unique<TestClient>(server_->port());
    client->Send(Get("/later"));
    Respond respond = Later();
    client.reset();
    respond(JsonError(409, "too late"));
    TestClient next(server_->port());
    next.Send(Get("/echo"));
    EXPECT_TRUE(Has(next.ReadTo("[]"), "200 OK"));
}

TEST_F(ServerTest, StopFinishesWhatIsInFlight) {
    Begin({.threads = 2});
    TestClient idle(server_->port());
    idle.Send(Get("/echo"));
    idle.ReadTo("[]");
    TestClient busy(server_->port());
    busy.Send(Get("/later"));
    Respond respond = Later();
    auto stopped = std::async(std::launch::async, [this] { server_->Stop(); });
    EXPECT_EQ(idle.ReadAll(), "");
    EXPECT_TRUE(idle.closed());
    std::this_thread::sleep_for(50ms);
    EXPECT_FALSE(TestClient(server_->port()).connected());
    EXPECT_EQ(stopped.wait_for(0s), std::future_status::timeout);
    respond(JsonError(409, "quote \" and\nline"));
    std::string answer = busy.ReadAll();
    EXPECT_TRUE(Has(answer, "Connection: close\r\n"));
    EXPECT_TRUE(answer.ends_with(R"({"success":false,"message":"quote \" and\nline"})")) << answer;
    busy.Close();
    EXPECT_EQ(stopped.wait_for(2s), std::future_status::ready);
}

TEST_F(ServerTest, StopDoesNotWaitForever) {
    Begin({.stop_timeout = 200ms});
    TestClient busy(server_->port());
    busy.Send(Get("/later"));
    Respond respond = Later();
    auto begin = std::chrono::steady_clock::now();
    server_->Stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, 1s);
    respond(Response());  // no-op
    server_.reset();
}

TEST_F(ServerTest, StopsUnderLoad) {
    Begin({.threads = 2, .stop_timeout = 1s});
    std::atomic<int> answers{0};
    std::vector<std::jthread> clients;
    for (int i = 0; i < 4; ++i) {
        clients.emplace_back([i, &answers, port = server_->port()] {
            TestClient client(port);
            const char* paths[] = {"/echo", "/drop", "/stream", "/echo"};
            while (client.Send(Get(paths[i])) && !client.ReadTo("}").empty()) {
                ++answers;
                if (i == 2) break;  // one stream is left half read
            }
        });
    }
    std::jthread poster([this](std::stop_token stop) {
        while (!stop.stop_requested()) server_->Post(1, [] {});
    });
    while (answers < 200) std::this_thread::sleep_for(1ms);
    server_->Stop();
    clients.clear();
}

TEST_F(ServerTest, PostRunsOnTheNamedThread) {
    Begin({.threads = 2});
    std::promise<std::thread::id> ids[3];
    unsigned threads[] = {0, 1, 1};
    for (int i = 0; i < 3; ++i) {
        server_->Post(threads[i], [&ids, i] { ids[i].set_value(std::this_thread::get_id()); });
    }
    auto zero = ids[0].get_future().get();
    auto one = ids[1].get_future().get();
    EXPECT_NE(zero, one);
    EXPECT_EQ(one, ids[2].get_future().get());
}

TEST_F(ServerTest, StartRefusesABadHostAndATakenPort) {
    auto handler = [](Request&&, Respond) {};
    EXPECT_EQ(Server::Start({.host = "no.name"}, handler).error().code, ErrorCode::kInvalid);
    Begin();
    auto second = Server::Start({.port = server_->port()}, handler);
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
}

TEST(Response, SaysNoLengthOfABodyThatWasNotMade) {
    std::string head, get;
    AppendResponse(Response(), {.head_request = true, .date = ""}, head);
    AppendResponse(Response(), {}, get);
    EXPECT_FALSE(Has(head, "Content-Length"));
    EXPECT_TRUE(Has(get, "Content-Length: 0\r\n"));
}

TEST(Response, KeepsControlBytesOutOfHeaders) {
    Response response;
    response.headers = {
        {"Location", "/a\r\nSet-Cookie: x"},
        {"Content-Length", "7"},
        {"Cache-Control", "max-age=1"}};
    std::string out;
    AppendResponse(response, {}, out);
    EXPECT_TRUE(Has(out, "Location: /aSet-Cookie: x\r\n"));
    EXPECT_FALSE(Has(out, "Content-Length: 7"));
    EXPECT_FALSE(Has(out, "no-store"));
}

}  // namespace
}  // namespace barracuda::http
