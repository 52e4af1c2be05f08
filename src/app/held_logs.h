// The write-ahead logs of a store, held by hard links from when they are seen until they are read,
// so that RocksDB may delete them meanwhile.
//
// Threads: one. Errors: kUnavailable; kInvalid where a log is damaged before its end.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/rocks/wal_reader.h"

namespace barracuda::app {

class HeldLogs {
public:
    // `to`: a directory that exists, on the same file system.
    HeldLogs(std::string data, std::string to) : data_(std::move(data)), to_(std::move(to)) {}

    // Every batch that is there by now and was not read yet, in order. Where it fails, what was
    // read so far is read.
    Result<bool> Read(const std::function<Result<bool>(const std::string& batch)>& take);

private:
    struct Held {
        store::WalReader reader;
        int damaged = 0;  // looks in a row
    };
    Result<bool> Hold();
    void Release(uint64_t number);

    const std::string data_, to_;
    std::map<uint64_t, Held> held_;
    uint64_t read_ = 0;  // logs up to this one are read to their ends
};

}  // namespace barracuda::app
