// The tables of words.h, one a language. Constant.
#pragma once

#include "site/words.h"

namespace barracuda::site {

extern const Words kEnglish;
extern const Words kGerman;

}  // namespace barracuda::site
