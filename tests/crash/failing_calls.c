/* LD_PRELOAD shim: the Nth call of a kind, on a file or a socket, fails, takes its time, or is the last of the process.
 *
 *   FAIL_KIND=kind[,kind…]    write sync rename open unlink link, on files; send receive, on sockets
 *   FAIL_BELOW=directory      calls on other files are not counted
 *   FAIL_FLAT=1               nor on those in its subdirectories
 *   FAIL_ENDING=text          of files whose name ends so; default: all
 *   FAIL_BEGINNING=text       of files whose name begins so; default: all
 *   FAIL_THREAD=name          of threads of that name; default: all
 *   FAIL_WHILE=path           only while there is such a file; default: always
 *   FAIL_AT=n                 the nth of them, from 1; 0: none, calls are only counted
 *   FAIL_FOR=n                so many in a row, default 1; 0: all from then on
 *   FAIL_THEN=                error (default): nothing of the call is done, it answers FAIL_ERRNO
 *                             kill, kill-half, kill-after: SIGKILL before it, in the middle of its bytes, after it
 *                             delay: FAIL_DELAY_US microseconds, then it is done
 *   FAIL_ERRNO=number         default EIO
 *   FAIL_TORN=1               of the first failing write half is done, the next ones are told: what a full disk does
 *   FAIL_TALLY=path           8 bytes: how many were counted; 8 bytes: how many were struck
 *
 * A receive is counted once bytes have come, and can only be followed by a kill or a delay.
 *
 * gcc -shared -fPIC -O2 -o failing_calls.so failing_calls.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum then { kError, kKill, kKillHalf, kKillAfter, kDelay };
enum strike { kNone, kFirst, kLater };

static struct {
    const char *below, *ending, *beginning, *kinds, *thread, *while_;
    unsigned long at, length, delay_us;
    int error, torn, flat;
    enum then then;
    atomic_ulong own[2], *tally; /* counted, struck */
} set;

static pthread_once_t once = PTHREAD_ONCE_INIT;

#define REAL(type, name, ...) type (*real)(__VA_ARGS__) = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

static unsigned long number(const char *name, unsigned long otherwise) {
    const char *value = getenv(name);
    return value ? strtoul(value, 0, 10) : otherwise;
}

static enum then then_named(const char *name) {
    if (!name || !strcmp(name, "error")) return kError;
    if (!strcmp(name, "kill")) return kKill;
    if (!strcmp(name, "kill-half")) return kKillHalf;
    if (!strcmp(name, "kill-after")) return kKillAfter;
    if (!strcmp(name, "delay")) return kDelay;
    abort();
}

static void prepare(void) {
    set.tally = set.own;
    set.below = getenv("FAIL_BELOW");
    set.flat = (int)number("FAIL_FLAT", 0);
    set.ending = getenv("FAIL_ENDING");
    set.beginning = getenv("FAIL_BEGINNING");
    set.kinds = getenv("FAIL_KIND");
    set.thread = getenv("FAIL_THREAD");
    set.while_ = getenv("FAIL_WHILE");
    set.at = number("FAIL_AT", 0);
    set.length = number("FAIL_FOR", 1);
    set.then = then_named(getenv("FAIL_THEN"));
    set.delay_us = number("FAIL_DELAY_US", 0);
    set.error = (int)number("FAIL_ERRNO", EIO);
    set.torn = (int)number("FAIL_TORN", 0);
    const char *path = getenv("FAIL_TALLY");
    REAL(int, open, const char *, int, ...);
    int fd = path ? real(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (fd < 0) return;
    if (ftruncate(fd, sizeof set.own) != 0) abort();
    void *shared = mmap(0, sizeof set.own, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) abort();
    set.tally = (atomic_ulong *)shared;
}

static int among(const char *kind) {
    size_t length = strlen(kind);
    for (const char *at = set.kinds; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (!strncmp(at, kind, length) && (at[length] == 0 || at[length] == ',')) return 1;
    }
    return 0;
}

static int meant(const char *path) {
    size_t length = set.below ? strlen(set.below) : 0;
    if (length == 0 || strncmp(path, set.below, length) != 0 || path[length] != '/') return 0;
    const char *name = strrchr(path, '/') + 1;
    if (set.flat && name != path + length + 1) return 0;
    size_t whole = strlen(name), end = set.ending ? strlen(set.ending) : 0;
    if (set.beginning && strncmp(name, set.beginning, strlen(set.beginning)) != 0) return 0;
    return end <= whole && (end == 0 || !strcmp(name + whole - end, set.ending));
}

static int now(void) {
    char name[16] = "";
    if (set.thread && (prctl(PR_GET_NAME, name) != 0 || strcmp(name, set.thread) != 0)) return 0;
    return !set.while_ || access(set.while_, F_OK) == 0;
}

static enum strike count(void) {
    unsigned long nth = atomic_fetch_add(&set.tally[0], 1) + 1;
    if (set.at == 0 || nth < set.at || (set.length > 0 && nth >= set.at + set.length)) return kNone;
    atomic_fetch_add(&set.tally[1], 1);
    return nth == set.at ? kFirst : kLater;
}

static enum strike hit(const char *kind, const char *path) {
    pthread_once(&once, prepare);
    int kept = errno;
    enum strike struck = among(kind) && (!path || meant(path)) && now() ? count() : kNone;
    errno = kept;
    return struck;
}

/* `file` is the kind where it is one, `socket` where it is that; NULL: not ours. */
static enum strike hit_fd(const char *file, const char *socket, int fd) {
    char link[64], path[PATH_MAX];
    int kept = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    errno = kept;
    if (length <= 0) return kNone;
    path[length] = 0;
    if (!strncmp(path, "socket:", 7)) return socket ? hit(socket, NULL) : kNone;
    return file ? hit(file, path) : kNone;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void wait_so_long(void) {
    struct timespec span = {(time_t)(set.delay_us / 1000000), (long)(set.delay_us % 1000000) * 1000};
    nanosleep(&span, NULL);
}

/* What becomes of a call: `whole` does it, `half` the first half of its bytes where it has `halves`. */
#define FALL(struck_by, whole, half, halves, failed)                     \
    enum strike struck = (struck_by);                                    \
    if (struck == kNone) return (whole);                                 \
    if (set.then == kKillHalf && (halves)) (void)!(half);                \
    if (set.then == kKillAfter) (void)!(whole);                          \
    if (set.then != kError && set.then != kDelay) die();                 \
    if (set.then == kDelay) {                                            \
        wait_so_long();                                                  \
        return (whole);                                                  \
    }                                                                    \
    if (struck == kFirst && set.torn && (halves)) return (half);         \
    errno = set.error;                                                   \
    return (failed)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(ssize_t, write, int, const void *, size_t);
    FALL(hit_fd("write", "send", fd), real(fd, data, size), real(fd, data, size / 2), size > 1, -1);
}

#define POSITIONED(name, offset_type)                                                                                     \
    ssize_t name(int fd, const void *data, size_t size, offset_type at) {                                                 \
        REAL(ssize_t, name, int, const void *, size_t, offset_type);                                                      \
        FALL(hit_fd("write", 0, fd), real(fd, data, size, at), real(fd, data, size / 2, at), size > 1, -1);               \
    }
POSITIONED(pwrite, off_t)
POSITIONED(pwrite64, off64_t)

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    struct iovec first = count > 0 ? *parts : (struct iovec){0};
    first.iov_len = (first.iov_len + 1) / 2;
    FALL(hit_fd("write", "send", fd), real(fd, parts, count), real(fd, &first, 1), count > 0, -1);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
    REAL(ssize_t, send, int, const void *, size_t, int);
    FALL(hit_fd(0, "send", fd), real(fd, data, size, flags), real(fd, data, size / 2, flags), size > 1, -1);
}

