// What one answered request leaves in the request log.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace barracuda::api {

// Nothing in it comes from a query, a header or a body: those hold keys, e-mail addresses and
// names. Of method and path only what is known stands in it, for anything may be typed there too.
struct RequestRecord {
    std::string_view route;   // the path as the table of routes has it, else "-"
    std::string_view method;  // as the table has it, else "-"; both views last for ever
    std::string path;         // the route, with the id of a contact in its place
    std::string client;       // address, seen through trusted proxies
    int status = 0;
    int64_t duration_us = 0;  // from the parsed request to its answer; a streamed body goes on
    std::size_t bytes = 0;    // of the body; 0 when streamed
};

// Called once a request, on any thread, the ledger's too: it must not block.
using RequestObserver = std::function<void(const RequestRecord&)>;

}  // namespace barracuda::api
