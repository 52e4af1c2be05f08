// From text to pieces: literals as they are written, and values with the place they stand in.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json/stream_parser.hpp>

#include "base/check.h"
#include "base/text.h"
#include "domain/postback_template.h"
#include "domain/web_address.h"

namespace barracuda::domain {

namespace {

constexpr size_t kUrlBytesMax = 4096;
constexpr size_t kBodyBytesMax = 16 * 1024;
constexpr size_t kHeadersMax = 16;
constexpr size_t kHeaderBytesMax = 1024;
constexpr size_t kMapValueBytesMax = 64;
constexpr size_t kJsonDepthMax = 16;

bool IsHex(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool IsMacroCharacter(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }

bool IsHeaderName(std::string_view name) {
    return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
    });
}

// Headers that say how the message is framed, or that the program writes itself.
bool IsOwnHeader(std::string_view name) {
    std::string lower = Lower(name);
    for (const char* own :
         {"host",
          "content-length",
          "transfer-encoding",
          "connection",
          "content-type",
          "expect",
          "te",
          "trailer",
          "upgrade",
          "barracuda-delivery"}) {
        if (lower == own) return true;
    }
    return lower.starts_with("webhook-") || lower.starts_with("proxy-");
}

bool IsNumber(std::string_view text) {
    return !text.empty() && text.size() <= 18 &&
           text.find_first_not_of("0123456789") == std::string_view::npos &&
           (text == "0" || text[0] != '0');
}

}  // namespace

class TemplateCompiler {
public:
    using Place = PostbackTemplate::Place;
    using Piece = PostbackTemplate::Piece;
    using Pieces = PostbackTemplate::Pieces;

    tl::expected<PostbackTemplate, Problem> Run(const PostbackText& text) {
        if (text.method != "GET" && text.method != "POST") {
            return Fail("postback.method", "expected GET or POST");
        }
        to_.method_ = text.method;
        bool sound = Url(text.url) && Headers(text.headers) && Body(text);
        if (!sound) return tl::unexpected<Problem>(std::move(problem_));
        if (to_.uses_sig_ && to_.uses_secret_) {
            return Fail(
                "postback.url", "{secret} is sent in clear, so {sig} signs nothing with it"
            );
        }
        return std::move(to_);
    }

private:
    static tl::unexpected<Problem> Fail(std::string field, std::string reason) {
        return tl::unexpected<Problem>(Problem{std::move(field), std::move(reason), std::nullopt});
    }

    bool Refuse(size_t position, std::string reason) {
        problem_ = {field_, std::move(reason), position};
        return false;
    }
    bool RefuseWhole(std::string reason) {
        problem_ = {field_, std::move(reason), std::nullopt};
        return false;
    }

    bool Url(std::string_view url) {
        field_ = "postback.url";
        if (url.empty()) return RefuseWhole("is required");
        if (url.size() > kUrlBytesMax) return RefuseWhole("longer than 4096 bytes");
        auto address = ReadWebAddress(url);
        if (!address) return Refuse(*address.error().position, address.error().reason);
        to_.origin_ = url.substr(0, address->end);
        to_.host_ = address->host;
        to_.port_ = address->port;
        literal_.clear();
        // The path is never empty on the wire, nor where it is signed.
        if (address->end == url.size() || url[address->end] == '?') literal_ = "/";
        Place place = Place::kPath;
        for (size_t at = address->end; at < url.size();) {
            if (url[at] == '?') place = Place::kQuery;
            if (!Encoded(url, at, place, to_.target_)) return false;
            if (to_.uses_sig_ && at != url.size()) {
                return Refuse(at, "{sig} closes the URL: it signs what stands before it");
            }
        }
        Close(to_.target_);
        return PathIsPlain(url, address->end);
    }

