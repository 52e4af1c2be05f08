#include "store/mongo/cell_block.h"

namespace barracuda::store {

namespace {

constexpr size_t kSizeBytes = 4;

void AppendSized(std::string& block, std::string_view text) {
    for (size_t i = 0; i < kSizeBytes; ++i) {
        block.push_back(static_cast<char>(text.size() >> (8 * i) & 0xff));
    }
    block.append(text);
}

bool TakeSized(std::string_view& block, std::string_view& text) {
    if (block.size() < kSizeBytes) return false;
    size_t size = 0;
    for (size_t i = 0; i < kSizeBytes; ++i) {
        size |= size_t{static_cast<unsigned char>(block[i])} << (8 * i);
    }
    block.remove_prefix(kSizeBytes);
    if (size > block.size()) return false;
    text = block.substr(0, size);
    block.remove_prefix(size);
    return true;
}

}  // namespace

void AppendCell(std::string& block, std::string_view key, std::string_view rows) {
    AppendSized(block, key);
    AppendSized(block, rows);
}

bool EachCell(
    std::string_view block, const std::function<void(std::string_view, std::string_view)>& take
) {
    std::string_view key, rows;
    while (!block.empty()) {
        if (!TakeSized(block, key) || !TakeSized(block, rows)) return false;
        take(key, rows);
    }
    return true;
}

std::string BlockOf(CellBatch& batch) {
    std::string block;
    batch.Each([&](std::string_view key, const std::string& rows) { AppendCell(block, key, rows); }
    );
    return block;
}

}  // namespace barracuda::store
