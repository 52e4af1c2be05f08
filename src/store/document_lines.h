// The lines of a store as a text file (docs/formats/export.md), for who writes and who reads them.
//
// Pure; any thread.
#pragma once

#include <sodium.h>

#include <optional>
#include <string>
#include <string_view>

#include "store/engine.h"

namespace barracuda::store {

inline constexpr const char* kExportHead = R"({"barracuda_export":1})";
inline constexpr size_t kLineMax = 64 << 20;  // bytes; a document has 16 MiB at most

// {"COLLECTION":{…}}: a document, its types kept (canonical extended JSON), and the line's end.
// kInternal: it is no BSON.
Result<std::string> LineOf(Collection collection, const std::string& document);
std::optional<Collection> CollectionOfLine(std::string_view line);
Result<std::string> DocumentIn(const std::string& line);

// BLAKE2b of every line so far, without their ends: what the last line holds the file against.
class LineHash {
public:
    LineHash();
    void Add(std::string_view line);
    std::string End(int64_t documents) const;  // {"end":COUNT,"hash":"…"}

private:
    static constexpr size_t kBytes = 32;
    crypto_generichash_state state_;
};

}  // namespace barracuda::store
