#include "app/growing_file.h"

#include <fmt/format.h>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>

#include "base/thread_name.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::seconds kSayEvery{1};
constexpr double kMega = 1e6;

}  // namespace

GrowingFile::GrowingFile(std::string what, std::string path)
    : what_(std::move(what)), path_(std::move(path)), thread_([this](std::stop_token stop) {
          NameThread("progress");
          Watch(stop);
      }) {}

void GrowingFile::Watch(std::stop_token stop) const {
    std::mutex mutex;
    std::condition_variable_any ends;
    std::unique_lock lock(mutex);
    uintmax_t before = 0;
    for (bool first = true;; first = false) {
        ends.wait_for(lock, stop, kSayEvery, [] { return false; });
        if (stop.stop_requested()) return;
        std::error_code ec;
        const auto bytes = std::filesystem::file_size(path_, ec);
        if (ec) continue;  // not begun, or ended a moment ago
        std::string line = fmt::format("{}: {:.1f} MB", what_, static_cast<double>(bytes) / kMega);
        if (!first && bytes >= before) {
            line +=
                fmt::format(", {:.1f} MB a second", static_cast<double>(bytes - before) / kMega);
        }
        std::fprintf(stderr, "%s\n", line.c_str());
        before = bytes;
    }
}

}  // namespace barracuda::app
