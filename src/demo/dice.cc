#include "demo/dice.h"

#include <numeric>

#include "base/check.h"

namespace barracuda::demo {

Weighted::Weighted(std::span<const double> weights) {
    BARRACUDA_CHECK(!weights.empty());
    const double whole = std::accumulate(weights.begin(), weights.end(), 0.0);
    size_t which = 0;
    double until = weights[0];
    for (size_t slot = 0; slot < slots_.size(); ++slot) {
        const double at = (static_cast<double>(slot) + 0.5) / slots_.size() * whole;
        while (at >= until && which + 1 < weights.size()) until += weights[++which];
        slots_[slot] = static_cast<uint16_t>(which);
    }
}

}  // namespace barracuda::demo
