#include "auth/second_factor.h"

#include <gtest/gtest.h>

#include <set>

#include "auth/credentials.h"
#include "base/text.h"

namespace barracuda::auth {
namespace {

// RFC 6238, appendix B: the secret "12345678901234567890", of whose eight digits six are used.
constexpr const char* kSecret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

Time At(std::int64_t seconds) { return Time{seconds * 1000}; }
SecondFactor Factor() { return {.secret = kSecret, .on = true}; }

TEST(SecondFactor, CodesAreThoseOfTheRfc) {
    const std::pair<std::int64_t, const char*> cases[] = {
        {59, "287082"},
        {1111111109, "081804"},
        {1111111111, "050471"},
        {1234567890, "005924"},
        {2000000000, "279037"},
        {20000000000, "353130"}};
    for (const auto& [seconds, code] : cases) EXPECT_EQ(CodeOf(kSecret, seconds / 30), code);
}

TEST(SecondFactor, ACodeCountsOnceAndHalfAMinuteAround) {
    auto factor = Factor();
    EXPECT_FALSE(factor.TakeCode("081805", At(1111111109)));
    EXPECT_FALSE(factor.TakeCode("", At(1111111109)));
    EXPECT_FALSE(factor.TakeCode("081804", At(1111111109 + 60))) << "too old";
    EXPECT_FALSE(factor.TakeCode("081804", At(1111111109 - 60))) << "not yet";
    EXPECT_TRUE(factor.TakeCode("081804", At(1111111109 + 30))) << "a clock that is behind";
    EXPECT_FALSE(factor.TakeCode("081804", At(1111111109 + 30))) << "seen over a shoulder";
    EXPECT_TRUE(factor.TakeCode("050471", At(1111111109))) << "the next, a clock that is ahead";
    EXPECT_FALSE(factor.TakeCode("081804", At(1111111109))) << "none before the last one";
    EXPECT_FALSE(SecondFactor{}.TakeCode("287082", At(59))) << "no secret";
    SecondFactor damaged{.secret = "not base32!", .on = true};
    EXPECT_FALSE(damaged.TakeCode("287082", At(59)));
}

TEST(SecondFactor, ARecoveryCodeCountsOnce) {
    auto factor = Factor();
    const auto old = factor.NewRecovery(), codes = factor.NewRecovery();
    ASSERT_EQ(codes.size(), kRecoveryCodes);
    EXPECT_EQ(std::set(codes.begin(), codes.end()).size(), kRecoveryCodes);
    EXPECT_EQ(codes[0].size(), 29u) << codes[0];
    EXPECT_FALSE(factor.TakeRecovery(old[0])) << "new ones end the old";
    EXPECT_FALSE(factor.TakeRecovery(""));
    EXPECT_TRUE(factor.TakeRecovery(codes[3]));
    EXPECT_FALSE(factor.TakeRecovery(codes[3]));
    std::string typed = " " + codes[4] + " ";
    std::erase(typed, '-');
    for (char& c : typed) c = static_cast<char>(std::toupper(c));
    EXPECT_TRUE(factor.TakeRecovery(typed));
    EXPECT_EQ(factor.recovery.size(), kRecoveryCodes - 2);
    factor.recovery.push_back(HashSecret("abcdefghijklmnop"));
    EXPECT_TRUE(factor.TakeRecovery("abcd-efgh-ijkl-mnop")) << "one of the 80 bits of before";
}

TEST(SecondFactor, IsStoredWithoutItsRecoveryCodes) {
    auto factor = Factor();
    factor.step = 37037036;
    const auto codes = factor.NewRecovery();
    const auto bytes = EncodeFactor(factor);
    EXPECT_EQ(bytes.find(codes[0]), bytes.npos);
    const auto read = DecodeFactor(bytes);
    EXPECT_EQ(read.secret, factor.secret);
    EXPECT_TRUE(read.on);
    EXPECT_EQ(read.step, factor.step);
    EXPECT_EQ(read.recovery, factor.recovery);
    EXPECT_TRUE(EncodeFactor({}).empty());
    EXPECT_FALSE(DecodeFactor("").on);
}

TEST(SecondFactor, AuthenticatorsAreGivenASecretOfItsFullLength) {
    const auto secret = NewFactorSecret();
    EXPECT_EQ(secret.size(), 32u);
    EXPECT_NE(secret, NewFactorSecret());
    EXPECT_EQ(
        FactorUri(kSecret, "a+b@example.com"),
        std::string("otpauth://totp/Barracuda:a%2Bb%40example%2Ecom?secret=") + kSecret +
            "&issuer=Barracuda"
    );
}

}  // namespace
}  // namespace barracuda::auth
