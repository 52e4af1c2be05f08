// Currencies of ISO 4217.
//
// Pure, any thread.
#pragma once

#include <string_view>

namespace barracuda {

// Whether `code` (upper case) is money that a sale is paid in: List One of ISO 4217 without the
// funds and without what has no unit (metals, bond units, XDR, XTS, XXX). A store may hold any
// other code.
bool IsCurrency(std::string_view code);

}  // namespace barracuda
