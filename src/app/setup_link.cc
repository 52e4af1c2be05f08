#include "app/setup_link.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace barracuda::app {

std::string SetupLinkPath(const std::string& data) { return data + "/setup-link"; }

Result<bool> WriteSetupLink(const std::string& data, std::string_view link) {
    const std::string path = SetupLinkPath(data);
    const std::string line = std::string(link) + "\n";
    int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, line.data(), line.size()) == ssize_t(line.size());
    const int error = errno;
    if (fd >= 0) close(fd);
    if (written) return true;
    return Fail(
        ErrorCode::kUnavailable,
        "cannot write " + path + ": " + std::generic_category().message(error)
    );
}

void RemoveSetupLink(const std::string& data) { unlink(SetupLinkPath(data).c_str()); }

}  // namespace barracuda::app
