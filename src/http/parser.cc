#include "http/parser.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace barracuda::http {

namespace {

constexpr size_t kReserveMax = 64 * 1024;  // an announced body is not memory until it arrives
constexpr size_t kChunkLineMax = 256;      // size and extensions
constexpr unsigned kBlankLinesMax = 2;     // before a request line, RFC 9112 2.2
constexpr size_t kMethodMax = 32;

bool IsTokenChar(char c) {
    if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
    return c != 0 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr;
}

bool IsToken(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsControl(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

bool IsHost(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return IsTokenChar(c) || (c != 0 && std::strchr("()[],:;=", c) != nullptr);
    });
}

std::string_view Trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

bool ListHas(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        size_t comma = list.find(',');
        if (EqualNoCase(Trim(list.substr(0, comma)), token)) return true;
        if (comma == std::string_view::npos) break;
        list.remove_prefix(comma + 1);
    }
    return false;
}

}  // namespace

void RequestParser::Reset() {
    ParserLimits limits = limits_;
    *this = RequestParser(limits);
}

bool RequestParser::Fail(int status, const char* message) {
    stage_ = Stage::kFailed;
    error_status_ = status;
    error_message_ = message;
    return false;
}

RequestParser::Status RequestParser::Parse(std::string_view input, size_t& consumed) {
    consumed = 0;
    while (true) {
        if (stage_ == Stage::kFailed) return Status::kFailed;
        if (stage_ == Stage::kDone) return Status::kDone;
        if (stage_ == Stage::kBody || stage_ == Stage::kChunkData) {
            TakeBody(input, consumed);
            if (left_ > 0) return Status::kMore;
            continue;
        }
        std::string_view line;
        Line found = TakeLine(input, consumed, line);
        if (found == Line::kMore) return Status::kMore;
        if (found == Line::kFailed || !OnLine(line)) return Status::kFailed;
    }
}

// Limits are checked first, by the same bytes whether the line's end has come or not.
RequestParser::Line RequestParser::TakeLine(
    std::string_view input, size_t& consumed, std::string_view& line
) {
    std::string_view rest = input.substr(consumed);
    size_t end = rest.find('\n', scanned_);
    bool whole = end != std::string_view::npos;
    size_t length = whole ? end + 1 : rest.size();  // known so far, with CRLF
    if (stage_ == Stage::kRequestLine &&
        length > limits_.request_line_bytes_max + (whole ? 2 : 1)) {
        Fail(414, "the request line is too long");
        return Line::kFailed;
    }
    bool framing = stage_ == Stage::kChunkSize || stage_ == Stage::kChunkEnd;
    if (framing) {
        size_t line_max = stage_ == Stage::kChunkEnd ? 2 : kChunkLineMax;
        if (length > line_max) {
            Fail(400, "malformed chunk");
            return Line::kFailed;
        }
    } else if (header_bytes_ + length > limits_.header_bytes_max) {
        Fail(431, "the header is too large");
        return Line::kFailed;
    }
    if (!whole) {
        scanned_ = rest.size();
        return Line::kMore;
    }
    if (end == 0 || rest[end - 1] != '\r') {
        Fail(400, "a line does not end with CR LF");
        return Line::kFailed;
    }
    line = rest.substr(0, end - 1);
    scanned_ = 0;
    consumed += length;
    if (!framing) header_bytes_ += length;
    return Line::kWhole;
}

bool RequestParser::OnLine(std::string_view line) {
    switch (stage_) {
        case Stage::kRequestLine:
            return OnRequestLine(line);
        case Stage::kFields:
            return line.empty() ? OnHeaderEnd() : OnField(line, false);
        case Stage::kChunkSize:
            return OnChunkSize(line);
        case Stage::kChunkEnd:
            if (!line.empty()) return Fail(400, "malformed chunk");
            stage_ = Stage::kChunkSize;
            return true;
        case Stage::kTrailers:
            if (!line.empty()) return OnField(line, true);
            stage_ = Stage::kDone;
            return true;
        default:
            return Fail(400, "malformed request");
    }
}

bool RequestParser::OnRequestLine(std::string_view line) {
    if (line.empty()) {
        return ++blank_lines_ <= kBlankLinesMax || Fail(400, "malformed request line");
    }
    size_t first = line.find(' ');
    size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return Fail(400, "malformed request line");
    }
    std::string_view method = line.substr(0, first);
    std::string_view version = line.substr(last + 1);
    if (!IsToken(method) || method.size() > kMethodMax) return Fail(400, "malformed method");
    if (version == "HTTP/1.0") {
        http_1_0_ = true;
    } else if (version != "HTTP/1.1") {
        bool other = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.';
        return other ? Fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here")
                     : Fail(400, "malformed request line");
    }
    request_.method = method;
    if (!OnTarget(line.substr(first + 1, last - first - 1))) return false;
    request_.headers.reserve(16);
    stage_ = Stage::kFields;
    return true;
}

