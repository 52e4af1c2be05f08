#include "app/setup_link.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/file.h"

namespace barracuda::app {

std::string SetupLinkPath(const std::string& data) { return data + "/setup-link"; }

Result<bool> WriteSetupLink(const std::string& data, std::string_view link) {
    const std::string path = SetupLinkPath(data);
    const std::string line = std::string(link) + "\n";
    const File file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file && write(file.fd(), line.data(), line.size()) == ssize_t(line.size())) return true;
    const int error = errno;
    return Fail(
        ErrorCode::kUnavailable,
        "cannot write " + path + ": " + std::generic_category().message(error)
    );
}

void RemoveSetupLink(const std::string& data) { unlink(SetupLinkPath(data).c_str()); }

}  // namespace barracuda::app
