// Who talks to the nodes: trackers that report a few clicks again and again, visitors with a form,
// operators. Who is not answered says it again, to any node.
#include "world.h"

namespace barracuda::sim {

using domain::Field;

// One thing said, and what came back.
struct World::Asked {
    bool taken = false, answered = false;
};

Node* World::Pick() {
    std::vector<Node*> serving;
    for (auto& slot : slots_) {
        if (slot.up && slot.node()->serves()) serving.push_back(slot.node());
    }
    return serving.empty() ? nullptr : serving[random_.Below(serving.size())];
}

// True: it was answered. Else nobody knows what became of it.
bool World::Submit(domain::Command command, bool report) {
    Node* node = Pick();
    if (!node) return false;
    auto asked = std::make_shared<Asked>();
    node->Visit([this, node, asked, command, report] {
        const bool taken = node->ledger().Submit(
            command,
            0,
            [this, asked, key = domain::KeyOf(command), report](Result<domain::Decision> decision) {
                if (asked->taken) oracle_.Break("one request was answered twice");
                asked->taken = true;
                if (decision) oracle_.Told(key, *decision, report);
                asked->answered = decision.has_value();
                fibers_.Wake(asked.get(), true);
            }
        );
        if (!taken) fibers_.Wake(asked.get(), true);
    });
    if (!asked->taken) fibers_.Block(asked.get(), fibers_.now() + 20 * kSecond);
    return asked->answered;
}

domain::Report World::DrawReport() {
    domain::Report report;
    const bool deposit = random_.Chance(0.6);
    report.key.click = ClickId(fmt::format("c{}", random_.Below(5)));
    report.key.goal = GoalId(deposit ? "6" : "5");
    report.goal_type = deposit ? domain::GoalType::kDeposit : domain::GoalType::kRegistration;
    if (random_.Chance(0.1)) {
        report.key.goal = GoalId("9");
        report.goal_type = domain::GoalType::kOther;
        report.key.occurrence = fmt::format("t{}", random_.Below(3));
    }
    report.route = deposit ? "ftd" : "postback";
    report.by = "key:tracker";
    if (random_.Chance(0.1)) {
        report.speaker = domain::Speaker::kAdmin;
        report.by = "admin:sim";
    }
    report.given.Set(Field::kAffiliateId, random_.Chance(0.9) ? "7" : "8");
    if (random_.Chance(0.6)) {
        report.given.Set(Field::kAmount, std::to_string(random_.Between(0, 3) * 10));
    }
    report.defaults.Set(Field::kCurrency, "USD");
    report.defaults.Set(Field::kOfferId, "2");
    if (random_.Chance(0.3)) {
        report.status = static_cast<domain::Status>(random_.Below(3));
    }
    if (random_.Chance(0.6)) {
        report.deliveries.push_back({domain::kDefaultNetwork, domain::kGoalPostback});
    }
    if (random_.Chance(0.15)) {
        report.deliveries.push_back({domain::kDefaultNetwork, domain::kPrivateApi});
    }
    return report;
}

void World::Say(domain::Report report) {
    for (;;) {
        report.new_id = ObjectId::New();
        report.command_id = ObjectId::New();
        if (Submit(report, !report.correction)) return;
        fibers_.Sleep(random_.Between(50 * kMs, 3 * kSecond));
    }
}

void World::Client(int) {
    const int64_t reports = random_.Between(2, 10);
    for (int64_t i = 0; i < reports; ++i) {
        fibers_.Sleep(random_.Between(0, 6 * kSecond));
        auto report = DrawReport();
        // The same at the same moment, from somebody else too.
        if (random_.Chance(0.25)) {
            ++clients_;
            fibers_.Spawn(nullptr, [this, report] {
                Say(report);
                --clients_;
            });
        }
        Say(std::move(report));
        if (random_.Chance(0.3)) Operate();
    }
    --clients_;
}

void World::Form(int) {
    fibers_.Sleep(random_.Between(0, 20 * kSecond));
    domain::Contact contact;
    contact.email = contact.email_key = fmt::format("v{}@visitor.example", random_.Below(3));
    contact.type = "affiliate";
    contact.affiliate_id = "2";
    contact.flow.route = random_.Chance(0.5) ? "contact" : "register";
    contact.flow.step = domain::FlowStep::kAcquire;
    // A click that the trackers report too.
    const bool brought = random_.Chance(0.3);
    if (brought) contact.sub1 = fmt::format("c{}", random_.Below(5));
    for (bool known = false; !known;) {
        contact.id = ObjectId::New();
        auto asked = std::make_shared<Asked>();
        const std::chrono::milliseconds wait(random_.Chance(0.5) ? 3'000 : 0);
        if (Node* node = Pick()) {
            node->Visit([this, node, asked, contact, wait] {
                (void)node->flows().Create(contact, wait, [this, asked](auto progress) {
                    if (asked->answered) oracle_.Break("one form was answered twice");
                    const bool taken = !progress && progress.error().code == ErrorCode::kConflict;
                    asked->answered = progress.has_value() || taken;
                    if (progress) oracle_.ToldContact(progress->contact);
                    fibers_.Wake(asked.get(), true);
                });
            });
            if (!asked->answered) fibers_.Block(asked.get(), fibers_.now() + 20 * kSecond);
        }
        known = asked->answered;
        if (!known) fibers_.Sleep(random_.Between(100 * kMs, 3 * kSecond));
    }
    --clients_;
}

// A word of an operator's about any one conversion; whether it is heard does not matter.
void World::Operate() {
    if (oracle_.conversions().empty()) return;
    auto at = oracle_.conversions().begin();
    std::advance(at, random_.Below(oracle_.conversions().size()));
    const domain::Conversion conversion = at->second;
    const auto command = ObjectId::New();
    if (random_.Chance(0.4)) {
        domain::Report correction;
        correction.speaker = domain::Speaker::kAdmin;
        correction.route = "admin";
        correction.by = "admin:sim";
        correction.key = conversion.key;
        correction.goal_type = conversion.goal_type;
        correction.given.Set(Field::kAmount, std::to_string(random_.Between(1, 9)));
        correction.correction.emplace();
        if (random_.Chance(0.5)) correction.correction->rev = conversion.rev;
        correction.new_id = correction.command_id = command;
        (void)Submit(std::move(correction), false);
    } else if (random_.Chance(0.5) || conversion.deliveries.empty()) {
        (void)Submit(domain::Replay{conversion.key, {}, command, "admin:sim", ""}, false);
    } else {
        const auto& delivery = conversion.deliveries[random_.Below(conversion.deliveries.size())];
        domain::EndDelivery end;
        end.key = conversion.key;
        end.delivery_id = delivery.id;
        end.state = domain::DeliveryState::kCancelled;
        end.command_id = command;
        end.by = "admin:sim";
        (void)Submit(std::move(end), false);
    }
}

}  // namespace barracuda::sim
