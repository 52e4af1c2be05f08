#include "store/engine.h"

#include <algorithm>

#include "store/each_document.h"
#include "store/index.h"

namespace barracuda::store {

Error BadCursor() { return {ErrorCode::kInvalid, "cursor is not one of this list", "cursor"}; }

Result<size_t> Engine::Count(const ScanRequest& request, size_t most) {
    constexpr size_t kPage = 1'000;
    size_t count = 0;
    ScanRequest next = request;
    next.cursor.clear();
    do {
        next.limit = std::min(kPage, most - count);
        auto page = Scan(next);
        if (!page) return Fail(page.error());
        count += page->documents.size();
        next.cursor = std::move(page->cursor);
    } while (!next.cursor.empty() && count < most);
    return count;
}

// One index range a value; a store behind a network asks for all of them at once instead.
Result<std::vector<std::string>> Engine::FindAny(
    IndexId index, std::span<const std::string> values
) {
    std::vector<std::string> documents;
    for (const auto& value : values) {
        ScanRequest request;
        request.collection = IndexOf(index).collection;
        request.index = index;
        request.equal = {value};
        auto read = EachDocument(*this, request, [&](const std::string& document) {
            documents.push_back(document);
        });
        if (!read) return Fail(read.error());
    }
    return documents;
}

}  // namespace barracuda::store
