// Pages: the desk's files over HTTP, each in the coding that the browser takes.
//
// Threads: any; nothing is kept.
#pragma once

#include <optional>
#include <span>

#include "http/request.h"
#include "http/response.h"
#include "web/files.h"

namespace barracuda::web {

// The answer to a request for `/`, `/admin` or a path below it, by method, `Accept-Encoding` and
// `If-None-Match`; nullopt: it is for none of these. A path below /admin that is no file and looks
// like none is one of the desk's own addresses and gets its page. Without files only `/` is
// answered: it says that there are no pages.
std::optional<http::Response> Answer(std::span<const File> files, const http::Request& request);

// The desk's one page; nullopt: there is none.
std::optional<http::Response> Page(std::span<const File> files, const http::Request& request);

// Whether the client would rather read a page than JSON or plain text: `Accept` names text/html.
bool WantsPage(const http::Request& request);

// The program's own files.
std::optional<http::Response> Answer(const http::Request& request);
std::optional<http::Response> Page(const http::Request& request);

}  // namespace barracuda::web
