#include "auth/second_factor.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <optional>

#include "auth/credentials.h"
#include "base/check.h"
#include "base/text.h"
#include "domain/bson.h"

namespace barracuda::auth {

namespace {

constexpr std::string_view kBase32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
constexpr std::size_t kSecretBytes = 20;    // as many as the HMAC has
constexpr std::size_t kRecoveryBytes = 15;  // 120 bits: a plain hash of it cannot be tried through
constexpr std::size_t kRecoveryGroup = 4;
constexpr std::int64_t kStepMs = 30'000;
constexpr std::int64_t kSkewSteps = 1;
constexpr std::uint32_t kCodes = 1'000'000;
static_assert(kSecretBytes % 5 == 0 && kRecoveryBytes % 5 == 0);  // base32 without padding

std::string Base32(std::string_view bytes) {
    std::string text;
    std::uint32_t bits = 0;
    int waiting = 0;
    for (const unsigned char byte : bytes) {
        bits = bits << 8 | byte;
        for (waiting += 8; waiting >= 5;) {
            waiting -= 5;
            text += kBase32[bits >> waiting & 31];
        }
    }
    return text;
}

std::optional<std::string> BytesOfBase32(std::string_view text) {
    std::string bytes;
    std::uint32_t bits = 0;
    int waiting = 0;
    for (const char letter : text) {
        const auto value = kBase32.find(letter);
        if (value == kBase32.npos) return std::nullopt;
        bits = bits << 5 | static_cast<std::uint32_t>(value);
        waiting += 5;
        if (waiting < 8) continue;
        waiting -= 8;
        bytes += static_cast<char>(bits >> waiting & 255);
    }
    return bytes;
}

std::string RandomBase32(std::size_t size) {
    BARRACUDA_CHECK(sodium_init() >= 0);
    std::string bytes(size, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return Base32(bytes);
}

std::string PlainRecovery(std::string_view code) {
    std::string plain = Lower(Trim(code));
    std::erase(plain, '-');
    return plain;
}

}  // namespace

std::string NewFactorSecret() { return RandomBase32(kSecretBytes); }

std::string FactorUri(std::string_view secret, std::string_view email) {
    std::string label;
    for (const unsigned char byte : email) {
        label += std::isalnum(byte) ? std::string(1, static_cast<char>(byte))
                                    : fmt::format("%{:02X}", byte);
    }
    return fmt::format("otpauth://totp/Barracuda:{}?secret={}&issuer=Barracuda", label, secret);
}

// RFC 4226, 5.3: four bytes of the HMAC, from where its last half byte says.
std::string CodeOf(std::string_view secret, std::int64_t step) {
    const auto key = BytesOfBase32(secret);
    BARRACUDA_CHECK(key && !key->empty());
    std::array<unsigned char, 8> counter;
    for (std::size_t i = 0; i < counter.size(); ++i) {
        counter[i] = static_cast<unsigned char>(step >> (56 - 8 * i));
    }
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
    unsigned size = 0;
    const bool done = HMAC(
        EVP_sha1(),
        key->data(),
        static_cast<int>(key->size()),
        counter.data(),
        counter.size(),
        mac.data(),
        &size
    );
    BARRACUDA_CHECK(done && size >= 20);
    const std::size_t at = mac[size - 1] & 15;
    std::uint32_t number = 0;
    for (std::size_t i = 0; i < 4; ++i) number = number << 8 | mac[at + i];
    return fmt::format("{:06}", (number & 0x7fffffff) % kCodes);
}

bool SecondFactor::TakeCode(std::string_view code, Time now) {
    if (BytesOfBase32(secret).value_or("").empty()) return false;  // none, or damaged
    const std::int64_t here = now.ms / kStepMs;
    for (std::int64_t at = here - kSkewSteps; at <= here + kSkewSteps; ++at) {
        if (at <= step || !ConstantTimeEquals(CodeOf(secret, at), code)) continue;
        step = at;
        return true;
    }
    return false;
}

bool SecondFactor::TakeRecovery(std::string_view code) {
    return std::erase(recovery, HashSecret(PlainRecovery(code))) > 0;
}

std::vector<std::string> SecondFactor::NewRecovery() {
    std::vector<std::string> shown;
    recovery.clear();
    while (shown.size() < kRecoveryCodes) {
        const std::string plain = Lower(RandomBase32(kRecoveryBytes));
        std::string grouped;
        for (std::size_t at = 0; at < plain.size(); at += kRecoveryGroup) {
            grouped += (at == 0 ? "" : "-") + plain.substr(at, kRecoveryGroup);
        }
        shown.push_back(std::move(grouped));
        recovery.push_back(HashSecret(plain));
    }
    return shown;
}

std::string EncodeFactor(const SecondFactor& factor) {
    if (factor.secret.empty()) return {};
    domain::BsonWriter to, codes;
    for (std::size_t i = 0; i < factor.recovery.size(); ++i) {
        codes.Text(std::to_string(i), factor.recovery[i]);
    }
    to.Text("secret", factor.secret);
    to.Bool("on", factor.on);
    to.Int("step", factor.step);
    to.Array("recovery", codes);
    return to.Take();
}

SecondFactor DecodeFactor(std::string_view bson) {
    const domain::TopFields fields(bson);
    SecondFactor factor;
    factor.secret = fields.TextOr("secret");
    factor.on = fields.TextOr("on") == "true";
    factor.step = fields.Number("step");
    const auto* codes = fields.Find("recovery");
    bson_iter_t at;
    bool more =
        codes && BSON_ITER_HOLDS_ARRAY(codes) && domain::OpenBson(at, domain::BytesOf(*codes));
    while (more && bson_iter_next(&at)) {
        if (auto hash = domain::ScalarText(at)) factor.recovery.push_back(std::move(*hash));
    }
    return factor;
}

}  // namespace barracuda::auth
