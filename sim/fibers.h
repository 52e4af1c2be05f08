// Fibers: the threads of simulated processes, all on one real thread, on a simulated clock.
//
// The program under test starts threads, locks mutexes, waits and asks for the time as it always
// does; threads.cc stands in for the C library and leads all of it here. Which fiber goes on is
// drawn from the seed whenever one waits, and now and then when one is about to take a lock. When
// none can go on, the clock jumps to the next moment at which one can. So the same seed gives the
// same run, and a minute of the program costs a few milliseconds.
//
//     Fibers fibers(random);
//     Process node{.name = "a"};
//     fibers.Spawn(&node, [] { … std::thread(…) … });
//     fibers.Run([&] { return done; });
//     fibers.Kill(node);                    // as kill -9: nothing of it runs or is unwound any
//     more
//
// Threads: one.
#pragma once

#include <ucontext.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "random.h"

namespace barracuda::sim {

using Micros = int64_t;  // of simulated time
inline constexpr Micros kNever = INT64_MAX;
inline constexpr Micros kMs = 1'000, kSecond = 1'000'000;

// One life of a program: its fibers are its threads.
struct Process {
    std::string name;
    bool dead = false;
    Micros paused_until = 0;  // as SIGSTOP: none of its fibers goes on before
    Micros wall_ahead = 0;    // its wall clock against the simulated time
};

class Fibers {
public:
    using Id = uint64_t;

    // `preempt`: of how many locks one lets another fiber go first; 0: never.
    Fibers(Random random, unsigned preempt);
    ~Fibers();
    Fibers(const Fibers&) = delete;
    Fibers& operator=(const Fibers&) = delete;

    // The one that runs; nullptr outside of a simulation.
    static Fibers* Now() { return running_; }

    // Null: the world's own, which nothing kills.
    Id Spawn(Process* process, std::function<void()> body);
    // Runs until `over` says so, asked between any two fibers. False: nothing can ever go on.
    bool Run(const std::function<bool()>& over);
    // Runs `work` at that moment, outside of any fiber: it may not wait.
    void At(Micros when, std::function<void()> work);
    void Kill(Process& process);

    // Of the fiber that calls.
    Process* process() const;
    Id id() const;
    bool inside() const { return current_ != nullptr; }
    void Yield();
    void Sleep(Micros span);
    // Waits until somebody wakes `key`; false: `until` came first.
    bool Block(const void* key, Micros until = kNever);
    void Wake(const void* key, bool all);
    void Join(Id id);
    void Preempt();  // a good place for another fiber to come first

    Micros now() const { return now_; }
    // Asking for the time takes time: whoever asks until it has come gets there.
    Micros Read() { return ++now_; }
    uint64_t switches() const { return switches_; }

    // While it lives no other fiber goes on: what is one step of the world's own.
    class Whole {
    public:
        Whole();
        ~Whole();
    };

private:
    struct Fiber;
    static void Enter(unsigned low, unsigned high);
    Fiber* Choose();
    bool Advance();
    void FireDue();
    void Suspend();
    void Ready(Fiber* fiber);
    void Forget(Fiber* fiber);

    static Fibers* running_;
    Random random_;
    const unsigned preempt_;
    Micros now_ = kSecond;
    uint64_t switches_ = 0, last_ = 0, timers_drawn_ = 0;
    int whole_ = 0;
    ucontext_t scheduler_{};
    Fiber* current_ = nullptr;
    std::vector<Fiber*> ready_;
    std::map<Id, std::unique_ptr<Fiber>> all_;
    std::set<std::pair<Micros, Id>> deadlines_;
    std::unordered_map<const void*, std::vector<Fiber*>> waiting_;
    std::map<std::pair<Micros, uint64_t>, std::function<void()>> timers_;
};

}  // namespace barracuda::sim
