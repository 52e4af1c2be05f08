#include "http/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/check.h"
#include "base/unseen.h"

namespace barracuda::http {

namespace {

constexpr size_t kReserveMax = 64 * 1024;  // an announced body is not memory until it arrives
constexpr size_t kChunkLineMax = 256;      // size and extensions
constexpr unsigned kBlankLinesMax = 2;     // before a request line, RFC 9112 2.2
constexpr size_t kMethodMax = 32;

static_assert(kChunkLineMax > 2 * sizeof(size_t));  // the longest size in hexadecimal fits

constexpr auto kTokenChars = [] {
    std::array<bool, 256> is{};
    for (unsigned char c = '0'; c <= '9'; ++c) is[c] = true;
    for (unsigned char c = 'a'; c <= 'z'; ++c) is[c] = is[c - 'a' + 'A'] = true;
    for (char c : std::string_view("!#$%&'*+-.^_`|~")) is[static_cast<unsigned char>(c)] = true;
    return is;
}();

bool IsTokenChar(char c) { return kTokenChars[static_cast<unsigned char>(c)]; }

bool IsToken(std::string_view text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenChar);
}

bool IsControl(char c) {
    auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsVersion(std::string_view text) {
    return text.size() == 8 && text.starts_with("HTTP/") && IsDigit(text[5]) && text[6] == '.' &&
           IsDigit(text[7]);
}

bool IsHost(std::string_view text) {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return IsTokenChar(c) || (c != 0 && std::strchr("()[],:;=", c) != nullptr);
    });
}

std::string_view TrimEnd(std::string_view text) {
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string_view Trim(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    return TrimEnd(text);
}

// False as soon as no request line can begin so, however it goes on: a TLS hello must not wait for
// its line to end. Looks at the method and one byte behind it.
bool MayBegin(std::string_view line) {
    if (line.starts_with('\r')) return line.size() < 2 || line[1] == '\n';
    size_t i = 0;
    while (i < line.size() && IsTokenChar(line[i])) {
        if (++i > kMethodMax) return false;
    }
    if (i == line.size()) return true;
    if (i == 0 || line[i] != ' ') return false;
    if (++i == line.size()) return true;
    const char target = line[i];
    return target == '/' || target == '*' || target == 'h' || target == 'H';
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

// RFC 9112 6.1: without `chunked` at the end nobody knows where the body ends.
bool EndsChunked(std::string_view codings) {
    auto comma = codings.rfind(',');
    if (comma == std::string_view::npos || ListHas(codings.substr(0, comma), "chunked")) {
        return false;
    }
    return EqualNoCase(Trim(codings.substr(comma + 1)), "chunked");
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

// Limits are checked before the line's shape, by the same bytes whether the line's end has come or
// not.
RequestParser::Line RequestParser::TakeLine(
    std::string_view input, size_t& consumed, std::string_view& line
) {
    std::string_view rest = input.substr(consumed);
    BARRACUDA_CHECK(scanned_ <= rest.size());  // what was left stands at the front again
    size_t end = rest.find('\n', scanned_);
    bool whole = end != std::string_view::npos;
    if (stage_ == Stage::kRequestLine && scanned_ < kMethodMax + 2 && !MayBegin(rest)) {
        Fail(400, "malformed request line");
        return Line::kFailed;
    }
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
    if (!IsVersion(version)) return Fail(400, "malformed request line");
    if (version[5] != '1') return Fail(505, "only HTTP/1.0 and HTTP/1.1 are spoken here");
    http_1_0_ = version[7] == '0';  // any other minor version is read as 1.1, RFC 9110 2.5
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
        authority_ = target.substr(0, end);
        if (end == 0 || !IsHost(authority_)) return Fail(400, "malformed request target");
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
    // The authority of an absolute target counts, and not the field: RFC 9112 3.2.2.
    bool overridden = !authority_.empty() && EqualNoCase(name, "Host");
    request_.headers.emplace_back(name, overridden ? authority_ : value);
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
            chunked_ = EqualNoCase(value, "chunked");
            if (chunked_) return true;
            return EndsChunked(value) ? Fail(501, "only chunked is understood")
                                      : Fail(400, "a body whose last coding is not chunked");
            return true;
        default:
            return true;
    }
}

bool RequestParser::OnContentLength(std::string_view value) {
    bool digits = !value.empty() && std::all_of(value.begin(), value.end(), IsDigit);
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
    if (!extension.empty()) digits = TrimEnd(digits);  // blanks around `;`, RFC 9112 7.1.1
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
    BARRACUDA_CHECK(left_ == 0);  // the chunk before is whole
    left_ = size;
    stage_ = size > 0 ? Stage::kChunkData : Stage::kTrailers;
    return true;
}

void RequestParser::TakeBody(std::string_view input, size_t& consumed) {
    BARRACUDA_CHECK(consumed <= input.size());
    size_t take = std::min(left_, input.size() - consumed);
    // By a quarter, and into a new string, for reserve() doubles: what is counted against the
    // bounds is what the body needs.
    std::string& body = request_.body;
    if (body.size() + take > body.capacity()) {
        const size_t most = body.size() + (stage_ == Stage::kBody ? left_ : limits_.body_bytes_max);
        const size_t wanted = std::max(body.size() + take, body.capacity() * 5 / 4);
        std::string grown;
        grown.reserve(std::min(most, wanted));
        grown.append(body);
        body.swap(grown);
    }
    body.append(input.data() + consumed, take);
    BARRACUDA_CHECK(body.size() <= limits_.body_bytes_max);
    consumed += take;
    left_ -= take;
    if (left_ == 0) stage_ = stage_ == Stage::kBody ? Stage::kDone : Stage::kChunkEnd;
}

}  // namespace barracuda::http
