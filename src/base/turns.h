// Turns: work that must not run beside its own kind and goes on across callbacks, so that no lock
// can be held over it: each begins when the one before has ended.
//
//     turns.Take([](Turns::Turn turn) {
//         ledger.Edit(…, [turn](auto) { … });     // ends with the last copy of `turn`
//     });
//
// In the order of Take. Nobody waits: what cannot begin yet begins on the thread that ends the one
// before, and must therefore be short, or go on elsewhere with its turn.
//
// Threads: every method from any thread. A turn may outlive the Turns; what has not begun by then
// begins all the same, as its Take was promised.
#pragma once

#include <functional>
#include <memory>

namespace barracuda {

class Turns {
public:
    using Turn = std::shared_ptr<void>;  // held while the work goes on
    using Work = std::function<void(Turn)>;

    Turns();

    void Take(Work work);

private:
    struct Line;
    static void Begin(const std::shared_ptr<Line>& line);

    std::shared_ptr<Line> line_;
};

}  // namespace barracuda
