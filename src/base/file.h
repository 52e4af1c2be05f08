// File: a descriptor that closes itself.
//
//     const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
//     if (!file) return FileError(errno);
//
// Threads: as the descriptor's. An error of close is dropped: whoever needs the bytes on the disk
// calls fsync before.
#pragma once

#include <unistd.h>

#include <utility>

namespace barracuda {

class File {
public:
    File() = default;
    explicit File(int fd) : fd_(fd) {}  // below 0: none, as open and socket say
    ~File() {
        if (fd_ >= 0) close(fd_);
    }
    File(File&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    File& operator=(File&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }

    explicit operator bool() const { return fd_ >= 0; }
    int fd() const { return fd_; }

private:
    int fd_ = -1;
};

}  // namespace barracuda
