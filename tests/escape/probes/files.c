// Attempts on files by the less usual system calls. See attempt.h for how they answer.
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/openat2.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "attempt.h"

static int Show(int fd) {
  char text[256];
  if (fd < 0) return -1;
  const ssize_t n = read(fd, text, sizeof text);
  if (n < 0) return -1;
  close(fd);
  printf("content %.*s\n", (int)n, text);
  return 0;
}

// Reading.
static int ReadOld(char** a) { return Show((int)syscall(SYS_open, a[0], O_RDONLY)); }
static int ReadOpenat2(char** a) {
  struct open_how how = {.flags = O_RDONLY};
  return Show((int)syscall(SYS_openat2, AT_FDCWD, a[0], &how, sizeof how));
}
/// Directory, name in it.
static int ReadFromDirectory(char** a) {
  const int dir = open(a[0], O_PATH | O_DIRECTORY);
  return dir < 0 ? -1 : Show(openat(dir, a[1], O_RDONLY));
}
static int ReadFromInside(char** a) { return chdir(a[0]) != 0 ? -1 : Show(open(a[1], O_RDONLY)); }
static int ReadWriting(char** a) { return Show(open(a[0], O_RDWR)); }
/// The access mode that asks for both rights and gives neither.
static int OpenOdd(char** a) { return open(a[0], O_ACCMODE) < 0 ? -1 : 0; }
static int ReadCreating(char** a) { return Show(open(a[0], O_RDONLY | O_CREAT, 0600)); }
/// Keeps its memory to itself, as programs with keys do.
static int ReadUndumpable(char** a) {
  if (prctl(PR_SET_DUMPABLE, 0) != 0) return -1;
  return Show(open(a[0], O_RDONLY));
}
/// By the file's handle, which needs no path. Mount point, file.
static int ReadByHandle(char** a) {
  union {
    struct file_handle head;
    char room[sizeof(struct file_handle) + MAX_HANDLE_SZ];
  } handle = {.head.handle_bytes = MAX_HANDLE_SZ};
  int mount_id = 0;
  if (name_to_handle_at(AT_FDCWD, a[1], &handle.head, &mount_id, 0) != 0) return -1;
  const int mount = open(a[0], O_RDONLY | O_DIRECTORY);
  return mount < 0 ? -1 : Show(open_by_handle_at(mount, &handle.head, O_RDONLY));
}
static int GetAttribute(char** a) {
  char value[256];
  const ssize_t n = getxattr(a[0], a[1], value, sizeof value);
  if (n < 0) return -1;
  printf("content %.*s\n", (int)n, value);
  return 0;
}

// Starting programs.
static int Finish(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, 0) != child) return -1;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
  return -1;
}
static int Start(char** a) {
  char* argv[] = {a[0], NULL};
  pid_t child = 0;
  errno = posix_spawn(&child, a[0], NULL, NULL, argv, environ);
  return errno != 0 ? -1 : Finish(child);
}
static int StartDescriptor(char** a) {
  const int fd = open(a[0], O_PATH);
  if (fd < 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    char* argv[] = {a[0], NULL};
    syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
    _exit(errno);
  }
  return Finish(child);
}
/// cat(1) on the file, from a child that shares our memory.
static int ReadAfterVfork(char** a) {
  char* argv[] = {"cat", a[0], NULL};
  const pid_t child = vfork();
  if (child == 0) {
    execve("/bin/cat", argv, environ);
    _exit(errno);
  }
  return Finish(child);
}
/// A program that exists in memory only.
static int StartFromMemory(char** a) {
  (void)a;
  const char script[] = "#!/bin/sh\nexit 0\n";
  const int fd = memfd_create("program", 0);
  if (fd < 0 || write(fd, script, sizeof script - 1) < 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    char* argv[] = {"program", NULL};
    fexecve(fd, argv, environ);
    _exit(errno);
  }
  return Finish(child);
}

