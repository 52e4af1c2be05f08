#include "app/open_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "app/mongo_options.h"
#include "app/owner.h"
#include "store/copy.h"
#include "store/kv_engine.h"
#include "store/mongo/mongo_engine.h"
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
        if (fs::exists(path)) return Fail(ErrorCode::kUnavailable, "this is no directory");
        return Fail(ErrorCode::kUnavailable, "cannot make the data directory: " + ec.message());
    }
    return true;
}

Result<std::unique_ptr<store::Engine>> OpenMongo(const config::Config& config) {
    store::MongoEngineOptions options;
    options.client = MongoOptionsOf(config);
    options.allow_standalone = config.store.allow_standalone;
    options.several_per_click = SeveralPerClick(config);
    auto engine = store::MongoEngine::Open(options);
    if (!engine) return Fail(engine.error());
    return std::unique_ptr<store::Engine>(std::move(*engine));
}

Result<std::unique_ptr<store::Engine>> OpenRocks(const config::Config& config, bool create) {
    const std::string& directory = config.store.data;
    if (auto ours = BelongsHere(directory); !ours) return Fail(ours.error());
    if (create) {
        if (auto made = MakePrivate(directory); !made) {
            return Fail(made.error().code, made.error().message + ": " + directory);
        }
    } else if (!HoldsStore(directory)) {
        return Fail(ErrorCode::kUnavailable, "there is no store in " + directory);
    }
    auto kv = store::OpenRocks({.directory = directory, .create_if_missing = create});
    if (!kv) return Fail(kv.error().code, kv.error().message);
    auto engine = store::KvEngine::Open(std::move(*kv));
    if (!engine) return Fail(engine.error());
    return std::unique_ptr<store::Engine>(std::move(*engine));
}

}  // namespace

namespace {

Result<std::unique_ptr<store::Engine>> OpenAny(const config::Config& config, bool create) {
    if (!config.store.IsMongo()) return OpenRocks(config, create);
    // The control socket lives there, whatever the store is.
    if (auto made = MakePrivate(config.store.data); !made) {
        return Fail(made.error().code, made.error().message + ": " + config.store.data);
    }
    return OpenMongo(config);
}

}  // namespace

Result<std::unique_ptr<store::Engine>> OpenStore(
    const config::Config& config, bool create, Unfinished unfinished
) {
    auto engine = OpenAny(config, create);
    if (!engine || unfinished == Unfinished::kAllowed) return engine;
    auto from = store::UnfinishedMigration(**engine);
    if (!from) return Fail(from.error());
    if (!*from) return engine;
    return Fail(
        ErrorCode::kInvalid,
        fmt::format(
            "this store is an unfinished copy of {}: run barracuda migrate again, it goes on where "
            "it stopped",
            **from
        )
    );
}

Result<std::unique_ptr<store::Engine>> OpenStoreToRead(const config::Config& config) {
    auto kv = store::OpenRocks({.directory = config.store.data, .read_only = true});
    if (!kv) return Fail(kv.error());
    return std::unique_ptr<store::Engine>(store::KvEngine::OpenToRead(std::move(*kv)));
}

bool HoldsStore(const std::string& directory) {
    std::error_code ec;
    for (const auto& entry : std::filesystem::directory_iterator(directory, ec)) {
        std::string name = entry.path().filename().string();
        if (name == "CURRENT" || name == "HAS_LOG" || name.starts_with("MANIFEST-") ||
            name.ends_with(".sst")) {
            return true;
        }
    }
    return false;
}

}  // namespace barracuda::app
