#include "node.h"

#include "base/check.h"
#include "delivery/stop.h"

namespace barracuda::sim {

using std::chrono::milliseconds;

// In the order of app/program.h: each after those it uses.
struct Node::Parts {
    nodes::Membership membership;
    MutantOwnership ownership;
    net::Client client;
    delivery::IrevApi network;
    delivery::Destinations destinations;
    MutantSenders senders;
    delivery::CatalogStore catalog;
    delivery::Dispatcher dispatcher;
    contacts::FlowRunner flows;
    ledger::Ledger ledger;

    Parts(Node& node, store::Engine& engine)
        : membership(engine, node.MembershipOptionsOf()),
          ownership(
              membership, [this] { return membership.node(); }, node.control_
          ),
          client(net::ClientOptions{}),
          network(client),
          destinations(client, network, node.DestinationOptionsOf()),
          senders(destinations, node.control_),
          catalog(engine, node.CatalogOptionsOf(*this)),
          dispatcher(engine, client, senders, node.DispatcherOptionsOf(*this)),
          flows(engine, network, dispatcher, node.FlowOptionsOf(*this)),
          ledger(
              engine,
              {.node = membership.node(),
               .queue_max = node.setting_.queue_max,
               .batch_commands_max = node.setting_.batch_max},
              node.HooksOf(*this)
          ) {}
};

Node::Node(std::string name, Setting setting, Random random, Control control)
    : setting_(setting), random_(random), control_(control) {
    life.name = std::move(name);
}

Node::~Node() = default;

void Node::Visit(const std::function<void()>& work) {
    if (!serves()) return;
    ++guests_;
    Fibers::Now()->Spawn(&life, [this, work] {
        work();
        --guests_;
    });
}

ledger::Ledger& Node::ledger() { return parts_->ledger; }
delivery::Dispatcher& Node::dispatcher() { return parts_->dispatcher; }
contacts::FlowRunner& Node::flows() { return parts_->flows; }

std::function<double()> Node::Jitter() {
    return [random = random_.Fork()]() mutable { return random.Unit(); };
}

nodes::MembershipOptions Node::MembershipOptionsOf() {
    nodes::MembershipOptions options;
    options.alone = !shared_;
    options.new_boot_id = [this] {
        NodeId id(fmt::format("{}-{}", life.name, life.ids.size()));
        life.ids.insert(id.value);
        return id;
    };
    return options;
}

delivery::DestinationOptions Node::DestinationOptionsOf() {
    delivery::DestinationOptions options;
    options.concurrency = setting_.concurrency;
    return options;
}

delivery::CatalogOptions Node::CatalogOptionsOf(Parts& parts) {
    delivery::CatalogOptions options;
    domain::Network network;
    network.name = domain::kDefaultNetwork;
    network.kind = domain::NetworkKind::kIrevV3;
    network.base_url = "http://network.example/api/v3";
    network.private_api_url = "http://network.example/open-api/v1";
    network.secrets = {"setting:hash"};
    network.private_secret = "setting:token";
    options.built_in.networks = {network};
    domain::Goal registration, deposit;
    registration.id = "5";
    registration.type = domain::GoalType::kRegistration;
    registration.then = "6";
    registration.then_amount = "100";
    deposit.id = "6";
    deposit.type = domain::GoalType::kDeposit;
    options.built_in.goals = {registration, deposit};
    domain::Offer offer;
    offer.id = "2";
    options.built_in.offers = {offer};
    options.read_secret = [](std::string_view) { return std::string("secret"); };
    options.swapped = [&parts](const delivery::SnapshotPtr& snapshot) {
        parts.destinations.Use(snapshot);
    };
    return options;
}

delivery::DispatcherOptions Node::DispatcherOptionsOf(Parts& parts) {
    static constexpr int kDelaysMs[] = {0, 300, 1'000, 2'000, 4'000, 8'000, 8'000, 8'000};
    delivery::DispatcherOptions options;
    options.attempts_max = setting_.attempts_max;
    options.waiters_max = setting_.waiters_max;
    std::vector<milliseconds> delays;
    for (int i = 0; i < setting_.attempts; ++i) delays.emplace_back(kDelaysMs[i]);
    options.schedule = delivery::RetrySchedule(delays);
    options.random = Jitter();
    options.ownership = &parts.ownership;
    return options;
}

contacts::FlowOptions Node::FlowOptionsOf(Parts& parts) {
    contacts::FlowOptions options;
    options.inline_wait = milliseconds(3'000);
    options.refused_look = milliseconds(15'000);
    options.stopped_look = milliseconds(2'000);
    options.runs_max = setting_.runs_max;
    options.schedule = delivery::RetrySchedule(
        {milliseconds(0),
         milliseconds(500),
         milliseconds(2'000),
         milliseconds(4'000),
         milliseconds(8'000),
         milliseconds(15'000),
         milliseconds(30'000)}
    );
    options.random = Jitter();
    options.ownership = &parts.ownership;
    options.shared_contacts = shared_;
    options.stopped = [&parts] {
        const auto snapshot = parts.catalog.snapshot();
        const auto at = snapshot->stops.find(domain::kDefaultNetwork);
        return at == snapshot->stops.end() ? std::string() : at->second.why;
    };
    return options;
}

ledger::Hooks Node::HooksOf(Parts& parts) {
    ledger::Hooks hooks;
    hooks.owed = [&parts](const auto& conversion, const auto& ids) {
        parts.dispatcher.Owe(conversion, ids);
    };
    if (control_ != Control::kDroppedFlags) {
        hooks.written = [&parts](const auto& conversion) { parts.flows.Written(conversion); };
    }
    return hooks;
}

bool Node::Up(std::unique_ptr<store::Kv> disk) {
    auto opened = store::KvEngine::Open(std::move(disk));
    if (!opened) return false;
    engine_ = std::move(*opened);
    return Start();
}

bool Node::Up(Cluster& cluster) {
    auto view = std::make_unique<ClusterView>(cluster, life);
    view_ = view.get();
    shared_ = true;
    engine_ = std::move(view);
    return Start();
}

bool Node::Start() {
    mutant_ = std::make_unique<MutantEngine>(*engine_, control_, random_.Fork());
    parts_ = std::make_unique<Parts>(*this, *mutant_);
    if (!parts_->catalog.Load() || !parts_->membership.Join(parts_->ledger)) return false;
    parts_->catalog.Start();
    parts_->dispatcher.Start(parts_->ledger);
    parts_->flows.Start(parts_->ledger);
    parts_->membership.Start();
    serving_ = true;
    return true;
}

void Node::Down() {
    if (!std::exchange(serving_, false)) return;
    parts_->dispatcher.StopBeginning();
    parts_->flows.StopBeginning();
    life.ending = true;
    while (guests_ > 0) Fibers::Now()->Sleep(kMs);  // as the listeners do
    parts_->flows.Stop();
    parts_->dispatcher.Stop();
    parts_->flows.FollowLast(milliseconds(1'000));
    parts_->membership.Leave();
    parts_->ledger.Stop();
    parts_->catalog.Stop();
    parts_.reset();
}

void Node::StopNetwork(std::function<void()> done) {
    const delivery::Stop stop{domain::kDefaultNetwork, "by an operator", Time::Now()};
    delivery::KeepStop(parts_->ledger, stop, [this, stop, done](Result<ledger::EditState> kept) {
        if (!kept) return;
        parts_->destinations.StopHere(stop.network, stop.why);
        parts_->catalog.ReloadThen([this, stop, done](bool read) {
            if (read) parts_->destinations.StopKept(stop.network);
            parts_->dispatcher.FollowRules();
            done();
        });
    });
}

void Node::ResumeNetwork(std::function<void()> done) {
    const auto name = domain::kDefaultNetwork;
    delivery::RemoveStop(parts_->ledger, name, [this, name, done](Result<ledger::EditState> gone) {
        if (!gone) return;
        parts_->destinations.ResumeHere(name);
        parts_->catalog.ReloadThen([this, name, done](bool read) {
            if (read) parts_->destinations.StopKept(name);
            parts_->dispatcher.FollowRules();
            done();
        });
    });
}

}  // namespace barracuda::sim
