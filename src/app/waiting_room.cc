#include "app/waiting_room.h"

#include <chrono>
#include <optional>
#include <string>
#include <thread>

#include "api/health.h"
#include "api/metrics.h"
#include "app/adopt.h"
#include "app/listen.h"
#include "app/log.h"
#include "app/service_manager.h"
#include "app/stop_signals.h"
#include "base/thread_name.h"
#include "base/thread_safety.h"

namespace barracuda::app {

namespace {

constexpr std::chrono::milliseconds kLook{200};
constexpr std::chrono::seconds kAgain{5};  // after an adoption that broke off
constexpr std::chrono::seconds kLogEvery{10};
constexpr int kRetryAfterS = 5;
constexpr char kNotYet[] = "not serving yet, try again";

}  // namespace

// Why nothing is served yet, for any thread.
class WaitingRoom::Reason {
public:
    // Logged when it is another one, but a moving number not more often than every 10 s.
    void Set(std::string text) {
        MutexLock lock(mutex_);
        if (text == text_) return;
        text_ = std::move(text);
        auto now = std::chrono::steady_clock::now();
        if (now < next_) return;
        next_ = now + kLogEvery;
        Log(Level::kWarning, "not serving yet", {{"why", text_}});
    }
    std::string Get() const {
        MutexLock lock(mutex_);
        return text_;
    }

private:
    mutable Mutex mutex_;
    std::string text_ GUARDED_BY(mutex_);
    std::chrono::steady_clock::time_point next_ GUARDED_BY(mutex_);
};

namespace {

template <typename Reason>
http::Handler HandlerOf(const Reason& reason, const std::string& data) {
    return [&reason, data](http::Request&& request, http::Respond respond) {
        if (request.path == "/livez") {
            http::Response alive;
            alive.body = R"({"success":true,"message":"alive"})";
            return respond(std::move(alive));
        }
        if (request.path == "/metrics") {
            return respond(api::WaitingMetrics(BARRACUDA_VERSION, data));
        }
        const bool why = api::MayReadWhy(request);
        respond(http::JsonError(503, why ? reason.Get() : kNotYet, kRetryAfterS));
    };
}

// The adoption at start, on a thread of its own until it is done or has failed for good.
class AdoptionAtStart {
public:
    AdoptionAtStart(const config::Config& config, std::function<void(std::string)> say)
        : config_(config),
          say_(std::move(say)),
          thread_([this](std::stop_token stop) { Run(stop); }) {}

    bool running() const {
        MutexLock lock(mutex_);
        return !ended_;
    }
    std::optional<Error> failed() const {
        MutexLock lock(mutex_);
        return error_;
    }

private:
    void Run(std::stop_token stop) {
        NameThread("adopt");
        AdoptWatch watch{
            .say = [this](const std::string& line
                   ) { say_("the database is being adopted: " + line); },
            .stop = stop};
        std::optional<Error> error;
        while (!stop.stop_requested()) {
            auto report = AdoptDatabase(config_, false, watch);
            if (report) {
                bool adopted = report->found == store::DatabaseKind::kSeed ||
                               report->found == store::DatabaseKind::kBeingAdopted;
                if (adopted) Log(Level::kInfo, "adopted", {{"report", ReportText(*report, false)}});
                break;
            }
            auto code = report.error().code;
            if (code != ErrorCode::kUnavailable && code != ErrorCode::kConflict) {
                error = report.error();
                break;
            }
            say_("the adoption broke off and goes on soon: " + report.error().message);
            for (auto waited = kLook; waited < kAgain && !stop.stop_requested(); waited += kLook) {
                std::this_thread::sleep_for(kLook);
            }
        }
        MutexLock lock(mutex_);
        error_ = std::move(error);
        ended_ = true;
    }

    const config::Config& config_;
    const std::function<void(std::string)> say_;
    mutable Mutex mutex_;
    bool ended_ GUARDED_BY(mutex_) = false;
    std::optional<Error> error_ GUARDED_BY(mutex_);
    std::jthread thread_;
};

}  // namespace

WaitingRoom::WaitingRoom(
    const config::Config& config, const ListenRoom& room, store::Engine& engine
)
    : config_(config), room_(room), engine_(engine), reason_(std::make_unique<Reason>()) {}

WaitingRoom::~WaitingRoom() = default;

Result<std::unique_ptr<Listeners>> WaitingRoom::TakeListeners() {
    if (listeners_) return std::move(listeners_);
    return Listeners::Open(config_, room_, {});
}

Result<bool> WaitingRoom::Wait() {
    auto trouble = engine_.Trouble();
    if (!trouble) return true;
    reason_->Set(*trouble);
    auto listeners = Listeners::Open(config_, room_, HandlerOf(*reason_, config_.store.data));
    if (!listeners) return Fail(listeners.error());
    listeners_ = std::move(*listeners);
    std::optional<AdoptionAtStart> adoption;
    if (config_.store.adopt_on_start && config_.store.IsMongo()) {
        adoption.emplace(config_, [this](std::string why) { reason_->Set(std::move(why)); });
    }
    // Ready for the service manager: how long a store keeps us waiting, no start may be bounded by.
    for (std::string told; !StopWithin(kLook);) {
        const auto before = std::exchange(told, reason_->Get());
        if (told != before) TellReady("not serving yet: " + told);
        if (adoption && adoption->failed()) return Fail(*adoption->failed());
        bool adopting = adoption && adoption->running();
        trouble = engine_.Trouble();
        if (trouble && !adopting) reason_->Set(*trouble);
        if (trouble || adopting) continue;
        reason_->Set("the server is starting");
        return true;
    }
    return false;
}

}  // namespace barracuda::app
