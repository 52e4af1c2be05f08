// The C library's threads, locks, waits and clocks, as fibers and simulated time. Defined in the
// program itself, these names come before the C library's for everybody: the code under test is
// compiled as ever and does not know.
//
// Outside of a simulation, while one thread prepares it, locks are free and clocks are the
// machine's.
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <future>

#include "base/check.h"
#include "fibers.h"

namespace {

using barracuda::sim::Fibers;
using barracuda::sim::kNever;
using barracuda::sim::Micros;

constexpr int64_t kWallBegin = 1'700'000'000;  // s: where every simulation's wall clock begins

Micros WallAhead() {
    const auto* process = Fibers::Now()->process();
    return kWallBegin * 1'000'000 + (process ? process->wall_ahead : 0);
}

Micros MicrosOf(const timespec& at) { return at.tv_sec * 1'000'000 + (at.tv_nsec + 999) / 1'000; }

// A moment of one of the two clocks as simulated time.
Micros MomentOf(clockid_t clock, const timespec& at) {
    return MicrosOf(at) - (clock == CLOCK_REALTIME ? WallAhead() : 0);
}

bool Simulated() { return Fibers::Now() && Fibers::Now()->inside(); }

int Wait(pthread_cond_t* condition, pthread_mutex_t* mutex, Micros until) {
    BARRACUDA_CHECK(Simulated());
    pthread_mutex_unlock(mutex);
    const bool woken = Fibers::Now()->Block(condition, until);
    pthread_mutex_lock(mutex);
    return woken ? 0 : ETIMEDOUT;
}

}  // namespace

extern "C" {

int clock_gettime(clockid_t clock, timespec* at) noexcept {
    if (!Fibers::Now()) return static_cast<int>(syscall(SYS_clock_gettime, clock, at));
    Micros now = Fibers::Now()->Read();
    if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) now += WallAhead();
    at->tv_sec = now / 1'000'000;
    at->tv_nsec = now % 1'000'000 * 1'000;
    return 0;
}

time_t time(time_t* to) noexcept {
    timespec at{};
    clock_gettime(CLOCK_REALTIME, &at);
    if (to) *to = at.tv_sec;
    return at.tv_sec;
}

int clock_nanosleep(clockid_t clock, int flags, const timespec* span, timespec*) {
    if (!Simulated())
        return static_cast<int>(syscall(SYS_clock_nanosleep, clock, flags, span, nullptr));
    const Micros now = Fibers::Now()->now();
    const Micros left = flags == TIMER_ABSTIME ? MomentOf(clock, *span) - now : MicrosOf(*span);
    Fibers::Now()->Sleep(left);
    return 0;
}

int nanosleep(const timespec* span, timespec* left) {
    return clock_nanosleep(CLOCK_MONOTONIC, 0, span, left);
}

int sched_yield() noexcept {
    if (Simulated()) Fibers::Now()->Yield();
    return 0;
}

int pthread_create(
    pthread_t* thread, const pthread_attr_t*, void* (*body)(void*), void* argument
) noexcept {
    BARRACUDA_CHECK(Simulated());
    auto* fibers = Fibers::Now();
    *thread = fibers->Spawn(fibers->process(), [body, argument] { body(argument); });
    return 0;
}

int pthread_join(pthread_t thread, void**) {
    BARRACUDA_CHECK(Simulated());
    Fibers::Now()->Join(thread);
    return 0;
}

int pthread_detach(pthread_t) noexcept { return 0; }
int pthread_setname_np(pthread_t, const char*) noexcept { return 0; }

// `__lock`: 1, held; `__owner` and `__count` as the C library's, of a recursive one.
int pthread_mutex_trylock(pthread_mutex_t* mutex) noexcept {
    auto& data = mutex->__data;
    const int self = Simulated() ? static_cast<int>(Fibers::Now()->id()) : -1;
    const bool recursive = (data.__kind & 3) == PTHREAD_MUTEX_RECURSIVE;
    if (data.__lock != 0 && !(recursive && data.__owner == self)) return EBUSY;
    data.__lock = 1;
    data.__owner = self;
    ++data.__count;
    return 0;
}

int pthread_mutex_lock(pthread_mutex_t* mutex) noexcept {
    if (Simulated()) Fibers::Now()->Preempt();
    while (pthread_mutex_trylock(mutex) != 0) {
        BARRACUDA_CHECK(Simulated());
        Fibers::Now()->Block(mutex);
    }
    return 0;
}

int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
    auto& data = mutex->__data;
    BARRACUDA_CHECK(data.__lock == 1 && data.__count > 0);
    if (--data.__count > 0) return 0;
    data.__lock = data.__owner = 0;
    if (Fibers::Now()) Fibers::Now()->Wake(mutex, false);
    return 0;
}

// `__readers` who hold it shared, `__writers` who holds it alone.
int pthread_rwlock_rdlock(pthread_rwlock_t* lock) noexcept {
    if (Simulated()) Fibers::Now()->Preempt();
    while (lock->__data.__writers > 0) Fibers::Now()->Block(lock);
    ++lock->__data.__readers;
    return 0;
}

int pthread_rwlock_wrlock(pthread_rwlock_t* lock) noexcept {
    if (Simulated()) Fibers::Now()->Preempt();
    auto& data = lock->__data;
    while (data.__writers > 0 || data.__readers > 0) Fibers::Now()->Block(lock);
    data.__writers = 1;
    return 0;
}

int pthread_rwlock_unlock(pthread_rwlock_t* lock) noexcept {
    auto& data = lock->__data;
    data.__writers > 0 ? data.__writers = 0 : --data.__readers;
    if (Fibers::Now()) Fibers::Now()->Wake(lock, true);
    return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
    return Wait(condition, mutex, kNever);
}

int pthread_cond_timedwait(
    pthread_cond_t* condition, pthread_mutex_t* mutex, const timespec* until
) {
    return Wait(condition, mutex, MomentOf(CLOCK_REALTIME, *until));
}

int pthread_cond_clockwait(
    pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock, const timespec* until
) {
    return Wait(condition, mutex, MomentOf(clock, *until));
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
    if (Fibers::Now()) Fibers::Now()->Wake(condition, false);
    return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
    if (Fibers::Now()) Fibers::Now()->Wake(condition, true);
    return 0;
}

int pthread_cond_destroy(pthread_cond_t*) noexcept { return 0; }

}  // extern "C"

// What std::future waits with.
namespace std {

bool __atomic_futex_unsigned_base::_M_futex_wait_until(
    unsigned* at, unsigned old, bool timed, chrono::seconds s, chrono::nanoseconds ns
) {
    const timespec until{s.count(), ns.count()};
    const Micros moment = timed ? MomentOf(CLOCK_REALTIME, until) : kNever;
    BARRACUDA_CHECK(Simulated());
    return *at != old || Fibers::Now()->Block(at, moment);
}

bool __atomic_futex_unsigned_base::_M_futex_wait_until_steady(
    unsigned* at, unsigned old, bool timed, chrono::seconds s, chrono::nanoseconds ns
) {
    const timespec until{s.count(), ns.count()};
    const Micros moment = timed ? MomentOf(CLOCK_MONOTONIC, until) : kNever;
    BARRACUDA_CHECK(Simulated());
    return *at != old || Fibers::Now()->Block(at, moment);
}

void __atomic_futex_unsigned_base::_M_futex_notify_all(unsigned* at) {
    if (Fibers::Now()) Fibers::Now()->Wake(at, true);
}

}  // namespace std
