// Compares the cells of the reports with the conversions, in the order of creation: it holds the
// cells of a day, whatever the store's size.
//
// Threads: one, and others for as long as it runs (kv_pages.h).
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "store/cells.h"
#include "store/kv_pages.h"

namespace barracuda::store {

class KvCellVerifier {
public:
    // Hears of a cell that should be another one; empty: that should not be there.
    using Wrong = std::function<Result<bool>(const std::string& key, const std::string& rows)>;

    KvCellVerifier(KvSnapshot& snapshot, std::stop_token stop, Wrong wrong);
    // Goes by the index of creation, which must be whole. A stop ends it with kUnavailable.
    Result<bool> Run();

private:
    struct View {
        CellView view;
        std::string begin;     // of the cells that are being counted
        std::string compared;  // up to here
        CellBatch batch;       // of this page
        std::map<std::string, std::string> expected = {};
    };

    Result<std::vector<Counted>> CountedIn(const KvPage& entries) const;
    Result<bool> Page(const std::vector<Counted>& page);
    Result<bool> Count(View& view, const Counted& counted);
    Result<bool> Compare(View& view, const std::string& end);
    static void Fold(View& view);

    KvSnapshot& snapshot_;
    const std::stop_token stop_;
    const Wrong wrong_;
    std::vector<View> views_;
};

}  // namespace barracuda::store
