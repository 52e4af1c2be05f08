// Conversions as CSV, a part at a time: what a list shows, to its last row.
//
//     ConversionCsv csv(engine, {.filter = filter, .columns = columns});
//     if (auto begun = csv.Begin(); !begun) …
//     for (;;) { auto part = csv.Next(); … if (part->ended) break; }
//
// Threads: one at a time; reads the store, so query threads only. Errors: the store's.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "report/filter.h"
#include "report/ways.h"
#include "report/zone.h"

namespace barracuda::report {

struct CsvOrder {
    Filter filter = {};
    std::string sort = "createdAt";  // IsConversionSort
    bool descending = true;
    std::vector<std::string> columns = {};  // IsConversionColumn; empty: DefaultColumns()
    Zone zone = {};
    bool mark = false;  // begins with kCsvMark
    // Conversions in an order that no index has are sorted first: so many and no more.
    size_t sorted_max = 200'000;
};

// Whether a CSV has a column of this name: a plain field that is no object, or one of the
// document's own. The default ones are those that a person looks at first.
bool IsConversionColumn(std::string_view name);
const std::vector<std::string>& DefaultColumns();

class ConversionCsv {
public:
    ConversionCsv(store::Engine& engine, CsvOrder order);

    // Errors: kInvalid names `sortBy` where more fit than can be sorted.
    Result<bool> Begin();

    struct Part {
        std::string text;  // the head first, then lines; may be empty before the end
        bool ended = false;
    };
    // Looks at so many documents and no more, so that others have their turn.
    Result<Part> Next();

private:
    Result<bool> Gather();
    Result<Part> NextSorted();
    std::string Line(const domain::Conversion& conversion) const;

    store::Engine& engine_;
    CsvOrder order_;
    std::optional<Plan> plan_;
    std::string place_;
    std::vector<store::Ref> sorted_;
    size_t shown_ = 0;
    bool begun_ = false, ended_ = false;
};

}  // namespace barracuda::report
