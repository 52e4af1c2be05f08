#include "store/rocks/rocks_info_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "base/thread_safety.h"
#include "base/time.h"

namespace barracuda::store {

namespace {

constexpr size_t kLineBytesMax = 4'096;

class InfoLog final : public rocksdb::Logger {
public:
    InfoLog(std::string directory, size_t file_bytes_max)
        : path_(std::move(directory) + "/LOG"), file_bytes_max_(file_bytes_max) {}
    ~InfoLog() override { CloseFile(); }

    using rocksdb::Logger::Logv;
    void Logv(const char* format, va_list values) override {
        std::string line = Time::Now().Iso() + " ";
        const size_t begin = line.size();
        line.resize(begin + kLineBytesMax);
        const int length = vsnprintf(line.data() + begin, kLineBytesMax, format, values);
        if (length < 0) return;
        line.resize(begin + std::min(static_cast<size_t>(length), kLineBytesMax - 1));
        if (!line.ends_with('\n')) line.push_back('\n');
        MutexLock lock(mutex_);
        Put(line);
    }

private:
    void Put(const std::string& line) REQUIRES(mutex_) {
        if (file_ >= 0 && bytes_ + line.size() > file_bytes_max_) CloseFile();
        if (file_ < 0 && !OpenFile()) return;
        const auto written = write(file_, line.data(), line.size());
        if (written > 0) bytes_ += static_cast<size_t>(written);
    }

    // Goes on with the file that is there: it may be that of a process which has the lock.
    bool OpenFile() REQUIRES(mutex_) {
        struct stat now {};
        bytes_ = stat(path_.c_str(), &now) == 0 ? static_cast<size_t>(now.st_size) : 0;
        if (bytes_ + kLineBytesMax > file_bytes_max_) {
            rename(path_.c_str(), (path_ + ".old").c_str());
            bytes_ = 0;
        }
        file_ = open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        return file_ >= 0;
    }

    void CloseFile() REQUIRES(mutex_) {
        if (file_ >= 0) close(file_);
        file_ = -1;
    }

    const std::string path_;
    const size_t file_bytes_max_;
    Mutex mutex_;
    int file_ GUARDED_BY(mutex_) = -1;
    size_t bytes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::shared_ptr<rocksdb::Logger> MakeInfoLog(std::string directory, size_t file_bytes_max) {
    return std::make_shared<InfoLog>(std::move(directory), file_bytes_max);
}

}  // namespace barracuda::store
