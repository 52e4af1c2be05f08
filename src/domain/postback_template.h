// PostbackTemplate: a network's call written as text with macros, compiled once, rendered for each
// attempt. Pure: no clock, no environment; secrets and `now` are handed in.
//
//     https://tracker.example/postback?cid={click_id}&payout={amount}&st={status:approved=1,pending=0}
//
// A value is encoded by the place it stands in: a path segment, a query or a form (all but RFC
// 3986's unreserved characters become %XX), a header (what is not printable ASCII, and %, becomes
// %XX), a JSON string (escaped). `{_sub1}` puts a value in as it is, for values that are encoded
// already; control bytes, blanks and what is not ASCII are encoded even then. A JSON body takes no
// raw value. The host takes no macro. A macro without a value renders nothing.
//
// Signing. `{sig}` closes a URL: lower hex HMAC-SHA256 over the request target (path and query)
// up to it; while two secrets live, both signatures joined by a dot, the newer first. A body is
// signed by Standard Webhooks: headers webhook-id, webhook-timestamp (seconds), webhook-signature
// (`v1,` and base64 of HMAC-SHA256 over "id.timestamp.body", one entry a secret, blank between).
// A secret "whsec_…" is base64 of the key, any other is the key itself.
//
// Threads: a compiled template is immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "domain/network.h"

namespace barracuda::domain {

// The input of a render: the parameters and what a macro may stand for beside them.
struct RenderInput {
    const Parameters& parameters;  // by the macros' names; frozen with the delivery
    const DeliveryId& delivery_id;
    Time now;                                 // {timestamp}, webhook-timestamp
    const std::vector<std::string>& secrets;  // the values, the newest first
    bool mask = false;                        // {secret} shows as ***
};

struct RenderedCall {
    std::string method;
    std::string url;
    std::vector<std::string> headers;  // "Name: value", with content type and signatures
    std::string body;
};

class PostbackTemplate {
public:
    // The problem's field is "postback.url", "postback.headers", "postback.body", …
    static tl::expected<PostbackTemplate, Problem> Compile(const PostbackText& text);

    // The call with these values. kInvalid where the values make a call that must not be sent: a
    // path segment "." or "..", a call that is too long.
    Result<RenderedCall> Render(const RenderInput& input) const;

    std::string_view host() const { return host_; }  // without port and brackets
    int port() const { return port_; }
    bool uses_sig() const { return uses_sig_; }        // needs a secret
    bool uses_secret() const { return uses_secret_; }  // {secret}: sent in clear, so nothing signs
    // Of every status map: the first status in `sent` that it does not name.
    std::optional<Problem> Unmapped(StatusSet sent) const;

    // The names that may stand in braces, for documents and messages.
    static const std::vector<std::string_view>& MacroNames();

private:
    friend class TemplateCompiler;
    enum class Place : uint8_t { kPath, kQuery, kHeader, kForm, kJsonText, kJsonBare };
    struct Piece {
        std::string literal;  // comes before the value
        int macro = -1;       // into MacroNames(); -1: no value
        Place place = Place::kPath;
        bool raw = false;
        bool mapped = false;
        std::string map[3];   // by Status
        uint8_t map_has = 0;  // bits by Status
        size_t position = 0;
    };
    using Pieces = std::vector<Piece>;
    struct Values;

    static bool HasDotSegment(std::string_view target);
    static void Put(std::string& to, const Piece& piece, const Values& values);
    static std::string RenderPieces(const Pieces& pieces, const Values& values);

    std::string method_;
    std::string origin_;  // scheme://host[:port]
    Pieces target_;       // path and query
    std::vector<std::pair<std::string, Pieces>> headers_;
    std::string content_type_;
    Pieces body_;
    std::string host_;
    int port_ = 0;
    bool uses_sig_ = false;
    bool uses_secret_ = false;
};

// HMAC-SHA256 with the key that `secret` names (see above). Empty for a secret that is no base64.
std::string SignHex(std::string_view secret, std::string_view text);
// One Standard Webhooks entry: "v1,…".
std::string SignWebhook(
    std::string_view secret, std::string_view id, int64_t timestamp_s, std::string_view body
);

}  // namespace barracuda::domain
