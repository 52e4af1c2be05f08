// Says on stderr once a second how large a file has become that somebody else writes (a server, for
// this command), from its making to the end of this object's life.
//
// Threads: one of its own, which the destructor ends.
#pragma once

#include <string>
#include <thread>

namespace barracuda::app {

class GrowingFile {
public:
    GrowingFile(std::string what, std::string path);
    GrowingFile(const GrowingFile&) = delete;
    GrowingFile& operator=(const GrowingFile&) = delete;

private:
    void Watch(std::stop_token stop) const;

    const std::string what_, path_;
    std::jthread thread_;  // last: it uses everything above
};

}  // namespace barracuda::app
