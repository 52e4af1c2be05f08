// A directory of the working directory for one measurement, gone afterwards; so it lies on the disk
// that is measured.
//
// Threads: one.
#pragma once

#include <fmt/format.h>
#include <stdlib.h>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <system_error>

namespace barracuda::bench {

class Directory {
public:
    // bench-NAME-……; throws where it cannot be made.
    explicit Directory(const char* name)
        : path_((std::filesystem::current_path() / fmt::format("bench-{}-XXXXXX", name)).string()) {
        if (!mkdtemp(path_.data())) throw std::runtime_error("cannot make " + path_);
    }
    ~Directory() {
        std::error_code ignored;  // what stays is in a build directory
        std::filesystem::remove_all(path_, ignored);
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace barracuda::bench
