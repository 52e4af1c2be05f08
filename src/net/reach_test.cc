#include "net/reach.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/test_server.h"

namespace barracuda::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::SizeIs;

AddressGuard Allowing(const char* range) { return AddressGuard({*Cidr::Parse(range)}); }

TEST(Reach, ANameThatDoesNotResolve) {
    auto reached = Reach("nowhere.invalid", 443, AddressGuard({}), std::nullopt);
    ASSERT_FALSE(reached);
    EXPECT_EQ(reached.error().code, ErrorCode::kInvalid);
    EXPECT_THAT(reached.error().message, HasSubstr("nowhere.invalid does not resolve"));
}

TEST(Reach, WhatTheGuardRefusesIsNotConnected) {
    TestServer server([](const TestRequest&) { return TestReply(200, ""); });
    auto reached = Reach("127.0.0.1", server.port(), AddressGuard({}), milliseconds(500));
    ASSERT_TRUE(reached);
    ASSERT_THAT(*reached, SizeIs(1));
    EXPECT_FALSE(reached->front().allowed);
    EXPECT_FALSE(reached->front().connected);
    EXPECT_THAT(reached->front().error, HasSubstr("not public"));
}

TEST(Reach, AnAllowedAddressIsConnectedWhenAsked) {
    TestServer server([](const TestRequest&) { return TestReply(200, ""); });
    const auto guard = Allowing("127.0.0.0/8");
    auto reached = Reach("127.0.0.1", server.port(), guard, milliseconds(2'000));
    ASSERT_TRUE(reached);
    EXPECT_TRUE(reached->front().connected);
    EXPECT_EQ(reached->front().address, "127.0.0.1:" + std::to_string(server.port()));
    reached = Reach("127.0.0.1", server.port(), guard, std::nullopt);
    EXPECT_TRUE(reached->front().allowed);
    EXPECT_FALSE(reached->front().connected);
    reached = Reach("127.0.0.1", 1, guard, milliseconds(2'000));
    EXPECT_FALSE(reached->front().connected);
    EXPECT_THAT(reached->front().error, HasSubstr("refused"));
}

}  // namespace
}  // namespace barracuda::net
