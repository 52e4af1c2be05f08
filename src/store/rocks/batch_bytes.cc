#include "store/rocks/batch_bytes.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "store/put_bytes.h"

namespace barracuda::store {

namespace {

// Fewer than that are sorted as they are: to spread them would cost more.
constexpr size_t kSpreadMin = 64;
constexpr size_t kHeaderBytes = 12;           // sequence, which RocksDB fills in, and count
constexpr size_t kMostPerRecord = 1 + 3 * 5;  // kind, and three numbers of 32 bits

// Kinds of records; those of a family that is not the first are others.
constexpr char kLogData = 0x3;
constexpr char kPut[] = {0x1, 0x5}, kDelete[] = {0x0, 0x4}, kMerge[] = {0x2, 0x6};

bool KeyBefore(const KvChange* a, const KvChange* b) { return a->key < b->key; }

const char (&KindOf(KvChange::Kind kind))[2] {
    switch (kind) {
        case KvChange::Kind::kDelete:
            return kDelete;
        case KvChange::Kind::kAdd:
            return kMerge;
        case KvChange::Kind::kPut:
            break;
    }
    return kPut;
}

char* PutChange(char* at, const KvChange& change, uint32_t family) {
    *at++ = KindOf(change.kind)[family != 0];
    if (family != 0) at = PutNumber(at, family);
    at = PutSized(at, change.key);
    return change.kind == KvChange::Kind::kDelete ? at : PutSized(at, change.value);
}

}  // namespace

// The entries of a document are spread over the indexes by their first bytes. Where the documents
// came in order an index's entries are in order then, and are only looked at.
std::vector<const KvChange*> InKeyOrder(std::span<const KvChange> changes) {
    std::vector<const KvChange*> ordered(changes.size());
    if (changes.size() < kSpreadMin) {
        for (size_t i = 0; i < changes.size(); ++i) ordered[i] = &changes[i];
        std::stable_sort(ordered.begin(), ordered.end(), [](const auto* a, const auto* b) {
            return a->space != b->space ? a->space < b->space : KeyBefore(a, b);
        });
        return ordered;
    }
    constexpr size_t kFirst = 256;
    const auto place = [&](const KvChange& change) {
        const auto byte = change.key.empty() ? 0 : static_cast<unsigned char>(change.key[0]);
        return static_cast<size_t>(change.space) * kFirst + byte;
    };
    std::array<uint32_t, kSpaces * kFirst> ends{};
    for (const auto& change : changes) ++ends[place(change)];
    uint32_t end = 0;
    for (auto& count : ends) end = count = end + count;
    for (size_t i = changes.size(); i-- > 0;) ordered[--ends[place(changes[i])]] = &changes[i];
    // `ends` are beginnings by now.
    for (auto from = ordered.begin(); from != ordered.end();) {
        const size_t own = place(**from);
        const auto to = own + 1 < ends.size() ? ordered.begin() + ends[own + 1] : ordered.end();
        if (!std::is_sorted(from, to, KeyBefore)) std::stable_sort(from, to, KeyBefore);
        from = to;
    }
    return ordered;
}

std::string BatchBytes(
    std::span<const KvChange* const> changes,
    std::string_view log_data,
    const std::array<uint32_t, kSpaces>& families
) {
    static_assert(std::endian::native == std::endian::little);
    size_t most = kHeaderBytes + kMostPerRecord + log_data.size();
    for (const auto* change : changes) {
        most += kMostPerRecord + change->key.size() + change->value.size();
    }
    std::string bytes(most, '\0');
    const auto count = static_cast<uint32_t>(changes.size());
    std::memcpy(bytes.data() + sizeof(uint64_t), &count, sizeof(count));
    char* at = bytes.data() + kHeaderBytes;
    *at++ = kLogData;
    at = PutSized(at, log_data);
    for (const auto* change : changes) {
        at = PutChange(at, *change, families[static_cast<size_t>(change->space)]);
    }
    bytes.resize(static_cast<size_t>(at - bytes.data()));
    return bytes;
}

}  // namespace barracuda::store
