#include "domain/web_address.h"

#include <gtest/gtest.h>

namespace barracuda::domain {
namespace {

TEST(WebAddress, SaysWhomToCall) {
    struct Case {
        const char* url;
        bool https;
        const char* host;
        int port;
        const char* rest;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"https://network.example", true, "network.example", 443, ""},
             {"http://network.example/", false, "network.example", 80, "/"},
             {"https://NETWORK.Example:8443/Path?q#f", true, "network.example", 8443, "/Path?q#f"},
             {"https://network.example?q=1", true, "network.example", 443, "?q=1"},
             {"https://network.example#f", true, "network.example", 443, "#f"},
             {"http://127.0.0.1:80/x", false, "127.0.0.1", 80, "/x"},
             {"http://[2001:DB8::1]/x", false, "2001:db8::1", 80, "/x"},
             {"https://[::1]:65535", true, "::1", 65535, ""},
             {"https://a_b.network.example./", true, "a_b.network.example.", 443, "/"},
             {"https://xn--bcher-kva.example:1/", true, "xn--bcher-kva.example", 1, "/"}}) {
        auto read = ReadWebAddress(c.url);
        ASSERT_TRUE(read) << c.url << ": " << read.error().reason;
        EXPECT_EQ(read->https, c.https) << c.url;
        EXPECT_EQ(read->host, c.host) << c.url;
        EXPECT_EQ(read->port, c.port) << c.url;
        EXPECT_EQ(std::string_view(c.url).substr(read->end), c.rest) << c.url;
    }
}

TEST(WebAddress, WhatIsOddIsRefusedWhereItStands) {
    struct Case {
        const char* url;
        size_t position;
        const char* reason;
    };
    for (const Case& c : std::initializer_list<Case>{
             {"", 0, "expected http"},
             {"network.example", 0, "expected http"},
             {"HTTPS://network.example", 0, "expected http"},
             {"ftp://network.example", 0, "expected http"},
             {"//network.example", 0, "expected http"},
             {"https://", 8, "the host is missing"},
             {"https:///path", 8, "the host is missing"},
             {"https://:443/", 8, "the host is missing"},
             {"https://user@network.example/", 12, "user or password"},
             {"https://user:secret@network.example/", 19, "user or password"},
             {"https://{click_id}.example/", 8, "takes no macro"},
             {"https://a}.example/", 9, "takes no macro"},
             {"https://net work.example/", 11, "no host has"},
             {"https://net\\work.example/", 11, "no host has"},
             {"https://b\xC3\xBC"
              "cher.example/",
              9,
              "no host has"},
             {"https://network..example/", 8, "empty part"},
             {"https://.example/", 8, "empty part"},
             {"https://[::1/", 8, "not closed"},
             {"https://[127.0.0.1]/", 9, "no IPv6"},
             {"https://[fe80::1%25eth0]/", 9, "no IPv6"},
             {"https://network.example:/", 23, "port from 1"},
             {"https://network.example:0/", 23, "port from 1"},
             {"https://network.example:65536/", 23, "port from 1"},
             {"https://network.example:99999999999/", 23, "port from 1"},
             {"https://network.example:+80/", 23, "port from 1"},
             {"https://network.example:80:80/", 23, "port from 1"},
             {"https://[::1]80/", 13, "port from 1"}}) {
        auto read = ReadWebAddress(c.url);
        ASSERT_FALSE(read) << c.url;
        EXPECT_EQ(read.error().position, c.position) << c.url << ": " << read.error().reason;
        EXPECT_NE(read.error().reason.find(c.reason), std::string::npos)
            << c.url << ": " << read.error().reason;
    }
}

TEST(WebAddress, HostsAreBoundedAsDnsBoundsThem) {
    const std::string label(63, 'a');
    auto host = [](const std::string& name) { return ReadWebAddress("https://" + name + "/"); };
    EXPECT_TRUE(host(label + ".example"));
    EXPECT_FALSE(host(label + "a.example"));
    const std::string longest = label + "." + label + "." + label + "." + std::string(61, 'a');
    ASSERT_EQ(longest.size(), 253u);
    EXPECT_TRUE(host(longest));
    EXPECT_FALSE(host(longest + "a"));
    EXPECT_FALSE(host("network.example.."));
}

// Whatever stands there: no byte of the host is lost, and nothing behind it is taken for it.
TEST(WebAddress, EveryByteBehindTheSchemeIsJudged) {
    for (int byte = 0; byte < 256; ++byte) {
        const char c = static_cast<char>(byte);
        const std::string url = std::string("https://net") + c + "work.example/";
        auto read = ReadWebAddress(url);
        const bool ends = c == '/' || c == '?' || c == '#';
        const bool part = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                          (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
        ASSERT_EQ(read.has_value(), ends || part) << byte;
        const size_t size = ends ? 3 : std::string("net?work.example").size();
        EXPECT_EQ(read ? read->host.size() : size, size) << byte;
    }
}

}  // namespace
}  // namespace barracuda::domain
