#include "api/admin_session.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

http::Request With(http::Pairs headers) {
    http::Request request;
    request.headers = std::move(headers);
    return request;
}

const auth::TrustedProxies kNobody({}), kProxy({"10.0.0.0/8"});

TEST(SessionToken, FromBearerOrCookie) {
    EXPECT_FALSE(SessionTokenOf(kNobody, With({})));
    auto bearer = SessionTokenOf(kNobody, With({{"Authorization", "bearer  abc "}}));
    ASSERT_TRUE(bearer);
    EXPECT_EQ(bearer->text, "abc");
    EXPECT_FALSE(bearer->by_cookie);
    auto cookie = SessionTokenOf(kNobody, With({{"Cookie", "a=b; barracuda_session=xyz; c=d"}}));
    ASSERT_TRUE(cookie);
    EXPECT_EQ(cookie->text, "xyz");
    EXPECT_TRUE(cookie->by_cookie);
    EXPECT_FALSE(
        SessionTokenOf(kNobody, With({{"Cookie", "xbarracuda_session=1; barracuda_sessionx=2"}}))
    );
    // A header wins: a page cannot make a browser add one, so it needs no check of the origin.
    EXPECT_FALSE(SessionTokenOf(
                     kNobody,
                     With({{"Authorization", "Bearer abc"}, {"Cookie", "barracuda_session=x"}})
    )->by_cookie);
    auto behind = SessionTokenOf(
        kNobody, With({{"Authorization", "Basic abc"}, {"Cookie", "barracuda_session=x"}})
    );
    EXPECT_TRUE(behind && behind->by_cookie) << "a proxy's own password is no session";
}

// A page sent in the clear, or a neighbour's subdomain, can set a cookie of the plain name.
TEST(SessionToken, BehindTlsACookieThatOthersCanPlantIsNotRead) {
    auto token = [](std::string cookie, const auth::TrustedProxies& proxies) {
        auto request = With({{"X-Forwarded-Proto", "https"}, {"Cookie", std::move(cookie)}});
        request.peer_address = "10.0.0.1";
        auto found = SessionTokenOf(proxies, request);
        return found ? found->text : "";
    };
    EXPECT_EQ(token("barracuda_session=planted", kProxy), "");
    EXPECT_EQ(token("barracuda_session=planted; __Host-barracuda_session=ours", kProxy), "ours");
    EXPECT_EQ(token("barracuda_session=plain; __Host-barracuda_session=x", kNobody), "plain");
}

}  // namespace
}  // namespace barracuda::api
