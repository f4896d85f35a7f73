// Tries what it is told to and says what came of it. Questions come on standard input: a letter, a
// path and a NUL, for some letters a second text and a NUL. Every answer is one line.
//
//   r PATH        opens it for reading      w PATH        opens it for writing
//   m PATH        makes a file              d PATH        makes a directory
//   i PATH NAME   makes a directory and a file in it      f PATH   makes a fifo
//   s PATH TEXT   makes a link              n PATH        renames a new file to it
//   l PATH        links a new file to it    k OLD NEW     links OLD to it
//   v OLD NEW     renames                   x ONE OTHER   exchanges the two
//   c PATH        changes the mode to what it is          u PATH   removes it
//   =             says "=" and lets everything out
//
// The answers:
//
//   e ERRNO              it failed
//   n ERRNO              the new file that was to be renamed or linked could not be made
//   f DEV INO HEX        a regular file, with its first bytes; after "w" HEX is empty
//   d DEV INO HEX,HEX,…  a directory and its names; "w" made and removed a file in it
//   o DEV INO            anything else
//   + DEV INO ERRNO ERRNO ERRNO
//                        made: the directory that has it, what reading it gave, what undoing it
//                        gave, what making a file in it gave
//
// What succeeds is undone at once. Files are opened without truncation.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char kFresh[] = "zz-fresh-probe";

static void Hex(const char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) printf("%02x", (unsigned)(unsigned char)bytes[i]);
}

static void Failed(void) { printf("e %d\n", errno); }

static void Identity(char letter, const struct stat* st) {
  printf("%c %llu %llu ", letter, (unsigned long long)st->st_dev, (unsigned long long)st->st_ino);
}

static void List(int fd) {
  DIR* dir = fdopendir(fd);
  if (dir == NULL) abort();
  for (const struct dirent* entry; (entry = readdir(dir)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    Hex(entry->d_name, strlen(entry->d_name));
    putchar(',');
  }
  closedir(dir);
}

static void Read(const char* path) {
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat st;
  if (fd < 0 || fstat(fd, &st) != 0) {
    Failed();
    return;
  }
  if (S_ISDIR(st.st_mode)) {
    Identity('d', &st);
    List(fd);  // closes it
    putchar('\n');
    return;
  }
  if (S_ISREG(st.st_mode)) {
    char text[256];
    const ssize_t size = read(fd, text, sizeof text);
    if (size < 0) {
      Failed();
    } else {
      Identity('f', &st);
      Hex(text, (size_t)size);
      putchar('\n');
    }
  } else {
    Identity('o', &st);
    putchar('\n');
  }
  close(fd);
}

static void WriteInto(const char* path) {
  char fresh[PATH_MAX + 64];
  snprintf(fresh, sizeof fresh, "%s/%s", path, kFresh);
  struct stat st;
  if (stat(path, &st) != 0) {
    Failed();
    return;
  }
  const int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    Failed();
    return;
  }
  close(fd);
  if (unlink(fresh) != 0) {
    Failed();
    return;
  }
  Identity('d', &st);
  putchar('\n');
}

static void Write(const char* path) {
  const int fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  struct stat st;
  if (fd < 0 && errno == EISDIR) {
    WriteInto(path);
  } else if (fd < 0 && errno == ENXIO && stat(path, &st) == 0) {
    Identity('o', &st);  // a fifo: permitted, but nobody reads from it
    putchar('\n');
  } else if (fd < 0 || fstat(fd, &st) != 0) {
    Failed();
  } else {
    Identity(S_ISREG(st.st_mode) ? 'f' : 'o', &st);
    putchar('\n');
  }
  if (fd >= 0) close(fd);
}

// What lies in the directory that has `path`.
static void Place(const char* path, const char* name, char out[PATH_MAX + 64]) {
  const char* slash = strrchr(path, '/');
  snprintf(out, PATH_MAX + 64, "%.*s/%s", (int)(slash - path), path, name);
}

// 0 or errno of reading it to the end of what fits.
static int TryRead(const char* path) {
  char text[64];
  const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  const int failed = read(fd, text, sizeof text) < 0 && errno != EISDIR ? errno : 0;
  close(fd);
  return failed;
}

// 0 or errno of making it, with some content.
static int TryMake(const char* path) {
  const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) return errno;
  const int failed = write(fd, "new\n", 4) == 4 ? 0 : errno;
  close(fd);
  return failed;
}

