#include "api/admin_auth.h"

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
}

TEST(CookieOrigin, MustBeTheHost) {
    EXPECT_TRUE(CookieOriginOk(With({{"Host", "a.b:8080"}, {"Origin", "http://A.b:8080"}})));
    EXPECT_TRUE(CookieOriginOk(With({{"Host", "a.b"}, {"Origin", "https://a.b"}})));
    for (const char* origin :
         {"http://a.b",
          "http://a.b:80800",
          "http://evil/a.b:8080",
          "null",
          "",
          "a.b:8080",
          "http://x.a.b:8080"}) {
        EXPECT_FALSE(CookieOriginOk(With({{"Host", "a.b:8080"}, {"Origin", origin}}))) << origin;
    }
    EXPECT_FALSE(CookieOriginOk(With({{"Host", "a.b"}})))
        << "browsers send it, others use a header";
    EXPECT_FALSE(CookieOriginOk(With({{"Origin", "http://"}, {"Host", ""}})));
}

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
}  // namespace barracuda::api
