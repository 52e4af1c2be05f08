// The second factor of an admin: a secret that an authenticator shares, whose code changes every
// 30 s (RFC 6238, HMAC-SHA-1, six digits: what every authenticator can), and recovery codes for
// who has lost it.
//
// A code and a recovery code count once: what was used is stored with the admin, in the write that
// accepts it.
//
// Threads: any; nothing is kept.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace barracuda::auth {

struct SecondFactor {
    std::string secret = {};  // base32; empty: none
    bool on = false;          // confirmed by a first code; only then a login asks for it
    std::int64_t step = 0;    // of the last code that counted
    std::vector<std::string> recovery = {};  // HashSecret of those not used yet

    // Whether this is a code of now, of half a minute ago or ahead (clocks differ), and later than
    // the last one that counted; then it has counted.
    bool TakeCode(std::string_view code, Time now);
    // The same for a recovery code, as it was shown or without its hyphens, in any case.
    bool TakeRecovery(std::string_view code);
    // New ones in place of all there were, as they are shown, this once.
    std::vector<std::string> NewRecovery();
};

inline constexpr std::size_t kRecoveryCodes = 10;

std::string NewFactorSecret();
// The text of the QR code that an authenticator reads: otpauth://totp/…
std::string FactorUri(std::string_view secret, std::string_view email);
// Six digits. `secret` is base32; `step`: whole half minutes since 1970.
std::string CodeOf(std::string_view secret, std::int64_t step);

// The document in the admin's and back; empty bytes are none.
std::string EncodeFactor(const SecondFactor& factor);
SecondFactor DecodeFactor(std::string_view bson);

}  // namespace barracuda::auth