    // One literal byte or one macro of a URL or a form.
    bool Encoded(std::string_view text, size_t& at, Place place, Pieces& to) {
        char c = text[at];
        if (c == '{') return Macro(text, at, place, to);
        if (c == '}') return Refuse(at, "a closing brace without an opening one (write %7D)");
        if (c == '#') return Refuse(at, "a fragment is never sent (write %23)");
        if (c <= ' ' || c >= 127 || std::string_view("\"<>\\^`|").find(c) != text.npos) {
            return Refuse(at, "a character that must be written as %XX");
        }
        bool escape = at + 2 < text.size() && IsHex(text[at + 1]) && IsHex(text[at + 2]);
        if (c == '%' && !escape) return Refuse(at, "expected two hex digits after % (or %25)");
        literal_ += c;
        ++at;
        return true;
    }

    // "." and ".." would name another resource than the one that was written and signed.
    bool PathIsPlain(std::string_view url, size_t begin) {
        std::string path;
        for (const auto& piece : to_.target_) {
            path += piece.literal;
            if (piece.macro >= 0 && piece.place == Place::kPath) path += 'x';
        }
        if (!HasDotSegment(path)) return true;
        for (size_t at = begin; at < url.size(); ++at) {
            const size_t end = std::min(url.find_first_of("/?", at), url.size());
            if (HasDotSegment(url.substr(at, end - at))) begin = at;
            at = end;
        }
        return Refuse(begin, "a path segment \".\" or \"..\"");
    }

    static bool HasDotSegment(std::string_view target) {
        return PostbackTemplate::HasDotSegment(target);
    }

    bool Headers(const std::vector<std::string>& headers) {
        field_ = "postback.headers";
        if (headers.size() > kHeadersMax) return RefuseWhole("at most 16");
        for (size_t i = 0; i < headers.size(); ++i) {
            field_ = fmt::format("postback.headers[{}]", i);
            if (!Header(headers[i])) return false;
        }
        return true;
    }

    bool Header(std::string_view header) {
        if (header.size() > kHeaderBytesMax) return RefuseWhole("longer than 1024 bytes");
        size_t colon = header.find(':');
        if (colon == header.npos) return RefuseWhole("expected \"Name: value\"");
        std::string name(header.substr(0, colon));
        if (!IsHeaderName(name)) return Refuse(0, "a name that no header has");
        if (IsOwnHeader(name)) return Refuse(0, fmt::format("{} is set by the program", name));
        for (const auto& [other, pieces] : to_.headers_) {
            if (Lower(other) == Lower(name)) return Refuse(0, "this header is named twice");
        }
        size_t at = std::min(header.find_first_not_of(' ', colon + 1), header.size());
        if (at == header.size()) return Refuse(at, "the header has no value");
        Pieces pieces;
        while (at < header.size()) {
            char c = header[at];
            if (c == '{') {
                if (!Macro(header, at, Place::kHeader, pieces)) return false;
                continue;
            }
            if (c == '}') return Refuse(at, "a closing brace without an opening one");
            if (c < ' ' || c >= 127) return Refuse(at, "expected printable ASCII");
            literal_ += c;
            ++at;
        }
        Close(pieces);
        to_.headers_.emplace_back(std::move(name), std::move(pieces));
        return true;
    }

    bool Body(const PostbackText& text) {
        field_ = "postback.body_type";
        bool form = text.body_type == "form", json = text.body_type == "json";
        if (!form && !json && text.body_type != "none") {
            return RefuseWhole("expected none, form or json");
        }
        if ((form || json) && text.method == "GET") return RefuseWhole("a GET has no body");
        field_ = "postback.body";
        if (!form && !json) return text.body.empty() || RefuseWhole("body_type is none");
        if (text.body.empty()) return RefuseWhole("is required");
        if (text.body.size() > kBodyBytesMax) return RefuseWhole("longer than 16 KiB");
        to_.content_type_ = form ? "application/x-www-form-urlencoded" : "application/json";
        if (json) return Json(text.body);
        for (size_t at = 0; at < text.body.size();) {
            if (!Encoded(text.body, at, Place::kForm, to_.body_)) return false;
        }
        Close(to_.body_);
        return true;
    }

