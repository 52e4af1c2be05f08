// RocksDB's own diary (LOG, and LOG.old: the one before), for whoever looks into a database.
//
// RocksDB's logger ends the process at its next line once a line could not be written (an assertion
// in 7.8, which Debian builds with): a full disk must be a refused write and nothing worse. This
// one drops what it cannot write.
//
// Threads: any.
#pragma once

#include <rocksdb/env.h>

#include <memory>
#include <string>

namespace barracuda::store {

// In `directory`, which may come to exist later.
std::shared_ptr<rocksdb::Logger> MakeInfoLog(std::string directory, size_t file_bytes_max);

}  // namespace barracuda::store
