// The stylesheet of the pages for strangers: the desk's tokens and landing.css, put into the
// program when it is built.
//
// Constant.
#pragma once

#include <string_view>

namespace barracuda::site {

extern const std::string_view kStyle;

}  // namespace barracuda::site
