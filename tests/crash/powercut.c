/* LD_PRELOAD shim: keeps a journal of what a power cut would leave of every file.
 *
 * kill -9 does not test fsync, because the page cache survives the process. This shim writes down, at every
 * successful fsync or fdatasync, how long the file was when the sync began; harness test_kill.py later cuts each file back to
 * that length. Files are named by device and inode, so renames need no record; a removed or replaced file is
 * forgotten, because its inode number may come back for another one.
 *
 *   POWERCUT_JOURNAL=path       lines "S dev ino size path" (synced) and "D dev ino" (gone)
 *   POWERCUT_IGNORE_SYNC=1      the negative control: answer "synced" and do nothing, like a lying disk
 *
 * gcc -shared -fPIC -O2 -o powercut.so powercut.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void journal(const char *format, ...) {
    const char *path = getenv("POWERCUT_JOURNAL");
    if (!path) return;
    char line[4500];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= (int)sizeof line) abort();
    /* Opened each time: the program may close descriptors it does not know. One write, so that lines stay whole. */
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, line, length) != length) abort();
    close(fd);
}

static int ignoring(void) {
    const char *value = getenv("POWERCUT_IGNORE_SYNC");
    return value && strcmp(value, "1") == 0;
}

static int synced(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    struct stat before;
    int known = fstat(fd, &before) == 0 && S_ISREG(before.st_mode);
    if (ignoring()) return 0;
    if (real(fd) != 0) return -1;
    int kept = errno;
    if (known) {
        char link[64], path[4096];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        path[length < 0 ? 0 : length] = 0;
        journal("S %lu %lu %lld %s\n", (unsigned long)before.st_dev, (unsigned long)before.st_ino, (long long)before.st_size, path);
    }
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

static int going(int dir, const char *path, struct stat *gone) {
    return fstatat(dir, path, gone, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(gone->st_mode) && gone->st_nlink == 1;
}

static void forget(int known, const struct stat *gone) {
    if (known) journal("D %lu %lu\n", (unsigned long)gone->st_dev, (unsigned long)gone->st_ino);
}

/* "D" is written before the call, so that a new file which gets the inode afterwards keeps its own record. Should the
 * call fail, or the program die in between, the cut is too harsh, never too kind. */
int unlink(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "unlink");
    struct stat gone;
    forget(going(AT_FDCWD, path, &gone), &gone);
    return real(path);
}

int unlinkat(int dir, const char *path, int flags) {
    int (*real)(int, const char *, int) = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
    struct stat gone;
    forget(going(dir, path, &gone), &gone);
    return real(dir, path, flags);
}

int remove(const char *path) {
    int (*real)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "remove");
    struct stat gone;
    forget(going(AT_FDCWD, path, &gone), &gone);
    return real(path);
}

int rename(const char *from, const char *to) {
    int (*real)(const char *, const char *) = (int (*)(const char *, const char *))dlsym(RTLD_NEXT, "rename");
    struct stat gone, moved;
    int replaced = going(AT_FDCWD, to, &gone) && !(stat(from, &moved) == 0 && moved.st_ino == gone.st_ino);
    forget(replaced, &gone);
    return real(from, to);
}
