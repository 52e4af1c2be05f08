// Dice: the randomness of made-up data. The same seed throws the same on every machine, which the
// standard library's distributions do not promise.
//
// Threads: one at a time; a plain value.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace barracuda::demo {

// SplitMix64: a few instructions a throw, and any seed will do.
class Dice {
public:
    explicit Dice(uint64_t seed) : state_(seed) {}

    uint64_t Next() {
        uint64_t mixed = state_ += 0x9e3779b97f4a7c15;
        mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb;
        return mixed ^ (mixed >> 31);
    }
    // 0 to `sides` - 1; `sides` is not 0.
    size_t Below(size_t sides) { return static_cast<size_t>(Next() % sides); }
    double Unit() { return static_cast<double>(Next() >> 11) * 0x1p-53; }  // [0, 1)
    bool Chance(double of) { return Unit() < of; }

private:
    uint64_t state_;
};

// Which of several, by their weights; a pick costs one throw whatever their number (65,536 at
// most).
class Weighted {
public:
    explicit Weighted(std::span<const double> weights);
    size_t Pick(Dice& dice) const { return slots_[dice.Below(slots_.size())]; }

private:
    std::array<uint16_t, 8192> slots_;
};

}  // namespace barracuda::demo
