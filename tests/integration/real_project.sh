#!/usr/bin/env bash
# Somebody else's project, built and tested by its own means in the sandbox.
#
#   real_project.sh AMBIT
#
# Fetches the source package of zlib with `apt-get source`, puts .env files into it, and runs
# configure, make and make check under :workspace plus "**/*.env" = "deny". Meanwhile a second
# process of the same sandbox tries to read each .env. Status 77: it could not be fetched here.
set -euo pipefail
ambit=$(realpath "$1")
package=zlib

skip() {
  printf 'SKIP real_project: %s\n' "$*"
  exit 77
}
fail() {
  printf 'FAIL: %s\n' "$*" >&2
  exit 1
}

for tool in apt-get dpkg-source gcc make unshare; do
  command -v "$tool" >/dev/null || skip "$tool is not installed"
done
unshare --user --map-current-user --mount true 2>/dev/null ||
  skip "this machine allows no user namespaces"

top=$(mktemp -d /var/tmp/ambit-real.XXXXXX)
trap 'rm -rf "$top"' EXIT
mkdir -p "$top"/{apt/state/lists/partial,apt/cache/archives/partial,fetch,config,home}

# The source lists of this machine may name binary packages only, so make one of our own from them.
# shellcheck source=/dev/null
codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
  awk -v release="$codename" '$2 == release && $3 == "main" { print $1; exit }')
[ -n "$mirror" ] || skip "apt knows no mirror of '$codename main'"
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
signed=
[ ! -e "$keyring" ] || signed="[signed-by=$keyring] "
echo "deb-src $signed$mirror $codename main" >"$top/apt/sources.list"

apt() {
  apt-get -qq -o "Dir::Etc::sourcelist=$top/apt/sources.list" -o Dir::Etc::sourceparts=/dev/null \
    -o "Dir::State=$top/apt/state" -o Dir::State::status=/var/lib/dpkg/status \
    -o "Dir::Cache=$top/apt/cache" -o APT::Sandbox::User= "$@"
}
cd "$top/fetch"
apt update >"$top/apt.log" 2>&1 || skip "apt-get update: $(tail -n 1 "$top/apt.log")"
apt source "$package" >"$top/apt.log" 2>&1 || skip "apt-get source: $(tail -n 1 "$top/apt.log")"
work=$(find "$top/fetch" -mindepth 1 -maxdepth 1 -type d)
[ -x "$work/configure" ] || fail "no configure script in '$work'"
cd "$work"
echo "fetched $(basename "$work")"

secret=made-up-$RANDOM$RANDOM
secrets=(.env test/ci.env contrib/minizip/.env deep/er/and/deeper/prod.env)
for file in "${secrets[@]}"; do
  mkdir -p "$(dirname "$file")"
  echo "PASSWORD=$secret" >"$file"
  # The control: without the sandbox each of them can be read.
  grep -q "$secret" "$file" || fail "'$file' cannot be read without the sandbox"
done

cat >"$top/config/config.toml" <<'EOF'
[permissions.build]
extends = ":workspace"
[permissions.build.filesystem.":workspace_roots"]
"**/*.env" = "deny"
EOF

cat >"$top/inside.sh" <<'EOF'
set -eu
{
  tries=0 opened=0
  while [ ! -e build-ended ] || [ "$tries" = 0 ]; do
    for file in "$@"; do
      tries=$((tries + 1))
      if cat "$file" >>stolen 2>/dev/null; then opened=$((opened + 1)); fi
    done
    sleep 0.02
  done
  echo "$tries $opened" >reader-result
} &
trap 'touch build-ended; wait' EXIT
./configure >configure.out
make >make.out 2>&1
make check >check.out 2>&1
EOF

status=0
HOME=$top/home "$ambit" run --config-home "$top/config" -P build -- \
  sh "$top/inside.sh" "${secrets[@]}" || status=$?
if [ "$status" != 0 ]; then
  tail -n 20 configure.out make.out check.out 2>/dev/null || true
  fail "the build ended with status $status"
fi

passed=$(grep -c 'test OK' check.out) || true
[ "$passed" -ge 2 ] || fail "its test suite did not report success: $(tail -n 5 check.out)"
[ -s libz.a ] || fail "libz.a was not built"
echo "built; $passed of its test programs report success"

read -r tries opened <reader-result
[ "$tries" -ge $((4 * ${#secrets[@]})) ] || fail "the reader tried only $tries times"
[ "$opened" = 0 ] || fail "the reader opened a .env $opened times of $tries"
for file in "${secrets[@]}"; do
  grep -q "$secret" "$file" || fail "'$file' was changed"
  rm "$file"
done
! grep -rq "$secret" . || fail "the secret is in $(grep -rl "$secret" . | tr '\n' ' ')"
echo "a reader in the same sandbox tried $tries times and opened none of ${#secrets[@]} .env files"
