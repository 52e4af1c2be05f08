/* LD_PRELOAD shim: the Nth write, sync, rename or open of a file below a directory fails.
 *
 *   FAIL_BELOW=directory      calls on other files are not counted
 *   FAIL_ENDING=text          of files whose name ends so; default: all
 *   FAIL_KIND=write|sync|rename|open
 *   FAIL_AT=n                 the nth of them, from 1; 0: none, calls are only counted
 *   FAIL_FOR=n                so many in a row, default 1; 0: all from then on
 *   FAIL_ERRNO=number         what they answer; nothing of the call is done
 *   FAIL_TORN=1               of the first failing write half is done, the next ones are told: what a full disk does
 *   FAIL_TALLY=path           8 bytes: how many were counted; 8 bytes: how many failed
 *
 * gcc -shared -fPIC -O2 -o failing_calls.so failing_calls.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static struct {
    const char *below, *ending, *kind;
    unsigned long at, length;
    int error, torn;
    atomic_ulong own[2], *tally; /* counted, failed */
} set;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static unsigned long number(const char *name, unsigned long otherwise) {
    const char *value = getenv(name);
    return value ? strtoul(value, 0, 10) : otherwise;
}

static void prepare(void) {
    set.tally = set.own;
    set.below = getenv("FAIL_BELOW");
    set.ending = getenv("FAIL_ENDING");
    set.kind = getenv("FAIL_KIND");
    set.at = number("FAIL_AT", 0);
    set.length = number("FAIL_FOR", 1);
    set.error = (int)number("FAIL_ERRNO", EIO);
    set.torn = (int)number("FAIL_TORN", 0);
    const char *path = getenv("FAIL_TALLY");
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    int fd = path ? real(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return;
    if (ftruncate(fd, sizeof set.own) != 0) abort();
    void *shared = mmap(0, sizeof set.own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) abort();
    set.tally = (atomic_ulong *)shared;
}

static int below(const char *path) {
    size_t length = set.below ? strlen(set.below) : 0;
    if (length == 0 || strncmp(path, set.below, length) != 0 || path[length] != '/') return 0;
    size_t whole = strlen(path), end = set.ending ? strlen(set.ending) : 0;
    return end <= whole && (end == 0 || strcmp(path + whole - end, set.ending) == 0);
}

/* 0: the call is done; 1: it is the first that fails; 2: it fails after others. */
static int hit(const char *kind, const char *path) {
    pthread_once(&once, prepare);
    if (!set.kind || strcmp(kind, set.kind) != 0 || !below(path)) return 0;
    unsigned long nth = atomic_fetch_add(&set.tally[0], 1) + 1;
    if (set.at == 0 || nth < set.at || (set.length > 0 && nth >= set.at + set.length)) return 0;
    atomic_fetch_add(&set.tally[1], 1);
    errno = set.error;
    return nth == set.at ? 1 : 2;
}

static int hit_fd(const char *kind, int fd) {
    char link[64], path[PATH_MAX];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length <= 0) return 0;
    path[length] = 0;
    return hit(kind, path);
}

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t);
    int struck = hit_fd("write", fd);
    if (struck == 0) return real(fd, data, size);
    if (struck == 1 && set.torn && size > 1) return real(fd, data, size / 2);
    return -1;
}

#define POSITIONED(name, offset_type)                                                  \
    ssize_t name(int fd, const void *data, size_t size, offset_type at) {              \
        REAL(ssize_t, name, int, const void *, size_t, offset_type);                   \
        int struck = hit_fd("write", fd);                                              \
        if (struck == 0) return real(fd, data, size, at);                              \
        if (struck == 1 && set.torn && size > 1) return real(fd, data, size / 2, at);  \
        return -1;                                                                     \
    }
POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    return hit_fd("write", fd) ? -1 : real(fd, parts, count);
}

#define SYNC(name)                                      \
    int name(int fd) {                                  \
        REAL(int, name, int);                           \
        return hit_fd("sync", fd) ? -1 : real(fd);      \
    }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    return hit("rename", to) ? -1 : real(from, to);
}

#define OPEN(name)                                                        \
    int name(const char *path, int flags, ...) {                          \
        REAL(int, name, const char *, int, ...);                          \
        va_list more;                                                     \
        va_start(more, flags);                                            \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                     \
        return hit("open", path) ? -1 : real(path, flags, mode);          \
    }
OPEN(open)
OPEN(open64)

#define STREAM(name)                                         \
    FILE *name(const char *path, const char *mode) {         \
        REAL(FILE *, name, const char *, const char *);      \
        return hit("open", path) ? NULL : real(path, mode);  \
    }
STREAM(fopen)
STREAM(fopen64)
