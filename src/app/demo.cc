#include "app/demo.h"

#include <fmt/format.h>
#include <stdlib.h>
#include <sys/statvfs.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>

#include "app/demo_logs.h"
#include "app/open_store.h"
#include "app/serve.h"
#include "app/stop_signals.h"
#include "auth/admins.h"
#include "auth/credentials.h"
#include "demo/fill.h"
#include "demo/sandbox.h"
#include "store/document_ref.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

constexpr const char* kAdmin = "demo@barracuda.example";
constexpr size_t kPasswordLength = 16;
static_assert(kPasswordLength >= auth::kMinPasswordBytes);
constexpr size_t kContactsLeast = 20, kContactsMost = 400;
constexpr uint64_t kBytesAConversion = 2'500;  // with its indexes, not packed yet, and some room
constexpr const char* kLoopback = "127.0.0.0/8";
// All that is not kLoopback. It goes before what a network's own ranges allow.
constexpr const char* kBeyond =
    "0.0.0.0/2,64.0.0.0/3,96.0.0.0/4,112.0.0.0/5,120.0.0.0/6,124.0.0.0/7,126.0.0.0/8,"
    "128.0.0.0/1,::/0";

void Say(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

// Made for this demo alone, and gone with it.
class TemporaryDirectory {
public:
    static Result<std::unique_ptr<TemporaryDirectory>> Make() {
        std::error_code ec;
        auto path = (std::filesystem::temp_directory_path(ec) / "barracuda-demo-XXXXXX").string();
        if (ec || !mkdtemp(path.data())) {
            return Fail(store::FileError("cannot make a temporary directory", errno));
        }
        return std::unique_ptr<TemporaryDirectory>(new TemporaryDirectory(std::move(path)));
    }
    ~TemporaryDirectory() {
        std::error_code ec;
        std::filesystem::remove_all(path_, ec);
        if (ec) Say(fmt::format("barracuda: {} could not be removed: {}", path_, ec.message()));
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    explicit TemporaryDirectory(std::string path) : path_(std::move(path)) {}
    const std::string path_;
};

Result<bool> HasRoom(const std::string& directory, size_t conversions) {
    struct statvfs room {};
    if (statvfs(directory.c_str(), &room) != 0) return true;  // the writes will tell
    const uint64_t free = uint64_t{room.f_bavail} * room.f_frsize;
    const uint64_t wanted = conversions * kBytesAConversion;
    if (free >= wanted) return true;
    return Fail(
        ErrorCode::kUnavailable,
        fmt::format(
            "{} has room for {} MiB and the demo wants {}: fewer --conversions, or another TMPDIR",
            directory,
            free >> 20,
            (wanted >> 20) + 1
        )
    );
}

Result<bool> AddAdmin(store::Engine& engine, const std::string& password) {
    auto hash = auth::HashPassword(password);
    if (!hash) return Fail(hash.error());
    auth::Admin admin;
    admin.email = admin.id = kAdmin;
    admin.name = "Demo";
    admin.password = std::move(*hash);
    admin.created = Time::Now();
    admin.rev = 1;
    std::string document = auth::EncodeAdmin(admin);
    auto ref = store::RefOfDocument(store::Collection::kAdmins, document);
    const store::Write write{std::move(ref), std::nullopt, std::move(document)};
    auto states = engine.Commit(std::span(&write, 1));
    if (!states) return Fail(states.error());
    return true;
}

Result<bool> FillStore(
    const config::Config& config,
    const DemoOptions& options,
    const std::string& sandbox,
    const std::string& password
) {
    auto engine = OpenStore(config, {.create = true, .filling = true});
    if (!engine) return Fail(engine.error());
    demo::FillOptions fill;
    fill.sandbox = sandbox;
    fill.contacts = std::clamp(options.conversions / 500, kContactsLeast, kContactsMost);
    fill.conversions = {.count = options.conversions, .end = Time::Now(), .seed = options.seed};
    fill.go_on = [](size_t) { return !StopWithin(std::chrono::milliseconds(0)); };
    const auto begin = std::chrono::steady_clock::now();
    auto written = demo::Fill(**engine, fill);
    if (!written) return Fail(written.error());
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    if (auto logged = FillDemoLogs(config, **engine, options.seed); !logged) return logged;
    Say(fmt::format("{} conversions of 90 days made up in {:.1f} s", *written, took.count()));
    return AddAdmin(**engine, password);
}

Result<int> RunDemo(
    const DemoOptions& options, const std::string& listen, const std::string& program
) {
    auto directory = TemporaryDirectory::Make();
    if (!directory) return Fail(directory.error());
    const std::string& place = (*directory)->path();
    auto room = HasRoom(place, options.conversions);
    if (!room) return Fail(room.error());
    auto sandbox = demo::Sandbox::Start();
    if (!sandbox) return Fail(sandbox.error());
    const std::string address = (*sandbox)->address();
    auto config = DemoConfig(place, address, listen);
    if (!config) return Fail(config.error());
    Say(fmt::format("making up {} conversions in {}", options.conversions, place));
    const std::string password = auth::NewSecret("").substr(0, kPasswordLength);
    auto filled = FillStore(*config, options, address, password);
    if (!filled) return Fail(filled.error());
    std::printf(
        "A demo: all data is made up, and goes when it stops.\nSign in at /admin as %s with the "
        "password %s\n\n",
        kAdmin,
        password.c_str()
    );
    std::fflush(stdout);
    return Serve(*config, program, false);
}

}  // namespace

Result<config::Config> DemoConfig(
    const std::string& directory, const std::string& sandbox, const std::string& listen
) {
    config::Flags flags{
        {"store.data", directory + "/data"},
        {"auth.ingest", "open"},
        {"network.base_url", sandbox + "/v3"},
        {"network.hash", "sandbox"},
        {"network.allow_addresses", kLoopback},
        {"network.deny_addresses", kBeyond}};
    if (!listen.empty()) flags["server.listen"] = listen;
    auto config = config::Load(std::nullopt, {}, flags);
    if (!config) return config;
    const auto& host = config->server.listen_host;
    // Where others may ask, not even made-up data is anybody's to change.
    if (!host.starts_with("127.") && host != "::1") config->auth.ingest = "key";
    config->demo = true;
    return config;
}

int DemoCommand(const DemoOptions& options, const std::string& listen, const std::string& program) {
    BlockStopSignals();  // before the first thread: what is temporary goes at a Ctrl-C too
    auto done = RunDemo(options, listen, program);
    if (done) return *done;
    Say("barracuda: " + done.error().message);
    return 2;
}

}  // namespace barracuda::app
