#include "app/secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace barracuda::app {
namespace {

using testing::HasSubstr;

class SecretsTest : public testing::Test {
protected:
    SecretsTest() {
        char name[] = "/tmp/secrets-XXXXXX";
        config_.store.data = mkdtemp(name);
        std::filesystem::create_directory(config_.store.data + "/secrets");
        config_.network.hash = "h4sh";
    }
    ~SecretsTest() override { std::filesystem::remove_all(config_.store.data); }

    void Write(const std::string& name, const std::string& text, mode_t mode = 0600) {
        std::string path = config_.store.data + "/secrets/" + name;
        std::ofstream(path) << text;
        chmod(path.c_str(), mode);
    }
    std::string Refusal(const std::string& reference) {
        auto value = ReadSecret(config_, reference);
        return value ? "read: " + *value : value.error().message;
    }

    config::Config config_;
};

TEST_F(SecretsTest, EachKindOfReference) {
    setenv("BARRACUDA_SECRET_ONE", "from env", 1);
    Write("two", "from file\n");
    EXPECT_EQ(*ReadSecret(config_, "env:BARRACUDA_SECRET_ONE"), "from env");
    EXPECT_EQ(*ReadSecret(config_, "file:two"), "from file");
    Write(
        "marked",
        "\xEF\xBB\xBF"
        "from file\r\n"
    );
    EXPECT_EQ(*ReadSecret(config_, "file:marked"), "from file");
    EXPECT_EQ(*ReadSecret(config_, "setting:network.hash"), "h4sh");
}

TEST_F(SecretsTest, WhatIsNoSecretIsRefused) {
    setenv("SOMETHING_ELSE", "x", 1);
    Write("empty", "\n");
    Write("open", "x", 0644);
    Write("long", std::string(5000, 'x'));
    Write("lines", "a\nb\n");
    Write("bad", "whsec_&&&");
    std::filesystem::create_symlink("/etc/hostname", config_.store.data + "/secrets/link");
    EXPECT_THAT(Refusal("env:SOMETHING_ELSE"), HasSubstr("no reference"));
    EXPECT_THAT(Refusal("file:../secrets/open"), HasSubstr("no reference"));
    EXPECT_THAT(Refusal("env:BARRACUDA_SECRET_NONE"), HasSubstr("no such variable"));
    EXPECT_THAT(Refusal("file:none"), HasSubstr("no such file"));
    EXPECT_THAT(Refusal("file:link"), HasSubstr("no such file"));
    EXPECT_THAT(Refusal("file:empty"), HasSubstr("empty"));
    EXPECT_THAT(Refusal("file:open"), HasSubstr("chmod 600"));
    EXPECT_THAT(Refusal("file:long"), HasSubstr("longer"));
    EXPECT_THAT(Refusal("file:lines"), HasSubstr("control"));
    EXPECT_THAT(Refusal("file:bad"), HasSubstr("base64"));
    EXPECT_THAT(Refusal("setting:network.private_api_token"), HasSubstr("empty"));
}

}  // namespace
}  // namespace barracuda::app
