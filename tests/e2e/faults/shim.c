/* Stands before the C library, and has the n-th call that changes a file below a folder fail, kill or lose power.
 *
 * Nothing is counted before arm() is called. Power loss takes back what was written since the last fsync of each
 * file, some of it or all, and kills: what a disk may leave. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { NONE, KILL, TORN, FAIL_EIO, FAIL_ENOSPC, FAIL_EROFS, POWER };
enum { WRITES, SYNCS, NAMES };

struct change {
    dev_t dev;
    ino_t ino;
    char path[PATH_MAX];
    off_t at, old_size;
    size_t had, len;
    char *before, *after; /* no `after`: the file was cut at `at` */
    struct change *older;
};

static char folder[PATH_MAX];
static int kind;
static long nth, calls;
static unsigned seed;
static struct change *newest;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void arm(const char *below, int which, long at, unsigned with) {
    strncpy(folder, below, sizeof folder - 1);
    kind = which;
    nth = at;
    seed = with;
    calls = 0;
}

/* Nothing happens any more; returns how many calls there were. */
long disarm(void) {
    folder[0] = 0;
    return calls;
}

static int is_below(const char *path) { return folder[0] && !strncmp(path, folder, strlen(folder)); }

static int is_ours(int fd, char *path) {
    char link[64];
    if (!folder[0]) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 4) return 0;
    path[length] = 0;
    /* The index of a write-ahead log is mapped into memory, and made anew from it after a crash. */
    return is_below(path) && strcmp(path + length - 4, "-shm");
}

static void remember(int fd, const char *path, off_t at, const void *bytes, size_t len) {
    struct stat found;
    if (kind != POWER || fstat(fd, &found)) return;
    struct change *change = calloc(1, sizeof *change);
    change->dev = found.st_dev;
    change->ino = found.st_ino;
    strcpy(change->path, path);
    change->at = at;
    change->old_size = found.st_size;
    change->len = len;
    size_t wanted = bytes ? len : (found.st_size > at ? (size_t)(found.st_size - at) : 0);
    change->before = malloc(wanted + 1);
    ssize_t had = REAL(pread)(fd, change->before, wanted, at);
    change->had = had > 0 ? (size_t)had : 0;
    if (bytes) {
        change->after = malloc(len + 1);
        memcpy(change->after, bytes, len);
    }
    change->older = newest;
    newest = change;
}

static void is_durable(int fd) {
    struct stat found;
    if (fstat(fd, &found)) return;
    for (struct change **place = &newest; *place;) {
        struct change *change = *place;
        if (change->dev == found.st_dev && change->ino == found.st_ino) *place = change->older;
        else place = &change->older;
    }
}

static void take_back(struct change *change) {
    int fd = open(change->path, O_RDWR);
    if (fd < 0) return;
    if (REAL(pwrite)(fd, change->before, change->had, change->at) < 0 || REAL(ftruncate)(fd, change->old_size)) _exit(99);
    close(fd);
}

static void do_again(struct change *change) {
    if (!change) return;
    do_again(change->older);
    if (seed % 2 == 0 || rand_r(&seed) % 2) return; /* an even seed loses all that was not synced, an odd one some */
    int fd = open(change->path, O_RDWR);
    if (fd < 0) return;
    if (change->after ? REAL(pwrite)(fd, change->after, change->len, change->at) < 0
                      : REAL(ftruncate)(fd, change->at)) _exit(99);
    close(fd);
}

/* Returns the error that the call has to fail with, 0 for none. With the lock held. */
static int fault(int what, int fd, const void *bytes, size_t len, off_t at) {
    calls++;
    if (!nth || calls < nth) return 0;
    if (kind == FAIL_ENOSPC) return what == WRITES ? ENOSPC : 0;
    if (kind == FAIL_EROFS) return EROFS;
    if (calls > nth) return 0;
    if (kind == FAIL_EIO) return EIO;
    if (kind == TORN && bytes && REAL(pwrite)(fd, bytes, len / 2, at) < 0) _exit(99);
    if (kind == POWER) {
        for (struct change *change = newest; change; change = change->older) take_back(change);
        do_again(newest);
    }
    if (kind == KILL || kind == TORN || kind == POWER) {
        kill(getpid(), SIGKILL);
        pause();
    }
    return 0;
}

#define GUARDED(is_counted, what, fd, bytes, len, at, call)                    \
    char path[PATH_MAX] = "";                                                  \
    if (!(is_counted)) return call;                                            \
    pthread_mutex_lock(&lock);                                                 \
    int error = fault(what, fd, bytes, len, at);                               \
    if (!error && (what) == WRITES) remember(fd, path, at, bytes, len);        \
    __typeof__(call) result = error ? -1 : call;                               \
    int told = error ? error : errno;                                          \
    if (!error && (what) == SYNCS && !result) is_durable(fd);                  \
    pthread_mutex_unlock(&lock);                                               \
    errno = told;                                                              \
    return result;

ssize_t write(int fd, const void *bytes, size_t len) {
    GUARDED(is_ours(fd, path), WRITES, fd, bytes, len, lseek(fd, 0, SEEK_CUR), REAL(write)(fd, bytes, len))
}
ssize_t pwrite(int fd, const void *bytes, size_t len, off_t at) {
    GUARDED(is_ours(fd, path), WRITES, fd, bytes, len, at, REAL(pwrite)(fd, bytes, len, at))
}
ssize_t pwrite64(int fd, const void *bytes, size_t len, off_t at) {
    GUARDED(is_ours(fd, path), WRITES, fd, bytes, len, at, REAL(pwrite)(fd, bytes, len, at))
}
int ftruncate(int fd, off_t at) { GUARDED(is_ours(fd, path), WRITES, fd, NULL, 0, at, REAL(ftruncate)(fd, at)) }
int ftruncate64(int fd, off_t at) { GUARDED(is_ours(fd, path), WRITES, fd, NULL, 0, at, REAL(ftruncate)(fd, at)) }
int fsync(int fd) { GUARDED(is_ours(fd, path), SYNCS, fd, NULL, 0, 0, REAL(fsync)(fd)) }
int fdatasync(int fd) { GUARDED(is_ours(fd, path), SYNCS, fd, NULL, 0, 0, REAL(fdatasync)(fd)) }
int rename(const char *from, const char *to) {
    GUARDED((strcpy(path, to), is_below(to)), NAMES, -1, NULL, 0, 0, REAL(rename)(from, to))
}
int link(const char *from, const char *to) {
    GUARDED((strcpy(path, to), is_below(to)), NAMES, -1, NULL, 0, 0, REAL(link)(from, to))
}
int unlink(const char *name) {
    GUARDED((strcpy(path, name), is_below(name)), NAMES, -1, NULL, 0, 0, REAL(unlink)(name))
}
