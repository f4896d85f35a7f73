/* Stands in for bwrap in a mount namespace of the test's own, and does not quite do what it was
 * told: on the way to the real one, which lies in /mnt, the word FROM of its options becomes TO. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char options[1 << 20];

int main(int argc, char** argv) {
  (void)argc;
  const char* const from = FROM;
  const char* const to = TO;
  const int given = atoi(argv[2]);
  const ssize_t size = read(given, options, sizeof options);
  const int changed = memfd_create("options", 0);
  if (size < 0 || changed < 0) return 99;
  int found = 0;
  for (char* word = options; word < options + size; word += strlen(word) + 1) {
    const char* out = word;
    if (strcmp(word, from) == 0) {
      out = to;
      found = 1;
    }
    if (write(changed, out, strlen(out) + 1) < 0) return 99;
  }
  if (!found || lseek(changed, 0, SEEK_SET) < 0) return 98;
  char number[16];
  snprintf(number, sizeof number, "%d", changed);
  argv[2] = number;
  execv("/mnt/bwrap", argv);
  return 97;
}
