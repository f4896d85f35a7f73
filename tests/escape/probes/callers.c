// Callers that are not plain: threads with directories or descriptors of their own, callers that
// die while their call waits. Prints what it saw; status 1 when something broke.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int Broken(const char* what) {
  perror(what);
  return 1;
}

static void ReadInto(const char* path, char* out, size_t size) {
  const int fd = open(path, O_RDONLY | O_CLOEXEC);
  const ssize_t n = fd < 0 ? -1 : read(fd, out, size - 1);
  if (n < 0) {
    snprintf(out, size, "%s", strerrorname_np(errno));
  } else {
    out[n] = '\0';
  }
  if (fd >= 0) close(fd);
}

struct Elsewhere {
  const char* directory;
  const char* name;
  char text[64];
};

/// A thread of this process that does not share the working directory; see clone(2).
static int InItsDirectory(void* argument) {
  struct Elsewhere* me = argument;
  if (chdir(me->directory) == 0) ReadInto(me->name, me->text, sizeof me->text);
  syscall(SYS_exit, 0);
  return 0;
}
static int Directories(char** a) {
  struct Elsewhere there = {a[0], a[1], ""};
  char here[64] = "";
  char* stack = mmap(NULL, 1 << 16, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  volatile int gone = 1;
  const int flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_FILES | CLONE_CHILD_CLEARTID;
  if (clone(InItsDirectory, stack + (1 << 16), flags, &there, NULL, NULL, (void*)&gone) < 0) {
    return Broken("clone");
  }
  while (gone != 0) sched_yield();
  ReadInto(a[1], here, sizeof here);
  printf("here %s there %s\n", here, there.text);
  return 0;
}

/// A child that is killed while it waits for the other end of a pipe; then a plain open.
static int KilledOpener(char** a) {
  const pid_t child = fork();
  if (child == 0) {
    open(a[0], O_RDONLY);
    _exit(0);
  }
  usleep(20000);
  kill(child, SIGKILL);
  int status = 0;
  waitpid(child, &status, 0);
  char text[64];
  ReadInto(a[1], text, sizeof text);
  printf("killed %d then %s\n", WIFSIGNALED(status) ? WTERMSIG(status) : 0, text);
  return 0;
}

static void* OpenForever(void* path) {
  while (errno != EBADF) close(open(path, O_RDONLY));
  return path;
}
/// Processes that end while their threads have calls in flight, many times.
static int DyingCallers(char** a) {
  for (int i = 0; i < atoi(a[0]); ++i) {
    const pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      for (int n = 0; n < 3; ++n) pthread_create(&thread, NULL, OpenForever, a[1]);
      usleep((unsigned)(i % 7) * 300);
      if (i % 2 != 0) raise(SIGKILL);
      _exit(0);
    }
    waitpid(child, NULL, 0);
  }
  char text[64];
  ReadInto(a[1], text, sizeof text);
  printf("then %s\n", text);
  return 0;
}

static void OnSignal(int number) { (void)number; }
/// A signal whose handler asks for no restart, during a wait for a pipe; then again without it.
static int InterruptedOpener(char** a) {
  struct sigaction action = {.sa_handler = OnSignal};
  sigaction(SIGALRM, &action, NULL);
  alarm(1);
  const int fd = open(a[0], O_RDONLY);
  printf("open %s\n", fd < 0 ? strerrorname_np(errno) : "ok");
  return 0;
}

