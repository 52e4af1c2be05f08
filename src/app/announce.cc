#include "app/announce.h"

#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "app/first_steps.h"
#include "app/log.h"
#include "app/migrate.h"
#include "app/open_store.h"
#include "app/setup_link.h"

namespace barracuda::app {

namespace {

// The terminal at which a person reads along, so that secrets may be shown; nullptr: there is none.
// A terminal at which nobody can type is a service's, and a container keeps its first process's
// words.
FILE* Terminal() {
    constexpr pid_t kFirst = 1;
    if (!isatty(STDIN_FILENO) || getpid() == kFirst) return nullptr;
    if (isatty(STDOUT_FILENO)) return stdout;
    return isatty(STDERR_FILENO) ? stderr : nullptr;
}

// For a person at the start, who may not be there: a pipe that nobody empties is left alone.
void Show(FILE* out, const std::string& text) {
    pollfd ready{fileno(out), POLLOUT, 0};
    if (poll(&ready, 1, 1'000) <= 0) {
        return Log(Level::kWarning, "the first steps could not be shown: nobody reads them");
    }
    std::fputs(text.c_str(), out);
    std::fflush(out);
}

// With nobody reading along the link goes into a file; the log names the file only.
void LeaveSetupLink(
    const config::Config& config, const std::string& link, bool terminal, Beginning& to
) {
    if (terminal) {
        to.setup_link = link;
    } else if (auto written = WriteSetupLink(config.store.data, link)) {
        std::error_code ec;
        to.setup_file =
            std::filesystem::absolute(SetupLinkPath(config.store.data), ec).lexically_normal();
        Log(Level::kInfo, "no admin yet: a file holds a one-time link", {{"file", to.setup_file}});
    } else {
        Log(Level::kWarning, written.error().message);
    }
}

// On a fresh data directory somebody at a terminal gets a key to begin with.
std::string FirstKey(Workplace& place, const config::Config& config) {
    if (config.auth.ingest == "open" || !place.keys.List().empty()) return {};
    auto made =
        Execute(place, {.command = Command::kKeyCreate, .name = "first", .scope = "ingest"});
    if (made.exit != 0) Log(Level::kWarning, "no first key was made: " + made.note);
    return made.out.substr(0, made.out.find('\n'));
}

}  // namespace

void Announce(
    const config::Config& config,
    const std::string& program,
    uint16_t port,
    Workplace& place,
    auth::AdminAuth& admin
) {
    FILE* terminal = Terminal();
    Beginning from{.address = AddressOf(config, port), .program = program};
    from.any_keys = !place.keys.List().empty();
    if (admin.admins().empty()) {
        auto link = SetupLink(from.address, admin.NewSetupToken());
        LeaveSetupLink(config, link, terminal != nullptr, from);
    }
    if (terminal) from.key = FirstKey(place, config);
    const std::string text = FirstSteps(config, from);
    Show(terminal ? terminal : stdout, text);
    Log(Level::kInfo,
        "listening",
        {{"version", BARRACUDA_VERSION},
         {"host", config.server.listen_host},
         {"port", std::to_string(port)},
         {"ops_listen", config.server.ops_listen},
         {"store", PlaceOf(config)},
         {"data", config.store.data}});
    bool local = config.server.listen_host == "127.0.0.1" || config.server.listen_host == "::1";
    if (config.auth.ingest == "open" && !local) {
        Log(Level::kWarning, "auth.ingest is open: whoever reaches this address may write");
    }
}

}  // namespace barracuda::app
