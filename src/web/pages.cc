#include "web/pages.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/text.h"
#include "web/coding.h"

namespace barracuda::web {

namespace {

constexpr std::string_view kRoot = "/admin/";
constexpr std::string_view kIndex = "index.html";
constexpr std::string_view kAssets = "assets/";
constexpr int kYearSeconds = 365 * 24 * 3600;

// No inline script or style, nothing from elsewhere, in nobody's frame. Pictures as data: the
// drawn second factor.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'";

// An address may hold a setup token or somebody's click id: no other site is told it.
void AddSecurity(http::Response& response) {
    response.headers.emplace_back("Content-Security-Policy", kPolicy);
    response.headers.emplace_back("Referrer-Policy", "no-referrer");
    response.headers.emplace_back("X-Frame-Options", "DENY");
    response.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
    response.headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
    response.headers.emplace_back("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
}

const File* Find(std::span<const File> files, std::string_view path) {
    const auto at = std::find_if(files.begin(), files.end(), [&](const File& file) {
        return file.path == path;
    });
    return at == files.end() ? nullptr : &*at;
}

// One tag for all codings of a content: weak, as RFC 9110 8.8.3 wants it then.
std::string TagOf(const File& file) { return "W/\"" + std::string(file.tag) + "\""; }

bool IsKnown(const http::Request& request, std::string_view tag) {
    const auto fields = request.HeaderValues("if-none-match");
    return std::any_of(fields.begin(), fields.end(), [&](std::string_view field) {
        return Trim(field) == "*" || field.find(tag) != std::string_view::npos;
    });
}

void AddBody(const File& file, Coding coding, http::Response& response) {
    if (coding == Coding::kBrotli) {
        response.headers.emplace_back("Content-Encoding", "br");
        response.body = file.brotli;
    } else if (coding == Coding::kGzip) {
        response.headers.emplace_back("Content-Encoding", "gzip");
        response.body = file.gzip;
    } else {
        response.body = file.plain;
    }
}

http::Response Give(const File& file, const http::Request& request) {
    http::Response response;
    AddSecurity(response);
    const std::string tag = TagOf(file);
    response.content_type = file.content_type;
    response.headers.emplace_back(
        "Cache-Control",
        file.hashed ? "public, max-age=" + std::to_string(kYearSeconds) + ", immutable"
                    : std::string("no-cache")
    );
    response.headers.emplace_back("ETag", tag);
    response.headers.emplace_back("Vary", "Accept-Encoding");
    if (IsKnown(request, tag)) {
        response.status = 304;
        return response;
    }
    AddBody(file, ChooseCoding(request.HeaderValues("accept-encoding")), response);
    return response;
}

// Where a browser asks for what a page of an older version named, the desk's page would be no
// script: it must hear that the file is gone.
bool LooksLikeFile(std::string_view path) {
    if (path.starts_with(kAssets)) return true;
    const auto last = path.substr(path.rfind('/') + 1);
    return last.find('.') != std::string_view::npos;
}

http::Response NotHere(int status, std::string_view message) {
    auto response = http::JsonError(status, message);
    AddSecurity(response);
    return response;
}

http::Response OnlyReading() {
    auto response = NotHere(405, "this path takes GET, HEAD");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
}

http::Response Root(bool pages) {
    http::Response response;
    AddSecurity(response);
    if (pages) {
        response.status = 302;
        response.headers.emplace_back("Location", "/admin");
        response.headers.emplace_back("Cache-Control", "no-store");
        response.content_type.clear();
        return response;
    }
    response.body =
        "{\"success\":true,\"message\":\"Barracuda: the API alone; this build has no pages\"}";
    return response;
}

}  // namespace

bool WantsPage(const http::Request& request) {
    const auto fields = request.HeaderValues("accept");
    return std::any_of(fields.begin(), fields.end(), [](std::string_view field) {
        return field.find("text/html") != std::string_view::npos;
    });
}

std::optional<http::Response> Page(std::span<const File> files, const http::Request& request) {
    const File* index = Find(files, kIndex);
    if (!index) return std::nullopt;
    return Give(*index, request);
}

std::optional<http::Response> Answer(std::span<const File> files, const http::Request& request) {
    const std::string_view path = request.path;
    const bool root = path == "/";
    const bool desk = !files.empty() && (path == "/admin" || path.starts_with(kRoot));
    if (!root && !desk) return std::nullopt;
    if (request.method != "GET" && request.method != "HEAD") return OnlyReading();
    if (root) return Root(!files.empty());
    const auto below = path.size() < kRoot.size() ? std::string_view() : path.substr(kRoot.size());
    if (const File* file = Find(files, below)) return Give(*file, request);
    if (LooksLikeFile(below)) return NotHere(404, "there is no such file");
    return Page(files, request);
}

std::optional<http::Response> Answer(const http::Request& request) {
    return Answer(Files(), request);
}
std::optional<http::Response> Page(const http::Request& request) { return Page(Files(), request); }

}  // namespace barracuda::web
