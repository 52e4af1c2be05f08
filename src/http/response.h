// Response: what a handler answers with. A plain value. Answers get `nosniff` and a policy of which
// nothing may run, JSON ones `Cache-Control: no-store`, unless `headers` names those itself.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda::http {

// Takes one piece of a streamed body, or nullopt at its end. Call exactly once, from any thread;
// dropping it uncalled breaks the connection off, so that the client sees the body is incomplete.
using NextChunk = std::function<void(std::optional<std::string>)>;

struct Response {
    int status = 200;
    // Further headers. Content-Length, Connection, Date and Transfer-Encoding are the server's;
    // control bytes in values are dropped (no header injection).
    std::vector<std::pair<std::string, std::string>> headers;
    std::string content_type = "application/json";  // empty = no such header
    std::string body;
    // When set the body is chunked and `body` is ignored: called on the connection's io thread for
    // each next piece, once the one before is written. Not called for HEAD.
    std::function<void(NextChunk)> stream;
    // For the logs, never sent: why this is no success, in more words than the caller may read.
    std::string reason = {};
};

// {"success":false,"message":...}, with the message as its reason; 503 and 429 also get
// `Retry-After`.
Response JsonError(int status, std::string_view message, int retry_after_s = 1);

// The form of one answer on its connection.
struct HeadForm {
    bool keep_alive = true;
    bool http_1_0 = false;
    bool head_request = false;
    std::string_view date;  // RFC 9110 date
};

// Appends the header and, unless streamed or for HEAD, 204, 304, the body. An empty body for HEAD
// stands for one that was not made: its length is not said (RFC 9110 8.6).
void AppendResponse(const Response& response, const HeadForm& form, std::string& out);

}  // namespace barracuda::http
