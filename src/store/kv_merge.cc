#include "store/kv_merge.h"

#include "store/cells.h"
#include "store/kv.h"

namespace barracuda::store {

std::optional<std::string> Added(
    std::string_view key, std::optional<std::string_view> existing, std::string_view value
) {
    if (key.starts_with(kCellPrefix)) {
        if (existing) {
            if (auto rows = AddRows(*existing, value)) return rows;
        }
        return AddRows({}, value);
    }
    auto sum = RollupValue::Parse(value);
    if (!sum) return std::nullopt;
    const auto base = existing ? RollupValue::Parse(*existing) : std::nullopt;
    if (base) sum->Add(*base);
    return sum->Bytes();
}

}  // namespace barracuda::store
