// Says on stderr once a second how large a file has become that somebody else writes (a server, for
// this command), from its making to the end of this object's life.
//
// Threads: one of its own, which the destructor ends.
#pragma once

#include <string>
#include <thread>

#include "base/thread_safety.h"

namespace barracuda::app {

class GrowingFile {
public:
    GrowingFile(std::string what, std::string path);
    ~GrowingFile();
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;

private:
    void Watch();
    bool Ended();  // after a while

    const std::string what_, path_;
    Mutex mutex_;
    Condition ends_;
    bool ended_ GUARDED_BY(mutex_) = false;
    std::jthread thread_;  // last: it uses everything above
};

}  // namespace barracuda::app
