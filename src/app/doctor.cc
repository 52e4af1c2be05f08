#include "app/doctor.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <map>

#include "app/control.h"
#include "app/descriptors.h"
#include "app/listen.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "app/owner.h"
#include "store/rocks/store_files.h"

namespace barracuda::app {

namespace {

constexpr uint64_t kRoomWarn = uint64_t{1} << 30;  // bytes
constexpr uint64_t kRoomLeast = uint64_t{100} << 20;
static_assert(kRoomLeast < kRoomWarn);
constexpr std::chrono::seconds kContentPatience{60};  // networks' names are resolved
static_assert(kContentPatience > kAnswerPatience);

void ExamineSettings(const config::Config& config, Findings& to) {
    std::map<std::string, int> by_source;
    for (const auto& [path, source] : config.sources) {
        if (source == "store.url") continue;  // the database that the address names
        bool file = source.find(':') != source.npos && source[0] != 'e';
        ++by_source[file ? "the file" : source.substr(0, source.find(' '))];
    }
    std::string text;
    for (const auto& [source, count] : by_source) {
        text += fmt::format("{}{} by {}", text.empty() ? "" : ", ", count, source);
    }
    to.Ok("settings", text);
    for (const auto& name : config.unknown) {
        to.Warn("settings", name + " in the environment is no setting", "correct or remove it");
    }
    const auto& host = config.server.listen_host;
    bool local = host.starts_with("127.") || host == "::1";
    if (config.auth.ingest == "open" && !local) {
        to.Warn(
            "settings",
            "auth.ingest is open on an address that others reach",
            "set auth.ingest = \"key\", unless a firewall stands before it"
        );
    }
    if (config.forms.trust_amounts) {
        to.Warn(
            "settings",
            "forms.trust_amounts lets any visitor name the sum of a deposit",
            "set it to false, unless the forms' callers are yours"
        );
    }
}

// Whether this user may work in the data directory, or make it.
bool IsUsable(const std::string& data, Findings& to) {
    struct stat is {};
    if (stat(data.c_str(), &is) == 0 && !S_ISDIR(is.st_mode)) {
        to.Fail("data", data + " is no directory", "name another one with store.data");
        return false;
    }
    if (access(data.c_str(), R_OK | W_OK | X_OK) == 0 || errno == ENOENT) return true;
    auto owner = OwnerOf(data);
    if (owner && *owner != geteuid()) {
        to.Fail(
            "data",
            BelongsTo(*owner, data).message,
            "ask as the user that serves; if this is it, chown -R the directory"
        );
    } else {
        to.Fail("data", data + " is not writable for this user", "its owner and mode (0700)");
    }
    return false;
}

void ExamineData(const std::string& data, Findings& to) {
    struct stat is {};
    if (stat(data.c_str(), &is) != 0) {
        return to.Ok("data", data + " is not there yet: serve makes it");
    }
    const bool shut = (is.st_mode & 077) == 0;
    if (auto kept = ShutToOthers(data); !kept) {
        to.Fail("data", kept.error().message, "nothing starts on it until then");
    } else if (!shut)
        to.Warn("data", "others may look into " + data, "chmod 700 " + data);
    struct statvfs room {};
    if (statvfs(data.c_str(), &room) != 0) return;
    uint64_t free = uint64_t{room.f_bavail} * room.f_frsize;
    std::string text = fmt::format("{}: {} MiB free", data, free >> 20);
    if (free < kRoomLeast) return to.Fail("data", text, "make room: a full disk stops all writes");
    if (free < kRoomWarn) return to.Warn("data", text, "make room soon");
    if (shut) to.Ok("data", text);
}

}  // namespace

bool ExaminePlace(const config::Config& config, Findings& to) {
    ExamineSettings(config, to);
    std::error_code ec;  // from where it was asked, a relative one may be another
    const auto data = std::filesystem::absolute(config.store.data, ec).lexically_normal().string();
    if (!IsUsable(data, to)) return false;
    ExamineData(data, to);
    return true;
}

void ExamineDescriptors(const config::Config& config, size_t limit, Findings& to) {
    const auto plan = PlanDescriptors(limit, config);
    if (plan.enough()) {
        return to.Ok("open files", fmt::format("{} allowed, enough for the settings", limit));
    }
    to.Warn(
        "open files",
        plan.Shortage(config),
        "raise the hard limit (ulimit -Hn, LimitNOFILE in a unit), or lower limits.connections"
    );
}

namespace {

enum class Running { kNo, kYes, kSilent };

Running ExamineServer(const config::Config& config, Findings& to) {
    auto line =
        AskServer(config.store.data, Encode(Ask{.command = Command::kPing}), kAnswerPatience);
    if (line && *line) {
        to.Ok("server", "one runs on this data directory");
        return Running::kYes;
    }
    if (!line) {
        const bool other = line.error().code == ErrorCode::kForbidden;
        to.Fail(
            "server",
            line.error().message,
            other ? "ask as that user"
                  : "let the commands end that are under way; without any, look at its log and "
                    "restart it"
        );
        return Running::kSilent;
    }
    auto listeners = Listeners::Open(config, {}, {});
    if (listeners) {
        to.Ok("server", "none runs on this data directory; its address is free");
    } else {
        to.Fail(
            "server",
            listeners.error().message,
            "another process has the port (a server on another data directory? name that with "
            "--data), or the address is not this machine's: server.listen"
        );
    }
    return Running::kNo;
}

void ExamineRocks(const config::Config& config, Running running, Findings& to) {
    if (running == Running::kSilent) return;
    if (running == Running::kYes) {
        auto line = AskServer(
            config.store.data, Encode(Ask{.command = Command::kDoctor}), kContentPatience
        );
        auto answer = line && *line ? DecodeAnswer(**line)
                                    : Result<Answer>(Fail(ErrorCode::kUnavailable, "no answer"));
        if (answer && !answer->findings.empty()) return to.Add(std::move(answer->findings));
        return to.Warn("store", "the running server does not tell of it", "ask its /readyz");
    }
    auto found = store::LookAtStore(config.store.data);
    if (found && *found != store::Found::kStore) {
        to.Ok("store", "RocksDB: none yet, serve makes it");
        return ExamineContent(config, NothingThere, to);
    }
    auto engine = OpenStoreToRead(config);
    if (!engine) {
        return to.Fail("store", engine.error().message, "docs/operating/runbook.md has this line");
    }
    to.Ok("store", "RocksDB opens; barracuda verify reads all of it");
    ExamineLoss(**engine, to);
    ExamineContent(
        config, [&](const auto& request) { return (*engine)->Scan(request); }, to
    );
}

}  // namespace

void ExamineLoss(const store::Engine& engine, Findings& to) {
    const auto loss = engine.Accepted();
    if (loss.times == 0) return;
    to.Warn(
        "store",
        loss.Text(),
        "nothing more, if who reported since the last backup has sent it again"
    );
}

int DoctorCommand(const config::Config& config) {
    Findings findings;
    Running running = Running::kSilent;
    if (ExaminePlace(config, findings)) running = ExamineServer(config, findings);
    if (running != Running::kYes || config.store.IsMongo()) {
        ExamineDescriptors(config, HardDescriptorLimit(), findings);
    }
    if (config.store.IsMongo()) {
        ExamineMongo(config, findings);
    } else {
        ExamineRocks(config, running, findings);
    }
    const std::string text = findings.Text();
    if (std::fputs(text.c_str(), stdout) < 0 || std::fflush(stdout) != 0) return 2;
    return findings.Exit();
}

}  // namespace barracuda::app
