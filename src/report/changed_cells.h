// Cells of the conversions by when they were last changed, read from the documents themselves: the
// cells that are kept go by creation. A conversion that was changed twice counts where it was
// changed last, as it is now.
//
//     ChangedCells cells(engine);
//     auto report = ReportOf(cells, query);
//
// Threads: any; reads the documents of the period, so query threads only.
#pragma once

#include "store/cells.h"
#include "store/engine.h"

namespace barracuda::report {

class ChangedCells final : public store::CellSource {
public:
    static constexpr size_t kLookedMax = 200'000;  // documents of one period

    explicit ChangedCells(store::Engine& engine, size_t looked_max = kLookedMax)
        : engine_(engine), looked_max_(looked_max) {}

    // Errors: kInvalid names `from` where more have changed than are looked at; the store's.
    Result<bool> ReadCells(store::CellView view, Time from, Time to, const store::TakeCell& take)
        override;
    Result<Time> CellsAsOf(Time now) override { return now; }

private:
    store::Engine& engine_;
    const size_t looked_max_;
};

}  // namespace barracuda::report
