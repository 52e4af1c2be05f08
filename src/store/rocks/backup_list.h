// The list of a backup, its file BACKUP: every file with its size and hash, written last. A backup
// without one was cut off, or is of a version before 0.4. Bytes: docs/formats/backup.md.
//
//     auto list = BackupList::Parse(text);
//     if (const auto* file = list->Find("000012.sst")) …
//
// Pure but for ReadBackupList; any thread. Errors: kInvalid for a list that is damaged or cut off.
#pragma once

#include <sodium/crypto_generichash.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace barracuda::store {

inline constexpr const char* kBackupListName = "BACKUP";
inline constexpr size_t kBackupListBytesMax = 64 << 20;

struct BackupFile {
    std::string name;
    uint64_t bytes = 0;
    int64_t modified_ns = 0;  // of the store's own file: a table of the same time is the same table
    std::string hash;         // BLAKE2b of 32 bytes, lower hex
    bool operator==(const BackupFile&) const = default;
};

struct BackupList {
    Time made;
    std::string store;      // RocksDB's name of the database
    uint64_t sequence = 0;  // of its last write
    int64_t conversions = 0, contacts = 0;
    std::vector<BackupFile> files;

    const BackupFile* Find(std::string_view name) const;  // nullptr: none
    uint64_t Bytes() const;                               // of all its files
    std::string Text() const;
    static Result<BackupList> Parse(std::string_view text);
    bool operator==(const BackupList&) const = default;
};

// nullopt: the directory has none.
Result<std::optional<BackupList>> ReadBackupList(const std::string& directory);

// A file of a store that belongs into a copy of it: not RocksDB's diary, which every open begins
// anew.
bool BelongsInBackup(const std::string& name);

// BLAKE2b over what is added.
class FileHash {
public:
    FileHash();
    void Add(std::string_view bytes);
    std::string Hex();  // once, at the end

private:
    crypto_generichash_state state_;
};

}  // namespace barracuda::store
