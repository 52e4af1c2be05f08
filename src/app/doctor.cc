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
#include "app/listen.h"
#include "app/open_store.h"
#include "app/operations.h"
#include "app/owner.h"

namespace barracuda::app {

namespace {

constexpr uint64_t kRoomWarn = uint64_t{1} << 30;  // bytes
constexpr uint64_t kRoomLeast = uint64_t{100} << 20;
constexpr std::chrono::seconds kContentPatience{60};  // networks' names are resolved

const char* NameOf(Health health) {
    static constexpr const char* kNames[] = {"ok", "warn", "fail"};
    return kNames[static_cast<int>(health)];
}

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
    if (!shut) to.Warn("data", "others may look into " + data, "chmod 700 " + data);
    struct statvfs room {};
    if (statvfs(data.c_str(), &room) != 0) return;
    uint64_t free = uint64_t{room.f_bavail} * room.f_frsize;
    std::string text = fmt::format("{}: {} MiB free", data, free >> 20);
    if (free < kRoomLeast) return to.Fail("data", text, "make room: a full disk stops all writes");
    if (free < kRoomWarn) return to.Warn("data", text, "make room soon");
    if (shut) to.Ok("data", text);
}

enum class Running { kNo, kYes, kSilent };

Running ExamineServer(const config::Config& config, Findings& to) {
    auto line = AskServer(config.store.data, Encode(Ask{.command = "ping"}), kAnswerPatience);
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
    auto listeners = Listeners::Open(config, {});
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
        auto line =
            AskServer(config.store.data, Encode(Ask{.command = "doctor"}), kContentPatience);
        auto answer = line && *line ? DecodeAnswer(**line)
                                    : Result<Answer>(Fail(ErrorCode::kUnavailable, "no answer"));
        if (answer && answer->exit == 0) return to.AddRows(answer->out);
        return to.Warn("store", "the running server does not tell of it", "ask its /readyz");
    }
    if (!HoldsStore(config.store.data)) {
        to.Ok("store", "RocksDB: none yet, serve makes it");
        return ExamineContent(config, NothingThere, to);
    }
    auto engine = OpenStoreToRead(config);
    if (!engine) {
        return to.Fail("store", engine.error().message, "docs/operating/runbook.md has this line");
    }
    to.Ok("store", "RocksDB opens; barracuda verify reads all of it");
    ExamineContent(
        config, [&](const auto& request) { return (*engine)->Scan(request); }, to
    );
}

std::string OneLine(std::string text) {
    for (char& c : text) {
        if (static_cast<unsigned char>(c) < 0x20) c = ' ';
    }
    return text;
}

std::vector<std::string> Split(std::string_view text, char by) {
    std::vector<std::string> parts(1);
    for (char c : text) {
        if (c == by) {
            parts.emplace_back();
        } else {
            parts.back().push_back(c);
        }
    }
    return parts;
}

}  // namespace

std::string Findings::Text() const {
    std::string text;
    for (const auto& finding : all_) {
        text += fmt::format(
            "{:<4}  {}: {}", NameOf(finding.health), finding.about, OneLine(finding.text)
        );
        if (!finding.todo.empty()) text += "; do: " + OneLine(finding.todo);
        text += "\n";
    }
    return text;
}

int Findings::Exit() const {
    int worst = 0;
    for (const auto& finding : all_) worst = std::max(worst, static_cast<int>(finding.health));
    return worst;
}

std::string Findings::Rows() const {
    std::string rows;
    for (const auto& finding : all_) {
        rows += fmt::format(
            "{}\t{}\t{}\t{}\n",
            static_cast<int>(finding.health),
            OneLine(finding.about),
            OneLine(finding.text),
            OneLine(finding.todo)
        );
    }
    return rows;
}

void Findings::AddRows(std::string_view rows) {
    for (const auto& row : Split(rows, '\n')) {
        auto parts = Split(row, '\t');
        if (parts.size() != 4) continue;
        auto health = parts[0] == "0"   ? Health::kOk
                      : parts[0] == "1" ? Health::kWarn
                                        : Health::kFail;
        all_.push_back({health, parts[1], parts[2], parts[3]});
    }
}

int DoctorCommand(const config::Config& config) {
    Findings findings;
    ExamineSettings(config, findings);
    std::error_code ec;  // from where it was asked, a relative one may be another
    const auto data = std::filesystem::absolute(config.store.data, ec).lexically_normal().string();
    const bool usable = IsUsable(data, findings);
    Running running = Running::kSilent;
    if (usable) {
        ExamineData(data, findings);
        running = ExamineServer(config, findings);
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