    // `probe` is the body with a value of the same length in place of each macro, so that what the
    // JSON parser says of a position holds for the text.
    bool Json(std::string_view body) {
        if (!IsUtf8(body)) return RefuseWhole("is not valid UTF-8");
        std::string probe;
        bool inside = false;
        for (size_t at = 0; at < body.size();) {
            char c = body[at];
            bool macro =
                c == '{' && (inside || (at + 1 < body.size() && IsMacroCharacter(body[at + 1])));
            if (macro) {
                size_t begin = at;
                Place place = inside ? Place::kJsonText : Place::kJsonBare;
                if (!Macro(body, at, place, to_.body_)) return false;
                // Bare, what an absent value becomes: it has to stand alone, {amount}0 and
                // -{amount} would be another number, or none.
                const std::string_view value = inside ? "x" : "null";
                probe += value;
                probe.append(at - begin - value.size(), inside ? 'x' : ' ');
                continue;
            }
            size_t bytes = inside && c == '\\' && at + 1 < body.size() ? 2 : 1;
            if (c == '"') inside = !inside;
            literal_ += body.substr(at, bytes);
            probe += body.substr(at, bytes);
            at += bytes;
        }
        Close(to_.body_);
        BARRACUDA_CHECK(probe.size() == body.size());  // places in one are places in the other
        return JsonIsSound(probe);
    }

    bool JsonIsSound(const std::string& probe) {
        boost::json::parse_options options;
        options.max_depth = kJsonDepthMax;
        boost::json::stream_parser parser({}, options);
        boost::json::error_code code;
        size_t used = parser.write_some(probe, code);
        if (code) return Refuse(used, "no JSON: " + code.message());
        used = std::min(probe.find_first_not_of(" \t\r\n", used), probe.size());
        if (used < probe.size()) return Refuse(used, "no JSON: more after its end");
        parser.finish(code);
        if (code) return Refuse(probe.size(), "no JSON: " + code.message());
        auto value = parser.release();
        return value.is_object() || value.is_array() || RefuseWhole("expected an object or array");
    }

    bool Macro(std::string_view text, size_t& at, Place place, Pieces& to) {
        size_t close = text.find('}', at);
        if (close == text.npos) return Refuse(at, "a brace that is not closed");
        std::string_view inner = text.substr(at + 1, close - at - 1);
        size_t colon = std::min(inner.find(':'), inner.size());
        std::string_view name = inner.substr(0, colon);
        Piece piece;
        piece.position = at;
        piece.place = place;
        piece.raw = name.starts_with('_');
        if (piece.raw) name.remove_prefix(1);
        const auto& names = PostbackTemplate::MacroNames();
        auto found = std::find(names.begin(), names.end(), name);
        if (name.empty()) return Refuse(at, "a macro without a name");
        if (found == names.end()) {
            return Refuse(at, fmt::format("there is no macro {{{}}}", CutUtf8(name, 64)));
        }
        piece.macro = static_cast<int>(found - names.begin());
        BARRACUDA_CHECK(close > at);
        if (colon < inner.size()) {
            if (name != "status") return Refuse(at, "only {status:…} takes a map");
            if (!Map(inner.substr(colon + 1), at + colon + 2, piece)) return false;
        }
        if (!PlaceIsFit(name, piece)) return false;
        piece.literal = std::exchange(literal_, {});
        to.push_back(std::move(piece));
        at = close + 1;
        return true;
    }

