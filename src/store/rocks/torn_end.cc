#include "store/rocks/torn_end.h"

#include <fcntl.h>

#include <fstream>
#include <iterator>

#include "store/rocks/store_files.h"
#include "store/rocks/wal_reader.h"

namespace barracuda::store {

namespace {

// No record of ours has as many in a row: a sum has 23, a text none.
constexpr size_t kZerosMissing = 64;
// More than one batch holds (ledger.h, batch_bytes_max, with its entries).
constexpr size_t kTornMax = 16 << 20;

Result<std::string> NewestLog(const std::string& directory) {
    auto names = NamesIn(directory);
    if (!names) return Fail(names.error());
    std::string newest;
    for (const auto& name : *names) {
        if (!name.ends_with(".log")) continue;
        // Of equal width or longer: RocksDB's numbers only grow.
        if (name.size() > newest.size() || (name.size() == newest.size() && name > newest)) {
            newest = name;
        }
    }
    return newest;
}

// Where the log's last whole batch ends.
Result<uint64_t> EndOfWhole(const std::string& path) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return Fail(FileError("cannot read " + path, errno));
    WalReader reader{File(fd)};
    for (;;) {
        auto batch = reader.Next();
        if (!batch && batch.error().code != ErrorCode::kInvalid) return Fail(batch.error());
        if (!batch || !*batch) return reader.offset();
    }
}

bool LacksBytes(const std::string& rest) {
    const std::string zeros(kZerosMissing, '\0');
    return rest.find(zeros) != std::string::npos;
}

}  // namespace

Result<bool> EndIsTorn(const std::string& directory) {
    auto name = NewestLog(directory);
    if (!name) return Fail(name.error());
    if (name->empty()) return false;
    const std::string path = directory + "/" + *name;
    auto end = EndOfWhole(path);
    if (!end) return Fail(end.error());
    std::ifstream log(path, std::ios::binary);
    log.seekg(static_cast<std::streamoff>(*end));
    const std::string rest{std::istreambuf_iterator<char>(log), {}};
    if (rest.size() > kTornMax || !LacksBytes(rest)) return false;
    return !BeginsABatch(rest, *end);
}

}  // namespace barracuda::store
