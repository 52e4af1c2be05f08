#include "app/growing_file.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>

#include "base/thread_name.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::seconds kSayEvery{1};
constexpr double kMega = 1e6;

}  // namespace

GrowingFile::GrowingFile(std::string what, std::string path)
    : what_(std::move(what)), path_(std::move(path)), thread_([this] {
          NameThread("progress");
          Watch();
      }) {}

GrowingFile::~GrowingFile() {
    MutexLock lock(mutex_);
    ended_ = true;
    ends_.notify_one();
}

bool GrowingFile::Ended() {
    MutexLock lock(mutex_);
    return ends_.wait_for(lock, kSayEvery, [this]() REQUIRES(mutex_) { return ended_; });
}

void GrowingFile::Watch() {
    uintmax_t before = 0;
    for (bool first = true; !Ended(); first = false) {
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
