// The end of the newest log as a power cut can leave it: the last batch, which nobody was answered,
// lies there in parts, with zeros where the disk had not written yet. RocksDB passes over an end
// that is cut off; over such a one it does not.
//
// Only this is taken for torn: behind the last whole batch stands no other whole one, nor the whole
// begin of one, as batches are synced one at a time; and zeros are what is missing. A bit that
// flipped leaves no zeros, and what the mark knows to be durable is held against it by who asks.
//
// Threads: any. Errors: kUnavailable, the log cannot be read.
#pragma once

#include <string>

#include "base/result.h"

namespace barracuda::store {

Result<bool> EndIsTorn(const std::string& directory);

}  // namespace barracuda::store
