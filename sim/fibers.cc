#include "fibers.h"

#include <sys/mman.h>

#include <algorithm>

#include "base/check.h"

namespace barracuda::sim {

namespace {

constexpr size_t kStackBytes = 256 * 1024;
constexpr size_t kGuardBytes = 4096;

// The page below is no memory: an overflow ends the process instead of spoiling another fiber.
char* NewStack() {
    void* at = mmap(
        nullptr,
        kStackBytes,
        PROT_READ | PROT_WRITE,
        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
        -1,
        0
    );
    BARRACUDA_CHECK(at != MAP_FAILED && mprotect(at, kGuardBytes, PROT_NONE) == 0);
    return static_cast<char*>(at);
}

}  // namespace

struct Fibers::Fiber {
    Id id = 0;
    Process* process = nullptr;
    std::function<void()> body;
    ucontext_t context{};
    char* stack = nullptr;
    const void* key = nullptr;  // that it waits for
    Micros until = kNever;
    bool woken = false, over = false;
};

Fibers* Fibers::running_ = nullptr;

Fibers::Fibers(Random random, unsigned preempt) : random_(random), preempt_(preempt) {
    BARRACUDA_CHECK(!running_);
    running_ = this;
}

Fibers::~Fibers() {
    for (auto& [id, fiber] : all_) {
        if (fiber->stack) munmap(fiber->stack, kStackBytes);
    }
    running_ = nullptr;
}

Process* Fibers::process() const { return current_ ? current_->process : nullptr; }

Fibers::Id Fibers::id() const { return current_ ? current_->id : 0; }

void Fibers::Enter(unsigned low, unsigned high) {
    const auto bits = uintptr_t{high} << 32 | low;
    auto* fiber = reinterpret_cast<Fiber*>(bits);
    fiber->body();
    fiber->body = nullptr;
    fiber->over = true;
    running_->Wake(fiber, true);
    running_->Suspend();
    BARRACUDA_CHECK(false);  // it was over
}

Fibers::Id Fibers::Spawn(Process* process, std::function<void()> body) {
    auto fiber = std::make_unique<Fiber>();
    fiber->id = ++last_;
    fiber->process = process;
    fiber->body = std::move(body);
    fiber->stack = NewStack();
    BARRACUDA_CHECK(getcontext(&fiber->context) == 0);
    fiber->context.uc_stack.ss_sp = fiber->stack + kGuardBytes;
    fiber->context.uc_stack.ss_size = kStackBytes - kGuardBytes;
    const auto bits = reinterpret_cast<uintptr_t>(fiber.get());
    makecontext(
        &fiber->context,
        reinterpret_cast<void (*)()>(&Fibers::Enter),
        2,
        static_cast<unsigned>(bits),
        static_cast<unsigned>(bits >> 32)
    );
    if (!process || !process->dead) ready_.push_back(fiber.get());
    all_[fiber->id] = std::move(fiber);
    return last_;
}

void Fibers::At(Micros when, std::function<void()> work) {
    timers_.emplace(std::pair(std::max(when, now_), ++timers_drawn_), std::move(work));
}

void Fibers::FireDue() {
    while (!timers_.empty() && timers_.begin()->first.first <= now_) {
        auto due = timers_.extract(timers_.begin());
        due.mapped()();
    }
    while (!deadlines_.empty() && deadlines_.begin()->first <= now_) {
        Ready(all_.at(deadlines_.begin()->second).get());
    }
}

// No deadline and no key any more.
void Fibers::Forget(Fiber* fiber) {
    if (fiber->until != kNever) deadlines_.erase({fiber->until, fiber->id});
    fiber->until = kNever;
    if (!fiber->key) return;
    auto at = waiting_.find(fiber->key);
    if (at != waiting_.end()) {
        std::erase(at->second, fiber);
        if (at->second.empty()) waiting_.erase(at);
    }
    fiber->key = nullptr;
}

void Fibers::Ready(Fiber* fiber) {
    Forget(fiber);
    ready_.push_back(fiber);
}

Fibers::Fiber* Fibers::Choose() {
    while (!ready_.empty()) {
        const size_t at = random_.Below(ready_.size());
        Fiber* fiber = ready_[at];
        ready_[at] = ready_.back();
        ready_.pop_back();
        const Micros paused = fiber->process ? fiber->process->paused_until : 0;
        if (paused <= now_) return fiber;
        fiber->until = paused;
        deadlines_.insert({paused, fiber->id});
    }
    return nullptr;
}

bool Fibers::Advance() {
    Micros next = kNever;
    if (!timers_.empty()) next = timers_.begin()->first.first;
    if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
    if (next == kNever) return false;
    now_ = std::max(now_, next);
    return true;
}

bool Fibers::Run(const std::function<bool()>& over) {
    BARRACUDA_CHECK(!current_);
    while (!over()) {
        FireDue();
        Fiber* next = Choose();
        if (!next) {
            if (!Advance()) return false;
            continue;
        }
        ++switches_;
        ++now_;
        current_ = next;
        swapcontext(&scheduler_, &next->context);
        current_ = nullptr;
        if (!next->over) continue;
        munmap(next->stack, kStackBytes);
        all_.erase(next->id);
    }
    return true;
}

void Fibers::Suspend() {
    BARRACUDA_CHECK(current_ && whole_ == 0);
    swapcontext(&current_->context, &scheduler_);
}

void Fibers::Yield() {
    if (!current_ || whole_ > 0) return;
    ready_.push_back(current_);
    Suspend();
}

void Fibers::Preempt() {
    if (preempt_ > 0 && current_ && whole_ == 0 && random_.Below(preempt_) == 0) Yield();
}

void Fibers::Sleep(Micros span) { Block(nullptr, now_ + std::max<Micros>(span, 1)); }

bool Fibers::Block(const void* key, Micros until) {
    BARRACUDA_CHECK(current_);
    Fiber* self = current_;
    self->woken = false;
    self->key = key;
    self->until = until;
    if (key) waiting_[key].push_back(self);
    if (until != kNever) deadlines_.insert({until, self->id});
    Suspend();
    return self->woken;
}

void Fibers::Wake(const void* key, bool all) {
    const auto at = waiting_.find(key);
    if (at == waiting_.end()) return;
    std::vector<Fiber*> woken = at->second;
    if (!all) woken = {woken[random_.Below(woken.size())]};
    for (Fiber* fiber : woken) {
        fiber->woken = true;
        Ready(fiber);
    }
}

void Fibers::Join(Id id) {
    const auto at = all_.find(id);
    if (at != all_.end() && !at->second->over) Block(at->second.get());
}

void Fibers::Kill(Process& process) {
    process.dead = true;
    for (auto& [id, fiber] : all_) {
        if (fiber->process != &process) continue;
        Forget(fiber.get());
        std::erase(ready_, fiber.get());
    }
    if (current_ && current_->process == &process) Suspend();
}

Fibers::Whole::Whole() {
    if (running_) ++running_->whole_;
}
Fibers::Whole::~Whole() {
    if (running_) --running_->whole_;
}

}  // namespace barracuda::sim