// Making names.
static int Creat(char** a) { return (int)syscall(SYS_creat, a[0], 0600) < 0 ? -1 : 0; }
/// A file without a name in a[0], then called a[1].
static int LinkUnnamed(char** a) {
  char path[64];
  const int fd = open(a[0], O_TMPFILE | O_RDWR, 0600);
  if (fd < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return linkat(AT_FDCWD, path, AT_FDCWD, a[1], AT_SYMLINK_FOLLOW);
}
static int LinkUnnamedByNumber(char** a) {
  const int fd = open(a[0], O_TMPFILE | O_RDWR, 0600);
  return fd < 0 ? -1 : linkat(fd, "", AT_FDCWD, a[1], AT_EMPTY_PATH);
}
static int Pipe(char** a) { return mkfifo(a[0], 0600); }
/// Directories of long names below a[0], each entered by its name, until no path could name the
/// last; there a file a[1] is made and read.
static int BeyondLongestPath(char** a) {
  char name[201];
  memset(name, 'd', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  if (chdir(a[0]) != 0) return -1;
  for (int i = 0; i < 25; ++i) {
    if (mkdir(name, 0700) != 0 && errno != EEXIST) return -1;
    if (chdir(name) != 0) return -1;
  }
  const int fd = open(a[1], O_RDWR | O_CREAT, 0600);
  if (fd < 0) return -1;
  if (write(fd, "made\n", 5) != 5 || close(fd) != 0) return -1;
  return Show(open(a[1], O_RDONLY));
}

// Changing what exists.
static int ReopenForWriting(char** a) {
  char path[64];
  const int fd = open(a[0], O_RDONLY);
  if (fd < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, O_WRONLY | O_APPEND) < 0 ? -1 : 0;
}
static int ChangeMapped(char** a) {
  const int fd = open(a[0], O_RDWR);
  if (fd < 0) return -1;
  char* memory = mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (memory == MAP_FAILED) return -1;
  *memory = '#';
  return 0;
}
static int ChangeMappedReadOnly(char** a) {
  const int fd = open(a[0], O_RDONLY);
  if (fd < 0) return -1;
  void* memory = mmap(NULL, 1, PROT_READ, MAP_SHARED, fd, 0);
  return memory == MAP_FAILED ? -1 : mprotect(memory, 1, PROT_READ | PROT_WRITE);
}
static int Opened(const char* path) { return open(path, O_RDONLY); }
static int ModeOfOpened(char** a) { return fchmod(Opened(a[0]), 0640); }
static int OwnerOfOpened(char** a) { return fchown(Opened(a[0]), getuid(), getgid()); }
static int TimesOfOpened(char** a) { return futimens(Opened(a[0]), NULL); }
static int AttributeOfOpened(char** a) { return fsetxattr(Opened(a[0]), "user.probe", "x", 1, 0); }
static int ModeThroughPlace(char** a) {
  char path[64];
  const int fd = open(a[0], O_PATH);
  if (fd < 0) return -1;
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return chmod(path, 0640);
}
static int Owner(char** a) { return chown(a[0], getuid(), getgid()); }
static int OwnerOfLink(char** a) { return lchown(a[0], getuid(), getgid()); }
static int TimesOld(char** a) {
  const struct timeval times[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
  return (int)syscall(SYS_utimes, a[0], times);
}
static int SetAttribute(char** a) { return setxattr(a[0], "user.probe", "x", 1, 0); }
static int RemoveAttribute(char** a) { return removexattr(a[0], a[1]); }
static int SetGroupId(char** a) { return chmod(a[0], 02755); }
static int CreateSetId(char** a) {
  return open(a[0], O_WRONLY | O_CREAT | O_EXCL, 04755) < 0 ? -1 : 0;
}

static const struct Attempt kAttempts[] = {
    {"read-old", ReadOld, 1},
    {"read-openat2", ReadOpenat2, 1},
    {"read-from-directory", ReadFromDirectory, 2},
    {"read-from-inside", ReadFromInside, 2},
    {"read-writing", ReadWriting, 1},
    {"open-odd", OpenOdd, 1},
    {"read-creating", ReadCreating, 1},
    {"read-undumpable", ReadUndumpable, 1},
    {"read-by-handle", ReadByHandle, 2},
    {"get-attribute", GetAttribute, 2},
    {"start", Start, 1},
    {"start-descriptor", StartDescriptor, 1},
    {"read-after-vfork", ReadAfterVfork, 1},
    {"start-from-memory", StartFromMemory, 0},
    {"creat", Creat, 1},
    {"link-unnamed", LinkUnnamed, 2},
    {"link-unnamed-by-number", LinkUnnamedByNumber, 2},
    {"pipe", Pipe, 1},
    {"beyond-longest-path", BeyondLongestPath, 2},
    {"reopen-for-writing", ReopenForWriting, 1},
    {"change-mapped", ChangeMapped, 1},
    {"change-mapped-read-only", ChangeMappedReadOnly, 1},
    {"mode-of-opened", ModeOfOpened, 1},
    {"owner-of-opened", OwnerOfOpened, 1},
    {"times-of-opened", TimesOfOpened, 1},
    {"attribute-of-opened", AttributeOfOpened, 1},
    {"mode-through-place", ModeThroughPlace, 1},
    {"owner", Owner, 1},
    {"owner-of-link", OwnerOfLink, 1},
    {"times-old", TimesOld, 1},
    {"set-attribute", SetAttribute, 1},
    {"remove-attribute", RemoveAttribute, 2},
    {"set-group-id", SetGroupId, 1},
    {"create-set-id", CreateSetId, 1},
};

int main(int argc, char** argv) {
  return RunAttempt(kAttempts, sizeof kAttempts / sizeof *kAttempts, argc, argv);
}
