#include "store/rocks/copy_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr size_t kChunkBytes = 1 << 20;

// Errno says why it failed: std::filesystem::copy_file makes an I/O error of a full disk.
bool WriteAll(int fd, const char* data, size_t size) {
    while (size > 0) {
        const ssize_t written = write(fd, data, size);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return false;
        data += written;
        size -= static_cast<size_t>(written);
    }
    return true;
}

bool CopyFile(const std::string& from, const std::string& to, std::vector<char>& buffer) {
    const File source(open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source) return false;
    const File target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!target) return false;
    for (;;) {
        const ssize_t got = read(source.fd(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) return fsync(target.fd()) == 0;
        if (!WriteAll(target.fd(), buffer.data(), static_cast<size_t>(got))) return false;
    }
}

}  // namespace

Result<bool> CopyStoreFiles(const std::string& from, const std::string& to) {
    auto names = NamesIn(from);
    if (!names) return Fail(names.error());
    std::erase_if(*names, [](const auto& name) { return !IsStoreFile(name); });
    std::stable_partition(names->begin(), names->end(), [](const auto& name) {
        return name != "CURRENT";
    });
    std::vector<char> buffer(kChunkBytes);
    for (const auto& name : *names) {
        if (CopyFile(from + "/" + name, to + "/" + name, buffer)) continue;
        return Fail(FileError("cannot copy " + name, errno));
    }
    return SyncDirectory(to);
}

}  // namespace barracuda::store
