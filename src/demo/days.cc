#include "demo/days.h"

#include <algorithm>
#include <array>

#include "demo/dice.h"

namespace barracuda::demo {

namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int kHours = 24;

// UTC; the people are mostly in Europe and the Americas.
constexpr std::array<double, kHours> kOfHour = {
    .9,  .7,  .5,  .4,  .3,  .3,  .4,  .6,  .8,  1, 1.1, 1.2,
    1.3, 1.3, 1.3, 1.4, 1.5, 1.7, 1.9, 2.1, 2.2, 2, 1.6, 1.2,
};
// From Thursday, on which 1970 began.
constexpr std::array<double, 7> kOfDay = {1, 1.15, 1.35, 1.25, .85, .85, .9};
constexpr double kGrowthADay = .004;
constexpr double kNoise = .25;     // of a day
constexpr double kOutage = .02;    // days on which hardly anything came
constexpr double kCampaign = .03;  // and on which much more did

double WeightOf(Dice& dice) {
    const double throw_ = dice.Unit();
    if (throw_ < kOutage) return .3;
    if (throw_ > 1 - kCampaign) return 1.9;
    return 1 + kNoise * (dice.Unit() - .5);
}

}  // namespace

Days::Days(Time end, int count, uint64_t seed) : end_(end) {
    Dice dice(seed);
    const int64_t hours = int64_t{count} * kHours;
    begin_ = Time{end.ms - hours * kHourMs};
    double whole = 0, of_day = 1;
    for (int64_t hour = 0; hour < hours; ++hour) {
        if (hour % kHours == 0) of_day = WeightOf(dice);
        const int64_t since_1970 = (begin_.ms + hour * kHourMs) / kHourMs;
        const double growth = 1 + kGrowthADay * static_cast<double>(hour / kHours);
        whole += of_day * growth * kOfHour[since_1970 % kHours] * kOfDay[since_1970 / kHours % 7];
        until_.push_back(whole);
    }
    for (double& until : until_) until /= whole;
}

Time Days::At(double part) const {
    const auto at = std::upper_bound(until_.begin(), until_.end() - 1, part);
    const auto hour = at - until_.begin();
    const double from = hour == 0 ? 0 : until_[static_cast<size_t>(hour - 1)];
    const double inside = std::clamp((part - from) / (*at - from), 0.0, 1.0);
    return Time{begin_.ms + hour * kHourMs + static_cast<int64_t>(inside * (kHourMs - 1))};
}

}  // namespace barracuda::demo
