#include "auth/login_device.h"

#include <fmt/format.h>

#include "auth/credentials.h"
#include "domain/postback_template.h"

namespace barracuda::auth {

namespace {

std::string MacOf(const Admin& admin, std::string_view nonce) {
    return domain::SignHex(admin.password, fmt::format("device\n{}\n{}", admin.email, nonce));
}

}  // namespace

std::string NewDeviceToken(const Admin& admin) {
    const std::string nonce = NewSecret("bkd_");
    return nonce + "." + MacOf(admin, nonce);
}

std::string DeviceOf(const Admin& admin, std::string_view token) {
    const size_t dot = token.find('.');
    if (!admin.CanLogIn() || dot == token.npos) return {};
    const auto nonce = token.substr(0, dot);
    return ConstantTimeEquals(token.substr(dot + 1), MacOf(admin, nonce)) ? std::string(nonce)
                                                                          : std::string();
}

}  // namespace barracuda::auth
