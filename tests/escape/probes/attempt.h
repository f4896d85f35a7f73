// What the attacking programs share. An attempt returns 0 when it worked and -1 with errno when it
// was refused.
#pragma once

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct Attempt {
  const char* name;
  int (*run)(char** arguments);
  int arguments;
};

/// Says how the attempt that the command line names went: `NAME ok` and status 0, or `NAME ERRNO`
/// and status 1. Status 2 is a mistake in the arguments.
static int RunAttempt(const struct Attempt* all, size_t count, int argc, char** argv) {
  for (size_t i = 0; argc > 1 && i < count; ++i) {
    if (strcmp(argv[1], all[i].name) != 0 || argc != 2 + all[i].arguments) continue;
    errno = 0;
    const int result = all[i].run(argv + 2);
    printf("%s %s\n", argv[1], result == 0 ? "ok" : strerrorname_np(errno));
    return result == 0 ? 0 : 1;
  }
  fprintf(stderr, "%s: which attempt, and on what?\n", argv[0]);
  return 2;
}
