// Small questions about text that more than one folder asks.
//
// Pure, any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace barracuda {

// Whether `text` is valid UTF-8: no overlong forms, no surrogates, and no NUL where it is refused.
// The program's one validation (docs/decisions/by-hand.md).
enum class Nul { kRefused, kTaken };
bool IsUtf8(std::string_view text, Nul nul = Nul::kRefused);

// `text` as valid UTF-8: each byte that is none becomes U+FFFD. A NUL stays.
std::string CleanUtf8(std::string_view text);

// Whether `bytes` holds one below 0x20 or 0x7f.
bool HasControlByte(std::string_view bytes);

// Whether `text` holds a control character: such a byte, or U+0080 to U+009F, which terminals obey
// as they obey escape sequences.
bool HasControl(std::string_view text);

// `text` with a space for every control character: text of others on one line of a terminal.
std::string OneLine(std::string_view text);

// ASCII lower case; other bytes stay.
std::string Lower(std::string_view text);

// `text` without ASCII white space at both ends.
std::string_view Trim(std::string_view text);

// Two lower hex digits a byte.
std::string HexOf(std::string_view bytes);
// The bytes of lower hex; nullopt where `hex` is not lower hex of whole bytes.
std::optional<std::string> BytesOfHex(std::string_view hex);

// BLAKE2b of `text` with `size` bytes (16 to 64), as lower hex (libsodium). For ids that must be
// the same on every attempt, not for secrets.
std::string HashHex(std::string_view text, size_t size);

// `text` cut to at most `size` bytes without splitting a UTF-8 character.
std::string_view CutUtf8(std::string_view text, size_t size);

}  // namespace barracuda
