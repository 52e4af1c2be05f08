#include "base/turns.h"

#include <deque>
#include <utility>

#include "base/check.h"
#include "base/thread_safety.h"

namespace barracuda {

struct Turns::Line {
    Mutex mutex;
    std::deque<Work> waiting GUARDED_BY(mutex);
    bool taken GUARDED_BY(mutex) = false;      // somebody has the turn
    bool beginning GUARDED_BY(mutex) = false;  // a thread is in Begin's loop

    // The next work, with the turn taken for it; empty: none may begin.
    Work Next() {
        MutexLock lock(mutex);
        if (beginning || taken || waiting.empty()) return {};
        Work work = std::move(waiting.front());
        waiting.pop_front();
        taken = beginning = true;
        return work;
    }
    void End() {
        MutexLock lock(mutex);
        BARRACUDA_CHECK(taken);  // a turn ends once
        taken = false;
    }
    void HasBegun() {
        MutexLock lock(mutex);
        BARRACUDA_CHECK(beginning);  // Next said so, and no other thread is in the loop
        beginning = false;
    }
};

Turns::Turns() : line_(std::make_shared<Line>()) {}

void Turns::Take(Work work) {
    BARRACUDA_CHECK(work);
    {
        MutexLock lock(line_->mutex);
        line_->waiting.push_back(std::move(work));
    }
    Begin(line_);
}

// A loop, and one thread in it: work that ends at once would else begin the next one within itself,
// as deep as the line is long.
void Turns::Begin(const std::shared_ptr<Line>& line) {
    while (Work work = line->Next()) {
        // Also where the work throws: the line must not stand still for it.
        const std::unique_ptr<Line, void (*)(Line*)> begun(line.get(), [](Line* of) {
            of->HasBegun();
        });
        Turn turn(line.get(), [line](void*) {
            line->End();
            Begin(line);
        });
        work(std::move(turn));
        work = nullptr;  // may hold the turn's last copy
    }
}

}  // namespace barracuda
