/* Loaded before libc with LD_PRELOAD: makes writes to the session store fail as a bad disk would.
 *
 * CRASH_CONTROL names a file of four 32-bit numbers: the kind of fault (0 none, 1 EIO, 2 ENOSPC,
 * 3 a write of half the bytes, 4 half the bytes and then EIO, 5 EIO of syncs only), how many calls
 * still succeed, 1 when only one call fails, and how many did.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <unistd.h>

enum { NONE, IO_ERROR, NO_SPACE, SHORT, TORN, NO_SYNC };
static volatile int *control;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CRASH_CONTROL");
    int fd = path ? open(path, O_RDWR) : -1;
    if (fd < 0) return;
    void *at = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at != MAP_FAILED) control = at;
    close(fd);
}

/* The fault this call meets. */
static int fault(int fd, int syncs) {
    if (!control || control[0] == NONE) return NONE;
    if (syncs != (control[0] == NO_SYNC) && !(syncs && control[0] == IO_ERROR)) return NONE;
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return NONE;
    path[length] = 0;
    if (!strstr(path, "sessions.db") && !strstr(path, ".new-")) return NONE;
    if (control[1] > 0) { control[1]--; return NONE; }
    int kind = control[0];
    control[3]++;
    if (control[2]) control[0] = NONE;
    else if (kind == TORN) control[0] = IO_ERROR;
    return kind;
}

static ssize_t failing(int kind, size_t *count) {
    if (kind == IO_ERROR) { errno = EIO; return -1; }
    if (kind == NO_SPACE) { errno = ENOSPC; return -1; }
    if ((kind == SHORT || kind == TORN) && *count > 1) *count /= 2;
    return 0;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int fd, const void *data, size_t count) {
    return failing(fault(fd, 0), &count) ? -1 : REAL(write)(fd, data, count);
}
ssize_t pwrite(int fd, const void *data, size_t count, off_t at) {
    return failing(fault(fd, 0), &count) ? -1 : REAL(pwrite)(fd, data, count, at);
}
ssize_t pwrite64(int fd, const void *data, size_t count, off64_t at) {
    return failing(fault(fd, 0), &count) ? -1 : REAL(pwrite64)(fd, data, count, at);
}
int fsync(int fd) {
    size_t none = 0;
    return failing(fault(fd, 1) ? IO_ERROR : NONE, &none) ? -1 : REAL(fsync)(fd);
}
int fdatasync(int fd) {
    size_t none = 0;
    return failing(fault(fd, 1) ? IO_ERROR : NONE, &none) ? -1 : REAL(fdatasync)(fd);
}