static int Undo(const char* path, int directory) {
  return (directory ? rmdir(path) : unlink(path)) == 0 ? 0 : errno;
}

static int Make(char letter, const char* path, const char* second, const char* fresh) {
  switch (letter) {
    case 'm':
      return TryMake(path);
    case 'd':
    case 'i':
      return mkdir(path, 0700) == 0 ? 0 : errno;
    case 'f':
      return mkfifo(path, 0600) == 0 ? 0 : errno;
    case 's':
      return symlink(second, path) == 0 ? 0 : errno;
    case 'n':
      return rename(fresh, path) == 0 ? 0 : errno;
    case 'l':
      return link(fresh, path) == 0 ? 0 : errno;
    default:  // 'k': the second one is what is made
      return link(second, path) == 0 ? 0 : errno;
  }
}

static void TryNew(char letter, const char* path, const char* second) {
  char fresh[PATH_MAX + 64], inner[PATH_MAX + 64], dir[PATH_MAX + 64];
  Place(path, kFresh, fresh);
  Place(path, "", dir);
  const int needs_source = letter == 'n' || letter == 'l';
  int failed = needs_source ? TryMake(fresh) : 0;
  if (failed != 0) {
    printf("n %d\n", failed);
    return;
  }
  failed = Make(letter, path, second, fresh);
  if (failed == 0) {
    struct stat st;
    if (stat(dir, &st) != 0) memset(&st, 0, sizeof st);
    int inside = 0;
    const int seen = TryRead(path);
    if (letter == 'i') {
      snprintf(inner, sizeof inner, "%s/%s", path, second);
      inside = TryMake(inner);
      if (inside == 0) inside = TryRead(inner);
      unlink(inner);
    }
    Identity('+', &st);
    printf("%d %d %d\n", seen, Undo(path, letter == 'd' || letter == 'i'), inside);
  } else {
    printf("e %d\n", failed);
  }
  if (needs_source) unlink(fresh);
}

static void Move(const char* one, const char* other, unsigned flags) {
  char dir[PATH_MAX + 64];
  Place(other, "", dir);
  struct stat st;
  // Afterwards the way there may be another one.
  if (stat(dir, &st) != 0 || renameat2(AT_FDCWD, one, AT_FDCWD, other, flags) != 0) {
    Failed();
    return;
  }
  const int back = renameat2(AT_FDCWD, other, AT_FDCWD, one, flags) == 0 ? 0 : errno;
  Identity('+', &st);
  printf("0 %d 0\n", back);
}

static void ChangeMode(const char* path) {
  struct stat st;
  if (stat(path, &st) != 0 || chmod(path, st.st_mode & 07777) != 0) {
    Failed();
    return;
  }
  Identity('o', &st);
  putchar('\n');
}

static void Remove(const char* path) {
  struct stat st;
  if (lstat(path, &st) != 0 || (S_ISDIR(st.st_mode) ? rmdir(path) : unlink(path)) != 0) {
    Failed();
    return;
  }
  Identity('o', &st);
  putchar('\n');
}

static int Answer(const char* question, const char* second) {
  const char* path = question + 1;
  switch (*question) {
    case 'r':
      Read(path);
      return 1;
    case 'w':
      Write(path);
      return 1;
    case 'c':
      ChangeMode(path);
      return 1;
    case 'u':
      Remove(path);
      return 1;
    case 'v':
      Move(path, second, 0);
      return 1;
    case 'x':
      Move(path, second, RENAME_EXCHANGE);
      return 1;
    case 'k':
      TryNew('k', second, path);
      return 1;
    case '=':
      puts("=");
      return fflush(stdout) == 0;
    default:
      if (strchr("mdifsnl", *question) == NULL) return 0;
      TryNew(*question, path, second);
      return 1;
  }
}

int main(void) {
  char* question = NULL;
  char* second = NULL;
  size_t capacity = 0, second_capacity = 0;
  while (getdelim(&question, &capacity, '\0', stdin) > 0) {
    if (strchr("isvxk", question[0]) != NULL &&
        getdelim(&second, &second_capacity, '\0', stdin) <= 0) {
      return 2;
    }
    if (!Answer(question, second)) return 2;
  }
  free(question);
  free(second);
  return fflush(stdout) == 0 ? 0 : 1;
}
