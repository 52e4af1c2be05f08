// E-mail addresses by the rule HTML gives browsers for <input type=email>: what a form accepted, we
// accept, and nothing that needs a mail server to judge.
//
// Pure, any thread.
#pragma once

#include <string_view>

namespace barracuda::domain {

inline constexpr std::size_t kEmailBytesMax = 254;  // RFC 5321's path without its brackets

bool IsHtmlEmail(std::string_view text);

}  // namespace barracuda::domain
