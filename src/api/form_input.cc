#include "api/form_input.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "base/unseen.h"

namespace barracuda::api {

namespace {

constexpr size_t kBoundaryMax = 70;  // RFC 2046 5.1.1
constexpr size_t kPartHeaderMax = 8 * 1024;

tl::unexpected<Error> TooMany() {
    return Fail(ErrorCode::kInvalid, "the body has more than 1024 fields", "body");
}

tl::unexpected<Error> BadMultipart(const char* why) {
    return Fail(
        ErrorCode::kInvalid,
        std::string("the body is not valid multipart/form-data: ") + why,
        "body"
    );
}

// Takes what stands before `mark` off `text`, and the mark; nullopt: there is none.
std::optional<std::string_view> TakeUntil(std::string_view& text, std::string_view mark) {
    const size_t at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const std::string_view before = text.substr(0, at);
    text.remove_prefix(at + mark.size());
    return before;
}

// A parameter of a header's value, `name="text"` or `name=token`; nullopt: there is none.
std::optional<std::string> Parameter(std::string_view value, std::string_view wanted) {
    value.remove_prefix(std::min(value.find(';'), value.size()));
    while (!value.empty()) {
        value.remove_prefix(1);  // the semicolon
        const size_t equals = value.find_first_of("=;");
        const std::string name = Lower(Trim(value.substr(0, equals)));
        value.remove_prefix(std::min(equals, value.size()));
        std::string text;
        if (value.starts_with("=\"")) {
            size_t at = 2;
            for (; at < value.size() && value[at] != '"'; ++at) {
                const bool escaped = value[at] == '\\' && at + 1 < value.size();
                text += value[escaped ? ++at : at];
            }
            value.remove_prefix(std::min(at + 1, value.size()));
            value.remove_prefix(std::min(value.find(';'), value.size()));
        } else if (value.starts_with('=')) {
            const size_t end = std::min(value.find(';'), value.size());
            text = Trim(value.substr(1, end - 1));
            value.remove_prefix(end);
        }
        if (name == wanted) return text;
    }
    return std::nullopt;
}

struct Part {
    std::optional<std::string> name;
    bool text = true;
};

Part ReadPart(std::string_view header) {
    Part part;
    while (!header.empty()) {
        const size_t end = std::min(header.find("\r\n"), header.size());
        const std::string_view line = header.substr(0, end);
        header.remove_prefix(std::min(end + 2, header.size()));
        const size_t colon = std::min(line.find(':'), line.size());
        const std::string field = Lower(Trim(line.substr(0, colon)));
        const std::string_view value = Trim(line.substr(std::min(colon + 1, line.size())));
        if (field == "content-disposition") {
            part.name = Parameter(value, "name");
            part.text &= !Parameter(value, "filename") && !Parameter(value, "filename*");
        } else if (field == "content-transfer-encoding") {
            const std::string coding = Lower(value);
            part.text &= coding == "7bit" || coding == "8bit" || coding == "binary";
        }
    }
    return part;
}

// Browsers write a quote and line breaks of a name as %22, %0D and %0A, and nothing else so.
std::string FieldName(std::string name) {
    if (name.find('%') == std::string::npos) return name;
    std::string decoded;
    return PercentDecode(name, false, decoded) ? decoded : name;
}

}  // namespace

Result<Input> ParseForm(std::string_view text) {
    Input input;
    for (size_t fields = 0; !text.empty();) {
        const size_t end = std::min(text.find('&'), text.size());
        const std::string_view piece = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (piece.empty()) continue;
        if (++fields > kFieldsMax) return TooMany();
        const size_t equals = std::min(piece.find('='), piece.size());
        const std::string_view raw = piece.substr(std::min(equals + 1, piece.size()));
        std::string name;
        Value value{.kind = Value::Kind::kText};
        PercentDecode(piece.substr(0, equals), true, name);
        if (!PercentDecode(raw, true, value.text)) {
            value.fault = kBadEscape;
            value.text = raw;
        }
        input.Add(std::move(name), std::move(value));
    }
    return input;
}

Result<Input> ParseMultipart(std::string_view body, std::string_view content_type) {
    const std::string boundary = Parameter(content_type, "boundary").value_or("");
    if (boundary.empty() || boundary.size() > kBoundaryMax) {
        return BadMultipart("its content type names no boundary of 1 to 70 characters");
    }
    const std::string between = "\r\n--" + boundary;
    Input input;
    // The first one may stand at the very beginning.
    const bool at_once = body.starts_with(std::string_view(between).substr(2));
    if (at_once) body.remove_prefix(between.size() - 2);
    if (!at_once && !TakeUntil(body, between)) return BadMultipart("the boundary is not in it");
    for (size_t fields = 0; !body.starts_with("--"); ++fields) {
        if (fields == kFieldsMax) return TooMany();
        const auto padding = TakeUntil(body, "\r\n");
        if (!padding || !Trim(*padding).empty()) return BadMultipart("a boundary ends no line");
        std::optional<std::string_view> header = std::string_view();
        if (body.starts_with("\r\n")) {
            body.remove_prefix(2);
        } else {
            header = TakeUntil(body, "\r\n\r\n");
        }
        if (!header || header->size() > kPartHeaderMax) return BadMultipart("a part has no header");
        // A part without content has its boundary right after the header.
        const bool empty = body.starts_with(std::string_view(between).substr(2));
        if (empty) body.remove_prefix(between.size() - 2);
        const auto content = empty ? std::string_view() : TakeUntil(body, between);
        if (!content) return BadMultipart("it ends before its last boundary");
        Part part = ReadPart(*header);
        std::string name = FieldName(part.name.value_or(""));
        if (part.text && part.name) {
            input.Add(std::move(name), {.kind = Value::Kind::kText, .text = std::string(*content)});
        } else {
            input.AddUntaken(std::move(name));
        }
    }
    return input;
}

}  // namespace barracuda::api
