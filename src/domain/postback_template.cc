#include "domain/postback_template.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/string.hpp>

#include "base/check.h"
#include "base/money.h"
#include "base/text.h"

namespace barracuda::domain {

namespace {

enum Macro {
    kClickId,
    kGoalId,
    kGoalType,
    kTransactionId,
    kAffiliateId,
    kOfferId,
    kAmount,
    kSaleAmount,
    kCurrency,
    kStatus,
    kSub1,
    kSub2,
    kSub3,
    kSub4,
    kSub5,
    kEvent,
    kChange,
    kDeliveryId,
    kTimestamp,
    kSecret,
    kSig,
    kMacros,
};

constexpr size_t kCallBytesMax = 64 * 1024;
constexpr size_t kTargetBytesMax = 8 * 1024;

bool IsUnreserved(unsigned char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

template <typename Keeps>
void AppendEncoded(std::string& to, std::string_view value, Keeps keeps) {
    static constexpr char kHex[] = "0123456789ABCDEF";
    for (unsigned char c : value) {
        if (keeps(c)) {
            to += static_cast<char>(c);
        } else {
            to += '%';
            to += kHex[c >> 4];
            to += kHex[c & 15];
        }
    }
}

void AppendJsonText(std::string& to, std::string_view value) {
    std::string quoted = boost::json::serialize(boost::json::string(value));
    BARRACUDA_CHECK(quoted.size() >= 2 && quoted.front() == '"');
    to.append(quoted, 1, quoted.size() - 2);
}

std::string KeyOf(std::string_view secret) {
    constexpr std::string_view kPrefix = "whsec_";
    if (!secret.starts_with(kPrefix)) return std::string(secret);
    secret.remove_prefix(kPrefix.size());
    std::string key(secret.size(), '\0');
    size_t length = 0;
    for (int variant :
         {sodium_base64_VARIANT_ORIGINAL, sodium_base64_VARIANT_ORIGINAL_NO_PADDING}) {
        auto* to = reinterpret_cast<unsigned char*>(key.data());
        int failed = sodium_base642bin(
            to, key.size(), secret.data(), secret.size(), nullptr, &length, nullptr, variant
        );
        if (failed == 0) return key.substr(0, length);
    }
    return {};
}

std::string Hmac(std::string_view key, std::string_view text) {
    crypto_auth_hmacsha256_state state;
    unsigned char mac[crypto_auth_hmacsha256_BYTES];
    crypto_auth_hmacsha256_init(
        &state, reinterpret_cast<const unsigned char*>(key.data()), key.size()
    );
    crypto_auth_hmacsha256_update(
        &state, reinterpret_cast<const unsigned char*>(text.data()), text.size()
    );
    crypto_auth_hmacsha256_final(&state, mac);
    return {reinterpret_cast<const char*>(mac), sizeof(mac)};
}

}  // namespace

struct PostbackTemplate::Values {
    std::array<std::string_view, kMacros> of{};
    int status = -1;
    bool mask = false;
};

const std::vector<std::string_view>& PostbackTemplate::MacroNames() {
    static constexpr std::array<std::string_view, kMacros> kInOrder = {
        "click_id",  "goal_id",     "goal_type", "transaction_id", "affiliate_id", "offer_id",
        "amount",    "sale_amount", "currency",  "status",         "sub1",         "sub2",
        "sub3",      "sub4",        "sub5",      "event",          "change",       "delivery_id",
        "timestamp", "secret",      "sig",
    };
    static_assert(kInOrder[kClickId] == "click_id" && kInOrder[kStatus] == "status");
    static_assert(kInOrder[kDeliveryId] == "delivery_id" && kInOrder[kSig] == "sig");
    static const std::vector<std::string_view> kNames(kInOrder.begin(), kInOrder.end());
    return kNames;
}

bool PostbackTemplate::HasDotSegment(std::string_view target) {
    target = target.substr(0, target.find('?'));
    while (!target.empty()) {
        size_t slash = std::min(target.find('/'), target.size());
        std::string segment = Lower(target.substr(0, slash));
        for (size_t at; (at = segment.find("%2e")) != std::string::npos;) {
            segment.replace(at, 3, ".");
        }
        if (segment == "." || segment == "..") return true;
        target.remove_prefix(std::min(slash + 1, target.size()));
    }
    return false;
}

void PostbackTemplate::Put(std::string& to, const Piece& piece, const Values& values) {
    to += piece.literal;
    if (piece.macro < 0) return;
    BARRACUDA_CHECK(piece.macro < kMacros);
    BARRACUDA_CHECK(values.status < static_cast<int>(std::size(piece.map)));
    std::string_view value = values.of[static_cast<size_t>(piece.macro)];
    if (piece.mapped) value = values.status < 0 ? std::string_view() : piece.map[values.status];
    if (piece.macro == kSecret && values.mask) {
        to += "***";
        return;
    }
    auto printable = [](unsigned char c) { return c > ' ' && c < 127; };
    // As it is, but for what would end the URL: a `#` and what stands behind it is not sent.
    auto in_url = [&](unsigned char c) { return printable(c) && c != '#'; };
    switch (piece.place) {
        case Place::kPath:
        case Place::kQuery:
        case Place::kForm:
            if (piece.raw && piece.place == Place::kForm) {
                AppendEncoded(to, value, printable);
            } else if (piece.raw) {
                AppendEncoded(to, value, in_url);
            } else {
                AppendEncoded(to, value, IsUnreserved);
            }
            break;
        case Place::kHeader: {
            bool raw = piece.raw || piece.macro == kSecret;  // the network compares it
            AppendEncoded(to, value, [&](unsigned char c) {
                return (printable(c) || c == ' ') && (raw || c != '%');
            });
            break;
        }
        case Place::kJsonText:
            AppendJsonText(to, value);
            break;
        case Place::kJsonBare: {
            // An amount that someone else stored as text may be no number.
            bool number = piece.mapped || Money::Parse(value);
            to += number && !value.empty() ? value : std::string_view("null");
            break;
        }
    }
}

std::string PostbackTemplate::RenderPieces(const Pieces& pieces, const Values& values) {
    std::string to;
    for (const auto& piece : pieces) Put(to, piece, values);
    return to;
}

Result<RenderedCall> PostbackTemplate::Render(const RenderInput& input) const {
    if (input.secrets.empty() && (uses_sig_ || uses_secret_)) {
        return Fail(ErrorCode::kUnavailable, "the network's secret is not there", "secrets");
    }
    Values values;
    values.mask = input.mask;
    const auto& names = MacroNames();
    for (const auto& [name, value] : input.parameters) {
        for (size_t i = 0; i < kDeliveryId; ++i) {
            if (names[i] == name) values.of[i] = value;
        }
    }
    if (auto status = StatusNamed(values.of[kStatus])) values.status = static_cast<int>(*status);
    const int64_t now_s = input.now.ms / 1000;
    const std::string timestamp = fmt::format("{}", now_s);
    values.of[kDeliveryId] = input.delivery_id.value;
    values.of[kTimestamp] = timestamp;
    if (!input.secrets.empty()) values.of[kSecret] = input.secrets.front();

    RenderedCall call{.method = method_, .url = {}, .headers = {}, .body = {}};
    std::string target = RenderPieces(target_, values);
    if (uses_sig_) {  // nothing stands after it
        std::string signatures;
        for (const auto& secret : input.secrets) {
            signatures += (signatures.empty() ? "" : ".") + SignHex(secret, target);
        }
        target += signatures;
    }
    if (HasDotSegment(target)) {
        return Fail(ErrorCode::kInvalid, "a value makes a path segment \".\" or \"..\"");
    }
    call.url = origin_ + target;
    for (const auto& [name, pieces] : headers_) {
        call.headers.push_back(name + ": " + RenderPieces(pieces, values));
    }
    if (!content_type_.empty()) {
        call.headers.push_back("Content-Type: " + content_type_);
        call.body = RenderPieces(body_, values);
    }
    if (target.size() > kTargetBytesMax || call.body.size() > kCallBytesMax) {
        return Fail(ErrorCode::kInvalid, "the values make a call that is too long");
    }
    if (content_type_.empty() || uses_secret_ || input.secrets.empty()) return call;
    std::string signatures;
    for (const auto& secret : input.secrets) {
        signatures += (signatures.empty() ? "" : " ") +
                      SignWebhook(secret, input.delivery_id.value, now_s, call.body);
    }
    call.headers.push_back(fmt::format("webhook-id: {}", input.delivery_id.value));
    call.headers.push_back("webhook-timestamp: " + timestamp);
    call.headers.push_back("webhook-signature: " + signatures);
    return call;
}

std::string SignHex(std::string_view secret, std::string_view text) {
    std::string key = KeyOf(secret);
    return key.empty() ? std::string() : HexOf(Hmac(key, text));
}

std::string SignWebhook(
    std::string_view secret, std::string_view id, int64_t timestamp_s, std::string_view body
) {
    std::string key = KeyOf(secret);
    if (key.empty()) return {};
    std::string mac = Hmac(key, fmt::format("{}.{}.{}", id, timestamp_s, body));
    char text[sodium_base64_ENCODED_LEN(
        crypto_auth_hmacsha256_BYTES, sodium_base64_VARIANT_ORIGINAL
    )];
    sodium_bin2base64(
        text,
        sizeof(text),
        reinterpret_cast<const unsigned char*>(mac.data()),
        mac.size(),
        sodium_base64_VARIANT_ORIGINAL
    );
    return std::string("v1,") + text;
}

}  // namespace barracuda::domain
