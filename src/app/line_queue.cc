#include "app/line_queue.h"

#include <atomic>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/thread_name.h"
#include "base/thread_safety.h"

namespace barracuda::app {

struct LineQueue::State {
    Write write;
    LostLine lost;
    Mutex mutex;
    Condition wake, idle;
    std::string waiting GUARDED_BY(mutex);
    uint64_t untold GUARDED_BY(mutex) = 0;  // lines lost since the last that was kept
    bool writing GUARDED_BY(mutex) = false;
    bool stopping GUARDED_BY(mutex) = false;
    std::atomic<uint64_t> dropped{0};

    void Run();
};

void LineQueue::State::Run() {
    NameThread("lines");
    MutexLock lock(mutex);
    for (;;) {
        wake.wait(lock, [this]() REQUIRES(mutex) { return stopping || !waiting.empty(); });
        if (waiting.empty()) return;
        const std::string lines = std::exchange(waiting, {});
        BARRACUDA_CHECK(!writing);
        writing = true;
        lock.unlock();  // write blocks for as long as nobody reads stderr
        write(lines);
        lock.lock();
        writing = false;
        idle.notify_all();
    }
}

LineQueue::LineQueue(Write write, LostLine lost) : state_(std::make_shared<State>()) {
    state_->write = std::move(write);
    state_->lost = std::move(lost);
    std::thread([state = state_] { state->Run(); }).detach();
}

LineQueue::~LineQueue() {
    (void)Flush(kPatience);  // what is not written by now nobody reads
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    state_->wake.notify_one();
}

void LineQueue::Put(std::string_view line, size_t bytes_max) {
    State& state = *state_;
    {
        MutexLock lock(state.mutex);
        if (state.waiting.size() + line.size() > bytes_max) {
            ++state.untold;
            state.dropped.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        if (state.untold > 0) state.waiting += state.lost(std::exchange(state.untold, 0));
        state.waiting += line;
    }
    state.wake.notify_one();
}

bool LineQueue::Flush(std::chrono::milliseconds patience) {
    MutexLock lock(state_->mutex);
    return state_->idle.wait_for(lock, patience, [this]() REQUIRES(state_->mutex) {
        return state_->waiting.empty() && !state_->writing;
    });
}

uint64_t LineQueue::dropped() const { return state_->dropped.load(std::memory_order_relaxed); }

}  // namespace barracuda::app
