// LineQueue: log lines on their way to a descriptor that may block (a full pipe that nobody reads).
// Putting a line never waits; a thread writes them. A line that does not fit is dropped and
// counted, and the next one that fits says how many.
//
//     LineQueue lines(WriteToStderr, LostLines);
//     lines.Put(line, LineQueue::kRequestBytesMax);
//
// Threads: Put, Flush and dropped from any. The destructor waits for kPatience at most and then
// leaves a thread behind that still hangs in its write: the process may end all the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace barracuda::app {

class LineQueue {
public:
    // Bytes that wait: requests leave room for what else there is to say.
    static constexpr size_t kRequestBytesMax = 1 << 20;
    static constexpr size_t kEventBytesMax = kRequestBytesMax + (64 << 10);
    static constexpr std::chrono::milliseconds kPatience{300};

    using Write = std::function<void(std::string_view lines)>;  // whole lines; may block
    using LostLine = std::function<std::string(uint64_t count)>;

    // `lost` makes the line that tells of dropped ones.
    LineQueue(Write write, LostLine lost);
    ~LineQueue();
    LineQueue(const LineQueue&) = delete;
    LineQueue& operator=(const LineQueue&) = delete;

    // A whole line; dropped where more than `bytes_max` would wait with it.
    void Put(std::string_view line, size_t bytes_max);
    // Until what was put before is written; false: it takes longer.
    bool Flush(std::chrono::milliseconds patience);
    uint64_t dropped() const;  // lines, since it was made

private:
    struct State;
    const std::shared_ptr<State> state_;  // the thread's too, which may live longer
};

}  // namespace barracuda::app
