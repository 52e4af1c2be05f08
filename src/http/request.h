// Request: one HTTP request, whole, as a handler receives it. A plain value: owned by whoever holds
// it, no thread of its own. Sizes are bytes and were bounded by ServerOptions before it was made.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace barracuda::http {

using Pairs = std::vector<std::pair<std::string, std::string>>;

struct Request {
    std::string method;            // as sent: methods are case-sensitive
    std::string target;            // as sent, origin or absolute form
    std::string path;              // percent-decoded once, without the query
    Pairs query;                   // decoded, in order; repeated names stay repeated
    bool malformed_query = false;  // an invalid %-escape; it stays in the value as it was written
    Pairs headers;                 // in order, names as sent, values without outer blanks
    std::string body;
    std::string peer_address;  // the socket's peer; IPv4 in dotted form also on a dual-stack socket
    unsigned io_thread = 0;    // for Server::Post
    bool body_left_out = false;  // ServerOptions::needs_no_body said so; the connection ends
    bool by_operators = false;   // it came by the operators' own address, where there is one

    // First value of a header; names compare without case. The view lives as long as this Request.
    std::optional<std::string_view> Header(std::string_view name) const;
    // Every value, in order (X-Forwarded-For may come in several lines).
    std::vector<std::string_view> HeaderValues(std::string_view name) const;
    // Whether the query says `name=1` or `name=true`.
    bool Asks(std::string_view name) const;
};

// ASCII letters without their case, as names of headers are compared.
bool EqualNoCase(std::string_view a, std::string_view b);

// Parses `a=1&b=2` (also application/x-www-form-urlencoded bodies) onto `out`; empty pieces are
// skipped, a piece without '=' has an empty value; it ends when `out` holds `pairs_max`. False when
// an escape was invalid.
bool ParseQuery(std::string_view text, Pairs& out, size_t pairs_max = size_t(-1));

}  // namespace barracuda::http
