#include "store/each_document.h"

namespace barracuda::store {

Result<bool> EachDocument(
    Engine& engine, ScanRequest request, const std::function<void(const std::string&)>& visit
) {
    do {
        auto page = engine.Scan(request);
        if (!page) return Fail(page.error());
        for (const auto& document : page->documents) visit(document);
        request.cursor = page->cursor;
    } while (!request.cursor.empty());
    return true;
}

Result<bool> EachDocument(
    Engine& engine, Collection collection, const std::function<void(const std::string&)>& visit
) {
    ScanRequest request;
    request.collection = collection;
    request.limit = 1'000;
    return EachDocument(engine, std::move(request), visit);
}

}  // namespace barracuda::store
