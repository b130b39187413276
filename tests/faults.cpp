// Fails, or ends the process, at the n-th call that changes a file in one folder.
// Loaded in front of the C library (LD_PRELOAD) and armed from Python through ctypes.
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[4096];
static long wanted = 0, seen = 0;
static int failure = 0, stays = 0;

// error 0: the process ends as by kill -9; stays: every later call fails too.
extern "C" void faults_arm(const char *where, long n, int error, int lasting) {
    snprintf(folder, sizeof folder, "%s/", where);
    wanted = n, seen = 0, failure = error, stays = lasting;
}
extern "C" long faults_seen() { return seen; }

static int strike() {
    if (!wanted) return 0;
    seen++;
    if (seen != wanted && !(stays && seen > wanted)) return 0;
    if (!failure) kill(getpid(), SIGKILL);
    errno = failure;
    return 1;
}
static int ours(const char *path) { return wanted && !strncmp(path, folder, strlen(folder)); }
static int held(int fd) {
    if (!wanted) return 0;
    char name[64], path[4096];
    snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(name, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return ours(path);
}
#define REAL(name) ((decltype(&name))dlsym(RTLD_NEXT, #name))
#define ON_FILE(type, name, parameters, values)                        \
    extern "C" type name parameters {                                  \
        static auto real = REAL(name);                                 \
        return held(fd) && strike() ? -1 : real values;                \
    }
ON_FILE(ssize_t, write, (int fd, const void *b, size_t n), (fd, b, n))
ON_FILE(ssize_t, pwrite, (int fd, const void *b, size_t n, off_t at), (fd, b, n, at))
ON_FILE(ssize_t, pwrite64, (int fd, const void *b, size_t n, off64_t at), (fd, b, n, at))
ON_FILE(int, fsync, (int fd), (fd))
ON_FILE(int, fdatasync, (int fd), (fd))
ON_FILE(int, ftruncate, (int fd, off_t n) noexcept, (fd, n))
ON_FILE(int, ftruncate64, (int fd, off64_t n) noexcept, (fd, n))

extern "C" int unlink(const char *path) noexcept {
    static auto real = REAL(unlink);
    return ours(path) && strike() ? -1 : real(path);
}
extern "C" int rename(const char *from, const char *to) noexcept {
    static auto real = REAL(rename);
    return ours(to) && strike() ? -1 : real(from, to);
}
#define OPEN(name)                                                     \
    extern "C" int name(const char *path, int flags, ...) {            \
        static auto real = REAL(name);                                 \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        int mode = flags & O_CREAT ? va_arg(rest, int) : 0;            \
        va_end(rest);                                                  \
        int makes = flags & O_CREAT && access(path, F_OK);             \
        return makes && ours(path) && strike() ? -1 : real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
