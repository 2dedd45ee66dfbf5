#!/bin/sh
# Installs the packages that tinyasync needs, by name.
#
#   scripts/setup.sh         what building needs
#   scripts/setup.sh test    also what testing needs
#
# It knows Debian and its relatives.  Elsewhere it says what to install.
set -eu

build_packages='gcc libc6-dev make pkg-config liblua5.4-dev libssl-dev libuv1-dev'
test_packages='lua5.4 lua-busted lua-cjson lua-copas lua-cqueues lua-filesystem lua-lpeg lua-luv
  lua-penlight lua-posix lua-socket libglib2.0-dev libevent-dev g++ clang clang-format
  cppcheck curl fish gcovr git less mandoc netcat-openbsd openssh-client openssh-server openssl
  postgresql procps python3 redis-server shellcheck socat strace valgrind zsh zstd'

say() {
  printf 'setup: %s\n' "$*" >&2
}

usage() {
  say 'usage: scripts/setup.sh [test]'
  exit 2
}

advise() {
  cat >&2 <<'END'
setup: this system has no apt-get.  Please install a C compiler, make, pkg-config,
setup: Lua 5.4 with its headers, and with theirs libuv, for async.fs.watch, and OpenSSL, for TLS:
setup:   Fedora    dnf install gcc make pkgconf-pkg-config lua-devel libuv-devel openssl-devel
setup:   Arch      pacman -S gcc make pkgconf lua54 libuv openssl
setup:   Alpine    apk add gcc musl-dev make pkgconf lua5.4-dev libuv-dev openssl-dev
setup:   Homebrew  brew install pkgconf lua@5.4 libuv openssl@3
setup: (a package that is just called lua will do while it is Lua 5.4)
setup: The tests also want the lua5.4 command, busted, copas, cqueues, lfs, lua-cjson, lpeg,
setup: luaposix, LuaSocket, luv, Penlight, GLib and libevent with their headers, g++,
setup: clang, clang-format, cppcheck, curl, fish, gcovr, git, less, mandoc, nc of OpenBSD, OpenSSH
setup: with its server, openssl, PostgreSQL, procps, python3, Redis, shellcheck, socat, strace,
setup: valgrind, zsh and zstd.
END
  exit 1
}

# Is there a package of that name, installed or not?
is_known() {
  is_installed "$1" || apt-cache show --no-all-versions "$1" >/dev/null 2>&1
}

is_installed() {
  dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q ' installed$'
}

# Of the packages named, those that are not installed.
list_missing() {
  for package in "$@"; do
    is_installed "$package" || printf '%s ' "$package"
  done
}

# The clang that the installed `clang` stands for: 14 when it needs clang-14.
clang_version() {
  dpkg-query -W -f '${Depends}\n' clang | sed -n 's/^.*clang-\([0-9][0-9]*\).*$/\1/p'
}

# The sanitizers' runtimes moved from one package to another as clang grew up.
clang_runtime() {
  version=$(clang_version)
  for package in "libclang-rt-$version-dev" "libclang-common-$version-dev"; do
    is_known "$package" && { printf '%s' "$package"; return; }
  done
  printf 'libclang-rt-dev'
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif command -v sudo >/dev/null 2>&1; then
    sudo "$@"
  else
    say "run as root, or install sudo: $*"
    exit 1
  fi
}

apt_get() {
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" </dev/null
}

install_packages() {
  say "installing $*"
  apt_get install -y --no-install-recommends "$@" >/dev/null
}

# Installs what is missing of the packages named.
need() {
  missing=$(list_missing "$@")
  [ -n "$missing" ] || return 0
  if [ -z "$updated" ]; then
    apt_get update
    updated=yes
  fi
  # shellcheck disable=SC2086 # a list of words
  install_packages $missing
}

[ $# -le 1 ] || usage
case ${1-} in
'' | test) ;;
*) usage ;;
esac
command -v apt-get >/dev/null 2>&1 || advise

updated=
# shellcheck disable=SC2086 # lists of words
need $build_packages
[ "${1-}" = test ] || exit 0
# shellcheck disable=SC2086 # a list of words
need $test_packages
need "$(clang_runtime)"
