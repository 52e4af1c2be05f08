// Cells in one binary field: key and value, each with its size before it, in the order of keys.
//
// Pure; no thread contract.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "store/cells.h"

namespace barracuda::store {

void AppendCell(std::string& block, std::string_view key, std::string_view rows);
// Calls `take` with every cell of a block; false where its bytes are none.
bool EachCell(
    std::string_view block,
    const std::function<void(std::string_view key, std::string_view rows)>& take
);
// The cells that a batch has collected, as a block.
std::string BlockOf(CellBatch& batch);

}  // namespace barracuda::store
