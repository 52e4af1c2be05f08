#include "ledger/recent.h"

#include <utility>

#include "base/check.h"

namespace barracuda::ledger {

namespace {

template <typename Generation>
void MakeRoom(Generation& younger, Generation& older, size_t most) {
    BARRACUDA_CHECK(younger.size() <= most && older.size() <= most);
    if (younger.size() < most) return;
    older = std::move(younger);
    younger = {};
}

}  // namespace

void Recent::Note(const store::Ref& ref, const std::string& document, bool again) {
    MutexLock lock(mutex_);
    MakeRoom(keys_, older_keys_, kKeysMax);
    keys_.insert(HashOf(ref));
    older_documents_.erase(ref.key);
    if (!again) {
        documents_.erase(ref.key);
        return;
    }
    MakeRoom(documents_, older_documents_, kDocumentsMax);
    documents_.insert_or_assign(ref.key, document);
}

void Recent::Forget(const store::Ref& ref) {
    MutexLock lock(mutex_);
    documents_.erase(ref.key);
    older_documents_.erase(ref.key);
}

bool Recent::Knows(const store::Ref& ref) const {
    MutexLock lock(mutex_);
    const size_t hash = HashOf(ref);
    return keys_.contains(hash) || older_keys_.contains(hash);
}

std::optional<std::string> Recent::Find(const store::Ref& ref) const {
    MutexLock lock(mutex_);
    for (const auto* documents : {&documents_, &older_documents_}) {
        auto at = documents->find(ref.key);
        if (at != documents->end()) return at->second;
    }
    return std::nullopt;
}

}  // namespace barracuda::ledger