// '#' is data here: trackers send unreplaced macros such as #x#, and the api names them.
bool RequestParser::OnTarget(std::string_view target) {
    for (char c : target) {
        if (IsControl(c) || c == ' ') return Fail(400, "malformed request target");
    }
    request_.target = target;
    if (target == "*" && request_.method == "OPTIONS") {
        request_.path = "*";
        return true;
    }
    if (!target.starts_with('/')) {
        bool absolute = EqualNoCase(target.substr(0, 7), "http://");
        if (!absolute && !EqualNoCase(target.substr(0, 8), "https://")) {
            return Fail(400, "malformed request target");
        }
        target.remove_prefix(absolute ? 7 : 8);
        size_t end = std::min(target.find_first_of("/?"), target.size());
        if (end == 0) return Fail(400, "malformed request target");
        target.remove_prefix(end);
    }
    size_t mark = target.find('?');
    std::string_view path = target.substr(0, mark);
    if (!PercentDecode(path, false, request_.path)) return Fail(400, "invalid escape in the path");
    if (request_.path.find('\0') != std::string::npos) return Fail(400, "NUL in the path");
    if (request_.path.empty()) request_.path = "/";
    if (mark != std::string_view::npos) {
        request_.malformed_query = !ParseQuery(target.substr(mark + 1), request_.query);
    }
    return true;
}

bool RequestParser::OnField(std::string_view line, bool trailer) {
    if (++fields_ > limits_.headers_max) return Fail(431, "too many header fields");
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return Fail(400, "malformed header field");
    std::string_view name = line.substr(0, colon);
    if (!IsToken(name)) return Fail(400, "malformed header name");  // also folded lines
    std::string_view value = Trim(line.substr(colon + 1));
    for (char c : value) {
        if (IsControl(c) && c != '\t') return Fail(400, "control byte in a header");
    }
    if (trailer) return true;  // checked, then dropped: nothing here needs one
    if (!OnKnownField(name, value)) return false;
    request_.headers.emplace_back(name, value);
    return true;
}

bool RequestParser::OnKnownField(std::string_view name, std::string_view value) {
    switch (name.size()) {
        case 4:
            if (!EqualNoCase(name, "Host")) return true;
            ++hosts_;
            return IsHost(value) || Fail(400, "malformed Host");
        case 6:
            if (!EqualNoCase(name, "Expect")) return true;
            if (!EqualNoCase(value, "100-continue")) return Fail(417, "unknown expectation");
            expects_continue_ = !http_1_0_;
            return true;
        case 10:
            if (!EqualNoCase(name, "Connection")) return true;
            says_close_ |= ListHas(value, "close");
            says_keep_alive_ |= ListHas(value, "keep-alive");
            return true;
        case 14:
            return !EqualNoCase(name, "Content-Length") || OnContentLength(value);
        case 17:
            if (!EqualNoCase(name, "Transfer-Encoding")) return true;
            if (chunked_ || http_1_0_) return Fail(400, "malformed Transfer-Encoding");
            if (!EqualNoCase(value, "chunked")) return Fail(501, "only chunked is understood");
            chunked_ = true;
            return true;
        default:
            return true;
    }
}

bool RequestParser::OnContentLength(std::string_view value) {
    bool digits = !value.empty() && std::all_of(value.begin(), value.end(), [](char c) {
        return c >= '0' && c <= '9';
    });
    if (!digits || has_length_) return Fail(400, "malformed Content-Length");
    has_length_ = true;
    auto result = std::from_chars(value.data(), value.data() + value.size(), left_);
    if (result.ec != std::errc()) left_ = SIZE_MAX;  // more digits than 64 bits: too large, below
    return true;
}

bool RequestParser::OnHeaderEnd() {
    if (hosts_ > 1 || (hosts_ == 0 && !http_1_0_)) return Fail(400, "exactly one Host is needed");
    if (has_length_ && chunked_) {
        return Fail(400, "Content-Length and Transfer-Encoding exclude each other");
    }
    if (left_ > limits_.body_bytes_max) return Fail(413, "the body is too large");
    keep_alive_ = !says_close_ && (!http_1_0_ || says_keep_alive_);
    if (chunked_) {
        stage_ = Stage::kChunkSize;
    } else if (left_ > 0) {
        request_.body.reserve(std::min(left_, kReserveMax));
        stage_ = Stage::kBody;
    } else {
        stage_ = Stage::kDone;
    }
    return true;
}

bool RequestParser::OnChunkSize(std::string_view line) {
    std::string_view digits = line.substr(0, line.find(';'));
    std::string_view extension = line.substr(digits.size());
    size_t size = 0;
    auto result = std::from_chars(digits.data(), digits.data() + digits.size(), size, 16);
    bool whole = result.ptr == digits.data() + digits.size() && !digits.empty();
    if (!whole || result.ec == std::errc::invalid_argument || digits[0] == '-') {
        return Fail(400, "malformed chunk size");
    }
    if (std::any_of(extension.begin(), extension.end(), IsControl)) {
        return Fail(400, "malformed chunk extension");
    }
    header_bytes_ += extension.size();
    if (header_bytes_ > limits_.header_bytes_max) return Fail(431, "chunk extensions too large");
    bool overflow = result.ec == std::errc::result_out_of_range;
    if (overflow || size > limits_.body_bytes_max - request_.body.size()) {
        return Fail(413, "the body is too large");
    }
    left_ = size;
    stage_ = size > 0 ? Stage::kChunkData : Stage::kTrailers;
    return true;
}

void RequestParser::TakeBody(std::string_view input, size_t& consumed) {
    size_t take = std::min(left_, input.size() - consumed);
    request_.body.append(input.data() + consumed, take);
    consumed += take;
    left_ -= take;
    if (left_ == 0) stage_ = stage_ == Stage::kBody ? Stage::kDone : Stage::kChunkEnd;
}

}  // namespace barracuda::http
