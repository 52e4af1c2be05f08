#include "demo/conversions.h"

#include <fmt/format.h>

#include <algorithm>

#include "delivery/destination.h"

namespace barracuda::demo {

namespace {

using domain::DeliveryState;
using domain::Field;
using domain::GoalType;
using domain::Status;

constexpr int kDays = 90;
constexpr int64_t kHourMs = 3'600'000, kDayMs = 24 * kHourMs;
constexpr int64_t kToldMs = 21 * kDayMs;                   // so long ago the networks were set up
constexpr int64_t kFreshMs = 2 * kDayMs;                   // not all of these are judged yet
constexpr int64_t kUnderWayMs = 3 * kHourMs;               // of these some still wait to be told
constexpr size_t kComeBackLeast = 64, kComeBackPart = 50;  // of all: some days' clicks
constexpr double kRegistrations = .7, kDeposits = .9;      // of a throw; the rest qualifies

template <typename Roles>
Weighted ByWeight(const Roles& roles) {
    std::vector<double> weights;
    for (const auto& role : roles) weights.push_back(role.weight);
    return Weighted(weights);
}

std::string AffiliateNamed(size_t number) { return std::to_string(1'000 + number * 7); }

// Ids as different trackers make them.
std::string ClickIdOf(Dice& dice, size_t number) {
    switch (dice.Below(3)) {
        case 0:
            return fmt::format("{:016x}{:016x}", dice.Next(), dice.Next());
        case 1:
            return fmt::format("clk_{:011x}{:06x}", dice.Next() >> 20, number & 0xffffff);
        default:
            return fmt::format("{:06x}-{:08x}", dice.Next() >> 40, number);
    }
}

}  // namespace

Conversions::Conversions(const ConversionOptions& options)
    : options_(options),
      days_(options.end, kDays, options.seed),
      dice_(options.seed),
      affiliates_(LongTail(kAffiliates)),
      offers_(ByWeight(kOffers)),
      countries_(ByWeight(kCountries)),
      sources_(LongTail(kSources)),
      come_back_max_(std::max(kComeBackLeast, options.count / kComeBackPart)) {}

// As ObjectId::New makes them, but of the made-up moment.
ObjectId Conversions::IdAt(Time at) {
    ObjectId id;
    const auto seconds = static_cast<uint32_t>(at.ms / 1'000);
    const auto put = [&](size_t from, uint64_t value, size_t bytes) {
        for (size_t i = 0; i < bytes; ++i) {
            id.bytes[from + i] = static_cast<uint8_t>(value >> (8 * (bytes - 1 - i)));
        }
    };
    put(0, seconds, 4);
    put(4, options_.seed, 4);
    put(8, next_, 4);
    return id;
}

Conversions::Click Conversions::NewClick() {
    Click click;
    click.id = ClickIdOf(dice_, next_);
    click.affiliate = affiliates_.Pick(dice_);
    // An affiliate keeps to few offers and countries.
    click.offer = dice_.Chance(.7) ? click.affiliate % std::size(kOffers) : offers_.Pick(dice_);
    click.country = countries_.Pick(dice_);
    click.source = (click.affiliate * 3 + sources_.Pick(dice_) % 5) % kSources;
    click.mobile = dice_.Chance(.64);
    return click;
}

void Conversions::Describe(const Click& click, domain::Conversion& to) {
    const auto& country = kCountries[click.country];
    to.key.click = ClickId(click.id);
    to.route = "postback";
    auto& fields = to.fields;
    fields.Set(Field::kAffiliateId, AffiliateNamed(click.affiliate));
    fields.Set(Field::kOfferId, kOffers[click.offer].id);
    fields.Set(Field::kCurrency, country.currency);
    fields.Set(Field::kCountry, country.code);
    fields.Set(Field::kSource, fmt::format("source-{:02}", click.source));
    fields.Set(Field::kDeviceType, click.mobile ? "mobile" : "desktop");
    if (to.goal_type != GoalType::kDeposit) return fields.Set(Field::kAmount, "0");
    // Most deposit a round sum, few a large one.
    const double large = dice_.Unit();
    const auto tens = static_cast<int>(1 + 60 * large * large * large * large);
    fields.Set(
        Field::kAmount,
        dice_.Chance(.9) ? fmt::format("{}", tens * 10)
                         : fmt::format("{}.{}5", tens * 10, dice_.Below(9))
    );
    fields.Set(Field::kPayout, "45");
    fields.Set(Field::kRevenue, "60");
}

void Conversions::Judge(domain::Conversion& to) {
    const bool deposit = to.goal_type == GoalType::kDeposit;
    const bool fresh = to.created.ms > options_.end.ms - kFreshMs;
    const double thrown = dice_.Unit();
    const double rejected = deposit ? .06 : .03, pending = fresh ? .3 : .02;
    to.status = thrown < rejected             ? Status::kRejected
                : thrown < rejected + pending ? Status::kPending
                                              : Status::kApproved;
    if (dice_.Chance(.004)) Correct(to);
}

// A person took another look: of a deposit at the sum, else at whether it counts.
void Conversions::Correct(domain::Conversion& to) {
    const int64_t later = 600'000 + static_cast<int64_t>(dice_.Below(kDayMs));
    const Time at{std::min(to.created.ms + later, options_.end.ms)};
    domain::HistoryEntry entry{.at = at, .by = kCorrector, .command = IdAt(at).Hex()};
    if (to.goal_type == GoalType::kDeposit) {
        entry.field = "amount";
        entry.to = to.fields.Get(Field::kAmount);
        if (entry.to.find('.') != std::string::npos) return;
        entry.from = entry.to + "0";  // a digit too many
    } else {
        entry.field = "status";
        entry.from = NameOf(Status::kPending);
        entry.to = NameOf(to.status);
    }
    if (entry.from == entry.to) return;
    to.AddHistory(std::move(entry));
    to.updated = at;
    ++to.rev;
}

// It was not taken: for good, or it is tried again in a while.
void Conversions::Fail(domain::Delivery& delivery, domain::Conversion& of) {
    const bool refuses = delivery.network == NetworkName("sandbox-south");
    delivery.parameters = delivery::TemplateParametersOf(of, delivery);
    delivery.status = refuses ? 400 : 503;
    delivery.error = fmt::format("HTTP {}", delivery.status);
    delivery.response = refuses ? "campaign 88 is paused" : "upstream maintenance";
    const bool waits = !refuses && delivery.last_at.ms > options_.end.ms - kUnderWayMs;
    delivery.attempts = refuses ? 1 : waits ? 2 : 10;
    if (!waits) {
        delivery.state = DeliveryState::kDead;
        return;
    }
    delivery.state = DeliveryState::kWaiting;
    delivery.next_at = Time{options_.end.ms + static_cast<int64_t>(dice_.Below(kHourMs))};
}

void Conversions::Owe(const Click& click, domain::Conversion& to) {
    const char* network = kOffers[click.offer].network;
    const bool told = to.created.ms > options_.end.ms - kToldMs;
    if (!network || !told || to.status != Status::kApproved) return;
    domain::Delivery delivery;
    delivery.network = NetworkName(std::string_view(network));
    delivery.kind = "postback";
    delivery.id = domain::DeliveryIdOf(to.id, delivery.network, delivery.kind);
    delivery.last_at = Time{to.created.ms + 40 + static_cast<int64_t>(dice_.Below(900))};
    const bool north = delivery.network == NetworkName("sandbox-north");
    const bool late = to.created.ms > options_.end.ms - kUnderWayMs;
    if (!north && dice_.Chance(late ? .15 : .004)) {
        Fail(delivery, to);
    } else {
        delivery.state = DeliveryState::kDone;
        delivery.attempts = dice_.Chance(.03) ? 2 : 1;
        delivery.status = 200;
        delivery.response = "ok";
    }
    to.updated = std::max(to.updated, delivery.last_at);
    ++to.rev;
    to.deliveries.push_back(std::move(delivery));
    to.Reschedule(kNobody);
}

domain::Conversion Conversions::Next() {
    domain::Conversion to;
    to.created = to.updated = days_.At((static_cast<double>(next_) + .5) / options_.count);
    to.id = IdAt(to.created);
    to.rev = 1;
    to.provenance = domain::Provenance::kReported;
    const double thrown = clicks_.empty() ? 0 : dice_.Unit();
    Click click;
    if (thrown < kRegistrations) {
        click = NewClick();
        to.key.goal = GoalId("5");
        to.goal_type = GoalType::kRegistration;
    } else {  // a click of the last days comes back, once
        auto& back = clicks_[dice_.Below(clicks_.size())];
        click = std::move(back);
        back = std::move(clicks_.back());
        clicks_.pop_back();
        const bool deposit = thrown < kDeposits;
        to.key.goal = deposit ? GoalId("6") : GoalId(std::string_view(kQualifiedGoal));
        to.goal_type = deposit ? GoalType::kDeposit : GoalType::kOther;
    }
    Describe(click, to);
    Judge(to);
    Owe(click, to);
    if (to.goal_type == GoalType::kRegistration) {
        if (clicks_.size() == come_back_max_) {
            clicks_[dice_.Below(come_back_max_)] = std::move(click);
        } else {
            clicks_.push_back(std::move(click));
        }
    }
    ++next_;
    return to;
}

}  // namespace barracuda::demo
