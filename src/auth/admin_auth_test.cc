#include "auth/admin_auth.h"

#include <gtest/gtest.h>

namespace barracuda::auth {
namespace {

TEST(SetupToken, IsTakenOnceAndReplacedByTheNext) {
    AdminAuth auth;
    EXPECT_FALSE(auth.TakeSetupToken(""));
    auto old = auth.NewSetupToken(), token = auth.NewSetupToken();
    EXPECT_FALSE(auth.TakeSetupToken(old));
    EXPECT_FALSE(auth.TakeSetupToken(token + "x"));
    EXPECT_TRUE(auth.TakeSetupToken(token));
    EXPECT_FALSE(auth.TakeSetupToken(token));
    auth.ReturnSetupToken(token);
    EXPECT_TRUE(auth.TakeSetupToken(token)) << "what failed may be tried again";
}

}  // namespace
}  // namespace barracuda::auth
