#include "app/open_store.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "app/descriptors.h"
#include "app/leftovers.h"
#include "app/log.h"
#include "app/mongo_options.h"
#include "app/owner.h"
#include "store/copy.h"
#include "store/kv_engine.h"
#include "store/mongo/mongo_engine.h"
#include "store/mongo/state.h"
#include "store/rocks/rocks_kv.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

int TablesOpenMax(const config::Config& config) {
    return static_cast<int>(PlanDescriptors(RaiseDescriptorLimit(), config).tables);
}

Result<bool> MakePrivate(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code ec;
    fs::path path(directory);
    if (fs::is_directory(path, ec)) return true;
    if (path.has_parent_path()) fs::create_directories(path.parent_path(), ec);
    if (mkdir(directory.c_str(), 0700) != 0) {
        const int number = errno;
        if (number == EEXIST) return Fail(ErrorCode::kUnavailable, "this is no directory");
        return Fail(store::FileError("cannot make the data directory", number));
    }
    return true;
}

Result<std::unique_ptr<store::Engine>> OpenMongo(
    const config::Config& config, const Opening& opening, FaultSink& faults
) {
    store::MongoEngineOptions options;
    options.client = MongoOptionsOf(config);
    options.allow_standalone = config.store.allow_standalone;
    options.several_per_click = SeveralPerClick(config);
    options.faults = &faults;
    options.cells = opening.build_beside;
    auto engine = store::MongoEngine::Open(options);
    if (!engine) return Fail(engine.error());
    return std::unique_ptr<store::Engine>(std::move(*engine));
}

Result<std::unique_ptr<store::Engine>> OpenRocks(
    const config::Config& config, const Opening& opening
) {
    const std::string& directory = config.store.data;
    if (auto ours = BelongsHere(directory); !ours) return Fail(ours.error());
    if (!opening.create) {
        auto there = store::HoldsStore(directory);
        if (!there) return Fail(there.error());
        if (!*there) return Fail(ErrorCode::kUnavailable, "there is no store in " + directory);
    }
    auto kv = store::OpenRocks(
        {.directory = directory,
         .create_if_missing = opening.create,
         .accept_loss = opening.accept_loss,
         .filling = opening.filling,
         .restoring = opening.restoring,
         .tables_open_max = TablesOpenMax(config)}
    );
    if (!kv) return Fail(kv.error().code, kv.error().message);
    using Build = store::KvEngine::Build;
    auto engine = store::KvEngine::Open(
        std::move(*kv),
        opening.build_beside ? Build::kBeside : Build::kFirst,
        directory + "/" + kBeforeUpgrade
    );
    if (!engine) return Fail(engine.error());
    return std::unique_ptr<store::Engine>(std::move(*engine));
}

Result<std::unique_ptr<store::Engine>> OpenAny(
    const config::Config& config, const Opening& opening, FaultSink& faults
) {
    const std::string& data = config.store.data;
    // The control socket lives there, whatever the store is.
    if (config.store.IsMongo() || opening.create) {
        if (auto made = MakePrivate(data); !made) {
            return Fail(made.error().code, made.error().message + ": " + data);
        }
    }
    if (auto shut = ShutToOthers(data); !shut) return Fail(shut.error());
    return config.store.IsMongo() ? OpenMongo(config, opening, faults) : OpenRocks(config, opening);
}

}  // namespace

Result<std::unique_ptr<store::Engine>> OpenStore(
    const config::Config& config, const Opening& opening, FaultSink& faults
) {
    auto engine = OpenAny(config, opening, faults);
    if (!engine || opening.unfinished) return engine;
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
    const int tables = TablesOpenMax(config);
    auto kv = store::OpenRocks(
        {.directory = config.store.data, .read_only = true, .tables_open_max = tables}
    );
    if (!kv) return Fail(kv.error());
    return std::unique_ptr<store::Engine>(store::KvEngine::OpenToRead(std::move(*kv)));
}

void SayWhichDatabase(store::Engine& engine, const config::Config& config) {
    auto* mongo = dynamic_cast<store::MongoEngine*>(&engine);
    if (!mongo) return;
    auto holds = store::HoldsConversions(mongo->client());
    if (!holds || *holds) return;
    auto others = store::OthersWithConversions(mongo->client());
    if (!others || others->empty()) return;
    Log(Level::kWarning,
        "this database holds no conversions, another one on the server does: store.database "
        "(DB_NAME) chooses",
        {{"database", config.store.database},
         {"others", fmt::format("{}", fmt::join(*others, ", "))}});
}

}  // namespace barracuda::app
