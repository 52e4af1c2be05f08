/* LD_PRELOAD shim, the negative control of the soak: a program that leaks, and becomes slower, with every sync.
 *
 *   LEAK_BYTES=n   memory kept at each fdatasync
 *   LEAK_EVERY=n   one descriptor kept at every nth of them
 *   LEAK_SLOWER_NS=n   each takes so much longer, twice as much with every four seconds: by the clock, for with the number of
 *                      calls a faster program would be slow before it is looked at, and stay so
 *
 * gcc -shared -fPIC -O2 -o leak.so leak.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static unsigned long number(const char *name) {
    const char *value = getenv(name);
    return value ? strtoul(value, 0, 10) : 0;
}

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

/* 2^(seconds / 4), by straight lines between its whole powers. */
static double slowness(double seconds) {
    double fours = seconds / 4, whole = 1;
    for (; fours >= 1 && whole < 1024; fours -= 1) whole *= 2;
    return whole * (1 + (fours < 1 ? fours : 1));
}

int fdatasync(int fd) {
    static atomic_ulong calls;
    static _Atomic double first;
    double none = 0;
    atomic_compare_exchange_strong(&first, &none, now());
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    unsigned long bytes = number("LEAK_BYTES"), every = number("LEAK_EVERY"), nth = atomic_fetch_add(&calls, 1) + 1;
    char *volatile kept = bytes ? malloc(bytes) : NULL;
    if (kept) memset(kept, 1, bytes);
    if (every && nth % every == 0 && open("/dev/null", O_RDONLY) < 0) return -1;
    unsigned long late = (unsigned long)((double)number("LEAK_SLOWER_NS") * slowness(now() - first));
    struct timespec span = {(time_t)(late / 1000000000), (long)(late % 1000000000)};
    nanosleep(&span, NULL);
    return real(fd);
}
