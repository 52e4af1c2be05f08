/* LD_PRELOAD shim: the wall clock is off by as many seconds as the file CLOCK_FILE says at that moment (8 bytes, signed), as after
 * a step of the system's clock. The steady clock goes on, as it does there. What waits until a moment of the wall clock is woken
 * when the true clock comes to it, as the kernel does.
 *
 * gcc -shared -fPIC -O2 -o clock_jump.so clock_jump.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *off;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void prepare(void) {
    static const int64_t none = 0;
    const char *path = getenv("CLOCK_FILE");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *shared = fd < 0 ? MAP_FAILED : mmap(0, sizeof *off, PROT_READ, MAP_SHARED, fd, 0);
    off = shared == MAP_FAILED ? &none : shared;
    if (fd >= 0) close(fd);
}

static int64_t seconds(void) {
    pthread_once(&once, prepare);
    return *off;
}

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static int of_the_wall(clockid_t clock) { return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE; }

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int failed = real(clock, now);
    if (!failed && of_the_wall(clock)) now->tv_sec += seconds();
    return failed;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    REAL(int, gettimeofday, struct timeval *, void *);
    int failed = real(now, zone);
    if (!failed) now->tv_sec += seconds();
    return failed;
}

time_t time(time_t *where) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (where) *where = now.tv_sec;
    return now.tv_sec;
}

static struct timespec true_moment(const struct timespec *until) {
    struct timespec moment = *until;
    moment.tv_sec -= seconds();
    return moment;
}

int pthread_cond_timedwait(pthread_cond_t *condition, pthread_mutex_t *mutex, const struct timespec *until) {
    REAL(int, pthread_cond_timedwait, pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    struct timespec moment = true_moment(until);
    return real(condition, mutex, &moment);
}

int pthread_cond_clockwait(pthread_cond_t *condition, pthread_mutex_t *mutex, clockid_t clock, const struct timespec *until) {
    REAL(int, pthread_cond_clockwait, pthread_cond_t *, pthread_mutex_t *, clockid_t, const struct timespec *);
    struct timespec moment = of_the_wall(clock) ? true_moment(until) : *until;
    return real(condition, mutex, clock, &moment);
}
