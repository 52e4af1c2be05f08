// Counts times by their size: exact below 256 us, within 1 % up to an hour.
//
// Threads: one; add up those of several with Add.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace barracuda::bench {

class Histogram {
public:
    void Record(uint64_t us) {
        ++counts_[SlotOf(us)];
        ++total_;
        max_ = std::max(max_, us);
    }
    void Add(const Histogram& other) {
        for (size_t i = 0; i < kSlots; ++i) counts_[i] += other.counts_[i];
        total_ += other.total_;
        max_ = std::max(max_, other.max_);
    }
    uint64_t max() const { return max_; }
    // The least time that a share of all (0 to 1) does not exceed, rounded up; 0 of none.
    uint64_t At(double share) const {
        auto left = static_cast<uint64_t>(share * static_cast<double>(total_));
        for (size_t i = 0; i < kSlots; ++i) {
            if (counts_[i] > left) return std::min(LastOf(i), max_);
            left -= counts_[i];
        }
        return max_;
    }

private:
    static constexpr unsigned kBits = 8;  // of a time, kept
    static constexpr size_t kHalf = size_t{1} << (kBits - 1);
    static constexpr size_t kShiftMax = 24;  // 2^32 us are over an hour
    static constexpr size_t kSlots = (kShiftMax + 2) * kHalf;

    static size_t SlotOf(uint64_t us) {
        if (us < 2 * kHalf) return us;
        const size_t shift = static_cast<size_t>(std::bit_width(us)) - kBits;
        return std::min(kSlots - 1, shift * kHalf + (us >> shift));
    }
    static uint64_t LastOf(size_t slot) {
        if (slot < 2 * kHalf) return slot;
        const size_t shift = slot / kHalf - 1;
        return ((slot - shift * kHalf + 1) << shift) - 1;
    }

    std::array<uint64_t, kSlots> counts_{};
    uint64_t total_ = 0, max_ = 0;
};

}  // namespace barracuda::bench
