#include "app/migrate.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>
#include <thread>

#include "app/open_store.h"
#include "config/settings.h"
#include "config/values.h"
#include "contacts/flag_check.h"
#include "delivery/schedule_check.h"
#include "nodes/node_document.h"
#include "store/copy.h"
#include "store/document_file.h"
#include "store/document_ref.h"
#include "store/each_document.h"

namespace barracuda::app {

namespace {

constexpr std::string_view kRocks = "rocksdb:";
// A node writes a heartbeat every 2 s.
constexpr std::chrono::seconds kBeats{5};
constexpr std::chrono::seconds kSayEvery{1};

void Say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// host/database of an address, without user, password and options.
std::string HostsOf(const std::string& url) {
    size_t begin = url.find("://") + 3, end = url.find_first_of("/?", begin);
    std::string hosts = url.substr(begin, end == url.npos ? url.npos : end - begin);
    size_t at = hosts.rfind('@');
    return at == hosts.npos ? hosts : hosts.substr(at + 1);
}

using Beats = std::map<NodeId, int64_t>;

Result<Beats> AliveIn(store::Engine& engine, std::string& somebody) {
    store::ScanRequest request;
    request.collection = store::Collection::kNodes;
    Beats beats;
    auto read = store::EachDocument(engine, request, [&](const std::string& document) {
        auto node = nodes::DecodeNode(document);
        if (node.state != nodes::NodeState::kAlive) return;
        beats[node.id] = node.beat;
        somebody = fmt::format("{} (host {}, process {})", node.id.value, node.host, node.pid);
    });
    if (!read) return Fail(read.error());
    return beats;
}

// Whoever runs on MongoDB moves its heartbeat. With RocksDB the lock has told already.
Result<bool> NobodyRuns(store::Engine& engine) {
    std::string somebody;
    auto before = AliveIn(engine, somebody);
    if (!before) return Fail(before.error());
    if (before->empty()) return true;
    Say("looking whether nodes run on the source");
    std::this_thread::sleep_for(kBeats);
    auto now = AliveIn(engine, somebody);
    if (!now) return Fail(now.error());
    if (*now == *before) return true;
    return Fail(
        ErrorCode::kConflict,
        fmt::format("a node runs on the source: {}; stop every node first", somebody)
    );
}

Result<std::unique_ptr<store::Engine>> OpenSide(
    const config::Config& config, bool target, const char* side
) {
    auto engine = OpenStore(config, {.create = target, .unfinished = target});
    if (!engine)
        return Fail(engine.error().code, fmt::format("{}: {}", side, engine.error().message));
    if (auto trouble = (*engine)->Trouble()) {
        return Fail(ErrorCode::kUnavailable, fmt::format("{}: {}", side, *trouble));
    }
    return engine;
}

class Progress {
public:
    void operator()(const store::CopyProgress& now) {
        auto at = std::chrono::steady_clock::now();
        auto part = std::pair(now.collection, now.comparing);
        if (part == part_ && at < next_) return;
        part_ = part;
        next_ = at + kSayEvery;
        Say(fmt::format(
            "{}: {} {}",
            NameOf(now.collection),
            now.documents,
            now.comparing ? "compared" : "copied"
        ));
    }

private:
    std::pair<store::Collection, bool> part_{};
    std::chrono::steady_clock::time_point next_{};
};

std::string ReportText(
    const store::CopyReport& report, const std::string& to, const std::string& from
) {
    std::string text;
    for (const auto& [collection, fingerprint] : report.collections) {
        text += fmt::format(
            "{:<12} {:>10}  {}\n",
            NameOf(collection),
            fingerprint.documents,
            fingerprint.hash.substr(0, 16)
        );
    }
    return text + fmt::format("{} holds the same as {} now\n", to, from);
}

// Documents that contradict each other did so in the source: no fault of the copy, but told.
Result<bool> SayWhatTheSourceHad(store::Engine& target) {
    std::vector<std::string> findings;
    auto schedules = delivery::CheckSchedules(target, "nobody", {}, findings);
    if (!schedules) return schedules;
    auto flags = contacts::CheckFlags(target, {}, {}, findings);
    if (!flags) return Fail(flags.error());
    if (findings.empty()) return true;
    Say(fmt::format(
        "the source was not sound, and the target is the same; first of {}: {}\n"
        "barracuda verify on the target names them, with --repair it mends them",
        findings.size(),
        findings.front()
    ));
    return true;
}

// -> the report; Fail with `begun` false: nothing was written.
Result<std::string> MoveInto(
    const config::Config& to, store::Engine& source, std::string name, bool& begun
) {
    auto target = OpenSide(to, true, "target");
    if (!target) return Fail(target.error());
    store::CopyOptions options{.source = std::move(name)};
    options.progress = [&begun, progress = Progress()](const store::CopyProgress& now) mutable {
        begun = true;
        progress(now);
    };
    auto report = store::CopyStore(source, **target, options);
    if (!report) return Fail(report.error());
    Say("verifying the target");
    auto findings = (*target)->Verify(false);
    if (!findings) return Fail(findings.error());
    if (!findings->empty()) {
        return Fail(
            ErrorCode::kConflict,
            fmt::format(
                "the target is not sound ({} findings), first: {}",
                findings->size(),
                findings->front()
            )
        );
    }
    if (auto said = SayWhatTheSourceHad(**target); !said) return Fail(said.error());
    return ReportText(*report, PlaceOf(to), options.source);
}

Result<std::string> Migrate(const config::Config& from, const config::Config& to, bool& begun) {
    if (PlaceOf(from) == PlaceOf(to)) {
        return Fail(ErrorCode::kInvalid, "source and target are the same: " + PlaceOf(from));
    }
    auto source = OpenSide(from, false, "source");
    if (!source) return Fail(source.error());
    if (auto alone = NobodyRuns(**source); !alone) return Fail(alone.error());
    return MoveInto(to, **source, PlaceOf(from), begun);
}

Result<std::string> Import(const config::Config& to, const std::string& path, bool& begun) {
    auto file = store::DocumentFile::Open(path);
    if (!file) return Fail(file.error());
    std::error_code ec;
    auto bytes = std::filesystem::file_size(path, ec);
    return MoveInto(to, **file, fmt::format("the export {} of {} bytes", path, bytes), begun);
}

int Show(const Result<std::string>& done, bool begun) {
    if (!done) {
        Say("barracuda: " + done.error().message);
        return begun ? 1 : 2;
    }
    bool shown = std::fputs(done->c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
    return shown ? 0 : 2;
}

}  // namespace

std::string PlaceOf(const config::Config& config) {
    if (config.store.IsMongo()) {
        return fmt::format("mongodb://{}/{}", HostsOf(config.store.url), config.store.database);
    }
    std::error_code ec;
    auto path = std::filesystem::weakly_canonical(config.store.data, ec);
    return std::string(kRocks) + (ec ? config.store.data : path.string());
}

Result<config::Config> WithStore(const config::Config& config, const std::string& place) {
    config::Config with = config;
    if (place.empty()) return with;
    if (place.starts_with(kRocks) && place.size() > kRocks.size()) {
        with.store.url = "rocksdb";
        with.store.data = place.substr(kRocks.size());
        return with;
    }
    if (!place.starts_with("mongodb://") && !place.starts_with("mongodb+srv://")) {
        return Fail(
            ErrorCode::kInvalid,
            "a store is rocksdb:DIR, mongodb://… or mongodb+srv://…, not " + place
        );
    }
    if (!config::FindSetting("store.url")->set(with, place)) {
        return Fail(
            ErrorCode::kInvalid, "this is no MongoDB address (an @ in the password is %40)"
        );
    }
    auto named = config::DatabaseOf(place);
    auto at = config.sources.find("store.database");
    bool said = at != config.sources.end() && at->second != "store.url" && at->second != "default";
    if (!named.empty()) with.store.database = named;
    if (named.empty() && !said) with.store.database = "barracuda";
    if (auto fault = config::DatabaseFault(with.store.database); !fault.empty()) {
        return Fail(ErrorCode::kInvalid, std::move(fault));
    }
    return with;
}

int MigrateCommand(const config::Config& config, const std::string& from, const std::string& to) {
    bool begun = false;
    auto run = [&]() -> Result<std::string> {
        auto source = WithStore(config, from);
        if (!source) return Fail(source.error());
        auto target = WithStore(config, to);
        if (!target) return Fail(target.error());
        return Migrate(*source, *target, begun);
    };
    auto done = run();
    return Show(done, begun);
}

int ImportCommand(const config::Config& config, const std::string& path) {
    bool begun = false;
    auto done = Import(config, path, begun);
    return Show(done, begun);
}

}  // namespace barracuda::app
