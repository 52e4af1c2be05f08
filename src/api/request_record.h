// The record of one answered request, for the request log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace barracuda::api {

// Nothing in it comes from a query, a header or a body: those hold keys, e-mail addresses and
// names.
struct RequestRecord {
    std::string_view route;  // the path as the table of routes has it, else "-"; lasts for ever
    std::string method;      // LoggableMethod
    std::string path;        // the route, with the id of a contact in its place; else LoggablePath
    std::string client;      // address, seen through trusted proxies
    int status = 0;
    int64_t duration_us = 0;  // from the parsed request to its answer; a streamed body goes on
    std::size_t bytes = 0;    // of the body; 0 when streamed
};

// A path that is no route's, for a log: percent-encoded where it is not printable, cut, and parts
// that may be a key or an e-mail address are `***`.
std::string LoggablePath(std::string_view path);
// A method that HTTP knows, else "-".
std::string LoggableMethod(std::string_view method);

// Called once a request, on any thread, the ledger's too: it must not block.
using RequestObserver = std::function<void(const RequestRecord&)>;

}  // namespace barracuda::api
