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

}  // namespace barracuda::app
