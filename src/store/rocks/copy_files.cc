#include "store/rocks/copy_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

#include "base/file.h"
#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

constexpr size_t kChunkBytes = 1 << 20;

std::string NameIn(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string CannotCopy(const std::string& path) { return "cannot copy " + NameIn(path); }

// What is copied, CURRENT last: without it there is no store.
Result<std::vector<std::string>> NamesToCopy(const std::string& from, const BackupList* list) {
    std::vector<std::string> names;
    if (list) {
        for (const auto& file : list->files) names.push_back(file.name);
    } else {
        auto found = NamesIn(from);
        if (!found) return Fail(found.error());
        names = std::move(*found);
        std::erase_if(names, [](const auto& name) { return !IsStoreFile(name); });
    }
    std::stable_partition(names.begin(), names.end(), [](const auto& name) {
        return name != "CURRENT";
    });
    return names;
}

}  // namespace

Result<bool> WriteWhole(int fd, std::string_view bytes, const std::string& what) {
    // Errno says why it failed: std::filesystem::copy_file makes an I/O error of a full disk.
    while (!bytes.empty()) {
        const ssize_t written = write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return Fail(FileError(what, errno));
        bytes.remove_prefix(static_cast<size_t>(written));
    }
    return true;
}

Result<bool> EachPart(
    const std::string& path, const std::function<Result<bool>(std::string_view part)>& take
) {
    const File source(open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!source) return Fail(FileError("cannot read " + NameIn(path), errno));
    std::vector<char> buffer(kChunkBytes);
    for (;;) {
        const ssize_t got = read(source.fd(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return Fail(FileError("cannot read " + NameIn(path), errno));
        if (got == 0) return true;
        if (auto taken = take({buffer.data(), static_cast<size_t>(got)}); !taken) return taken;
    }
}

Result<std::string> HashOfFile(const std::string& path, const ReadProgress& progress) {
    FileHash hash;
    auto read = EachPart(path, [&](std::string_view part) -> Result<bool> {
        hash.Add(part);
        if (progress) progress(part.size());
        return true;
    });
    if (!read) return Fail(read.error());
    return hash.Hex();
}

Result<std::string> CopyFile(
    const std::string& from, const std::string& to, const ReadProgress& progress
) {
    const File target(open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!target) return Fail(FileError(CannotCopy(from), errno));
    FileHash hash;
    auto copied = EachPart(from, [&](std::string_view part) -> Result<bool> {
        hash.Add(part);
        if (progress) progress(part.size());
        return WriteWhole(target.fd(), part, CannotCopy(from));
    });
    if (!copied) return Fail(copied.error());
    if (fsync(target.fd()) != 0) return Fail(FileError(CannotCopy(from), errno));
    return hash.Hex();
}

Result<bool> CopyStoreFiles(
    const std::string& from,
    const std::string& to,
    const BackupList* list,
    const ReadProgress& progress
) {
    auto names = NamesToCopy(from, list);
    if (!names) return Fail(names.error());
    for (const auto& name : *names) {
        auto hash = CopyFile(from + "/" + name, to + "/" + name, progress);
        if (!hash) return Fail(hash.error());
        if (!list || list->Find(name)->hash == *hash) continue;
        return Fail(
            ErrorCode::kInvalid,
            fmt::format("{} is damaged: it is not the file that was backed up", name),
            from
        );
    }
    return SyncDirectory(to);
}

}  // namespace barracuda::store
