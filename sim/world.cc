#include "world.h"

#include "contacts/flag_check.h"

namespace barracuda::sim {

namespace {

constexpr Micros kRestMax = 1'200 * kSecond;  // after the faults, until nothing is owed

// Of every second seed small bounds, so that they are met.
Setting DrawSetting(Random& random) {
    Setting setting;
    if (random.Chance(0.5)) {
        setting.queue_max = static_cast<size_t>(random.Between(1, 8));
        setting.batch_max = static_cast<size_t>(random.Between(1, 8));
        setting.attempts_max = static_cast<size_t>(random.Between(1, 4));
        setting.runs_max = static_cast<size_t>(random.Between(1, 4));
        setting.waiters_max = static_cast<size_t>(random.Between(0, 2));
    }
    setting.concurrency = static_cast<size_t>(random.Between(1, 6));
    setting.attempts = static_cast<int>(random.Between(1, 8));
    return setting;
}

unsigned DrawPreempt(Random& random) {
    static constexpr unsigned kOneIn[] = {0, 200, 50, 10};
    return kOneIn[random.Below(std::size(kOneIn))];
}

}  // namespace

World::World(uint64_t seed, Control control, bool tell)
    : control_(control),
      trace_(tell),
      random_(seed),
      fibers_(random_.Fork(), DrawPreempt(random_)),
      oracle_(trace_),
      network_(fibers_, random_.Fork(), trace_, oracle_, control),
      setting_(DrawSetting(random_)) {
    network_.calls_max = std::min(setting_.concurrency, setting_.attempts_max);
    const bool shared = random_.Chance(0.5);
    if (shared) {
        cluster_ = std::make_unique<Cluster>(fibers_, random_.Fork(), trace_, oracle_, control);
    }
    slots_.resize(shared ? 2 : 1);
    for (size_t i = 0; i < slots_.size(); ++i) {
        slots_[i].name = std::string(1, static_cast<char>('a' + i));
        if (shared) continue;
        slots_[i].disk = std::make_unique<Disk>(fibers_, random_.Fork(), trace_, oracle_, control);
    }
}

World::~World() = default;

void World::Boot(Slot& slot) {
    const std::string name = fmt::format("{}{}", slot.name, slot.lives.size());
    slot.lives.push_back(std::make_unique<Node>(name, setting_, random_.Fork(), control_));
    slot.up = true;
    Node* node = slot.node();
    trace_.Note("{} starts", name);
    if (slot.disk) slot.data = slot.disk->Restart(slot.power_cut);
    fibers_.Spawn(&node->life, [this, &slot, node] {
        const bool up = slot.disk ? node->Up(std::make_unique<DiskKv>(*slot.disk, slot.data))
                                  : node->Up(*cluster_);
        trace_.Note("{} {}", node->life.name, up ? "serves" : "could not start");
        if (up || slot.node() != node) return;
        fibers_.At(fibers_.now() + kSecond, [this, &slot, node] {
            if (slot.node() == node && slot.up) End(slot);
        });
    });
}

// As kill -9, or a power cut.
void World::End(Slot& slot) {
    Node* node = slot.node();
    slot.power_cut = random_.Chance(0.5);
    trace_.Note("{} {}", node->life.name, slot.power_cut ? "loses its power" : "is killed");
    fibers_.Kill(node->life);
    oracle_.Gone(node->life);
    slot.up = false;
}

void World::Stop(Slot& slot) {
    Node* node = slot.node();
    if (!node->serves()) return;
    trace_.Note("{} stops", node->life.name);
    fibers_.Spawn(&node->life, [this, &slot, node] {
        node->Down();
        trace_.Note("{} has stopped", node->life.name);
        fibers_.At(fibers_.now() + 1, [this, &slot, node] {
            if (slot.node() != node || !slot.up) return;
            fibers_.Kill(node->life);
            oracle_.Gone(node->life);
            slot.up = false;
            slot.power_cut = false;
        });
    });
}

// Whether everything derived from the documents is what a walk over them gives.
void World::CheckSums(const char* when) {
    Fibers::Whole whole;
    for (auto& slot : slots_) {
        if (slot.disk && !slot.data) continue;
        std::unique_ptr<store::KvEngine> own;
        if (slot.disk)
            own = store::KvEngine::OpenToRead(std::make_unique<store::MemoryKv>(slot.data));
        auto findings = own ? own->Verify(false) : cluster_->engine().Verify(false);
        if (!findings) return oracle_.Break(fmt::format("{}: {}", when, findings.error().message));
        if (!findings->empty())
            return oracle_.Break(fmt::format("{}: {}", when, findings->front()));
        if (cluster_) return;
    }
}

bool World::Rests() {
    if (clients_ > 0 || oracle_.stopped()) return false;
    for (const auto& [key, conversion] : oracle_.conversions()) {
        if (conversion.due || conversion.dead) return false;
    }
    for (const auto& [key, contact] : oracle_.contacts()) {
        if (contact.flow.Unfinished() && !oracle_.WaitsForOperator(contact)) return false;
    }
    return true;
}

// What the network would not take is sent again by an operator, as it takes everything by now.
void World::ReplayDead() {
    std::vector<domain::ConversionKey> dead;
    for (const auto& [key, conversion] : oracle_.conversions()) {
        if (conversion.dead) dead.push_back(conversion.key);
    }
    for (auto& key : dead) {
        (void)Submit(domain::Replay{key, {}, ObjectId::New(), "admin:sim", ""}, false);
    }
}

void World::CheckAtRest() {
    oracle_.AllDelivered();
    CheckSums("at rest");
    Fibers::Whole whole;
    std::unique_ptr<store::KvEngine> own;
    if (!cluster_) {
        own = store::KvEngine::OpenToRead(std::make_unique<store::MemoryKv>(slots_[0].data));
    }
    store::Engine& engine = cluster_ ? static_cast<store::Engine&>(cluster_->engine()) : *own;
    std::vector<std::string> findings;
    auto wrong = contacts::CheckFlags(engine, {}, {}, findings);
    if (!wrong) return oracle_.Break("at rest: " + wrong.error().message);
    if (*wrong > 0) oracle_.Break("at rest: " + findings.front());
}

void World::Story() {
    for (auto& slot : slots_) Boot(slot);
    const int clients = static_cast<int>(random_.Between(2, 5));
    const int forms = static_cast<int>(random_.Between(0, 3));
    clients_ = clients + forms;
    for (int i = 0; i < clients; ++i) fibers_.Spawn(nullptr, [this, i] { Client(i); });
    for (int i = 0; i < forms; ++i) fibers_.Spawn(nullptr, [this, i] { Form(i); });
    calm_from_ = fibers_.now() + random_.Between(5, 60) * kSecond;
    Misfortune();
    Heal();
    const Micros until = fibers_.now() + kRestMax;
    while (!Rests() && fibers_.now() < until) {
        fibers_.Sleep(2 * kSecond);
        if (oracle_.stopped()) Resume();
        ReplayDead();
        for (auto& slot : slots_) {
            if (!slot.up) Boot(slot);
        }
    }
    if (!Rests()) {
        oracle_.AllDelivered();
        oracle_.Break(fmt::format("it never comes to rest: {} clients are not answered", clients_));
    }
    fibers_.Sleep(5 * kSecond);  // flags follow
    CheckAtRest();
    over_ = true;
}

Ending World::Run() {
    fibers_.Spawn(nullptr, [this] { Story(); });
    const bool moved = fibers_.Run([this] { return over_ || !oracle_.broken.empty(); });
    if (!moved) oracle_.Break("nothing can go on any more");
    return {oracle_.broken, trace_.hash(), fibers_.switches(), fibers_.now(), oracle_.counts};
}

}  // namespace barracuda::sim
