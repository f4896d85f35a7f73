// Tries to read or to make what is denied by being quick.
//
//   racer ATTEMPTS flip OPEN DENIED       threads rewrite the path while others open it
//   racer ATTEMPTS fixed OPEN DENIED...   opens OPEN and each DENIED in turn; others change the
//   host racer ATTEMPTS make OPEN DENIED       as flip, and the files are made
//
// Prints `attempts N open N denied N`: how many opens there were, how many gave the content of an
// allowed file, and how many gave that of a denied one, which begins with "SECRET" (make: how often
// the denied name was there afterwards). Status 0 unless the arguments are wrong.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kOpeners = 3, kFlippers = 2, kLongest = 4096 };

static volatile char shared_path[kLongest];
static char** names;
static int name_count;
static long wanted;
static int directory;
static atomic_long attempts, opened, denied;
static atomic_int done;

/// The names differ from some byte on; only the rest is rewritten, so that the string is one or the
/// other, or a mixture that exists nowhere.
static void Write(const char* name) {
  for (size_t i = 0; i <= strlen(name); ++i) shared_path[i] = name[i];
}

static void* Flip(void* unused) {
  for (unsigned i = 0; !atomic_load_explicit(&done, memory_order_relaxed); ++i) {
    Write(names[i & 1]);
    for (volatile unsigned wait = i * 7 % 200; wait > 0; --wait) {
    }
  }
  return unused;
}

static void Note(int fd) {
  char text[8] = "";
  if (read(fd, text, 6) == 6) {
    if (memcmp(text, "SECRET", 6) == 0) {
      atomic_fetch_add(&denied, 1);
    } else {
      atomic_fetch_add(&opened, 1);
    }
  }
  close(fd);
}

static int OpenBy(long way, const char* path) {
  switch (way % 4) {
    case 0:
      return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);
    case 1:
#ifdef SYS_open
      return (int)syscall(SYS_open, path, O_RDONLY | O_NONBLOCK);
#endif
    case 2:
      return (int)syscall(SYS_openat, directory, path, O_RDONLY | O_CLOEXEC);
    default:
      return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR);
  }
}

static void* Open(void* unused) {
  for (long i; (i = atomic_fetch_add(&attempts, 1)) < wanted;) {
    const char* path = name_count == 0 ? (const char*)shared_path : names[i % name_count];
    const int fd = OpenBy(i / (name_count == 0 ? 1 : name_count), path);
    if (fd >= 0) Note(fd);
  }
  return unused;
}

static void* Make(void* unused) {
  for (long i; (i = atomic_fetch_add(&attempts, 1)) < wanted;) {
    const int fd = (int)syscall(SYS_openat, AT_FDCWD, shared_path, O_WRONLY | O_CREAT, 0600);
    if (fd >= 0) close(fd);
    if (i % 8 != 0) continue;
    if (access(names[1], F_OK) == 0) atomic_fetch_add(&denied, 1);
    if (access(names[0], F_OK) == 0) atomic_fetch_add(&opened, 1);
    unlink(names[0]);
  }
  return unused;
}

int main(int argc, char** argv) {
  if (argc < 5) return 2;
  wanted = atol(argv[1]);
  names = argv + 3;
  directory = open(".", O_PATH | O_DIRECTORY);
  const int fixed = strcmp(argv[2], "fixed") == 0;
  name_count = fixed ? argc - 3 : 0;
  void* (*work)(void*) = strcmp(argv[2], "make") == 0 ? Make : Open;
  Write(names[0]);
  pthread_t flippers[kFlippers];
  pthread_t openers[kOpeners];
  for (int i = 0; !fixed && i < kFlippers; ++i) pthread_create(&flippers[i], NULL, Flip, NULL);
  for (int i = 0; i < kOpeners; ++i) pthread_create(&openers[i], NULL, work, NULL);
  for (int i = 0; i < kOpeners; ++i) pthread_join(openers[i], NULL);
  atomic_store(&done, 1);
  for (int i = 0; !fixed && i < kFlippers; ++i) pthread_join(flippers[i], NULL);
  printf("attempts %ld open %ld denied %ld\n", wanted, atomic_load(&opened), atomic_load(&denied));
  return 0;
}
