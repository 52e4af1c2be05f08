// KvRun: the entries of many new documents, for a store that is being filled (kv.h, Ingest). They
// lie packed behind each other, for a string apiece would be most of the work, and are put in order
// once.
//
//     KvRun run(65'536);
//     run.Put(Space::kDocuments, key, document);
//     run.Sort();
//     for (const auto& at : run.Of(Space::kDocuments)) Take(run.Key(at), run.Value(at));
//
// Threads: one at a time. A space holds less than 4 GiB.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "store/key_head.h"
#include "store/kv.h"

namespace barracuda::store {

class KvRun {
public:
    struct Entry {
        KeyHead head;
        uint32_t at, key_bytes, value_bytes;  // the value lies behind the key
        Space space;
        bool add;  // a sum, which merges with what is stored; else it is put
    };

    explicit KvRun(size_t documents);  // about so many

    void Put(Space space, std::string_view key, std::string_view value) {
        Append(space, key, value, false);
    }
    void Add(std::string_view key, std::string_view sums) {
        Append(Space::kIndexes, key, sums, true);
    }
    void Sort();

    std::span<const Entry> Of(Space space) const { return PartOf(space).entries; }
    std::string_view Key(const Entry& entry) const {
        return {PartOf(entry.space).bytes.data() + entry.at, entry.key_bytes};
    }
    std::string_view Value(const Entry& entry) const {
        return {PartOf(entry.space).bytes.data() + entry.at + entry.key_bytes, entry.value_bytes};
    }

private:
    struct Part {
        std::string bytes;
        std::vector<Entry> entries;
    };
    void Append(Space space, std::string_view key, std::string_view value, bool add);
    const Part& PartOf(Space space) const { return parts_[static_cast<size_t>(space)]; }

    std::array<Part, kSpaces> parts_;
};

}  // namespace barracuda::store
