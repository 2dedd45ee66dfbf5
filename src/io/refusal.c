/* SPDX-License-Identifier: MIT */
#include "io/refusal.h"

#include <ctype.h>
#include <errno.h>
#include <lauxlib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MOST_ERRORS 255

#if !defined(__GLIBC__)
/* What streams, files and processes are refused with. */
static const struct {
  int error;
  const char *name;
} names[] = {{EACCES, "EACCES"},
             {EAGAIN, "EAGAIN"},
             {EBADF, "EBADF"},
             {ECANCELED, "ECANCELED"},
             {ECONNREFUSED, "ECONNREFUSED"},
             {ECONNRESET, "ECONNRESET"},
             {EEXIST, "EEXIST"},
             {EINVAL, "EINVAL"},
             {EIO, "EIO"},
             {EISDIR, "EISDIR"},
             {EMFILE, "EMFILE"},
             {EMSGSIZE, "EMSGSIZE"},
             {ENFILE, "ENFILE"},
             {ENOENT, "ENOENT"},
             {ENOMEM, "ENOMEM"},
             {ENOSPC, "ENOSPC"},
             {ENOTDIR, "ENOTDIR"},
             {EOPNOTSUPP, "EOPNOTSUPP"},
             {EPERM, "EPERM"},
             {EPIPE, "EPIPE"},
             {ETIMEDOUT, "ETIMEDOUT"}};
#endif

const char *ta_error_code(int error) {
#if defined(__GLIBC__)
  const char *name = strerrorname_np(error);
  return name ? name : "EUNKNOWN";
#else
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (names[i].error == error) return names[i].name;
  return "EUNKNOWN";
#endif
}

/* But for names, as of I/O. */
void ta_copy_reason(int error, char *text, size_t size) {
  snprintf(text, size, "%s", strerror(error));
  if (!isupper((unsigned char)text[0]) || isupper((unsigned char)text[1])) return;
  text[0] = (char)tolower((unsigned char)text[0]);
}

void ta_push_reason(lua_State *L, int error) {
  char reason[256];
  ta_copy_reason(error, reason, sizeof reason);
  lua_pushstring(L, reason);
}

int ta_refuse_in_words(lua_State *L, const char *words, const char *code) {
  luaL_checkstack(L, 3, NULL);
  lua_pushnil(L);
  lua_pushstring(L, words);
  lua_pushstring(L, code);
  return 3;
}

int ta_refuse(lua_State *L, int error, const char *what, ...) {
  va_list values;
  luaL_checkstack(L, 5, NULL);
  lua_pushnil(L);
  va_start(values, what);
  lua_pushvfstring(L, what, values);
  va_end(values);
  lua_pushliteral(L, ": ");
  ta_push_reason(L, -error);
  lua_concat(L, 3);
  lua_pushstring(L, ta_error_code(-error));
  return 3;
}

/* EIO: none has it. */
static int error_of(const char *code) {
  for (int error = 1; code && error <= MOST_ERRORS; error++)
    if (strcmp(ta_error_code(error), code) == 0) return error;
  return EIO;
}

int ta_fail_as_file(lua_State *L, const char *code, const char *what) {
  errno = error_of(code);
  return luaL_fileresult(L, 0, what);
}
