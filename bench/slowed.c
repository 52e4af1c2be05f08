// Makes a program slow without changing it: every answer that it sends costs BENCH_SLOWED_US of CPU more. It is
// preloaded (LD_PRELOAD) by bench/guard.py, to see that a program of half the speed does not pass.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

static double now_us(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void burn(void) {
    const char *given = getenv("BENCH_SLOWED_US");
    const double until = now_us() + (given ? atof(given) : 0);
    while (now_us() < until) {
    }
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    static ssize_t (*real)(int, const struct msghdr *, int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "sendmsg");
    burn();
    return real(socket, message, flags);
}

ssize_t send(int socket, const void *bytes, size_t size, int flags) {
    static ssize_t (*real)(int, const void *, size_t, int);
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "send");
    burn();
    return real(socket, bytes, size, flags);
}
