// The TOML file, read into texts that the table of settings then checks like any other source.
//
// Threads: any; blocks on reading the file.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace barracuda::config {

struct FileValue {
    std::string text;
    int line = 0;
};

struct FileContent {
    std::map<std::string, FileValue, std::less<>> values;  // by setting path
    std::optional<std::vector<Goal>> goals;                // unchecked; absent: no [[goal]]
};

// The content of the file at `path`. kInvalid: no such file, not TOML, an unknown key, a value of
// the wrong TOML type; all with a line.
Result<FileContent> ReadToml(const std::string& path);

}  // namespace barracuda::config
