/*
 * A disk that fails on demand, for the server's tests.
 *
 * Loaded into the real server with LD_PRELOAD, it stands between SQLite and the C library. It concerns itself with the
 * files below one directory (FAULTY_DISK_DATA) and does three things there:
 *
 * - it fails reads, writes and syncs in the way that the test has chosen,
 * - it counts syncs,
 * - it keeps, beside each file, what a loss of power would leave of it: a write gets there with the next sync of its
 *   file that succeeds. After a sync that failed, the kernel takes what was to be written for written, and a later sync
 *   does not bring it back (that is how PostgreSQL once lost data): such writes never get there.
 *
 * Test and server share the file `control` in another directory (FAULTY_DISK_STATE), where the durable files are, too.
 * What was there before the server started is the test's to put there.
 *
 * SQLite reads and writes with pread and pwrite alone; where it maps memory (the -shm file), nothing is meant to survive.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What fails. The numbers are those of `Fault` in faults.rs. */
enum { NOTHING, DISK_FULL, WRITES_FAIL, SYNCS_FAIL, SYNCS_WAIT, READS_FAIL, READS_STALE, ENDS_IN_CHECKPOINT };

/* The control file. The order is that of `FaultyDisk` in faults.rs. */
static struct control {
    _Atomic uint64_t fault;   /* written by the test */
    _Atomic uint64_t writes;  /* that succeeded */
    _Atomic uint64_t syncs;   /* that succeeded */
    _Atomic uint64_t waiting; /* syncs that wait until the fault is gone */
} *control;

/* A write that no sync has followed yet; or, where `length` is negative, a file cut or grown to `offset`. */
struct change {
    off_t offset;
    ssize_t length;
    struct change *next;
};

static struct file {
    char name[NAME_MAX + 1];
    struct change *first, **last;
} files[16];

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char data[PATH_MAX];
static const char *state;

static ssize_t (*real_pread)(int, void *, size_t, off_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off_t);

/* Ends the server: a test over a disk that does not do what it says would show nothing. */
static void give_up(const char *what) {
    perror(what);
    abort();
}

__attribute__((constructor)) static void begin(void) {
    real_pread = (ssize_t (*)(int, void *, size_t, off_t))dlsym(RTLD_NEXT, "pread");
    real_pwrite = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite");
    real_fsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
    const char *directory = getenv("FAULTY_DISK_DATA");
    char path[PATH_MAX];
    state = getenv("FAULTY_DISK_STATE");
    if (!directory || !state || !realpath(directory, data)) give_up("the faulty disk needs its directories");
    snprintf(path, sizeof path, "%s/control", state);
    int fd = open(path, O_RDWR);
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || control == MAP_FAILED) give_up("control");
    close(fd);
}

/* The file that a descriptor stands for, or NULL where it is none of ours. */
static struct file *find(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    size_t prefix = strlen(data);
    if (length < 0) return NULL;
    path[length] = 0;
    if (strncmp(path, data, prefix) != 0 || path[prefix] != '/') return NULL;
    const char *name = path + prefix + 1;
    for (struct file *file = files; file < files + sizeof files / sizeof *files; file++) {
        if (!file->name[0]) {
            snprintf(file->name, sizeof file->name, "%s", name);
            file->last = &file->first;
        }
        if (strcmp(file->name, name) == 0) return file;
    }
    errno = EMFILE;
    give_up("more files than expected");
    return NULL;
}

static void remember(struct file *file, off_t offset, ssize_t length) {
    struct change *change = malloc(sizeof *change);
    if (!change) give_up("malloc");
    *change = (struct change){offset, length, NULL};
    *file->last = change;
    file->last = &change->next;
}

/* Copies one change from the file into what survives of it. */
static void copy(const struct change *change, int from, int to) {
    char buffer[65536];
    if (change->length < 0 && real_ftruncate(to, change->offset)) give_up("ftruncate");
    for (ssize_t done = 0; done < change->length;) {
        size_t wanted = change->length - done;
        ssize_t got = real_pread(from, buffer, wanted < sizeof buffer ? wanted : sizeof buffer, change->offset + done);
        if (got < 0) give_up("pread");
        if (got == 0) return; /* cut off since */
        if (real_pwrite(to, buffer, got, change->offset + done) != got) give_up("pwrite");
        done += got;
    }
}

/* Forgets the changes of a file: they have become durable, or never will. */
static void settle(struct file *file, int durable) {
    char from_path[2 * PATH_MAX], to_path[2 * PATH_MAX];
    snprintf(from_path, sizeof from_path, "%s/%s", data, file->name);
    snprintf(to_path, sizeof to_path, "%s/%s", state, file->name);
    int from = durable ? open(from_path, O_RDONLY) : -1;
    int to = durable ? open(to_path, O_RDWR | O_CREAT, 0600) : -1;
    if (durable && (from < 0 || to < 0)) give_up(to_path);
    for (struct change *change = file->first, *next; change; change = next) {
        next = change->next;
        if (durable) copy(change, from, to);
        free(change);
    }
    file->first = NULL;
    file->last = &file->first;
    if (durable && (close(from) || close(to))) give_up("close");
}

static int fail(int error) {
    errno = error;
    return -1;
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t offset) {
    struct stat stat;
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    ssize_t written;
    if (file && control->fault == WRITES_FAIL) {
        written = fail(EIO);
    } else if (file && control->fault == DISK_FULL && !fstat(fd, &stat) && offset + (off_t)count > stat.st_size) {
        written = fail(ENOSPC);
    } else {
        written = real_pwrite(fd, bytes, count, offset);
        if (file && written > 0) remember(file, offset, written);
        if (file && written > 0) control->writes++;
    }
    pthread_mutex_unlock(&lock);
    return written;
}

ssize_t pread(int fd, void *bytes, size_t count, off_t offset) {
    pthread_mutex_lock(&lock);
    uint64_t fault = control->fault;
    int fails = (fault == READS_FAIL || fault == READS_STALE) && find(fd);
    if (fails) fail(fault == READS_FAIL ? EIO : ESTALE);
    pthread_mutex_unlock(&lock);
    return fails ? -1 : real_pread(fd, bytes, count, offset);
}

static int sync_with(int (*real)(int), int fd) {
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    if (file && control->fault == SYNCS_WAIT) {
        /* Whoever writes beside us must not wait with us. */
        pthread_mutex_unlock(&lock);
        control->waiting++;
        while (control->fault == SYNCS_WAIT) usleep(500);
        control->waiting--;
        pthread_mutex_lock(&lock);
    }
    if (file && control->fault == ENDS_IN_CHECKPOINT && !strstr(file->name, "-wal")) raise(SIGKILL);
    int result = file && control->fault == SYNCS_FAIL ? fail(EIO) : real(fd);
    if (file) settle(file, result == 0);
    if (file && result == 0) control->syncs++;
    pthread_mutex_unlock(&lock);
    return result;
}

int fsync(int fd) { return sync_with(real_fsync, fd); }
int fdatasync(int fd) { return sync_with(real_fdatasync, fd); }

int ftruncate(int fd, off_t length) {
    pthread_mutex_lock(&lock);
    struct file *file = find(fd);
    int result = file && control->fault == WRITES_FAIL ? fail(EIO) : real_ftruncate(fd, length);
    if (file && result == 0) remember(file, length, -1);
    pthread_mutex_unlock(&lock);
    return result;
}

/* The names that programs built for large files call. On the 64-bit machines that we run on they are the same. */
_Static_assert(sizeof(off_t) == 8, "off_t is off64_t");
ssize_t pread64(int, void *, size_t, off_t) __attribute__((alias("pread")));
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));
