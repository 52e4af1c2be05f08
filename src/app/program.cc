#include "app/program.h"

#include "api/event_json.h"
#include "api/router.h"
#include "app/doctor.h"
#include "app/log.h"
#include "app/request_log.h"
#include "app/setup_link.h"
#include "app/wiring.h"
#include "base/check.h"

namespace barracuda::app {

namespace {

constexpr unsigned kQueryThreads = 2;
constexpr size_t kQueryQueue = 256;
constexpr size_t kReachQueue = 16;
constexpr std::chrono::milliseconds kFollowLast{1'000};  // of the 9.4 s that a stop has

static_assert(kFlagsTrail > kFollowLast);  // a verification waits longer than flags may trail
static_assert(kQueryQueue > kQueryThreads);

std::string Control(Workplace& place, std::string_view line) {
    auto ask = DecodeAsk(line);
    if (!ask) return Encode(Answer{1, {}, ask.error().message});
    Answer answer = Execute(place, *ask);
    if (ask->command != Command::kPing) {  // every command asks that first
        const auto exit = std::to_string(answer.exit);
        Log(Level::kInfo, "command", {{"name", std::string(NameOf(ask->command))}, {"exit", exit}});
    }
    return Encode(answer);
}

// A line a request, where the settings want it.
api::RequestObserver RequestObserverOf(const config::Config& config) {
    if (!config.log.requests) return {};
    return [](const api::RequestRecord& record) {
        WriteLog(RequestLine(LogsJson(), Time::Now().Iso(), record));
    };
}

}  // namespace

Program::Program(
    const config::Config& config,
    const DescriptorPlan& plan,
    const net::ClientOptions& client,
    FaultLog& faults,
    const site::Site& site,
    store::Engine& engine
)
    : config_(config),
      faults_(faults),
      site_(site),
      engine_(engine),
      answers_(faults),
      logs_(OpenLogs(config, faults)),
      nodes_(engine, config),
      client_(client),
      network_(client_),
      destinations_(
          client_, network_, DestinationOptionsOf(config, client, destinations_, catalog_)
      ),
      catalog_(engine, CatalogOptionsOf(config, destinations_, hub_)),
      events_(Log, [this](const auto& queue, bool down) { NoteOutage(queue, down); }),
      dispatcher_(
          engine,
          client_,
          destinations_,
          DispatcherOptionsOf(config, plan, nodes_, logs_, events_, hub_)
      ),
      flows_(engine, network_, dispatcher_, FlowOptionsOf(config, nodes_, catalog_)),
      queries_(kQueryThreads, kQueryQueue),
      reaches_(1, kReachQueue, "reach"),
      ledger_(
          engine,
          {.node = nodes_.membership().node(), .queue_max = config.limits.queue},
          LedgerHooksOf(nodes_, dispatcher_, flows_, listeners_, hub_)
      ),
      replays_(engine, ledger_, ReplayOptionsOf(nodes_, dispatcher_, catalog_, hub_)),
      erasures_({.engine = engine, .ledger = ledger_, .logs = logs_.store.get(), .faults = faults}),
      erase_{
          .engine = engine,
          .ledger = ledger_,
          .flows = &flows_,
          .run = [this](auto query) { return queries_.Run(std::move(query)); },
          .marked = [this] { erasures_.Wake(); }},
      retention_(
          {.erase = erase_,
           .contacts_max_age = config.retention.contacts_max_age,
           .visitors_max_age = config.retention.conversions_personal_max_age,
           .is_gone = [this](const auto& node) { return nodes_.membership().IsGone(node); },
           .faults = faults}
      ),
      service_(PartsOfService()),
      import_rules_{
          .catalog = [this] { return catalog_.catalog(); },
          .rule = [this](const std::string& goal) { return nodes_.goals().Of(goal); },
          .offer = config.network.offer},
      place_{
          .engine = engine,
          .ledger = ledger_,
          .keys = keys_,
          .admins = admin_.admins(),
          .sessions = admin_.sessions(),
          .serving = true,
          .flags_trail = kFlagsTrail,
          .config = &config,
          .logins = &admin_.guard(),
          .import = &import_rules_,
          .erase = &erase_} {
    answers_.Tell(logs_.received.get(), RequestObserverOf(config), &hub_);
}

api::Parts Program::PartsOfService() {
    return {
        .config = config_,
        .version = BARRACUDA_VERSION,
        .engine = engine_,
        .ledger = ledger_,
        .dispatcher = dispatcher_,
        .catalog = catalog_,
        .destinations = destinations_,
        .replays = replays_,
        .flows = flows_,
        .erasures = erasures_,
        .membership = nodes_.membership(),
        .goals = nodes_.goals(),
        .site = site_,
        .keys = keys_,
        .admin = admin_,
        .shared = nodes_.shared(),
        .queries = queries_,
        .reaches = reaches_,
        .logs = logs_.store.get(),
        .received = logs_.received.get(),
        .attempts = logs_.attempts.get(),
        .answers = answers_,
        .events = hub_,
        .numbers = [this]() -> api::OperatorNumbers {
            const auto retained = retention_.counts();
            return {
                listeners_->stats(),
                faults_.counts(),
                LogLinesDropped(),
                retained.contacts,
                retained.conversions};
        },
        .examine = [this] { return ExamineServing(place_); },
    };
}

void Program::NoteOutage(const delivery::QueueKey& queue, bool down) {
    const char* state = down ? "down" : "up";
    hub_.Publish(api::Topic::kNetwork, api::NetworkEventJson(queue.network.value, state));
}

Result<bool> Program::Load() {
    if (auto loaded = keys_.LoadFrom(engine_); !loaded) return Fail(loaded.error());
    if (auto loaded = catalog_.Load(); !loaded) return Fail(loaded.error());
    if (auto joined = nodes_.Join(ledger_); !joined) return joined;
    if (auto loaded = admin_.LoadFrom(engine_); !loaded) return Fail(loaded.error());
    // A link of an earlier start is void, and the first admin voids this one's.
    RemoveSetupLink(config_.store.data);
    admin_.admins().OnCreated([this] { RemoveSetupLink(config_.store.data); });
    return true;
}

Result<bool> Program::Start(std::unique_ptr<Listeners> listeners) {
    BARRACUDA_CHECK(listeners && !listeners_);
    auto control = ControlServer::Start(config_.store.data, [this](std::string_view line) {
        return Control(place_, line);
    });
    if (!control) return Fail(control.error());
    control_ = std::move(*control);
    listeners_ = std::move(listeners);
    catalog_.Start();
    dispatcher_.Start(ledger_);
    flows_.Start(ledger_);
    nodes_.Start(keys_, admin_);
    replays_.Start();
    erasures_.Start();
    retention_.Start();
    hub_.Start();
    // Last: a request finds every part at work.
    listeners_->Lead(
        {[this](http::Request&& request, http::Respond respond) {
             api::Handle(service_, std::move(request), std::move(respond));
         },
         [this](const http::Request& request) { return api::NeedsNoBody(service_, request); }}
    );
    return true;
}

void Program::Look(std::chrono::steady_clock::time_point now) {
    events_.Look(dispatcher_.queues(), now);
    faults_.Look(now);
}

void Program::Stop() {
    BARRACUDA_CHECK(listeners_ && control_);
    answers_.Stopping();
    // First: an attempt that began while the listeners drain could not end in time.
    dispatcher_.StopBeginning();
    flows_.StopBeginning();
    hub_.Stop();  // else the listeners would wait for streams that have no end
    listeners_->Stop();
    control_->Stop();
    reaches_.Stop();
    retention_.Stop();  // while there are query threads, on which it erases
    queries_.Stop();    // an erasure that is still under way is refused by it
    replays_.Stop();
    erasures_.Stop();
    nodes_.StopReading();
    flows_.Stop();
    dispatcher_.Stop();
    events_.Finish();
    faults_.Finish();
    flows_.FollowLast(kFollowLast);  // the dispatcher's last outcomes change contact flags
    nodes_.Leave();                  // nothing of this process sends any more
    ledger_.Stop();
    catalog_.Stop();
}

}  // namespace barracuda::app
