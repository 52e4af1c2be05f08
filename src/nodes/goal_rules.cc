#include "nodes/goal_rules.h"

#include <algorithm>
#include <thread>

#include "base/check.h"
#include "base/text.h"
#include "domain/bson.h"
#include "ledger/edit_and_wait.h"
#include "store/each_document.h"

namespace barracuda::nodes {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds kEditPatience{20'000};
constexpr milliseconds kPause{100};
constexpr size_t kUnsureMax = 1'024;  // goals; beyond it any goal is taken for unsure
constexpr const char* kAnyGoal = "";

store::Ref RecordRef() { return {store::Collection::kSettings, "goal_rules"}; }

void Append(domain::BsonWriter& to, const char* name, const std::set<std::string>& goals) {
    domain::BsonWriter elements;
    size_t i = 0;
    for (const auto& goal : goals) elements.Text(std::to_string(i++), goal);
    to.Array(name, elements);
}

std::set<std::string> GoalsIn(std::string_view bson, const char* name) {
    std::set<std::string> goals;
    bson_iter_t at, element;
    if (!domain::OpenBson(at, bson) || !bson_iter_find(&at, name)) return goals;
    if (!BSON_ITER_HOLDS_ARRAY(&at) || !bson_iter_recurse(&at, &element)) return goals;
    while (bson_iter_next(&element)) {
        if (auto text = domain::ScalarText(element)) goals.insert(*text);
    }
    return goals;
}

Error Later(std::string message) { return {ErrorCode::kUnavailable, std::move(message), {}}; }

}  // namespace

std::string Encode(const GoalRecord& record) {
    domain::BsonWriter to;
    to.Text("_id", "goal_rules");
    to.Int("epoch", record.epoch);
    Append(to, "repeatable", record.repeatable);
    if (!record.announced.empty()) Append(to, "announced", record.announced);
    to.Int("rev", record.rev);
    return to.Take();
}

GoalRecord DecodeGoalRecord(std::string_view bson) {
    const domain::TopFields fields(bson);
    GoalRecord record;
    record.epoch = fields.Number("epoch");
    record.repeatable = GoalsIn(bson, "repeatable");
    record.announced = GoalsIn(bson, "announced");
    record.rev = fields.Number("rev");
    return record;
}

Result<bool> GoalRules::Edit(std::function<bool(GoalRecord&)> change) {
    auto edit = [change = std::move(change)](const std::optional<std::string>& stored) {
        GoalRecord record = stored ? DecodeGoalRecord(*stored) : GoalRecord{};
        if (!change(record)) return ledger::EditPlan{};
        ++record.rev;
        return ledger::EditPlan{true, Encode(record)};
    };
    auto state = ledger::EditAndWait(*ledger_, RecordRef(), std::move(edit), kEditPatience);
    if (!state) return Fail(state.error());
    return *state == ledger::EditState::kWritten;
}

// The birth is taken before reading: a node declared dead in between reads again.
Result<bool> GoalRules::Read() {
    const int64_t birth = membership_.birth();
    const store::Ref ref = RecordRef();
    auto loaded = engine_.Load(std::span(&ref, 1));
    if (!loaded) return Fail(loaded.error());
    WriteLock lock(mutex_);
    record_ = loaded->front() ? DecodeGoalRecord(*loaded->front()) : GoalRecord{};
    birth_ = birth;
    return true;
}

std::optional<Error> GoalRules::Fault(const std::vector<Configured>& goals) const {
    ReadLock lock(mutex_);
    for (const auto& goal : goals) {
        if (goal.repeatable) continue;
        if (!record_.repeatable.contains(goal.goal) && !record_.announced.contains(goal.goal)) {
            continue;
        }
        return Error{
            ErrorCode::kInvalid,
            "goal \"" + goal.goal +
                "\" is recorded as repeatable in this store, and there is no way back: set "
                "repeatable = true for it",
            "goal"};
    }
    return std::nullopt;
}

Result<bool> GoalRules::Begin(
    ledger::Ledger& ledger, const std::vector<Configured>& goals, milliseconds patience
) {
    ledger_ = &ledger;
    if (auto read = Read(); !read) return read;
    if (auto fault = Fault(goals)) return Fail(*fault);
    std::set<std::string> wanted;
    for (const auto& goal : goals) {
        if (goal.repeatable) wanted.insert(goal.goal);
    }
    // A new store takes the rule at once: no node wrote by another one.
    const bool alone = alone_;
    auto written = Edit([wanted, alone](GoalRecord& record) {
        std::set<std::string> missing;
        for (const auto& goal : wanted) {
            if (!record.repeatable.contains(goal)) missing.insert(goal);
        }
        if (record.rev > 0 && missing.empty()) return false;
        ++record.epoch;
        if (record.rev == 0 || alone) {
            record.repeatable.merge(missing);
        } else {
            record.announced.merge(missing);
        }
        return true;
    });
    if (!written) return written;
    const auto until = BootClock() + patience;
    for (;;) {
        Step();
        const GoalRecord record = this->record();
        if (record.rev > 0 && record.announced.empty()) break;
        if (BootClock() >= until) {
            std::string who;
            for (const auto& node : Missing()) who += (who.empty() ? "" : ", ") + node.value;
            return Fail(Later("the switch of a goal waits for these nodes: " + who));
        }
        membership_.Step();
        std::this_thread::sleep_for(kPause);
    }
    if (auto fault = Fault(goals)) return Fail(*fault);  // switched by another while we waited
    return true;
}

void GoalRules::Step() {
    BARRACUDA_CHECK(ledger_);  // Begin comes first
    if (!Read()) return;       // the store's trouble: the next Step reads again
    Acknowledge();
    Activate();
}

void GoalRules::Unsure(const store::Ref& ref) {
    if (alone_ || ref.collection != store::Collection::kConversions) return;
    const milliseconds now = membership_.Clock();
    WriteLock lock(mutex_);
    std::string goal = store::ConversionKeyOf(ref).goal.value;
    if (!unsure_.contains(goal) && unsure_.size() >= kUnsureMax) {
        std::erase_if(unsure_, [now](const auto& one) { return now - one.second >= kMayLand; });
        if (unsure_.size() >= kUnsureMax) goal = kAnyGoal;
    }
    unsure_[goal] = now;
}

bool GoalRules::MayStillLand() const {
    const milliseconds now = membership_.Clock();
    ReadLock lock(mutex_);
    return std::any_of(unsure_.begin(), unsure_.end(), [now](const auto& one) {
        return now - one.second < kMayLand;
    });
}

bool GoalRules::MayStillLand(const std::set<std::string>& goals) const {
    const milliseconds now = membership_.Clock();
    ReadLock lock(mutex_);
    return std::any_of(unsure_.begin(), unsure_.end(), [&](const auto& one) {
        return (one.first == kAnyGoal || goals.contains(one.first)) && now - one.second < kMayLand;
    });
}

// The ledger passes everything decided by the old rule before the acknowledgement leaves: from Read
// on it refuses reports of the goal.
void GoalRules::Acknowledge() {
    const GoalRecord record = this->record();
    if (!record.announced.empty() && !ledger_->Pass(kEditPatience)) return;
    if (MayStillLand(record.announced)) return;
    membership_.AcknowledgeGoals(record.epoch);
}

// Whether the activation waits for this node. A node that left had nothing under way.
bool GoalRules::Missed(const NodeDocument& node, int64_t epoch) {
    if (node.state == NodeState::kLeft || node.goal_epoch >= epoch) return false;
    if (node.state == NodeState::kAlive) return true;
    const milliseconds now = membership_.Clock();
    return now - died_.try_emplace(node.id, now).first->second < kMayLand;
}

void GoalRules::Activate() {
    const GoalRecord record = this->record();
    if (record.announced.empty()) died_.clear();
    if (record.announced.empty() || membership_.Fenced()) return;
    // Read after the announcement: who joins later reads the record after joining.
    std::vector<NodeId> missing;
    store::ScanRequest request;
    request.collection = store::Collection::kNodes;
    auto read = store::EachDocument(engine_, request, [&](const std::string& document) {
        const NodeDocument node = DecodeNode(document);
        if (Missed(node, record.epoch)) missing.push_back(node.id);
    });
    {
        WriteLock lock(mutex_);
        missing_ = missing;
    }
    if (!read || !missing.empty()) return;
    auto activate = [epoch = record.epoch](GoalRecord& stored) {
        if (stored.epoch != epoch) return false;  // another was announced, or it is active
        ++stored.epoch;
        stored.repeatable.merge(stored.announced);
        stored.announced.clear();
        return true;
    };
    // Errors are dropped: the next Step tries again.
    if (Edit(std::move(activate))) (void)Read();
}

GoalRules::Rule GoalRules::Of(const std::string& goal) const {
    ReadLock lock(mutex_);
    return {record_.epoch, record_.repeatable.contains(goal)};
}

std::optional<Error> GoalRules::Refuse(const domain::Report& report) const {
    ReadLock lock(mutex_);
    if (!membership_.MayDecide(birth_)) {
        return Later(membership_.Fenced().value_or("this node joins again, try again"));
    }
    if (record_.announced.contains(report.key.goal.value)) {
        return Later("this goal is becoming repeatable, try again");
    }
    if (report.goal_epoch != record_.epoch) return Later("the goal rules changed, try again");
    return std::nullopt;
}

GoalRecord GoalRules::record() const {
    ReadLock lock(mutex_);
    return record_;
}

std::vector<NodeId> GoalRules::Missing() const {
    ReadLock lock(mutex_);
    return missing_;
}

}  // namespace barracuda::nodes
