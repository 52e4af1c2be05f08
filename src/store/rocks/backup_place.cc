#include "store/rocks/backup_place.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "store/rocks/store_files.h"

namespace barracuda::store {

namespace {

namespace fs = std::filesystem;

constexpr const char* kMark = "BACKUPS";
constexpr std::string_view kShape = "00000000T000000.000Z";
constexpr std::string_view kMaking = ".making", kRemoving = ".removing", kLog = ".log";

// 20260131T235959.123Z <-> 2026-01-31T23:59:59.123Z
std::string NameAt(Time at) {
    std::string name = at.Iso();
    std::erase_if(name, [](char c) { return c == '-' || c == ':'; });
    return name;
}

std::optional<Time> TimeOf(std::string_view name) {
    if (name.size() != kShape.size()) return std::nullopt;
    for (size_t i = 0; i < name.size(); ++i) {
        const bool digit = name[i] >= '0' && name[i] <= '9';
        if (kShape[i] == '0' ? !digit : name[i] != kShape[i]) return std::nullopt;
    }
    const auto part = [&](size_t at, size_t size) { return name.substr(at, size); };
    return Time::ParseIso(fmt::format(
        "{}-{}-{}T{}:{}:{}",
        part(0, 4),
        part(4, 2),
        part(6, 2),
        part(9, 2),
        part(11, 2),
        part(13, 7)
    ));
}

bool IsThere(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Result<bool> RemoveAll(const std::string& path) {
    std::error_code ec;
    fs::remove_all(path, ec);
    if (ec) return Fail(FileError("cannot remove " + path, ec.value()));
    return true;
}

// What is left of a run that was killed: also a log whose backup never came to be.
bool IsLeft(const std::string& directory, std::string_view name) {
    for (const auto end : {kMaking, kRemoving, kLog}) {
        if (!name.ends_with(end)) continue;
        const auto of = name.substr(0, name.size() - end.size());
        if (!TimeOf(of)) return false;
        return end != kLog || !IsThere(fmt::format("{}/{}", directory, of));
    }
    return false;
}

}  // namespace

bool IsBackupPlace(const std::string& directory) { return IsThere(directory + "/" + kMark); }

Result<std::vector<KeptBackup>> BackupsIn(const std::string& directory) {
    auto names = NamesIn(directory);
    if (!names) return Fail(names.error());
    std::vector<KeptBackup> kept;
    for (const auto& name : *names) {
        const auto made = TimeOf(name);
        if (!made) continue;
        KeptBackup one{name, directory + "/" + name, *made, {}};
        if (IsThere(one.path + std::string(kLog))) one.log = one.path + std::string(kLog);
        kept.push_back(std::move(one));
    }
    return kept;
}

Result<std::unique_ptr<BackupPlace>> BackupPlace::Take(const std::string& directory) {
    std::error_code ec;
    const fs::path parent = fs::path(directory).parent_path();
    if (!parent.empty()) fs::create_directories(parent, ec);
    if (mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) {
        return Fail(FileError("cannot make " + directory, errno));
    }
    if (!IsBackupPlace(directory)) {
        auto names = NamesIn(directory);
        if (!names) return Fail(names.error());
        if (!names->empty()) {
            return Fail(
                ErrorCode::kInvalid,
                directory +
                    " holds something else than backups: name an empty directory, or a new one"
            );
        }
    }
    const std::string mark = directory + "/" + kMark;
    File lock(open(mark.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!lock) return Fail(FileError("cannot make " + mark, errno));
    if (flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
        return Fail(ErrorCode::kConflict, "another backup into " + directory + " is under way");
    }
    std::unique_ptr<BackupPlace> place(new BackupPlace(directory, std::move(lock)));
    if (auto removed = place->RemoveUnfinished(); !removed) return Fail(removed.error());
    return place;
}

Result<std::string> BackupPlace::NewName(Time now) const {
    auto kept = BackupsIn(directory_);
    if (!kept) return Fail(kept.error());
    if (!kept->empty()) now.ms = std::max(now.ms, kept->back().made.ms + 1);
    return NameAt(now);
}

Result<bool> BackupPlace::Finish(const std::string& name) {
    if (rename(Making(name).c_str(), PathOf(name).c_str()) != 0) {
        return Fail(FileError("cannot name " + PathOf(name), errno));
    }
    return SyncDirectory(directory_);
}

// Under another name first: half a backup must not look like one.
Result<bool> BackupPlace::Remove(const std::string& name) const {
    const std::string removing = PathOf(name) + std::string(kRemoving);
    if (rename(PathOf(name).c_str(), removing.c_str()) != 0) {
        return Fail(FileError("cannot remove " + PathOf(name), errno));
    }
    if (auto synced = SyncDirectory(directory_); !synced) return synced;
    if (auto removed = RemoveAll(LogOf(name)); !removed) return removed;
    return RemoveAll(removing);
}

Result<size_t> BackupPlace::Keep(size_t count) {
    auto kept = BackupsIn(directory_);
    if (!kept) return Fail(kept.error());
    size_t removed = 0;
    for (; kept->size() - removed > count; ++removed) {
        if (auto gone = Remove((*kept)[removed].name); !gone) return Fail(gone.error());
    }
    return removed;
}

Result<bool> BackupPlace::RemoveUnfinished() const {
    auto names = NamesIn(directory_);
    if (!names) return Fail(names.error());
    for (const auto& name : *names) {
        if (!IsLeft(directory_, name)) continue;
        if (auto removed = RemoveAll(PathOf(name)); !removed) return removed;
    }
    return true;
}

}  // namespace barracuda::store
