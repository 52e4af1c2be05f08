// Days: when people buy. Evenings more than nights, weekends more than Tuesdays, and a little more
// every week, with days that are unlike their neighbours.
//
//     Days days(now, 90, seed);
//     Time at = days.At(0.25);   // a quarter of all conversions were made by then
//
// Threads: any, after construction.
#pragma once

#include <cstdint>
#include <vector>

#include "base/time.h"

namespace barracuda::demo {

class Days {
public:
    // `count` days that end at `end`.
    Days(Time end, int count, uint64_t seed);

    // The moment by which this part (0 to 1) of all was made; it never goes back.
    Time At(double part) const;
    Time begin() const { return begin_; }
    Time end() const { return end_; }

private:
    Time begin_, end_;
    std::vector<double> until_;  // part of all, at the end of each hour
};

}  // namespace barracuda::demo
