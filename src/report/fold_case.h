// Text as it is compared without regard to case, the way characters are composed, and characters
// that nobody sees.
#pragma once

#include <string>
#include <string_view>

namespace barracuda::report {

// Unicode's NFKC_Casefold (ICU); bytes that are no UTF-8 become U+FFFD. Any thread.
std::string FoldCase(std::string_view text);

}  // namespace barracuda::report
