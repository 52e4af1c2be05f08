#include "api/origin.h"

#include <gtest/gtest.h>

namespace barracuda::api {
namespace {

const auth::TrustedProxies kProxies({"10.0.0.0/8"});

http::Request With(http::Pairs headers, std::string peer = "192.0.2.9") {
    http::Request request;
    request.headers = std::move(headers);
    request.peer_address = std::move(peer);
    return request;
}
bool Ours(http::Pairs headers, std::string peer = "192.0.2.9") {
    return OriginIsOurs(kProxies, With(std::move(headers), std::move(peer)));
}

TEST(OriginIsOurs, WhereItsHostIsTheHost) {
    const std::pair<const char*, const char*> ours[] = {
        {"a.b:8080", "http://A.b:8080"},
        {"a.b", "https://a.b"},
        {"a.b", "https://a.b:443"},
        {"a.b", "http://a.b:80"},
        {"a.b:443", "https://a.b"},
        {"a.b:80", "http://a.b"},
        {"A.B:443", "HTTPS://a.b:443"},
        {"[::1]:8080", "http://[::1]:8080"},
        {"[::1]", "http://[::1]:80"}};
    for (const auto& [host, origin] : ours) {
        EXPECT_TRUE(Ours({{"Host", host}, {"Origin", origin}})) << host << " " << origin;
    }
    for (const char* origin :
         {"http://a.b",
          "https://a.b:8443",
          "http://a.b:80800",
          "http://evil/a.b:8080",
          "http://a.b:8080.evil",
          "http://a.b:8080@evil",
          "http://x.a.b:8080",
          "moz-extension://a.b:8080",
          "a.b:8080",
          "null",
          "http://",
          ""}) {
        EXPECT_FALSE(Ours({{"Host", "a.b:8080"}, {"Origin", origin}})) << origin;
    }
    EXPECT_FALSE(Ours({{"Host", "a.b"}})) << "browsers send it, others use a header";
    EXPECT_FALSE(Ours({{"Host", ""}, {"Origin", "http://"}}));
    EXPECT_FALSE(Ours({{"Origin", "http://a.b"}}));
}

TEST(OriginIsOurs, WhereATrustedProxySaysTheHost) {
    const http::Pairs changed = {
        {"Host", "127.0.0.1:18400"},
        {"X-Forwarded-Host", "site.example:3000, inner"},
        {"Origin", "http://site.example:3000"}};
    EXPECT_TRUE(Ours(changed, "10.1.1.1"));
    EXPECT_FALSE(Ours(changed, "192.0.2.9")) << "anybody may write that header";
    http::Pairs evil = changed;
    evil.back().second = "http://inner";
    EXPECT_FALSE(Ours(evil, "10.1.1.1")) << "the client's is the first";
}

TEST(OriginIsOurs, WhereTheBrowserSaysSo) {
    EXPECT_TRUE(Ours({{"Host", "x"}, {"Origin", "http://a"}, {"Sec-Fetch-Site", "same-origin"}}));
    for (const char* site : {"same-site", "cross-site", "none", "", "same-origin, cross-site"}) {
        EXPECT_FALSE(Ours({{"Host", "x"}, {"Origin", "http://a"}, {"Sec-Fetch-Site", site}}))
            << site;
    }
    EXPECT_FALSE(Ours({{"Host", "x"}, {"Sec-Fetch-Site", "same-origin"}})) << "no Origin";
}

TEST(FromForeignPage, IsWhatABrowserSays) {
    auto foreign = [](http::Pairs headers) {
        headers.emplace_back("Host", "a.b");
        return FromForeignPage(kProxies, With(std::move(headers)));
    };
    EXPECT_FALSE(foreign({})) << "no browser";
    EXPECT_FALSE(foreign({{"Origin", "https://a.b"}}));
    EXPECT_TRUE(foreign({{"Origin", "https://evil"}}));
    EXPECT_TRUE(foreign({{"Origin", "null"}}));
    EXPECT_FALSE(foreign({{"Sec-Fetch-Site", "same-origin"}}));
    EXPECT_FALSE(foreign({{"Sec-Fetch-Site", "none"}})) << "typed by somebody";
    EXPECT_TRUE(foreign({{"Sec-Fetch-Site", "cross-site"}}));
    EXPECT_TRUE(foreign({{"Sec-Fetch-Site", "same-site"}})) << "another port, another subdomain";
}

TEST(SameOrigin, WithOrWithoutTheDefaultPort) {
    EXPECT_TRUE(SameOrigin("https://Site.example:443", "https://site.example"));
    EXPECT_FALSE(SameOrigin("https://site.example", "http://site.example"));
    EXPECT_FALSE(SameOrigin("https://site.example", "https://site.example:8443"));
    EXPECT_FALSE(SameOrigin("null", "null"));
}

TEST(HostIsKnown, AddressesLocalhostAndTheListed) {
    const std::vector<std::string> hosts = {"Ledger.example", "odd.example:8443", "inner:80"};
    auto known = [&](const char* host) {
        return HostIsKnown(kProxies, hosts, With({{"Host", host}}));
    };
    for (const char* host :
         {"127.0.0.1",
          "10.0.0.5:8080",
          "[::1]",
          "[2001:db8::1]:8080",
          "localhost",
          "LOCALHOST:80",
          "ledger.example",
          "ledger.example:9000",
          "odd.example:8443",
          "inner"}) {
        EXPECT_TRUE(known(host)) << host;
    }
    for (const char* host :
         {"evil.example",
          "127.0.0.1.evil.example",
          "x.ledger.example",
          "ledger.example.evil",
          "odd.example",
          "odd.example:8080",
          "localhost.evil",
          "127.0.0.1:80@evil",
          "[::1",
          "[evil]",
          "127.1",
          "0x7f000001",
          ""}) {
        EXPECT_FALSE(known(host)) << host;
    }
    EXPECT_TRUE(HostIsKnown(kProxies, hosts, With({}))) << "no browser leaves it out";
    EXPECT_TRUE(HostIsKnown(kProxies, {}, With({{"Host", "127.0.0.1"}})));
    EXPECT_FALSE(HostIsKnown(kProxies, {}, With({{"Host", "ledger.example"}})));
}

TEST(HostIsKnown, WhatAProxyForwardsIsHeldAgainstTheList) {
    const std::vector<std::string> hosts = {"ledger.example"};
    auto known = [&](const char* forwarded, const char* peer, bool listed) {
        return HostIsKnown(
            kProxies,
            listed ? std::span<const std::string>(hosts) : std::span<const std::string>(),
            With({{"Host", "127.0.0.1:8080"}, {"X-Forwarded-Host", forwarded}}, peer)
        );
    };
    EXPECT_TRUE(known("ledger.example", "10.0.0.1", true));
    EXPECT_FALSE(known("evil.example", "10.0.0.1", true));
    EXPECT_TRUE(known("evil.example", "192.0.2.1", true)) << "written by anybody: not looked at";
    EXPECT_TRUE(known("site.example", "10.0.0.1", false));
}

TEST(OfClient, SchemeAndHostAreTheFirstThatATrustedProxyWrote) {
    auto seen = [](http::Pairs headers, const char* peer) {
        const auto request = With(std::move(headers), peer);
        return std::string(SchemeOfClient(kProxies, request)) + "://" +
               std::string(HostOfClient(kProxies, request));
    };
    const http::Pairs two = {
        {"Host", "inner"}, {"X-Forwarded-Proto", "HTTPS , http"}, {"X-Forwarded-Host", "site"}};
    EXPECT_EQ(seen(two, "10.0.0.1"), "https://site");
    EXPECT_EQ(seen(two, "192.0.2.1"), "http://inner");
    EXPECT_EQ(seen({{"Host", "a"}, {"X-Forwarded-Proto", "http,https"}}, "10.0.0.1"), "http://a");
    EXPECT_EQ(seen({{"Host", "a"}, {"X-Forwarded-Proto", ""}}, "10.0.0.1"), "http://a");
    EXPECT_EQ(
        seen({{"X-Forwarded-Proto", "https"}, {"X-Forwarded-Proto", "http"}}, "10.0.0.1"),
        "https://"
    );
}

}  // namespace
}  // namespace barracuda::api
