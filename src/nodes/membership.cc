#include "nodes/membership.h"

#include <sodium.h>
#include <time.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"
#include "ledger/edit_and_wait.h"
#include "store/each_document.h"

namespace barracuda::nodes {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kTick{200};
constexpr milliseconds kBirthPause{500};  // after learning of one's death, or failing to join
constexpr std::chrono::seconds kJoinPatience{20};
constexpr std::chrono::seconds kLeavePatience{2};

store::Ref RefOf(const NodeId& id) { return {store::Collection::kNodes, id.value}; }

// Changes a node's document while `wanted` holds for it.
ledger::EditFunction Changing(
    std::function<bool(const NodeDocument&)> wanted, std::function<void(NodeDocument&)> change
) {
    return [wanted = std::move(wanted),
            change = std::move(change)](const std::optional<std::string>& stored) {
        if (!stored) return ledger::EditPlan{};
        NodeDocument node = DecodeNode(*stored);
        if (!wanted(node)) return ledger::EditPlan{};
        change(node);
        ++node.rev;
        return ledger::EditPlan{true, Encode(node)};
    };
}

bool IsAlive(const NodeDocument& node) { return node.state == NodeState::kAlive; }

}  // namespace

std::chrono::milliseconds BootClock() {
    timespec at{};
    clock_gettime(CLOCK_BOOTTIME, &at);
    return milliseconds(int64_t{at.tv_sec} * 1000 + at.tv_nsec / 1'000'000);
}

NodeId NewBootId() {
    std::string bytes(8, '\0');
    randombytes_buf(bytes.data(), bytes.size());
    return NodeId(HexOf(bytes));
}

Membership::Membership(store::Engine& engine, MembershipOptions options)
    : engine_(engine), options_(std::move(options)), node_(options_.new_boot_id()) {
    // A node is fenced before others may take its work, and a heartbeat in time prevents both.
    BARRACUDA_CHECK(options_.alone || options_.heartbeat < options_.fence_after);
    BARRACUDA_CHECK(options_.fence_after < options_.dead_after);
    BARRACUDA_CHECK(!node_.empty());
}

Membership::~Membership() {
    eyes_.Stop();
    heart_.Stop();
}

Result<bool> Membership::Join(ledger::Ledger& ledger) {
    BARRACUDA_CHECK(!ledger_);  // once; Leave ends it
    ledger_ = &ledger;
    const Millis now = options_.clock();
    NodeId id;
    ledger::EditFunction birth;
    {
        MutexLock lock(mutex_);
        id = node_;
        birth = Birth(id);
    }
    auto born = ledger::EditAndWait(ledger, RefOf(id), std::move(birth), kJoinPatience);
    if (!born) return Fail(born.error());
    {
        MutexLock lock(mutex_);
        acknowledged_ = now;
        joined_ = true;
    }
    next_beat_ = next_look_ = now + options_.heartbeat;
    Look(now);
    return true;
}

void Membership::Start(std::function<void()> beside) {
    heart_.Start("heartbeat", kTick, [this] { BeatIfDue(); });
    eyes_.Start("nodes", kTick, [this, beside = std::move(beside)] {
        if (LookIfDue() && beside) beside();
    });
}

void Membership::Leave(bool certain) {
    eyes_.Stop();
    heart_.Stop();
    if (!ledger_) return;
    // Outcomes under way come first: who finds this node gone takes over what still waits.
    if (certain && ledger_->Pass(kLeavePatience)) {
        // Best effort: without it the others wait for the silence.
        auto left = Changing(IsAlive, [](NodeDocument& node) { node.state = NodeState::kLeft; });
        (void)ledger::EditAndWait(*ledger_, RefOf(node()), std::move(left), kLeavePatience);
    }
    ledger_ = nullptr;
}

bool Membership::Step() {
    if (!BeatIfDue()) return false;
    Look(options_.clock());
    return true;
}

bool Membership::LookIfDue() {
    const Millis now = options_.clock();
    if (now < next_look_) return false;
    next_look_ = now + options_.heartbeat;
    Look(now);
    return true;
}

bool Membership::BeatIfDue() {
    const Millis now = options_.clock();
    bool pending, dead;
    {
        MutexLock lock(mutex_);
        dead = declared_dead_;
        if (now < next_beat_ && !(dead && now >= next_birth_)) return false;
        pending = std::exchange(pending_, true);  // one at a time
    }
    next_beat_ = now + options_.heartbeat;
    next_birth_ = now + kBirthPause;
    if (!pending) dead ? BeBorn(now) : Beat(now);
    return true;
}

