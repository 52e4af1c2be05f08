// Locks whose rules the compiler checks: which mutex guards a member, which one a function needs.
//
//     Mutex mutex_;
//     Condition wake_;
//     std::deque<Job> jobs_ GUARDED_BY(mutex_);
//     void Append(Job job) REQUIRES(mutex_);
//
//     MutexLock lock(mutex_);                                        // until the scope ends
//     wake_.wait(lock, [this]() REQUIRES(mutex_) { return !jobs_.empty(); });
//
// The names and meanings are the standard library's, whose own types carry no annotations in
// libstdc++. clang's thread-safety analysis reads them (tools/locks.py, `./dev lint`); g++ sees
// plain std::mutex. A lambda is analysed by itself: one that runs under the lock says REQUIRES.
// Constructors and destructors are not analysed: nobody shares the object yet, or any more.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <shared_mutex>
#include <utility>

#if defined(__clang__)
#define BARRACUDA_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define BARRACUDA_THREAD_SAFETY(attribute)
#endif

// Of a member: read with the mutex held (also shared), written with it held alone.
#define GUARDED_BY(mutex) BARRACUDA_THREAD_SAFETY(guarded_by(mutex))
// Of a pointer: the same for what it points to.
#define PT_GUARDED_BY(mutex) BARRACUDA_THREAD_SAFETY(pt_guarded_by(mutex))
// Of a function: its caller holds the mutex, still held afterwards.
#define REQUIRES(...) BARRACUDA_THREAD_SAFETY(requires_capability(__VA_ARGS__))
#define REQUIRES_SHARED(...) BARRACUDA_THREAD_SAFETY(requires_shared_capability(__VA_ARGS__))
// Of a function: its caller must not hold the mutex, as the function takes it.
#define EXCLUDES(...) BARRACUDA_THREAD_SAFETY(locks_excluded(__VA_ARGS__))

// For the types below alone.
#define CAPABILITY(name) BARRACUDA_THREAD_SAFETY(capability(name))
#define SCOPED_CAPABILITY BARRACUDA_THREAD_SAFETY(scoped_lockable)
#define ACQUIRE(...) BARRACUDA_THREAD_SAFETY(acquire_capability(__VA_ARGS__))
#define ACQUIRE_SHARED(...) BARRACUDA_THREAD_SAFETY(acquire_shared_capability(__VA_ARGS__))
#define RELEASE(...) BARRACUDA_THREAD_SAFETY(release_capability(__VA_ARGS__))
#define RELEASE_SHARED(...) BARRACUDA_THREAD_SAFETY(release_shared_capability(__VA_ARGS__))
#define RELEASE_GENERIC(...) BARRACUDA_THREAD_SAFETY(release_generic_capability(__VA_ARGS__))

namespace barracuda {

class CAPABILITY("mutex") Mutex {
public:
    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }

private:
    friend class MutexLock;
    std::mutex mutex_;
};

class CAPABILITY("mutex") SharedMutex {
public:
    void lock() ACQUIRE() { mutex_.lock(); }
    void unlock() RELEASE() { mutex_.unlock(); }
    void lock_shared() ACQUIRE_SHARED() { mutex_.lock_shared(); }
    void unlock_shared() RELEASE_SHARED() { mutex_.unlock_shared(); }

private:
    std::shared_mutex mutex_;
};

// std::unique_lock: unlock and lock let go of the mutex for a while.
class SCOPED_CAPABILITY MutexLock {
public:
    explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : lock_(mutex.mutex_) {}
    ~MutexLock() RELEASE() {}
    MutexLock(const MutexLock&) = delete;
    MutexLock& operator=(const MutexLock&) = delete;

    void lock() ACQUIRE() { lock_.lock(); }
    void unlock() RELEASE() { lock_.unlock(); }

private:
    friend class Condition;
    std::unique_lock<std::mutex> lock_;
};

// A SharedMutex held alone: to write.
class SCOPED_CAPABILITY WriteLock {
public:
    explicit WriteLock(SharedMutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
    ~WriteLock() RELEASE() { mutex_.unlock(); }
    WriteLock(const WriteLock&) = delete;
    WriteLock& operator=(const WriteLock&) = delete;

private:
    SharedMutex& mutex_;
};

// A SharedMutex held with other readers.
class SCOPED_CAPABILITY ReadLock {
public:
    explicit ReadLock(SharedMutex& mutex) ACQUIRE_SHARED(mutex) : mutex_(mutex) {
        mutex_.lock_shared();
    }
    ~ReadLock() RELEASE_GENERIC() { mutex_.unlock_shared(); }
    ReadLock(const ReadLock&) = delete;
    ReadLock& operator=(const ReadLock&) = delete;

private:
    SharedMutex& mutex_;
};

// std::condition_variable of a Mutex. The mutex is held at every call and afterwards.
class Condition {
public:
    void wait(MutexLock& lock) { condition_.wait(lock.lock_); }
    template <typename Predicate>
    void wait(MutexLock& lock, Predicate wanted) {
        condition_.wait(lock.lock_, std::move(wanted));
    }
    template <typename Clock, typename Duration>
    void wait_until(MutexLock& lock, const std::chrono::time_point<Clock, Duration>& at) {
        condition_.wait_until(lock.lock_, at);
    }
    // Whether the predicate holds.
    template <typename Clock, typename Duration, typename Predicate>
    bool wait_until(
        MutexLock& lock, const std::chrono::time_point<Clock, Duration>& at, Predicate wanted
    ) {
        return condition_.wait_until(lock.lock_, at, std::move(wanted));
    }
    template <typename Rep, typename Period>
    void wait_for(MutexLock& lock, const std::chrono::duration<Rep, Period>& span) {
        condition_.wait_for(lock.lock_, span);
    }
    // Whether the predicate holds.
    template <typename Rep, typename Period, typename Predicate>
    bool wait_for(
        MutexLock& lock, const std::chrono::duration<Rep, Period>& span, Predicate wanted
    ) {
        return condition_.wait_for(lock.lock_, span, std::move(wanted));
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

private:
    std::condition_variable condition_;
};

}  // namespace barracuda
