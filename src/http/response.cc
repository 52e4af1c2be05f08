#include "http/response.h"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>
#include <boost/json/value.hpp>
#include <charconv>

#include "base/check.h"
#include "http/request.h"

namespace barracuda::http {

namespace {

std::string_view Reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 201:
            return "Created";
        case 202:
            return "Accepted";
        case 204:
            return "No Content";
        case 301:
            return "Moved Permanently";
        case 302:
            return "Found";
        case 303:
            return "See Other";
        case 304:
            return "Not Modified";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 403:
            return "Forbidden";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 408:
            return "Request Timeout";
        case 409:
            return "Conflict";
        case 413:
            return "Content Too Large";
        case 414:
            return "URI Too Long";
        case 415:
            return "Unsupported Media Type";
        case 417:
            return "Expectation Failed";
        case 422:
            return "Unprocessable Content";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 501:
            return "Not Implemented";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 505:
            return "HTTP Version Not Supported";
        default:
            return "Status";
    }
}

void AppendNumber(size_t number, std::string& out) {
    char digits[24];
    auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    out.append(digits, end);
}

bool IsClean(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

void AppendClean(std::string_view text, std::string& out) {
    for (auto at = text.begin(); at != text.end();) {
        const auto end = std::find_if_not(at, text.end(), IsClean);
        out.append(at, end);  // nearly always the whole text
        at = std::find_if(end, text.end(), IsClean);
    }
}

void AppendHeader(std::string_view name, std::string_view value, std::string& out) {
    AppendClean(name, out);
    out += ": ";
    AppendClean(value, out);
    out += "\r\n";
}

bool OwnedByServer(std::string_view name) {
    return EqualNoCase(name, "Content-Length") || EqualNoCase(name, "Connection") ||
           EqualNoCase(name, "Transfer-Encoding") || EqualNoCase(name, "Date");
}

}  // namespace

Response JsonError(int status, std::string_view message, int retry_after_s) {
    Response response;
    response.status = status;
    response.reason = message;
    response.body = "{\"success\":false,\"message\":";
    response.body += boost::json::serialize(boost::json::string_view(message));
    response.body += '}';
    if (status == 503 || status == 429) {
        response.headers.emplace_back("Retry-After", std::to_string(retry_after_s));
    }
    return response;
}

void AppendResponse(const Response& response, const HeadForm& form, std::string& out) {
    BARRACUDA_CHECK(response.status >= 200 && response.status < 600);  // 1xx would end no request
    bool bodyless = response.status == 204 || response.status == 304;
    out.reserve(out.size() + 512 + response.body.size());
    out += "HTTP/1.1 ";
    AppendNumber(static_cast<size_t>(response.status), out);
    out += ' ';
    out += Reason(response.status);
    out += "\r\nDate: ";
    out += form.date;
    out += "\r\n";
    if (!response.content_type.empty() && !bodyless) {
        AppendHeader("Content-Type", response.content_type, out);
    }
    bool cache = false, nosniff = false, policy = false;
    for (const auto& [name, value] : response.headers) {
        if (OwnedByServer(name)) continue;
        cache |= EqualNoCase(name, "Cache-Control");
        nosniff |= EqualNoCase(name, "X-Content-Type-Options");
        policy |= EqualNoCase(name, "Content-Security-Policy");
        AppendHeader(name, value, out);
    }
    if (!cache && response.content_type.starts_with("application/json")) {
        out += "Cache-Control: no-store\r\n";
    }
    if (!nosniff) out += "X-Content-Type-Options: nosniff\r\n";
    // What is no page may do nothing where a browser shows it all the same, and in nobody's frame.
    if (!policy) {
        out +=
            "Content-Security-Policy: default-src 'none'; base-uri 'none'; "
            "frame-ancestors 'none'\r\n";
    }
    if (response.stream && !bodyless) {
        if (!form.http_1_0) out += "Transfer-Encoding: chunked\r\n";
    } else if (!bodyless && !(form.head_request && response.body.empty())) {
        out += "Content-Length: ";
        AppendNumber(response.body.size(), out);
        out += "\r\n";
    }
    if (!form.keep_alive) {
        out += "Connection: close\r\n";
    } else if (form.http_1_0) {
        out += "Connection: keep-alive\r\n";
    }
    out += "\r\n";
    if (!response.stream && !bodyless && !form.head_request) out += response.body;
}

}  // namespace barracuda::http
