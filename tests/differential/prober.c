// Opens what it is told to and says what it got. Questions come on standard input, each "rPATH" or
// "wPATH" and a NUL; every answer is one line:
//
//   e ERRNO              it could not be opened
//   f DEV INO HEX        a regular file, with its first bytes; "w" questions leave HEX empty
//   d DEV INO HEX,HEX,…  a directory and its names; "w" questions made and removed a file in it
//   o DEV INO            anything else
//
// Nothing changes: files are opened without truncation, and the file made in a directory is
// removed.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
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
  const int dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
  struct stat st;
  if (dir < 0 || fstat(dir, &st) != 0) {
    Failed();
    if (dir >= 0) close(dir);
    return;
  }
  const int fd = openat(dir, kFresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0) {
    Failed();
  } else {
    close(fd);
    if (unlinkat(dir, kFresh, 0) != 0) {
      Failed();
    } else {
      Identity('d', &st);
      putchar('\n');
    }
  }
  close(dir);
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

int main(void) {
  char* question = NULL;
  size_t capacity = 0;
  while (getdelim(&question, &capacity, '\0', stdin) > 0) {
    if (question[0] == 'r') {
      Read(question + 1);
    } else if (question[0] == 'w') {
      Write(question + 1);
    } else {
      return 2;
    }
  }
  free(question);
  return fflush(stdout) == 0 ? 0 : 1;
}
