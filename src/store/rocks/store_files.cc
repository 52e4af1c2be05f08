#include "store/rocks/store_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace barracuda::store {

namespace {

namespace fs = std::filesystem;

constexpr const char* kUnfinished = "UNFINISHED";
// RocksDB opens without its write-ahead log as if there had never been one, and what was
// acknowledged since the last flush is gone without a word. A backup has neither.
constexpr const char* kHasLog = "HAS_LOG";
constexpr size_t kLineBytesMax = 8'192;

constexpr const char* kToDo =
    "put it back, or restore a backup into another directory (docs/operating/damage.md)";

bool IsNumber(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// A table or a log: 000012.sst. Another program's x.log is none.
bool IsNumbered(std::string_view name, std::string_view ending) {
    return name.ends_with(ending) && IsNumber(name.substr(0, name.size() - ending.size()));
}

Result<bool> WriteSmallFile(const std::string& path, const std::string& text) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return Fail(FileError("cannot make " + path, errno));
    const auto written = write(fd, text.data(), text.size());
    const bool whole = written == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
    const int number = written >= 0 && written < static_cast<ssize_t>(text.size()) ? ENOSPC : errno;
    close(fd);
    if (!whole) return Fail(FileError("cannot write " + path, number));
    return true;
}

std::string FirstLineOf(const std::string& path) {
    std::ifstream from(path);
    std::string line;
    std::getline(from, line);
    if (line.size() > kLineBytesMax) line.resize(kLineBytesMax);
    return line;
}

bool Holds(const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

Error Lacks(const std::string& directory, const std::string& what) {
    return {
        ErrorCode::kUnavailable,
        fmt::format("cannot open the store in {}: {}: {}", directory, what, kToDo),
        directory};
}

bool LacksLog(const std::vector<std::string>& names) {
    return Holds(names, kHasLog) && std::none_of(names.begin(), names.end(), [](const auto& name) {
               return IsNumbered(name, ".log");
           });
}

Result<bool> CheckWhole(const std::string& directory, const std::vector<std::string>& names) {
    if (!Holds(names, "CURRENT")) {
        const auto other = std::find_if(names.begin(), names.end(), IsStoreFile);
        return Fail(
            Lacks(directory, fmt::format("its file CURRENT is missing ({} is there)", *other))
        );
    }
    const std::string manifest = FirstLineOf(directory + "/CURRENT");
    const bool named = manifest.starts_with("MANIFEST-") && IsNumber(manifest.substr(9));
    if (!named) return Fail(Lacks(directory, "its file CURRENT is damaged"));
    if (!Holds(names, manifest)) {
        return Fail(
            Lacks(directory, fmt::format("its file {}, which CURRENT names, is missing", manifest))
        );
    }
    return true;
}

}  // namespace

bool IsStoreFile(const std::string& name) {
    for (const char* ours : {kHasLog, "HIGH_WATER", "CURRENT", "IDENTITY", "LOG", "LOG.old"}) {
        if (name == ours) return true;
    }
    for (const char* begin : {"MANIFEST-", "OPTIONS-", "LOG.old."}) {
        if (name.starts_with(begin)) return true;
    }
    for (const char* end : {".sst", ".log", ".blob", ".dbtmp"}) {
        if (IsNumbered(name, end)) return true;
    }
    return false;
}

Result<std::vector<std::string>> NamesIn(const std::string& directory) {
    std::vector<std::string> names;
    std::error_code ec;
    for (fs::directory_iterator at(directory, ec), end; !ec && at != end; at.increment(ec)) {
        names.push_back(at->path().filename().string());
    }
    if (ec == std::errc::no_such_file_or_directory) return std::vector<std::string>();
    if (ec) return Fail(FileError("cannot look into " + directory, ec.value()));
    std::sort(names.begin(), names.end());
    return names;
}

Result<bool> HoldsStore(const std::string& directory) {
    auto names = NamesIn(directory);
    if (!names) return Fail(names.error());
    return std::any_of(names->begin(), names->end(), IsStoreFile);
}

bool LostItsLog(const std::string& directory) {
    const auto names = NamesIn(directory);
    return names && LacksLog(*names);
}

Result<Found> LookAtStore(const std::string& directory, Lenient to) {
    auto names = NamesIn(directory);
    if (!names) return Fail(names.error());
    const bool traces = std::any_of(names->begin(), names->end(), IsStoreFile);
    if (auto what = UnfinishedIn(directory)) {
        // A table is written only after the first open has ended: this is no new store.
        const bool tables = std::any_of(names->begin(), names->end(), [](const auto& name) {
            return IsNumbered(name, ".sst");
        });
        if (*what == kNewStore && !tables) return Found::kBegun;
        if (*what != kNewStore && !to.restoring) {
            return Fail(
                ErrorCode::kUnavailable,
                fmt::format(
                    "{} holds an unfinished {}: run barracuda restore with that backup again, it "
                    "starts over",
                    directory,
                    *what
                ),
                directory
            );
        }
    }
    if (!traces) return Found::kNothing;
    if (auto whole = CheckWhole(directory, *names); !whole) return Fail(whole.error());
    if (LacksLog(*names) && !to.without_log) {
        const char* what = "its *.log files are gone, and the newest conversions with them";
        return Fail(Lacks(directory, what));
    }
    return Found::kStore;
}

Result<bool> BeginStore(const std::string& directory, const std::string& what) {
    // Under its name it is whole: an empty one would be an unfinished restore for ever.
    const std::string path = directory + "/" + kUnfinished, next = path + ".new";
    if (auto written = WriteSmallFile(next, what + "\n"); !written) return written;
    if (rename(next.c_str(), path.c_str()) != 0) {
        return Fail(FileError("cannot make " + path, errno));
    }
    return SyncDirectory(directory);
}

Result<bool> FinishStore(const std::string& directory) {
    if (auto synced = SyncDirectory(directory); !synced) return synced;
    const std::string path = directory + "/" + kUnfinished;
    if (unlink(path.c_str()) != 0 && errno != ENOENT) {
        return Fail(FileError("cannot remove " + path, errno));
    }
    return SyncDirectory(directory);
}

std::optional<std::string> UnfinishedIn(const std::string& directory) {
    const std::string path = directory + "/" + kUnfinished;
    if (access(path.c_str(), F_OK) != 0) return std::nullopt;
    // Empty: the machine stopped before the name of the backup was durable.
    const std::string what = FirstLineOf(path);
    return what.empty() ? "restore" : what;
}

Result<bool> RemoveStoreFiles(const std::string& directory) {
    auto names = NamesIn(directory);
    if (!names) return Fail(names.error());
    for (const auto& name : *names) {
        const std::string path = directory + "/" + name;
        const bool ours = IsStoreFile(name) || name == "LOCK";
        if (!ours || unlink(path.c_str()) == 0 || errno == ENOENT) continue;
        return Fail(FileError("cannot remove " + path, errno));
    }
    return true;
}

Result<bool> MarkHasLog(const std::string& directory) {
    const std::string path = directory + "/" + kHasLog;
    if (access(path.c_str(), F_OK) == 0) return true;
    if (auto made = WriteSmallFile(path, {}); !made) return made;
    return SyncDirectory(directory);
}

Result<bool> SyncDirectory(const std::string& directory) {
    const int fd = open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const bool synced = fd >= 0 && fsync(fd) == 0;
    const int number = errno;
    if (fd >= 0) close(fd);
    if (!synced) return Fail(FileError("cannot sync " + directory, number));
    return true;
}

Error FileError(const std::string& what, int number) {
    return {
        ErrorCode::kUnavailable,
        fmt::format("{}: {}", what, std::generic_category().message(number)),
        {}};
}

}  // namespace barracuda::store
