#include "app/stop_signals.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <thread>

#include "app/log.h"
#include "base/thread_name.h"

namespace barracuda::app {

namespace {

// A stop has 10 s. What was answered is durable, so ending hard just before loses nothing: an
// attempt cut off is made again at the next start, an adoption goes on where it was.
constexpr std::chrono::milliseconds kStopPatience{9'400};
static_assert(kStopPatience < std::chrono::seconds(10));

sigset_t StopSignals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    // A terminal that is closed is no reason to end hard; one that was told to be ignored (nohup)
    // is not to be waited for, and a blocked signal is never ignored.
    struct sigaction hangup {};
    sigaction(SIGHUP, nullptr, &hangup);
    if (hangup.sa_handler != SIG_IGN) sigaddset(&set, SIGHUP);
    return set;
}

const char* NameOf(int signal) {
    if (signal == SIGINT) return "SIGINT";
    return signal == SIGHUP ? "SIGHUP" : "SIGTERM";
}

void BeginStop(int signal) {
    sigset_t set = StopSignals();
    sigdelset(&set, SIGHUP);  // a shell and the terminal both send it: the second must not kill
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    Log(Level::kInfo, "stopping", {{"signal", NameOf(signal)}});
    std::thread([] {
        NameThread("stop-limit");
        std::this_thread::sleep_for(kStopPatience);
        Log(Level::kWarning, "stopped with calls to the network under way; they will be repeated");
        FlushLog();
        _exit(0);
    }).detach();
}

}  // namespace

void BlockStopSignals() {
    sigset_t set = StopSignals();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

bool StopWithin(std::chrono::milliseconds patience) {
    sigset_t set = StopSignals();
    timespec wait{};
    wait.tv_sec = patience.count() / 1000;
    wait.tv_nsec = patience.count() % 1000 * 1'000'000;
    int signal = sigtimedwait(&set, nullptr, &wait);
    if (signal <= 0) return false;
    BeginStop(signal);
    return true;
}

}  // namespace barracuda::app