// `now` is when the heartbeat was handed out, not when its answer came: others may have seen it
// unchanged from then on.
void Membership::Beat(Millis now) {
    BARRACUDA_CHECK(ledger_);  // Start comes after Join
    int64_t epoch;
    NodeId id;
    {
        MutexLock lock(mutex_);
        epoch = goal_epoch_;
        id = node_;
    }
    auto beat = Changing(IsAlive, [epoch, seen = options_.now()](NodeDocument& node) {
        ++node.beat;
        node.goal_epoch = epoch;
        node.seen = seen;
    });
    ledger_->Edit(RefOf(id), std::move(beat), [this, now](Result<ledger::EditState> state) {
        MutexLock lock(mutex_);
        BARRACUDA_CHECK(pending_);  // one heartbeat or birth at a time
        pending_ = false;
        if (!state) return;  // unknown: the next heartbeat tells, and until then the age grows
        if (*state == ledger::EditState::kWritten) {
            acknowledged_ = std::max(acknowledged_, now);
        } else {
            declared_dead_ = true;
        }
    });
}

ledger::EditFunction Membership::Birth(const NodeId& id) const {
    NodeDocument node;
    node.id = id;
    node.beat = 1;
    node.goal_epoch = goal_epoch_;
    node.host = options_.host;
    node.pid = options_.pid;
    node.version = options_.version;
    node.started = node.seen = options_.now();
    node.rev = 1;
    return [bytes = Encode(node)](const std::optional<std::string>& stored) {
        return stored ? ledger::EditPlan{} : ledger::EditPlan{true, bytes};
    };
}

// Documents of the old boot id stay its own until some node, perhaps this one, takes them over by
// `rev`.
void Membership::BeBorn(Millis now) {
    BARRACUDA_CHECK(ledger_);
    const NodeId id = options_.new_boot_id();
    ledger::EditFunction birth;
    {
        MutexLock lock(mutex_);
        birth = Birth(id);
    }
    ledger_->Edit(RefOf(id), std::move(birth), [this, id, now](Result<ledger::EditState> state) {
        MutexLock lock(mutex_);
        BARRACUDA_CHECK(pending_);  // one heartbeat or birth at a time
        pending_ = false;
        // An error is dropped: a birth is tried again after kBirthPause.
        if (!state || *state != ledger::EditState::kWritten) return;
        ledger_->SetNode(id);
        node_ = id;
        acknowledged_ = now;
        declared_dead_ = false;
        ++births_;
    });
}

// Whether `beat` has stood since `patience` ago, by this process's clock.
bool Membership::Unchanged(const NodeId& id, int64_t beat, Millis now, Millis patience) {
    auto [at, fresh] = watched_.try_emplace(id, Watched{beat, now});
    if (fresh || at->second.beat != beat) at->second = {beat, now};
    return now - at->second.since >= patience;
}

void Membership::Look(Millis now) {
    // A node that could not write for a while could not see others write either.
    if (Fenced()) {
        watched_.clear();
        MutexLock lock(mutex_);
        takeable_.clear();
        nodes_.clear();
        return;
    }
    store::ScanRequest request;
    request.collection = store::Collection::kNodes;
    std::vector<NodeDocument> nodes;
    auto read = store::EachDocument(engine_, request, [&](const std::string& document) {
        nodes.push_back(DecodeNode(document));
    });
    auto owners = engine_.WorkOwners();
    if (!read || !owners) return;
    const NodeId self = node();
    std::set<NodeId> working(owners->begin(), owners->end()), takeable, known;
    for (const auto& node : nodes) {
        known.insert(node.id);
        if (node.id == self) continue;
        const bool alive = IsAlive(node) && !options_.alone;
        if (alive) {
            Judge(node, now);
        } else if (working.contains(node.id)) {
            takeable.insert(node.id);
        } else if (options_.alone || Unchanged(node.id, node.beat, now, options_.forget_after)) {
            Forget(node.id);
        }
    }
    for (const auto& owner : working) {
        if (owner == self || known.contains(owner)) continue;
        // Nobody's (adopted), or of a node forgotten or never known here (moved from elsewhere).
        const bool free = owner.empty() || options_.alone;
        if (free || Unchanged(owner, -1, now, options_.dead_after)) takeable.insert(owner);
    }
    std::erase_if(watched_, [&](const auto& watched) {
        return !known.contains(watched.first) && !working.contains(watched.first);
    });
    MutexLock lock(mutex_);
    takeable_ = std::move(takeable);
    nodes_ = std::move(nodes);
}

