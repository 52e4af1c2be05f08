// The one source of chance of a simulation: everything that is not decided by the program is drawn
// here, so that a seed tells all of it.
//
// Plain value: whoever owns it.
#pragma once

#include <cstdint>

namespace barracuda::sim {

class Random {
public:
    explicit Random(uint64_t seed) : state_(seed) {}

    // splitmix64: every seed, also a small one, begins somewhere else.
    uint64_t Next() {
        uint64_t z = (state_ += 0x9e3779b97f4a7c15);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    uint64_t Below(uint64_t bound) { return Next() % bound; }
    int64_t Between(int64_t from, int64_t to) {  // both inclusive
        return from + static_cast<int64_t>(Below(static_cast<uint64_t>(to - from) + 1));
    }
    bool Chance(double share) { return Unit() < share; }
    double Unit() { return static_cast<double>(Next() >> 11) / 9007199254740992.0; }
    // Another source, so that what one part draws does not shift what the others do.
    Random Fork() { return Random(Next()); }

private:
    uint64_t state_;
};

}  // namespace barracuda::sim
