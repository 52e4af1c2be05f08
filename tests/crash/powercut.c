/* LD_PRELOAD shim: keeps a journal of what a power cut would leave of every file.
 *
 * kill -9 does not test fsync, because the page cache survives the process. This shim writes down, at every
 * successful fsync or fdatasync, how long the file was when the sync began, and every name that was made, moved or
 * removed until its directory is synced; powercut.py later takes back what nobody synced. Files are named by device
 * and inode. What a removed or replaced name stood for is linked aside first, so that it can come back, and so that
 * its inode number does not come back for another file.
 *
 *   POWERCUT_JOURNAL=path       lines, their fields parted by tabs:
 *                               S dev ino size path   synced; where the file is small also a copy, KEPT/dev-ino
 *                               N path                made
 *                               M from to kept        moved; kept: what was there under the new name, or -
 *                               U path kept           removed
 *                               F path                a directory was synced
 *   POWERCUT_KEPT=directory     on the same file system
 *   POWERCUT_IGNORE_SYNC=1      the negative control: answer "synced" and do nothing, like a lying disk
 *
 * A line is written before its call, so that a kill in between leaves one that did nothing, which is passed over.
 *
 * gcc -shared -fPIC -O2 -o powercut.so powercut.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int plain_open(const char *path, int flags) {
    int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
    return real(path, flags | O_CLOEXEC, 0600);
}

static void journal(const char *format, ...) {
    const char *path = getenv("POWERCUT_JOURNAL");
    if (!path) return;
    char line[13000];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= (int)sizeof line) abort();
    /* Opened each time: the program may close descriptors it does not know. One write, so that lines stay whole. */
    int fd = plain_open(path, O_WRONLY | O_APPEND | O_CREAT);
    if (fd < 0 || write(fd, line, length) != length) abort();
    close(fd);
}

static int ignoring(void) {
    const char *value = getenv("POWERCUT_IGNORE_SYNC");
    return value && strcmp(value, "1") == 0;
}

/* Small files are written in place (the high-water mark): their last durable bytes are kept whole. */
static void keep_bytes(int fd, const struct stat *file) {
    char path[4096], bytes[8192];
    const char *kept = getenv("POWERCUT_KEPT");
    if (!kept || file->st_size > (long long)sizeof bytes) return;
    ssize_t size = pread(fd, bytes, sizeof bytes, 0);
    if (size < 0) return; /* open to be written only: never such a file */
    snprintf(path, sizeof path, "%s/%lu-%lu", kept, (unsigned long)file->st_dev, (unsigned long)file->st_ino);
    int copy = plain_open(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (copy < 0 || write(copy, bytes, size) != size) abort();
    close(copy);
}

static int synced(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    int known = fstat(fd, &before) == 0;
    if (ignoring()) return 0;
    if (known && S_ISREG(before.st_mode)) keep_bytes(fd, &before);
    if (real(fd) != 0) return -1;
    int kept = errno;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    path[length < 0 ? 0 : length] = 0;
    if (known && S_ISDIR(before.st_mode)) journal("F\t%s\n", path);
    if (known && S_ISREG(before.st_mode))
        journal("S\t%lu\t%lu\t%lld\t%s\n", (unsigned long)before.st_dev, (unsigned long)before.st_ino, (long long)before.st_size, path);
    errno = kept;
    return 0;
}

int fsync(int fd) { return synced(fd, "fsync"); }
int fdatasync(int fd) { return synced(fd, "fdatasync"); }

/* Not what we can follow; a program that relies on them would be judged too kindly or too harshly. */
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned flags) {
    (void)fd, (void)offset, (void)length, (void)flags;
    return 0; /* a hint without a promise */
}

static const char *whole(int dir, const char *path, char *room) {
    char link[64];
    snprintf(link, sizeof link, dir == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/%d", dir);
    ssize_t length = path[0] == '/' ? 0 : readlink(link, room, 2048);
    if (length < 0) abort();
    snprintf(room + length, 2047, "%s%s", length ? "/" : "", path);
    return room;
}

static int regular(const char *path) {
    struct stat there;
    return lstat(path, &there) == 0 && S_ISREG(there.st_mode);
}

/* Links what stands there aside. -> where, or "-" */
static const char *aside(const char *path, char *room) {
    static atomic_ulong number;
    const char *kept = getenv("POWERCUT_KEPT");
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link");
    if (!kept || !regular(path)) return "-";
    do {
        snprintf(room, 4096, "%s/%d.%lu", kept, getpid(), atomic_fetch_add(&number, 1));
    } while (real(path, room) != 0 && errno == EEXIST);
    return regular(room) ? room : "-";
}

static void removed(int dir, const char *path) {
    int before = errno;
    char name[4096], kept[4096];
    whole(dir, path, name);
    if (regular(name)) journal("U\t%s\t%s\n", name, aside(name, kept));
    errno = before;
}

int unlink(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    removed(AT_FDCWD, path);
    return real(path);
}

int unlinkat(int dir, const char *path, int flags) {
    int (*real)(int, const char *, int) = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
    removed(dir, path);
    return real(dir, path, flags);
}

int remove(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "remove");
    removed(AT_FDCWD, path);
    return real(path);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    char old[4096], new[4096], kept[4096];
    whole(AT_FDCWD, from, old);
    whole(AT_FDCWD, to, new);
    if (regular(old)) journal("M\t%s\t%s\t%s\n", old, new, aside(new, kept));
    return real(from, to);
}

static void made(int dir, const char *path) {
    int before = errno;
    char name[4096];
    struct stat there;
    whole(dir, path, name);
    if (lstat(name, &there) != 0) journal("N\t%s\n", name);
    errno = before;
}

int link(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "link");
    made(AT_FDCWD, to);
    return real(from, to);
}

#define OPEN(name)                                                                         \
    int name(const char *path, int flags, ...) {                                           \
        int (*real)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, #name); \
        va_list more;                                                                      \
        va_start(more, flags);                                                             \
        mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;          \
        va_end(more);                                                                      \
        if (flags & O_CREAT) made(AT_FDCWD, path);                                         \
        return real(path, flags, mode);                                                    \
    }
OPEN(open)
OPEN(open64)

#define STREAM(name)                                                                       \
    FILE *name(const char *path, const char *mode) {                                       \
        FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, #name); \
        if (mode[0] != 'r') made(AT_FDCWD, path);                                          \
        return real(path, mode);                                                           \
    }
STREAM(fopen)
STREAM(fopen64)