ssize_t sendmsg(int fd, const struct msghdr *what, int flags) {
    REAL(ssize_t, sendmsg, int, const struct msghdr *, int);
    struct iovec first = what->msg_iovlen > 0 ? *what->msg_iov : (struct iovec){0};
    struct msghdr part = *what;
    first.iov_len = (first.iov_len + 1) / 2;
    part.msg_iov = &first;
    part.msg_iovlen = 1;
    FALL(hit_fd(0, "send", fd), real(fd, what, flags), real(fd, &part, flags), what->msg_iovlen > 0, -1);
}

/* Bytes that came. */
static ssize_t came(ssize_t size, int fd) {
    if (size <= 0 || hit_fd(0, "receive", fd) == kNone) return size;
    if (set.then == kDelay) wait_so_long();
    else if (set.then != kError) die();
    return size;
}

ssize_t recv(int fd, void *data, size_t size, int flags) {
    REAL(ssize_t, recv, int, void *, size_t, int);
    return came(real(fd, data, size, flags), fd);
}

ssize_t recvmsg(int fd, struct msghdr *what, int flags) {
    REAL(ssize_t, recvmsg, int, struct msghdr *, int);
    return came(real(fd, what, flags), fd);
}

#define SYNC(name)                                                  \
    int name(int fd) {                                              \
        REAL(int, name, int);                                       \
        FALL(hit_fd("sync", 0, fd), real(fd), 0, 0, -1);            \
    }
SYNC(fsync)
SYNC(fdatasync)

#define TWO_NAMES(name)                                                 \
    int name(const char *from, const char *to) {                        \
        REAL(int, name, const char *, const char *);                    \
        FALL(hit(#name, to), real(from, to), 0, 0, -1);                 \
    }
TWO_NAMES(rename)
TWO_NAMES(link)

#define REMOVAL(name)                                               \
    int name(const char *path) {                                    \
        REAL(int, name, const char *);                              \
        FALL(hit("unlink", path), real(path), 0, 0, -1);            \
    }
REMOVAL(unlink)
REMOVAL(remove)

#define OPEN(name)                                                                \
    int name(const char *path, int flags, ...) {                                  \
        REAL(int, name, const char *, int, ...);                                  \
        va_list more;                                                             \
        va_start(more, flags);                                                    \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0; \
        va_end(more);                                                             \
        FALL(hit("open", path), real(path, flags, mode), 0, 0, -1);               \
    }
OPEN(open)
OPEN(open64)

#define STREAM(name)                                                \
    FILE *name(const char *path, const char *mode) {                \
        REAL(FILE *, name, const char *, const char *);             \
        FALL(hit("open", path), real(path, mode), 0, 0, NULL);      \
    }
STREAM(fopen)
STREAM(fopen64)