static void Say(const char* what, int fd) {
  if (fd < 0) {
    printf("%s %s\n", what, strerrorname_np(errno));
    return;
  }
  printf("%s flags %o close-on-exec %d number %d\n", what, fcntl(fd, F_GETFL), fcntl(fd, F_GETFD),
         fd);
  close(fd);
}
#define SAY(expression) Say(#expression, expression)
/// What open says and gives, in a directory with `file`, `dir`, `link` -> file, `loop` -> loop,
/// `nowhere` -> missing/x and a `secret` without permissions.
static int Answers(char** a) {
  (void)a;
  char longest[5000];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  char long_name[258];
  memset(long_name, 'x', sizeof long_name - 1);
  long_name[sizeof long_name - 1] = '\0';
  const int dir = open("dir", O_RDONLY | O_DIRECTORY);
  const int file = open("file", O_RDONLY);
  SAY(open("file", O_RDONLY));
  SAY(open("file", O_RDONLY | O_CLOEXEC));
  SAY(open("file", O_RDWR | O_APPEND | O_NONBLOCK));
  SAY(open("file", O_WRONLY | O_SYNC));
  SAY(open("file", O_RDONLY | O_NOATIME | O_NOCTTY));
  SAY(open("file", O_RDONLY | O_DIRECTORY));
  SAY(open("file", O_PATH));
  SAY(open("file", O_CREAT | O_EXCL | O_WRONLY, 0600));
  SAY(open("file/", O_RDONLY));
  SAY(open("file/x", O_RDONLY));
  SAY(open("file/x", O_WRONLY | O_CREAT, 0600));
  SAY(open("dir", O_RDONLY));
  SAY(open("dir", O_RDWR));
  SAY(open("dir/", O_WRONLY | O_CREAT, 0600));
  SAY(open("dir", O_RDONLY | O_CREAT, 0600));
  SAY(open("dir/..", O_RDONLY));
  SAY(open(".", O_RDONLY));
  SAY(open("./dir//../file", O_RDONLY));
  SAY(open("link", O_RDONLY));
  SAY(open("link", O_RDWR));
  SAY(open("link", O_RDONLY | O_NOFOLLOW));
  SAY(open("link", O_WRONLY | O_NOFOLLOW));
  SAY(open("link", O_CREAT | O_EXCL | O_WRONLY, 0600));
  SAY(open("loop", O_RDONLY));
  SAY(open("loop", O_WRONLY));
  SAY(open("loop", O_WRONLY | O_CREAT, 0600));
  SAY(open("nowhere", O_RDONLY));
  SAY(open("nowhere", O_WRONLY | O_CREAT, 0600));
  SAY(open("missing", O_RDONLY));
  SAY(open("missing", O_WRONLY));
  SAY(open("missing/x", O_RDONLY));
  SAY(open("missing/x", O_WRONLY | O_CREAT, 0600));
  SAY(open("missing/", O_WRONLY | O_CREAT, 0600));
  SAY(open("secret", O_RDONLY));
  SAY(open("secret", O_WRONLY));
  SAY(open("", O_RDONLY));
  SAY(open("", O_WRONLY | O_CREAT, 0600));
  SAY(open((const char*)1, O_RDONLY));
  SAY(open((const char*)1, O_WRONLY));
  SAY(open(longest, O_RDONLY));
  SAY(open(longest, O_WRONLY | O_CREAT, 0600));
  SAY(open(long_name, O_RDONLY));
  SAY(open(long_name, O_WRONLY | O_CREAT, 0600));
  SAY(openat(dir, "../file", O_RDONLY));
  SAY(openat(file, "x", O_RDONLY));
  SAY(openat(999, "x", O_RDONLY));
  SAY(openat(999, "x", O_WRONLY | O_CREAT, 0600));
  SAY(openat(999, "/dev/null", O_RDONLY));
  SAY(open("new", O_WRONLY | O_CREAT | O_EXCL, 0666));
  SAY(open("new2", O_RDONLY | O_CREAT, 0400));
  SAY(open("new3", O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0));
  SAY(open("dir", O_TMPFILE | O_RDWR, 0600));
  SAY(open("dir", O_TMPFILE | O_RDONLY, 0600));
  SAY(open("file", O_TMPFILE | O_RDWR, 0600));
  SAY(mkdir("dir", 0700));
  SAY(mkdir("missing/x", 0700));
  SAY(rmdir("file"));
  SAY(rmdir("missing"));
  SAY(unlink("dir"));
  SAY(unlink("missing"));
  SAY(rename("missing", "x"));
  SAY(rename("dir", "file"));
  SAY(rename("dir", "dir/x"));
  SAY(rename("file", "dir"));
  SAY(rename("file", "missing/x"));
  SAY(link("missing", "x"));
  SAY(link("file", "link"));
  SAY(link("dir", "x"));
  SAY(symlink("x", "file"));
  SAY(symlink("", "x"));
  SAY(chmod("missing", 0600));
  SAY(truncate("missing", 0));
  SAY(truncate("dir", 0));
  SAY(truncate("file", -1));
  const struct timespec times[2] = {{0, 2000000000}, {0, 0}};
  SAY(utimensat(AT_FDCWD, "file", times, 0));
  SAY(fchmod(999, 0600));
  struct rlimit limit = {.rlim_cur = (rlim_t)(file + 1), .rlim_max = (rlim_t)(file + 1)};
  setrlimit(RLIMIT_NOFILE, &limit);
  SAY(open("file", O_RDONLY));
  SAY(open("file", O_WRONLY));
  return 0;
}

static const struct {
  const char* name;
  int (*run)(char** arguments);
  int arguments;
} kCases[] = {
    {"directories", Directories, 2},
    {"killed-opener", KilledOpener, 2},
    {"dying-callers", DyingCallers, 2},
    {"interrupted-opener", InterruptedOpener, 1},
    {"answers", Answers, 0},
};

int main(int argc, char** argv) {
  for (size_t i = 0; argc > 1 && i < sizeof kCases / sizeof *kCases; ++i) {
    if (strcmp(argv[1], kCases[i].name) != 0 || argc != 2 + kCases[i].arguments) continue;
    return kCases[i].run(argv + 2);
  }
  fprintf(stderr, "callers: which case, and on what?\n");
  return 2;
}
