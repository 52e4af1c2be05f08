#include "api/admin_session.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

http::Request With(http::Pairs headers) {
    http::Request request;
    request.headers = std::move(headers);
    return request;
}

TEST(SessionToken, FromBearerOrCookie) {
    EXPECT_FALSE(SessionTokenOf(With({})));
    auto bearer = SessionTokenOf(With({{"Authorization", "bearer  abc "}}));
    ASSERT_TRUE(bearer);
    EXPECT_EQ(bearer->text, "abc");
    EXPECT_FALSE(bearer->by_cookie);
    auto cookie = SessionTokenOf(With({{"Cookie", "a=b; barracuda_session=xyz; c=d"}}));
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->text, "xyz");
    EXPECT_TRUE(cookie->by_cookie);
    EXPECT_FALSE(SessionTokenOf(With({{"Cookie", "xbarracuda_session=1; barracuda_sessionx=2"}})));
    // A header wins: a page cannot make a browser add one, so it needs no check of the origin.
    EXPECT_FALSE(SessionTokenOf(
                     With({{"Authorization", "Bearer abc"}, {"Cookie", "barracuda_session=x"}})
    )->by_cookie);
    auto behind =
        SessionTokenOf(With({{"Authorization", "Basic abc"}, {"Cookie", "barracuda_session=x"}}));
    EXPECT_TRUE(behind && behind->by_cookie) << "a proxy's own password is no session";
}

}  // namespace
}  // namespace barracuda::api
