#include "http/parser.h"

#include <gtest/gtest.h>

#include <random>

namespace barracuda::http {
namespace {

using Status = RequestParser::Status;

ParserLimits Small() {
    return {
        .header_bytes_max = 512,
        .headers_max = 8,
        .request_line_bytes_max = 128,
        .body_bytes_max = 64,
    };
}

struct Outcome {
    Status status = Status::kMore;
    int error = 0;
    size_t consumed = 0;
    Request request;
};

// Feeds `text` cut at `cut`, leaving unconsumed bytes at the front as a session does.
Outcome Feed(const std::string& text, size_t cut) {
    RequestParser parser(Small());
    Outcome outcome;
    for (size_t end : {cut, text.size()}) {
        size_t consumed = 0;
        outcome.status = parser.Parse(
            std::string_view(text).substr(outcome.consumed, end - outcome.consumed), consumed
        );
        outcome.consumed += consumed;
        if (outcome.status != Status::kMore) break;
    }
    outcome.error = parser.error_status();
    outcome.request = parser.request();
    return outcome;
}

Outcome FeedByBytes(const std::string& text) {
    RequestParser parser(Small());
    Outcome outcome;
    for (size_t end = 1; end <= text.size() && outcome.status == Status::kMore; ++end) {
        size_t consumed = 0;
        outcome.status = parser.Parse(
            std::string_view(text).substr(outcome.consumed, end - outcome.consumed), consumed
        );
        outcome.consumed += consumed;
    }
    outcome.error = parser.error_status();
    outcome.request = parser.request();
    return outcome;
}

// Every cut gives the same: 0 = whole, -1 = more is needed, else the status of the refusal.
int Verdict(const std::string& text) {
    auto code = [](const Outcome& outcome) {
        if (outcome.status == Status::kDone) return 0;
        return outcome.status == Status::kMore ? -1 : outcome.error;
    };
    Outcome whole = Feed(text, text.size());
    for (size_t cut = 0; cut < text.size(); ++cut) {
        Outcome split = Feed(text, cut);
        EXPECT_EQ(code(split), code(whole)) << "cut at " << cut << " of " << text;
        EXPECT_EQ(split.request.body, whole.request.body);
        EXPECT_EQ(split.request.headers, whole.request.headers);
    }
    EXPECT_EQ(code(FeedByBytes(text)), code(whole)) << text;
    return code(whole);
}

std::string Get(const std::string& fields, const std::string& target = "/") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

TEST(Parser, ReadsLineFieldsAndBody) {
    std::string text =
        "\r\nPOST /a%20b%2Fc?x=1+2&y=%41&x=&z HTTP/1.1\r\nHost: h:80\r\nX-A:  v \t\r\n"
        "x-a: w\r\nContent-Length: 5\r\n\r\nhello";
    EXPECT_EQ(Verdict(text), 0);
    Request request = Feed(text, 7).request;
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.path, "/a b/c");
    EXPECT_EQ(request.query, (Pairs{{"x", "1 2"}, {"y", "A"}, {"x", ""}, {"z", ""}}));
    EXPECT_FALSE(request.malformed_query);
    EXPECT_EQ(request.Header("HOST"), "h:80");
    EXPECT_EQ(request.HeaderValues("X-a"), (std::vector<std::string_view>{"v", "w"}));
    EXPECT_EQ(request.Header("none"), std::nullopt);
    EXPECT_EQ(request.body, "hello");
}

TEST(Parser, KeepsInvalidEscapesOfTheQueryAndFlagsThem) {
    Request request = Feed(Get("", "/?a=%x%&b=%4&c=#x#"), 3).request;
    EXPECT_TRUE(request.malformed_query);
    EXPECT_EQ(request.query, (Pairs{{"a", "%x%"}, {"b", "%4"}, {"c", "#x#"}}));
}

TEST(Parser, ReadsTargetForms) {
    EXPECT_EQ(Feed(Get("", "http://h:1/p?q=1"), 1).request.path, "/p");
    EXPECT_EQ(Feed(Get("", "HTTPS://h"), 1).request.path, "/");
    // The authority counts and not the field.
    EXPECT_EQ(Feed(Get("", "http://h:1/p?q=1"), 1).request.Header("Host"), "h:1");
    EXPECT_EQ(Verdict("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    for (const char* target : {"*", "a", "ftp://h/", "http:///x", "/%", "/%zz", "/%00", "h:80"}) {
        EXPECT_EQ(Verdict(Get("", target)), 400) << target;
    }
}

TEST(Parser, ReadsChunkedBodies) {
    std::string head = "Transfer-Encoding: Chunked\r\n";
    std::string text = Get(head) + "3;x=y\r\nabc\r\n0A\r\n0123456789\r\n0\r\nT: v\r\n\r\n";
    EXPECT_EQ(Verdict(text), 0);
    EXPECT_EQ(Feed(text, 9).request.body, "abc0123456789");
    EXPECT_EQ(Verdict(Get(head) + "3\r\nabc\r\n"), -1);
    EXPECT_EQ(Verdict(Get(head) + "41\r\n"), 413);
    EXPECT_EQ(Verdict(Get(head) + "fffffffffffffffff\r\n"), 413);
    std::string many;
    for (int i = 0; i < 5; ++i) many += "10\r\n0123456789abcdef\r\n";
    EXPECT_EQ(Verdict(Get(head) + many + "0\r\n\r\n"), 413);
    for (const char* bad :
         {"x\r\n",
          "-1\r\n",
          "+1\r\na\r\n",
          "0x1\r\na\r\n",
          "1 \r\na\r\n",
          "\r\n",
          "1\na\r\n0\r\n\r\n",
          "1\r\nab\r\n0\r\n\r\n",
          "1\r\na\n0\r\n\r\n",
          "1;\x01\r\na\r\n",
          "0\r\nbad\r\n\r\n"}) {
        EXPECT_EQ(Verdict(Get(head) + bad), 400) << bad;
    }
}

TEST(Parser, RefusesWhatTwoServersCouldReadDifferently) {
    std::string length = "Content-Length: 3\r\n";
    std::string chunked = "Transfer-Encoding: chunked\r\n";
    for (const std::string& fields :
         {length + chunked,
          chunked + length,
          length + length,
          length + "Content-Length: 4\r\n",
          chunked + chunked,
          std::string("Content-Length: 3, 3\r\n"),
          std::string("Content-Length: +3\r\n"),
          std::string("Content-Length: -3\r\n"),
          std::string("Content-Length: 0x3\r\n"),
          std::string("Content-Length:\r\n"),
          std::string("Content-Length : 3\r\n"),
          std::string("Host: b\r\n"),
          std::string(" folded: a\r\n"),
          std::string("A: b\r\n c\r\n"),
          std::string("A: b\n"),
          std::string("A: b\rC: d\r\n"),
          std::string("A: b\0c\r\n", 8),
          std::string("A\0: b\r\n", 7),
          std::string("No colon\r\n"),
          std::string(": b\r\n")}) {
        EXPECT_EQ(Verdict(Get(fields) + "abc"), 400) << fields;
    }
    EXPECT_EQ(Verdict(Get("Transfer-Encoding: gzip, chunked\r\n")), 501);
    for (const char* codings :
         {"identity", "gzip", "chunked, gzip", "chunked, chunked", "xchunked", ""}) {
        EXPECT_EQ(Verdict(Get(std::string("Transfer-Encoding: ") + codings + "\r\n")), 400)
            << codings;
    }
    EXPECT_EQ(Verdict("GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400);
    EXPECT_EQ(Verdict("GET / HTTP/1.1\r\n\r\n"), 400);
    EXPECT_EQ(Verdict("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"), 400);
}

TEST(Parser, RefusesMalformedRequestLines) {
    std::string rest = "\r\nHost: a\r\n\r\n";
    for (const char* line :
         {"GET",
          "GET /",
          "GET  / HTTP/1.1",
          "GET / a HTTP/1.1",
          " GET / HTTP/1.1",
          "G(T / HTTP/1.1",
          "GET / HTTP/1.1 ",
          "GET / http/1.1",
          "GET / HTTP/11",
          "GET /\t HTTP/1.1",
          "GET /\x7f HTTP/1.1"}) {
        EXPECT_EQ(Verdict(line + rest), 400) << line;
    }
    EXPECT_EQ(Verdict("\r\n\r\n\r\nGET / HTTP/1.1" + rest), 400);
    EXPECT_EQ(Verdict("GET / HTTP/a.b" + rest), 400);
    EXPECT_EQ(Verdict("GET http://a:b@c/ HTTP/1.1" + rest), 400);
    EXPECT_EQ(Verdict("GET / HTTP/2.0" + rest), 505);
    EXPECT_EQ(Verdict("GET / HTTP/1.2" + rest), 0);
    EXPECT_EQ(Verdict("GET / HTTP/1.0" + rest), 0);
}

TEST(Parser, HoldsItsLimitsToTheByte) {
    auto target = [](size_t line) { return "/" + std::string(line - 14, 'a'); };
    EXPECT_EQ(Verdict(Get("", target(128))), 0);
    EXPECT_EQ(Verdict(Get("", target(129))), 414);
    size_t bare = Get("X: \r\n").size();
    EXPECT_EQ(Verdict(Get("X: " + std::string(512 - bare, 'v') + "\r\n")), 0);
    EXPECT_EQ(Verdict(Get("X: " + std::string(513 - bare, 'v') + "\r\n")), 431);
    std::string seven;
    for (int i = 0; i < 7; ++i) seven += "A: b\r\n";
    EXPECT_EQ(Verdict(Get(seven)), 0);  // and Host
    EXPECT_EQ(Verdict(Get(seven + "A: b\r\n")), 431);
    EXPECT_EQ(Verdict(Get("Content-Length: 64\r\n") + std::string(64, 'b')), 0);
    EXPECT_EQ(Verdict(Get("Content-Length: 65\r\n")), 413);
    EXPECT_EQ(Verdict(Get("Content-Length: 99999999999999999999999\r\n")), 413);
    EXPECT_EQ(Verdict(Get("Expect: other\r\n")), 417);
}

// Damaged requests: whatever the verdict, it must not depend on the cuts.
TEST(Parser, DoesNotDependOnCutsWhenDamaged) {
    std::mt19937 random(7);
    const std::string requests[] = {
        Get("Content-Length: 5\r\nX: y\r\n", "/a?b=%20") + "hello",
        Get("Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\nT: v\r\n\r\n",
    };
    const std::string bytes("\r\n :%;,0a\0\t", 12);
    int seen[3] = {};
    for (int i = 0; i < 1000; ++i) {
        std::string text = requests[i % 2];
        for (unsigned n = random() % 3 + 1; n > 0; --n) {
            size_t at = random() % text.size();
            if (random() % 2) text.erase(at, 1);
            text.insert(at, 1, bytes[random() % bytes.size()]);
        }
        int verdict = Verdict(text);
        ++seen[verdict > 0 ? 2 : verdict + 1];
    }
    for (int count : seen) EXPECT_GT(count, 0);  // all three outcomes were tried
}

TEST(Parser, LeavesThePipelinedRest) {
    std::string one = Get("");
    Outcome outcome = Feed(one + one, one.size() + 5);
    EXPECT_EQ(outcome.status, Status::kDone);
    EXPECT_EQ(outcome.consumed, one.size());
}

}  // namespace
}  // namespace barracuda::http