void Membership::Judge(const NodeDocument& node, Millis now) {
    if (!Unchanged(node.id, node.beat, now, options_.dead_after)) return;
    auto silent = [beat = node.beat](const NodeDocument& stored) {
        return IsAlive(stored) && stored.beat == beat;
    };
    auto declare = [by = this->node()](NodeDocument& stored) {
        stored.state = NodeState::kDead;
        stored.declared_by = by;
    };
    // The result is dropped: the next look sees whether this node or the heartbeat won.
    ledger_->Edit(RefOf(node.id), Changing(silent, declare), [](Result<ledger::EditState>) {});
}

void Membership::Forget(const NodeId& id) {
    auto forget = [alone = options_.alone](const std::optional<std::string>& stored) {
        if (!stored) return ledger::EditPlan{};
        const bool alive = IsAlive(DecodeNode(*stored)) && !alone;
        return ledger::EditPlan{!alive, std::nullopt};
    };
    // The result is dropped: a document that stays is forgotten by a later look.
    ledger_->Edit(RefOf(id), std::move(forget), [](Result<ledger::EditState>) {});
}

bool Membership::FencedAt(Millis now) const {
    if (!joined_ || declared_dead_) return true;
    return !options_.alone && now - acknowledged_ > options_.fence_after;
}

bool Membership::MaySend(const NodeId& owner) const {
    const Millis now = options_.clock();
    MutexLock lock(mutex_);
    return owner == node_ && !FencedAt(now);
}

bool Membership::MayTake(const NodeId& owner) const {
    const Millis now = options_.clock();
    MutexLock lock(mutex_);
    if (owner == node_ || FencedAt(now)) return false;
    return options_.alone || takeable_.contains(owner);
}

std::optional<std::vector<NodeId>> Membership::Owners() const {
    if (options_.alone) return std::nullopt;
    MutexLock lock(mutex_);
    std::vector<NodeId> owners{node_};
    owners.insert(owners.end(), takeable_.begin(), takeable_.end());
    return owners;
}

bool Membership::IsGone(const NodeId& node) const {
    const Millis now = options_.clock();
    MutexLock lock(mutex_);
    if (node == node_ || FencedAt(now)) return false;
    if (options_.alone) return true;
    if (nodes_.empty()) return false;  // it has not looked yet
    return std::none_of(nodes_.begin(), nodes_.end(), [&](const NodeDocument& known) {
        return known.id == node && IsAlive(known);
    });
}

NodeId Membership::node() const {
    MutexLock lock(mutex_);
    return node_;
}

std::optional<std::string> Membership::Fenced() const {
    const Millis now = options_.clock();
    MutexLock lock(mutex_);
    if (!FencedAt(now)) return std::nullopt;
    if (!joined_) return "this node has not joined the others yet";
    if (declared_dead_) return "another node declared this one dead; it joins again";
    return "fenced: the last acknowledged heartbeat is " +
           std::to_string((now - acknowledged_).count() / 1000) + " s old, nothing is sent";
}

int64_t Membership::birth() const {
    MutexLock lock(mutex_);
    return births_;
}

bool Membership::MayDecide(int64_t birth) const {
    const Millis now = options_.clock();
    MutexLock lock(mutex_);
    return birth == births_ && !FencedAt(now);
}

void Membership::AcknowledgeGoals(int64_t epoch) {
    MutexLock lock(mutex_);
    goal_epoch_ = epoch;
}

Membership::Status Membership::status() const {
    const Millis now = options_.clock();
    MutexLock lock(mutex_);
    Status status;
    status.node = node_;
    for (const auto& node : nodes_) {
        const bool self = node.id == node_;
        status.alive += self || (IsAlive(node) && !options_.alone);
        status.dead += !self && !IsAlive(node);
    }
    status.rebirths = births_ - 1;
    status.takeable = static_cast<int64_t>(takeable_.size());
    status.heartbeat_age = now - acknowledged_;
    status.fenced = FencedAt(now);
    return status;
}

std::vector<NodeDocument> Membership::Nodes() const {
    MutexLock lock(mutex_);
    return nodes_;
}

}  // namespace barracuda::nodes
