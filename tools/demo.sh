#!/usr/bin/env bash
# Shows what ambit is for: builds and tests a small repository under a profile, then tries what the
# profile forbids. Everything happens in a fresh directory, which is removed at the end.
#
#   demo.sh AMBIT
set -euo pipefail
ambit=$(realpath "$1")
PATH=$(dirname "$ambit"):$PATH

# Not below /tmp: the profile makes that writable.
top=$(mktemp -d /var/tmp/ambit-demo.XXXXXX)
listener=
trap '[ -z "$listener" ] || kill "$listener"; rm -rf "$top"' EXIT
mkdir -p "$top/home/.config/ambit" "$top/elsewhere"
export HOME=$top/home
unset AMBIT_HOME XDG_CONFIG_HOME
export DEMO_API_TOKEN=made-up-token

title() { printf '\n== %s\n' "$*"; }
indented() { sed 's/^/   /'; }

make_repository() {
  mkdir -p "$top/repo/config" "$top/repo/src/db/fixtures"
  cd "$top/repo"
  cat >src/words.h <<'EOF'
/* The number of words in text; words are separated by blanks. */
unsigned words(const char *text);
EOF
  cat >src/words.c <<'EOF'
#include "words.h"

unsigned words(const char *text) {
  unsigned count = 0;
  int inside = 0;
  for (; *text; ++text) {
    int blank = *text == ' ' || *text == '\n' || *text == '\t';
    if (!blank && !inside) ++count;
    inside = !blank;
  }
  return count;
}
EOF
  cat >src/words_test.c <<'EOF'
#include <stdio.h>
#include "words.h"

int main(void) {
  const struct { const char *text; unsigned want; } cases[] = {
      {"", 0}, {"one", 1}, {"  one two ", 2}, {"a\nb\tc", 3}};
  unsigned failed = 0, n = sizeof cases / sizeof *cases;
  for (unsigned i = 0; i < n; ++i) failed += words(cases[i].text) != cases[i].want;
  printf("%u of %u tests passed\n", n - failed, n);
  return failed != 0;
}
EOF
  printf '%s\n' 'test: build/words_test' '	./build/words_test' '' \
    'build/words_test: src/words_test.c src/words.c src/words.h' '	mkdir -p build' \
    '	gcc -Wall -Werror -o $@ src/words_test.c src/words.c' >Makefile
  printf '%s\n' build/ '*.env' >.gitignore
  local git=(git -c user.name=Demo -c user.email=demo@localhost)
  git init -q -b main
  git add src/words.h src/words.c Makefile .gitignore
  "${git[@]}" commit -q -m "Count words"
  git add src/words_test.c
  "${git[@]}" commit -q -m "Test the counting"
  echo 'DB_PASSWORD=made-up-1' >.env
  echo 'DB_PASSWORD=made-up-2' >config/prod.env
  echo 'DB_PASSWORD=made-up-3' >src/db/fixtures/test.env
}

start_listener() {
  python3 -c '
import socket
server = socket.create_server(("127.0.0.1", 0))
print(server.getsockname()[1], flush=True)
while True: server.accept()[0].close()' >"$top/port" &
  listener=$!
  while [ ! -s "$top/port" ]; do sleep 0.02; done
}

# The line of `ambit explain` that names the rule, with our long directory cut short.
rule() {
  { ambit explain -P dev "$@" || true; } | sed -n "s|^ *decided by *||; T; s|$HOME|~|g; s|$top|…|g; p"
}

mistakes=0
row() { printf '%-8s %-34s %s\n' "$1" "$2" "$3" | sed 's/ *$//'; }

# allowed LABEL COMMAND
allowed() {
  local said
  if said=$(ambit run -P dev -- bash -c "$2" 2>&1); then
    row allowed "$1" ""
  else
    row DENIED "$1" "$said"
    mistakes=$((mistakes + 1))
  fi
}

# denied LABEL COMMAND RULE... tries COMMAND without the sandbox in a copy, then inside it. RULE is a
# question for `ambit explain`, or a sentence.
denied() {
  local label=$1 command=$2 said why
  shift 2
  case $1 in --*) why=$(rule "$@") ;; *) why=$1 ;; esac
  rm -rf "$top/copy"
  cp -a "$top/repo" "$top/copy"
  if ! (cd "$top/copy" && bash -c "$command") >/dev/null 2>&1; then
    row ERROR "$label" "does not work without ambit either"
    mistakes=$((mistakes + 1))
  elif said=$(ambit run -P dev -- bash -c "$command" 2>&1); then
    row ALLOWED "$label" "but should not be"
    mistakes=$((mistakes + 1))
  else
    said=${said##*$'\n'}
    said=${said##*: }
    row denied "$label" "${said:-nothing there}"
    printf '         %s\n' "$why"
  fi
}

make_repository
start_listener
port=$(cat "$top/port")

title "A repository, made for this"
{
  git log --format='commit %h  %s'
  find . -name '*.env' -printf '%P\n' | sort | paste -sd ' ' | sed 's/^/secrets in: /'
} | indented

title "The user's profile, in ~/.config/ambit/config.toml"
cat >"$HOME/.config/ambit/config.toml" <<'EOF'
[permissions.dev]
extends = ":workspace"
[permissions.dev.filesystem.":workspace_roots"]
"**/*.env" = "deny"
EOF
indented <"$HOME/.config/ambit/config.toml"

title "\$ ambit run -P dev -- make test"
status=0
ambit run -P dev -- make test >"$top/out" 2>&1 || status=$?
indented <"$top/out"
echo "   exit status $status"
[ "$status" = 0 ] || exit 1

# The rows are written to a file, not into a pipe, so that mistakes are counted in this shell.
title "What a command may do, each tried in the sandbox"
{
  allowed "build and test the project" "make -B test"
  allowed "write in the repository" "echo '/* more */' >>src/words.c && mkdir -p doc"
  allowed "read the rest of the disk" "head -1 /usr/include/stdio.h"
  allowed "read the history" "git log -1"
} >"$top/out"
indented <"$top/out"

title "What it may not do; without ambit each of these works"
{
  denied "read .env" "cat .env" --read .env
  denied "read config/prod.env" "cat config/prod.env" --read config/prod.env
  denied "read src/db/fixtures/test.env" "cat src/db/fixtures/test.env" \
    --read src/db/fixtures/test.env
  denied "rename .env" "mv .env taken" --write .env
  denied "change .git/config" "echo '[core]' >>.git/config" --write .git/config
  denied "add a git hook" "cp /bin/true .git/hooks/pre-commit" --write .git/hooks/pre-commit
  denied "write beside the repository" "touch ../elsewhere/file" --write ../elsewhere/file
  # shellcheck disable=SC2088
  denied "write ~/.bashrc" "echo true >>$HOME/.bashrc" --write "$HOME/.bashrc"
  denied "connect to 127.0.0.1:$port" "exec 3<>/dev/tcp/127.0.0.1/$port" \
    "network: off, as no line of the profile enables it"
  denied "see \$DEMO_API_TOKEN" "printenv DEMO_API_TOKEN" \
    "environment: names that look like secrets are dropped"
} >"$top/out"
indented <"$top/out"

echo
[ "$mistakes" = 0 ] || {
  echo "$mistakes of these came out wrong." >&2
  exit 1
}
echo "Everything came out as the profile says. The demonstration's files are removed."
