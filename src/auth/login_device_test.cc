#include "auth/login_device.h"

#include <gtest/gtest.h>

namespace barracuda::auth {
namespace {

const Admin kAdmin{.email = "a@example.com", .password = "$argon2id$v=19$salt$hash"};

TEST(LoginDevice, IsGenuineForOneAdminAndOnePassword) {
    const auto token = NewDeviceToken(kAdmin), other = NewDeviceToken(kAdmin);
    const auto device = DeviceOf(kAdmin, token);
    EXPECT_FALSE(device.empty());
    EXPECT_EQ(DeviceOf(kAdmin, token), device);
    EXPECT_NE(DeviceOf(kAdmin, other), device) << "devices are told apart";
    Admin renewed = kAdmin, another = kAdmin, seeds = kAdmin;
    renewed.password = "$argon2id$v=19$salt$other";
    another.email = "b@example.com";
    seeds.password = "0b14d501a594442a01c6859541bcb3e8164d183d32937b851835442f69d5c94e";
    EXPECT_EQ(DeviceOf(renewed, token), "") << "a new password voids all";
    EXPECT_EQ(DeviceOf(another, token), "");
    EXPECT_EQ(DeviceOf(seeds, NewDeviceToken(seeds)), "") << "who cannot log in never did";
    for (const std::string& bad :
         {std::string(),
          std::string("."),
          token + "0",
          token.substr(1),
          device,
          device + ".",
          "bkd_mine" + token.substr(token.find('.'))}) {
        EXPECT_EQ(DeviceOf(kAdmin, bad), "") << bad;
    }
}

}  // namespace
}  // namespace barracuda::auth
