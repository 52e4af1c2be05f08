#include "store/kv_run.h"

#include <algorithm>

#include "base/check.h"

namespace barracuda::store {

namespace {

// Of a conversion, as the old application's reports are.
constexpr size_t kDocumentBytes = 550, kIndexBytes = 700, kIndexEntries = 11;

}  // namespace

KvRun::KvRun(size_t documents) {
    auto& stored = parts_[static_cast<size_t>(Space::kDocuments)];
    stored.bytes.reserve(documents * kDocumentBytes);
    stored.entries.reserve(documents);
    auto& indexed = parts_[static_cast<size_t>(Space::kIndexes)];
    indexed.bytes.reserve(documents * kIndexBytes);
    indexed.entries.reserve(documents * kIndexEntries);
}

void KvRun::Append(Space space, std::string_view key, std::string_view value, bool add) {
    auto& part = parts_[static_cast<size_t>(space)];
    const size_t at = part.bytes.size();
    BARRACUDA_CHECK(at + key.size() + value.size() <= UINT32_MAX);
    part.bytes.append(key).append(value);
    part.entries.push_back(
        {.head = KeyHead::Of(key),
         .at = static_cast<uint32_t>(at),
         .key_bytes = static_cast<uint32_t>(key.size()),
         .value_bytes = static_cast<uint32_t>(value.size()),
         .space = space,
         .add = add}
    );
}

void KvRun::Sort() {
    for (auto& part : parts_) {
        std::sort(part.entries.begin(), part.entries.end(), [this](const auto& a, const auto& b) {
            return a.head != b.head ? a.head < b.head : Key(a) < Key(b);
        });
    }
}

Result<bool> Kv::Ingest(const KvRun& run) {
    std::vector<KvChange> changes;
    for (size_t space = 0; space < kSpaces; ++space) {
        for (const auto& at : run.Of(static_cast<Space>(space))) {
            const auto kind = at.add ? KvChange::Kind::kAdd : KvChange::Kind::kPut;
            changes.push_back({at.space, kind, std::string(run.Key(at)), std::string(run.Value(at))}
            );
        }
    }
    return Apply(changes);
}

}  // namespace barracuda::store
