#include "app/open_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "store/rocks/rocks_kv.h"

namespace barracuda::app {

namespace {

Result<bool> MakePrivate(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code ec;
    fs::path path(directory);
    if (fs::is_directory(path, ec)) return true;
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), ec);
    if (mkdir(directory.c_str(), 0700) != 0) {
        ec = std::error_code(errno, std::generic_category());
        return Fail(ErrorCode::kUnavailable, "cannot make the data directory: " + ec.message());
    }
    return true;
}

}  // namespace

Result<std::unique_ptr<store::KvEngine>> OpenStore(const config::Config& config, bool create) {
    if (config.store.IsMongo()) {
        return Fail(ErrorCode::kInvalid, "MongoDB is not built yet: use --store rocksdb");
    }
    const std::string& directory = config.store.data;
    if (create) {
        if (auto made = MakePrivate(directory); !made) {
            return Fail(made.error().code, made.error().message + ": " + directory);
        }
    } else if (!HoldsStore(directory)) {
        return Fail(ErrorCode::kUnavailable, "there is no store in " + directory);
    }
    auto kv = store::OpenRocks({.directory = directory, .create_if_missing = create});
    if (!kv) return Fail(kv.error().code, kv.error().message);
    return store::KvEngine::Open(std::move(*kv));
}

bool HoldsStore(const std::string& directory) {
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ec)) {
        std::string name = entry.path().filename().string();
        if (name == "CURRENT" || name.starts_with("MANIFEST-") || name.ends_with(".sst")) {
            return true;
        }
    }
    return false;
}

}  // namespace barracuda::app
