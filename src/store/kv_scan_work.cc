// The work queue read as an index: what waits, by owner and due date.
#include <algorithm>

#include "store/index.h"
#include "store/kv_engine.h"
#include "store/kv_keys.h"

namespace barracuda::store {

namespace {

// The queue's keys have no prefix: an owner is text, and then the collection stands there.
bool IsPlace(std::string_view cursor) {
    const auto item = WorkItemOf(cursor);
    if (!item) return false;
    const auto is_text = [](char c) { return c >= 0x20 && c < 0x7f; };
    return std::all_of(item->owner.value.begin(), item->owner.value.end(), is_text) &&
           (item->ref.collection == Collection::kConversions ||
            item->ref.collection == Collection::kContacts);
}

}  // namespace

Result<Page> KvEngine::ScanWork(const ScanRequest& request) {
    std::string prefix;
    for (const auto& owner : request.equal) {
        AppendText(prefix, owner);
        prefix.push_back(static_cast<char>(request.collection));
    }
    const std::string& cursor = request.cursor;
    if (!cursor.empty() && !(cursor.starts_with(prefix) && IsPlace(cursor))) {
        return Fail(BadCursor());
    }
    auto it = kv_->Iterate(Space::kWork);
    it->Seek(std::max(prefix, cursor));
    if (!cursor.empty() && it->Valid() && it->Key() == cursor) it->Next();
    Page page;
    std::vector<std::string> keys;
    std::string last;
    for (; it->Valid() && it->Key().starts_with(prefix); it->Next()) {
        if (keys.size() == request.limit) {
            page.cursor = last;
            break;
        }
        auto item = WorkItemOf(it->Key());
        if (!item) continue;  // damaged; verify names it
        last = std::string(it->Key());
        if (item->ref.collection == request.collection) {
            keys.push_back(DocumentKey(item->ref));
        }
    }
    if (auto status = it->Status(); !status) return Fail(status.error());
    auto documents = kv_->MultiGet(Space::kDocuments, keys);
    if (!documents) return Fail(documents.error());
    for (auto& document : *documents) {
        if (document) page.documents.push_back(std::move(*document));
    }
    return page;
}

}  // namespace barracuda::store
