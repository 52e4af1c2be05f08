// A directory of its own for the files of a test, and a configuration of a TOML text.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "config/config.h"

namespace barracuda::config {

class ConfigTest : public testing::Test {
protected:
    ConfigTest() { std::filesystem::create_directories(directory_); }
    ~ConfigTest() override { std::filesystem::remove_all(directory_); }

    std::string Write(const std::string& name, const std::string& text) {
        const auto path = (directory_ / name).string();
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    Result<Config> FromToml(const std::string& toml) { return Load(Write("c.toml", toml), {}, {}); }

    std::filesystem::path directory_ = std::filesystem::temp_directory_path() /
                                       ("barracuda_config_test_" + std::to_string(getpid()));
};

}  // namespace barracuda::config
