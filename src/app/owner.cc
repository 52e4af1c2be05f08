#include "app/owner.h"

#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

namespace barracuda::app {

std::optional<uid_t> OwnerOf(const std::string& path) {
    struct stat is {};
    if (stat(path.c_str(), &is) != 0) return std::nullopt;
    return is.st_uid;
}

std::string UserNamed(uid_t id) {
    const passwd* user = getpwuid(id);
    return user ? user->pw_name : std::to_string(id);
}

Error BelongsTo(uid_t owner, const std::string& directory) {
    return {
        ErrorCode::kForbidden,
        fmt::format(
            "{} belongs to user {}, and this runs as {}: run it as that user (sudo -u {} barracuda "
            "…)",
            directory,
            UserNamed(owner),
            UserNamed(geteuid()),
            UserNamed(owner)
        ),
        directory};
}

// RocksDB replaces its files at every open, so the owner of one is who opened it last. On a mount
// that gives every file to one user (NFS with all_squash, CIFS) it is another, who may yet be
// worked for. Without a store the directory's owner counts, but only against root. Who has no name
// here has no server here: a container's fresh mount.
Result<bool> BelongsHere(const std::string& directory) {
    const std::string current = directory + "/CURRENT";
    const uid_t us = geteuid();
    auto owner = OwnerOf(current);
    if (owner) {
        if (*owner == us || (us != 0 && access(current.c_str(), R_OK | W_OK) == 0)) return true;
        return Fail(BelongsTo(*owner, directory));
    }
    if (us != 0) return true;
    owner = OwnerOf(directory);
    if (owner && *owner != us && getpwuid(*owner)) return Fail(BelongsTo(*owner, directory));
    return true;
}

Result<bool> ShutToOthers(const std::string& directory) {
    struct stat is {};
    if (stat(directory.c_str(), &is) != 0 || (is.st_mode & (S_IWGRP | S_IWOTH)) == 0) return true;
    return Fail(
        ErrorCode::kForbidden,
        fmt::format(
            "others may write to {} (mode {:04o}): chmod go-w {}, or name a directory in it: that "
            "one is made for this user alone",
            directory,
            is.st_mode & 07777,
            directory
        ),
        directory
    );
}

}  // namespace barracuda::app
