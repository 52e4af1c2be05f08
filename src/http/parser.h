// RequestParser: bytes to Request, strictly, for one connection. Used on one thread. It is written
// by hand rather than taken from Beast, whose parser accepts what RFC 9112 lets two servers read
// differently (folded lines, unknown transfer codings, bare LF in chunk lines). The result does not
// depend on how the bytes were cut into reads: lines are judged only when whole, sizes before
// shape.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "http/request.h"

namespace barracuda::http {

// All in bytes but headers_max.
struct ParserLimits {
    size_t header_bytes_max = 16 * 1024;  // request line, fields, trailers and chunk extensions
    size_t headers_max = 100;
    size_t request_line_bytes_max = 8 * 1024;
    size_t body_bytes_max = 1024 * 1024;
};

class RequestParser {
public:
    enum class Status { kMore, kDone, kFailed };

    explicit RequestParser(ParserLimits limits) : limits_(limits) {}

    // Takes what it can from the front of `input`; `consumed` says how much. The rest must be
    // at the front of the next call's input, with more behind it.
    Status Parse(std::string_view input, size_t& consumed);
    void Reset();

    Request& request() { return request_; }
    bool header_done() const { return stage_ > Stage::kFields; }
    bool keep_alive() const { return keep_alive_; }
    bool http_1_0() const { return http_1_0_; }
    bool expects_continue() const { return expects_continue_; }
    size_t body_left() const { return left_; }  // of this chunk, or of the body
    int error_status() const { return error_status_; }
    const char* error_message() const { return error_message_; }

private:
    enum class Stage {
        kRequestLine,
        kFields,
        kBody,
        kChunkSize,
        kChunkData,
        kChunkEnd,
        kTrailers,
        kDone,
        kFailed
    };
    enum class Line { kMore, kWhole, kFailed };

    bool Fail(int status, const char* message);
    Line TakeLine(std::string_view input, size_t& consumed, std::string_view& line);
    bool OnLine(std::string_view line);
    bool OnRequestLine(std::string_view line);
    bool OnTarget(std::string_view target);
    bool OnField(std::string_view line, bool trailer);
    bool OnKnownField(std::string_view name, std::string_view value);
    bool OnContentLength(std::string_view value);
    bool OnHeaderEnd();
    bool OnChunkSize(std::string_view line);
    void TakeBody(std::string_view input, size_t& consumed);

    ParserLimits limits_;
    Request request_;
    Stage stage_ = Stage::kRequestLine;
    size_t scanned_ = 0;       // bytes of the unfinished line known to hold no LF
    size_t header_bytes_ = 0;  // counted against header_bytes_max
    size_t fields_ = 0;
    size_t left_ = 0;
    std::string authority_;  // of an absolute target
    unsigned blank_lines_ = 0;
    unsigned hosts_ = 0;
    bool has_length_ = false;
    bool chunked_ = false;
    bool http_1_0_ = false;
    bool keep_alive_ = true;
    bool says_close_ = false;
    bool says_keep_alive_ = false;
    bool expects_continue_ = false;
    int error_status_ = 0;
    const char* error_message_ = "";
};

}  // namespace barracuda::http
