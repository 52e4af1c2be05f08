#include "report/changed_cells.h"

#include "store/index.h"

namespace barracuda::report {

namespace {

constexpr size_t kPage = 500;

}  // namespace

Result<bool> ChangedCells::ReadCells(
    store::CellView, Time from, Time to, const store::TakeCell& take
) {
    store::ScanRequest request;
    request.index = store::IndexId::kConversionUpdated;
    request.from = from;
    request.to = to;
    request.limit = kPage;
    auto count = engine_.Count(request, looked_max_ + 1);
    if (!count) return Fail(count.error());
    if (*count > looked_max_) {
        return Fail(Error{
            ErrorCode::kInvalid,
            "more than " + std::to_string(looked_max_) +
                " conversions were changed since then: ask for a shorter period",
            "from"});
    }
    do {
        auto page = engine_.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) {
            const domain::TopFields fields(document);
            const auto counted = store::CountedOf(fields);
            const auto changed = fields.Date("updatedAt");
            if (!counted || !changed) continue;  // a test, or it was never dated
            // A quarter of an hour is whole in every day of every zone, whatever the view.
            store::Cell cell;
            cell.begin = store::BeginOfCell(store::CellView::kAll, *changed);
            cell.goal = counted->goal;
            for (size_t i = 0; i < store::kCellFields; ++i) cell.texts[i] = counted->texts[i];
            cell.kind = counted->kind;
            cell.currency = counted->currency;
            cell.sums = counted->sums;
            if (!take(cell)) return true;
        }
        request.cursor = std::move(page->cursor);
    } while (!request.cursor.empty());
    return true;
}

}  // namespace barracuda::report
