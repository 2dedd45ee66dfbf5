/* SPDX-License-Identifier: MIT */
#include "io/paint.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/hatch.h"

/* Is it set, and not to nothing? */
static const char *set_to(const char *name) {
  const char *value = getenv(name);
  return value && *value ? value : NULL;
}

static bool is_off(const char *value) {
  return strcmp(value, "0") == 0 || strcmp(value, "false") == 0;
}

static bool is_dumb(void) {
  const char *kind = set_to("TERM");
  return !kind || strcmp(kind, "dumb") == 0;
}

/* The customs of no-color.org and of bixense.com/clicolors; who wants none has the last word. */
static bool wants_colours(int fd) {
  const char *force = set_to("FORCE_COLOR"), *cli_force = set_to("CLICOLOR_FORCE");
  const char *cli = set_to("CLICOLOR");
  if (set_to("NO_COLOR")) return false;
  if (force) return !is_off(force);
  if (cli_force && !is_off(cli_force)) return true;
  if (cli && is_off(cli)) return false;
  return isatty(fd) && !is_dumb();
}

/* A thread's streams have no descriptor: what is asked about is where they lead. */
static int descriptor_of(lua_State *L, FILE *file) {
  const struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  int fd = io->leads_to ? io->leads_to(io->data, file) : -1;
  return fd < 0 ? fileno(file) : fd;
}

/* The descriptor of the file at `index`; that of standard output, or standard error, of its name.
 */
static int check_stream(lua_State *L, int index) {
  const luaL_Stream *file = luaL_testudata(L, index, LUA_FILEHANDLE);
  const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
  if (lua_isnoneornil(L, index) || strcmp(name, "stdout") == 0) return STDOUT_FILENO;
  if (strcmp(name, "stderr") == 0) return STDERR_FILENO;
  if (file && !file->closef) return -1;
  if (file) return descriptor_of(L, file->f);
  return ta_error(L, "color: expected \"stdout\", \"stderr\" or a file, got %s",
                  luaL_typename(L, index));
}

/* (file, "stdout", "stderr", or nil) -> are there to be colours? */
static int l_wants_colours(lua_State *L) {
  lua_pushboolean(L, wants_colours(check_stream(L, 1)));
  return 1;
}

/* () -> is standard error a terminal? */
static int l_is_watched(lua_State *L) {
  lua_pushboolean(L, isatty(STDERR_FILENO));
  return 1;
}

/* () -> "2026-11-27T14:03:09.123Z" */
static int l_time_stamp(lua_State *L) {
  char text[TA_STAMP_SIZE];
  ta_clock_stamp(text, true);
  lua_pushstring(L, text);
  return 1;
}

/* (line, with its newline): onto standard error, in a row of its own.  Who writes faster than is
 * read is held up as one who prints. */
static int l_log_line(lua_State *L) {
  size_t size;
  const char *line = luaL_checklstring(L, 1, &size);
  const struct ta_io *io = ta_io_of(ta_upvalue_runner(L), L);
  if (io->is_guest) {
    ta_io_flush(io);
    ta_hatch_put(io->hatch, TA_HATCH_LOG, line, size);
    return 0;
  }
  ta_stdio_write_lines(STDERR_FILENO, line, size);
  if (ta_stdio_is_full(STDERR_FILENO)) ta_stdio_finish(STDERR_FILENO);
  return 0;
}

/* (name) -> what the environment has, or nil where that is nothing */
static int l_setting(lua_State *L) {
  lua_pushstring(L, set_to(luaL_checkstring(L, 1)));
  return 1;
}

/* (rank): the lowest that is logged, which threads that are made from then on take over */
static int l_keep_rank(lua_State *L) {
  ta_io_of(ta_upvalue_runner(L), L)->log_rank = (int)luaL_checkinteger(L, 1);
  return 0;
}

/* () -> what was kept, or nil */
static int l_kept_rank(lua_State *L) {
  int rank = ta_io_of(ta_upvalue_runner(L), L)->log_rank;
  if (rank == 0) return 0;
  lua_pushinteger(L, rank);
  return 1;
}

static const struct ta_function parts[] = {{"wants_colours", l_wants_colours},
                                           {"is_watched", l_is_watched},
                                           {"time_stamp", l_time_stamp},
                                           {"log_line", l_log_line},
                                           {"setting", l_setting},
                                           {"keep_rank", l_keep_rank},
                                           {"kept_rank", l_kept_rank},
                                           {NULL, NULL}};

/* () -> a table of them */
static int l_paint_parts(lua_State *L) {
  lua_newtable(L);
  ta_set_functions(ta_upvalue_runner(L), L, parts);
  return 1;
}

void ta_offer_paint(struct ta_io *io, lua_State *L) {
  ta_push_environment(io->runner, L);
  ta_push_function(io->runner, L, l_paint_parts);
  lua_setfield(L, -2, "paint_parts");
  lua_pop(L, 1);
}