    bool PlaceIsFit(std::string_view name, const Piece& piece) {
        bool json = piece.place == Place::kJsonText || piece.place == Place::kJsonBare;
        if (json && piece.raw) {
            return Refuse(piece.position, "a raw value could break the JSON around it");
        }
        if (name == "sig") {
            if (piece.place != Place::kQuery || piece.raw) {
                return Refuse(piece.position, "{sig} stands at the end of the URL's query alone");
            }
            to_.uses_sig_ = true;
        }
        if (name == "secret") {
            if (piece.place == Place::kPath || piece.raw) {
                return Refuse(piece.position, "{secret} has no place in a path, nor raw");
            }
            to_.uses_secret_ = true;
        }
        if (piece.place != Place::kJsonBare) return true;
        bool number =
            name == "amount" || name == "sale_amount" || name == "timestamp" || name == "change";
        if (piece.mapped) {
            number = true;
            for (int status = 0; status < 3; ++status) {
                if (piece.map_has & (1 << status)) number = number && IsNumber(piece.map[status]);
            }
        }
        return number || Refuse(piece.position, "this value is no number: put it in quotes");
    }

    // approved=1,pending=0
    bool Map(std::string_view map, size_t position, Piece& piece) {
        piece.mapped = true;
        while (true) {
            size_t comma = std::min(map.find(','), map.size());
            std::string_view entry = map.substr(0, comma);
            size_t equal = entry.find('=');
            if (equal == entry.npos) return Refuse(position, "expected STATUS=VALUE in the map");
            auto status = StatusNamed(entry.substr(0, equal));
            if (!status) {
                return Refuse(
                    position,
                    fmt::format("there is no status \"{}\"", CutUtf8(entry.substr(0, equal), 64))
                );
            }
            int index = static_cast<int>(*status);
            BARRACUDA_CHECK(index < static_cast<int>(std::size(piece.map)));
            if (piece.map_has & (1 << index)) {
                return Refuse(position, fmt::format("{} is mapped twice", NameOf(*status)));
            }
            std::string_view value = entry.substr(equal + 1);
            bool plain = std::all_of(value.begin(), value.end(), [](char c) {
                return c > ' ' && c < 127 && c != '{' && c != '=' && c != '"';
            });
            if (value.empty() || value.size() > kMapValueBytesMax || !plain) {
                return Refuse(
                    position + equal + 1, "expected 1 to 64 plain characters as the value"
                );
            }
            piece.map[index] = value;
            piece.map_has |= static_cast<uint8_t>(1 << index);
            if (comma == map.size()) return true;
            position += comma + 1;
            map.remove_prefix(comma + 1);
        }
    }

    // Literal text that is left becomes a piece without a value.
    void Close(Pieces& to) {
        if (literal_.empty()) return;
        Piece piece;
        piece.literal = std::exchange(literal_, {});
        to.push_back(std::move(piece));
    }

    PostbackTemplate to_;
    std::string field_;
    std::string literal_;
    Problem problem_;
};

tl::expected<PostbackTemplate, Problem> PostbackTemplate::Compile(const PostbackText& text) {
    return TemplateCompiler().Run(text);
}

std::optional<Problem> PostbackTemplate::Unmapped(StatusSet sent) const {
    auto check = [&](const char* field, const Pieces& pieces) -> std::optional<Problem> {
        for (const auto& piece : pieces) {
            if (!piece.mapped) continue;
            for (auto status : {Status::kPending, Status::kApproved, Status::kRejected}) {
                bool named = piece.map_has & (1 << static_cast<int>(status));
                if (named || !sent.Has(status)) continue;
                return Problem{
                    field,
                    fmt::format(
                        "the map names no value for {}, which this network is told", NameOf(status)
                    ),
                    piece.position};
            }
        }
        return std::nullopt;
    };
    if (auto problem = check("postback.url", target_)) return problem;
    for (size_t i = 0; i < headers_.size(); ++i) {
        auto field = fmt::format("postback.headers[{}]", i);
        if (auto problem = check(field.c_str(), headers_[i].second)) return problem;
    }
    return check("postback.body", body_);
}

}  // namespace barracuda::domain
