#include "app/secrets.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "base/file.h"
#include "base/text.h"
#include "base/unseen.h"
#include "domain/postback_template.h"

namespace barracuda::app {

namespace {

constexpr size_t kSecretBytesMax = 4096;

Result<std::string> ReadFile(const std::string& path) {
    const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return Fail(ErrorCode::kNotFound, "there is no such file in the secrets' directory");
    struct stat is {};
    if (fstat(file.fd(), &is) != 0 || !S_ISREG(is.st_mode)) {
        return Fail(ErrorCode::kInvalid, "the file is no plain file");
    }
    if ((is.st_mode & 077) != 0) {
        return Fail(ErrorCode::kInvalid, "others may read the file: chmod 600");
    }
    std::string text(kSecretBytesMax + 2, '\0');
    ssize_t size = read(file.fd(), text.data(), text.size());
    if (size < 0) return Fail(ErrorCode::kInvalid, "the file cannot be read");
    text.resize(static_cast<size_t>(size));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return std::string(SkipByteOrderMark(text));
}

Result<std::string> Find(const config::Config& config, std::string_view reference) {
    constexpr std::string_view kEnv = "env:", kFile = "file:";
    if (reference.starts_with(kEnv)) {
        const char* value = std::getenv(std::string(reference.substr(kEnv.size())).c_str());
        if (!value) return Fail(ErrorCode::kNotFound, "the environment has no such variable");
        return std::string(value);
    }
    if (reference.starts_with(kFile)) {
        std::string name(reference.substr(kFile.size()));
        return ReadFile(config.store.data + "/secrets/" + name);
    }
    if (reference == "setting:network.hash") return config.network.hash;
    if (reference == "setting:network.private_api_token") return config.network.private_api_token;
    return Fail(ErrorCode::kInvalid, "no reference to a secret");
}

}  // namespace

Result<std::string> ReadSecret(const config::Config& config, std::string_view reference) {
    if (!domain::IsSecretRef(reference))
        return Fail(ErrorCode::kInvalid, "no reference to a secret");
    auto value = Find(config, reference);
    if (!value) return value;
    if (value->empty()) return Fail(ErrorCode::kInvalid, "it is empty");
    if (value->size() > kSecretBytesMax || HasControlByte(*value)) {
        return Fail(ErrorCode::kInvalid, "it is longer than 4 KiB or has control characters");
    }
    if (domain::SignHex(*value, "").empty()) {
        return Fail(ErrorCode::kInvalid, "after whsec_ it is no base64");
    }
    return value;
}

}  // namespace barracuda::app
