// decide() by property: seeded random commands in any order on a few keys.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "domain/decide.h"

namespace barracuda::domain {
namespace {

class World {
public:
    explicit World(unsigned seed) : random_(seed) {}

    int Roll(int n) { return static_cast<int>(random_() % static_cast<unsigned>(n)); }

    ConversionKey RandomKey() {
        return {
            ClickId("c" + std::to_string(Roll(2))),
            GoalId("6"),
            Roll(3) == 0 ? "t1" : std::string()};
    }

    // A network's rules are the same whoever reports; n0 has none, as what a route asks for.
    DeliveryAsk RandomAsk() {
        int n = Roll(4);
        DeliveryAsk ask{NetworkName("n" + std::to_string(n)), "goal_postback"};
        ask.updates = n >= 2;
        if (n == 1) ask.statuses.bits = 2;
        if (n == 3) ask.offers = {true, {"1", "2"}};
        return ask;
    }

    Report RandomReport() {
        static constexpr Speaker kSpeakers[] = {
            Speaker::kKeyed, Speaker::kForm, Speaker::kChain, Speaker::kAdmin};
        static const char* kAmounts[] = {"0", "0.1", "12.345678", "1000000000000"};
        Report report;
        report.speaker = kSpeakers[Roll(4)];
        report.route = "r" + std::to_string(Roll(2));
        report.key = RandomKey();
        if (Roll(2)) report.given.Set(Field::kAmount, kAmounts[Roll(4)]);
        if (Roll(4) == 0) report.given.Set(Field::kCurrency, Roll(2) ? "EUR" : "JPY");
        report.defaults.Set(Field::kCurrency, kDefaultCurrency);
        if (Roll(2)) report.given.Set(Field::kOfferId, std::to_string(Roll(3)));
        if (Roll(3) == 0) report.given.Set(Field::kIsTest, Roll(2) ? "true" : "false");
        if (Roll(2)) report.status = static_cast<Status>(Roll(3));
        for (int n = Roll(3); n > 0; --n) {
            report.deliveries.push_back(RandomAsk());
        }
        report.new_id = ObjectId::New();
        report.command_id = ObjectId::New();
        return report;
    }

