#include "app/checkpoint.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "app/offline.h"
#include "app/owner.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "backup.";
// Younger ones may be about to be locked by whoever made them.
constexpr time_t kYoungSeconds = 5;

File LockOf(const std::string& path) {
    File lock(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (lock && flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) return File();
    return lock;
}

bool IsYoung(const std::string& path) {
    struct stat found {};
    return stat(path.c_str(), &found) == 0 && time(nullptr) - found.st_mtime < kYoungSeconds;
}

// Where there is one to copy, and it is ours.
Result<bool> LookForStore(const std::string& data) {
    auto runs = ServerRuns(data);
    if (!runs || *runs) return runs;
    auto there = store::HoldsStore(data);
    if (!there) return Fail(there.error());
    if (!*there) return Fail(ErrorCode::kUnavailable, "there is no store in " + data);
    return BelongsHere(data);
}

}  // namespace

Result<std::unique_ptr<WorkDirectory>> WorkDirectory::Make(const std::string& data) {
    if (auto found = LookForStore(data); !found) return Fail(found.error());
    RemoveLeft(data);
    const std::string path = fmt::format("{}/{}{}", data, kPrefix, getpid());
    if (mkdir(path.c_str(), 0700) != 0) {
        return Fail(store::FileError("cannot make " + path, errno));
    }
    // Root asks the server of whoever owns the directory, and that one has to write into it.
    if (const auto owner = OwnerOf(data); owner && geteuid() == 0 && *owner != 0) {
        if (chown(path.c_str(), *owner, static_cast<gid_t>(-1)) != 0) {
            return Fail(store::FileError("cannot make " + path, errno));
        }
    }
    File lock = LockOf(path);
    if (!lock) return Fail(store::FileError("cannot lock " + path, errno));
    return std::unique_ptr<WorkDirectory>(new WorkDirectory(path, std::move(lock)));
}

WorkDirectory::~WorkDirectory() {
    std::error_code ec;
    fs::remove_all(path_, ec);
}

size_t WorkDirectory::RemoveLeft(const std::string& data) {
    const auto names = store::NamesIn(data);
    size_t removed = 0;
    if (!names) return removed;
    for (const auto& name : *names) {
        const auto number = std::string_view(name).substr(std::min(kPrefix.size(), name.size()));
        const bool ours = name.starts_with(kPrefix) && !number.empty() &&
                          number.find_first_not_of("0123456789") == number.npos;
        const std::string path = data + "/" + name;
        if (!ours || IsYoung(path)) continue;
        const File lock = LockOf(path);
        std::error_code ec;
        if (lock && fs::remove_all(path, ec) > 0 && !ec) ++removed;
    }
    return removed;
}

Result<std::string> Checkpoint::TakeIn(const config::Config& config, const WorkDirectory& work) {
    const std::string directory = work.path() + "/store";
    std::error_code ec;
    fs::remove_all(directory, ec);
    const auto absolute = fs::absolute(directory, ec).lexically_normal().string();
    auto answer = Perform(config, Ask{.command = Command::kBackup, .directory = absolute});
    if (!answer) return Fail(answer.error());
    if (answer->exit != 0) return Fail(ErrorCode::kUnavailable, answer->note);
    return directory;
}

Result<std::unique_ptr<Checkpoint>> Checkpoint::Take(const config::Config& config) {
    auto work = WorkDirectory::Make(config.store.data);
    if (!work) return Fail(work.error());
    auto directory = TakeIn(config, **work);
    if (!directory) return Fail(directory.error());
    return std::unique_ptr<Checkpoint>(new Checkpoint(std::move(*work), std::move(*directory)));
}

}  // namespace barracuda::app