    Command RandomCommand(const std::map<ConversionKey, Conversion>& stored) {
        int kind = Roll(8);
        if (kind < 4 || stored.empty()) return RandomReport();
        auto key = RandomKey();
        auto at = stored.find(key);
        DeliveryId delivery = "none";
        if (at != stored.end() && !at->second.deliveries.empty()) {
            auto n = at->second.deliveries.size();
            delivery = at->second.deliveries[random_() % n].id;
        }
        if (kind == 7) return TakeOver{key, NodeId("node-" + std::to_string(Roll(2)))};
        if (kind == 6) {
            return Replay{
                .key = key,
                .delivery_id = Roll(2) ? delivery : DeliveryId(),
                .command_id = ObjectId::New()};
        }
        Outcome outcome;
        outcome.key = key;
        outcome.delivery_id = delivery;
        outcome.accepted = Roll(3) == 0;
        if (Roll(2)) outcome.retry_at = Time{1'700'000'000'000 + Roll(100000)};
        outcome.status = outcome.accepted ? 200 : 500;
        outcome.parameters = {{"p", std::to_string(Roll(9))}};
        outcome.approves = Roll(2) == 0;
        for (int n = Roll(3); n > 0; --n) outcome.deliveries.push_back(RandomAsk());
        return outcome;
    }

private:
    std::mt19937 random_;
};

void CheckSchedule(const Conversion& c) {
    std::optional<Time> least;
    for (const auto& delivery : c.deliveries) {
        if (delivery.state != DeliveryState::kWaiting) continue;
        if (!least || delivery.next_at < *least) least = delivery.next_at;
    }
    ASSERT_EQ(c.due, least);
    ASSERT_EQ(c.owner.empty(), !least.has_value());
}

// Updates are numbered upwards, and each waits for what was owed to its network before.
void CheckUpdates(const Conversion& c, const Decision& decision) {
    std::map<NetworkName, int64_t> last;
    std::set<NetworkName> waiting;
    for (const auto& delivery : c.deliveries) {
        bool update = delivery.kind == kUpdateKind;
        ASSERT_EQ(update, delivery.change != 0);
        ASSERT_LE(delivery.change, c.changes);
        if (update) {
            ASSERT_GT(delivery.change, last[delivery.network]);
            last[delivery.network] = delivery.change;
        }
        if (delivery.state != DeliveryState::kWaiting) continue;
        bool held = update && waiting.contains(delivery.network);
        ASSERT_EQ(delivery.next_at == Delivery::kHeld, held);
        waiting.insert(delivery.network);
    }
    for (const auto& id : decision.fresh_deliveries) {
        bool sendable = false;
        for (const auto& delivery : c.deliveries) {
            if (delivery.id != id) continue;
            sendable =
                delivery.state == DeliveryState::kWaiting && delivery.next_at != Delivery::kHeld;
        }
        ASSERT_TRUE(sendable);
    }
}

int64_t Firsts(const Conversion& c) {
    return std::count_if(c.deliveries.begin(), c.deliveries.end(), [](const Delivery& d) {
        return d.kind != kUpdateKind;
    });
}

void CheckSame(const Decision& a, const Decision& b) {
    ASSERT_EQ(a.verdict, b.verdict);
    ASSERT_EQ(a.is_duplicate, b.is_duplicate);
    ASSERT_EQ(a.changed, b.changed);
    ASSERT_EQ(a.fresh_deliveries, b.fresh_deliveries);
    ASSERT_EQ(a.trace, b.trace);
    ASSERT_EQ(a.conflicts.size(), b.conflicts.size());
    ASSERT_EQ(a.document.has_value(), b.document.has_value());
    if (a.document) {
        ASSERT_EQ(Encode(*a.document), Encode(*b.document));
    }
}

struct Seen {
    ObjectId id;
    int first = 0;  // decisions with is_duplicate = false
    bool recorded_unconfirmed = false;
};

void CheckStep(
    const std::optional<Conversion>& before, const Command& command, const Decision& decision
) {
    const auto* report = std::get_if<Report>(&command);
    if (!before) {
        ASSERT_EQ(decision.document.has_value(), report != nullptr);
        return;
    }
    const Conversion& after = *decision.document;
    ASSERT_EQ(after.rev, before->rev) << "the ledger counts revisions";
    ASSERT_EQ(Encode(after) != Encode(*before), decision.changed);
    ASSERT_EQ(after.created, before->created);
    ASSERT_GE(after.deliveries.size(), before->deliveries.size());
    bool admin = report && report->speaker == Speaker::kAdmin;
    if (!admin) {
        ASSERT_GE(after.status, before->status);
    }
    if (report && before->status == Status::kRejected && after.status == Status::kRejected) {
        ASSERT_EQ(Firsts(after), Firsts(*before));
    }
    if (!report) {
        ASSERT_EQ(after.fields, before->fields);
    }
    bool confirmed = !IsUnconfirmed(before->provenance);
    if (confirmed) {
        ASSERT_EQ(after.provenance, before->provenance);
    }
    if (confirmed && !admin) {
        auto was = before->fields.Get(Field::kAmount, "0");
        if (was != "0" && before->assumed.empty()) {
            ASSERT_EQ(after.fields.Get(Field::kAmount), was);
            ASSERT_EQ(after.fields.Get(Field::kCurrency), before->fields.Get(Field::kCurrency));
        }
        ASSERT_EQ(after.fields.Get(Field::kOfferId), before->fields.Get(Field::kOfferId));
    }
}

TEST(DecideProperty, AnyInterleavingKeepsTheInvariants) {
    for (unsigned seed = 1; seed <= 200; ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        World world(seed);
        std::map<ConversionKey, Conversion> stored;
        std::map<ConversionKey, Seen> seen;
        for (int step = 0; step < 120; ++step) {
            SCOPED_TRACE("step " + std::to_string(step));
            Command command = world.RandomCommand(stored);
            const auto& key = KeyOf(command);
            std::optional<Conversion> before;
            if (auto at = stored.find(key); at != stored.end()) before = at->second;
            Time now{1'700'000'000'000 + step * 1000};
            const NodeId node("node-" + std::to_string(world.Roll(2)));
            auto decision = Decide(before, command, now, node);
            CheckSame(decision, Decide(before, command, now, node));
            if (before) {
                auto decoded = DecodeConversion(Encode(*before));
                ASSERT_TRUE(decoded);
                CheckSame(decision, Decide(*decoded, command, now, node));
            }
            CheckStep(before, command, decision);
            if (HasFatalFailure()) return;
            if (!decision.document) continue;
            const Conversion& after = *decision.document;
            ASSERT_EQ(after.key, key);
            CheckSchedule(after);
            if (HasFatalFailure()) return;
            CheckUpdates(after, decision);
            if (HasFatalFailure()) return;
            Seen& s = seen[key];
            if (!before) {
                s.id = after.id;
                s.recorded_unconfirmed = IsUnconfirmed(after.provenance);
            }
            ASSERT_EQ(after.id, s.id) << "one key, one _id";
            if (!decision.is_duplicate) ++s.first;
            // Recorded, and once more when a form's or chain's conversion is confirmed.
            bool confirmed_later = s.recorded_unconfirmed && !IsUnconfirmed(after.provenance);
            ASSERT_EQ(s.first, confirmed_later ? 2 : 1);
            std::set<DeliveryId> ids;
            for (const auto& delivery : after.deliveries) {
                ASSERT_EQ(
                    delivery.id,
                    DeliveryIdOf(s.id, delivery.network, delivery.kind, delivery.change)
                );
                ASSERT_TRUE(ids.insert(delivery.id).second) << "one delivery a network";
            }
            ASSERT_LE(after.history.size(), 50u);
            const auto* report = std::get_if<Report>(&command);
            if (report && report->speaker != Speaker::kAdmin) {
                auto again = Decide(after, command, Time{now.ms + 7}, "node-x");
                ASSERT_FALSE(again.changed) << "the same report again changes nothing";
                ASSERT_EQ(again.verdict, Verdict::kDuplicate);
                ASSERT_TRUE(again.is_duplicate);
                ASSERT_EQ(Encode(*again.document), Encode(after));
            }
            auto replayed = Decide(after, command, Time{now.ms + 7}, "node-x");
            ASSERT_EQ(replayed.document->changes, after.changes) << "a command told twice";
            if (!std::holds_alternative<Outcome>(command)) {
                ASSERT_EQ(replayed.document->deliveries.size(), after.deliveries.size());
            }
            stored[key] = after;
        }
        ASSERT_LE(stored.size(), 4u);
    }
}

}  // namespace
}  // namespace barracuda::domain
