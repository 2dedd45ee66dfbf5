/* SPDX-License-Identifier: MIT
 *
 * Lua's own functions that wait for the outside: where memory or the system refuses, and for C
 * code that has their FILE.
 */
#include <errno.h>
#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/signals.h"
#include "kit/part.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define MOST_WAITS 2000
#define LONGEST_WAIT 0.05 /* seconds */

/* Commands take their time. */
static void run_all(struct outside *outside) {
  for (int i = 0; i < MOST_WAITS; i++) {
    enum ta_pass_result result = world_pass(&outside->world);
    if (result != TA_BUSY && result != TA_WAITING) return;
    ta_loop_wait(&outside->loop, result == TA_BUSY ? 0 : LONGEST_WAIT);
  }
  test_failed(__FILE__, __LINE__, "the tasks end");
}

static void fill_stdin(const char *text) {
  int fds[2];
  CHECK(pipe(fds) == 0 && write(fds[1], text, strlen(text)) == (ssize_t)strlen(text));
  CHECK(dup2(fds[0], STDIN_FILENO) == STDIN_FILENO);
  close(fds[0]);
  close(fds[1]);
}

/* ------------------------------------------------------------------ refusals */

/* Whatever is refused is an error, or what Lua says of it; what it says otherwise is right, and
 * of standard input nothing is lost. */
static const char swept[] =
    "local function try(fn, ...) local r = table.pack(pcall(fn, ...)) "
    "if not r[1] then assert(r[2] == 'not enough memory' or tostring(r[2]):find 'memory' "
    "or tostring(r[2]):find 'guard' or tostring(r[2]):find 'cannot', r[2]) return end "
    "return table.unpack(r, 2, r.n) end "
    "local function right(got, wanted) if got ~= nil and got ~= wanted then "
    "log('WRONG', tostring(got), wanted) end end "
    "pcall(os.execute, 'true') begin() "
    "local f = try(io.popen, 'printf \"one\\n2\\nrest\"') "
    "if f then right(try(f.read, f), 'one') "
    "local n = try(f.read, f, 'n') if n ~= 'one' then right(n, n) end "
    "try(f.read, f, 'a') local ok, how = try(f.close, f) right(how, ok and 'exit' or how) end "
    "local w = try(io.popen, 'cat >/dev/null', 'w') "
    "if w then try(w.write, w, 'a', 1, 2.5) try(w.write, w, ('x'):rep(70000)) try(w.flush, w) "
    "try(w.close, w) end "
    "local _, way, code = try(os.execute, 'exit 3') if way == 'exit' then right(code, 3) end "
    "local got = {} for i = 1, 60 do local line = try(io.read) "
    "if line then got[#got + 1] = line end if #got == 3 then break end end "
    "right(table.concat(got, ','), 'a,b,c') "
    "log 'ended'";

static const char swept_here[] = "local done local function body() %s end "
                                 "table.sort({1, 2}, function() if not done then done = true "
                                 "local ok, err = pcall(body) if not ok and err ~= 'not enough "
                                 "memory' then log('WRONG', err) end "
                                 "end return false end)";

static struct {
  enum system_call call; /* SYSTEM_CALLS: none */
  unsigned nth;
  int error;
} to_fail;

/* All that is loaded when it is first used has been. */
static int l_begin(lua_State *L) {
  (void)L;
  if (to_fail.call != SYSTEM_CALLS) system_fail(to_fail.call, to_fail.nth, to_fail.error);
  return 0;
}

static bool sweep(const char *script, bool warm, enum system_call call, unsigned nth, int error) {
  struct outside outside;
  fill_stdin("a\nb\nc\n");
  outside_open(&outside, NULL);
  ta_signals_open(&outside.loop); /* for SIGCHLD, where a child cannot be watched */
  world_add(&outside.world, script);
  if (!warm) system_fail(call, nth, error);
  lua_register(outside.world.L, "begin", l_begin);
  to_fail.call = warm ? call : SYSTEM_CALLS;
  to_fail.nth = nth;
  to_fail.error = error;
  run_all(&outside);
  bool reached = system_go_well() >= nth;
  if (strstr(outside.world.log, "WRONG")) CHECK_TEXT(outside.world.log, "");
  if (!reached) CHECK_TEXT(outside.world.log, "ended");
  ta_close_all(outside.world.runner);
  world_close(&outside.world);
  ta_signals_close();
  outside_close_rest(&outside);
  return reached;
}

static void sweep_all(const char *script, bool warm, enum system_call call, int error) {
  unsigned nth = 1, step = test_quick() ? 40 : 5, number = 0;
  while (nth < 2000 && (!part_has(number++) || sweep(script, warm, call, nth, error)))
    nth += nth < 10 ? 1 : step + nth / 40;
  CHECK(nth > 3);
}

static void refusals_in_lua_s_own_waits_are_errors_and_lose_nothing(void) {
  char here[sizeof swept + sizeof swept_here];
  snprintf(here, sizeof here, swept_here, swept);
  sweep_all(swept, false, SYSTEM_ALLOCATE, ENOMEM);
  sweep_all(swept, true, SYSTEM_ALLOCATE, ENOMEM);
  sweep_all(here, true, SYSTEM_ALLOCATE, ENOMEM);
  sweep_all(swept, true, SYSTEM_EPOLL_CTL, ENOMEM);
  sweep_all(swept, true, SYSTEM_FCNTL, EMFILE);
}

/* -------------------------------------------------------------------- C code */

/* (file, count) -> so many bytes, read as a C module does */
static int l_c_read(lua_State *L) {
  const luaL_Stream *file = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  char bytes[16] = "";
  size_t count = fread(bytes, 1, (size_t)luaL_checkinteger(L, 2), file->f);
  lua_pushlstring(L, bytes, count);
  return 1;
}

/* (file, text) */
static int l_c_write(lua_State *L) {
  const luaL_Stream *file = luaL_checkudata(L, 1, LUA_FILEHANDLE);
  fputs(luaL_checkstring(L, 2), file->f);
  return 0;
}

static int l_c_stdin(lua_State *L) {
  char line[16] = "";
  lua_pushstring(L, fgets(line, sizeof line, stdin) ? line : NULL);
  return 1;
}

static void c_code_reads_and_writes_what_lua_does(void) {
  struct outside outside;
  FILE *own = stdin;
  fill_stdin("one\ntwo\nthree\nfour\nfive\n");
  outside_open(&outside, NULL);
  lua_register(outside.world.L, "c_read", l_c_read);
  lua_register(outside.world.L, "c_write", l_c_write);
  lua_register(outside.world.L, "c_stdin", l_c_stdin);
  world_add(&outside.world,
            "log(c_read(io.stdin, 4), io.read(), c_read(io.stdin, 2), io.read(), c_stdin()) "
            "log(async.stdin:read(), c_stdin()) "
            "local f = io.popen 'printf abcdefg' "
            "log(c_read(f, 2), f:read(1), c_read(f, 1), f:read 'a', c_read(f, 1)) f:close() "
            "local name = os.tmpname() local w = io.popen('cat >' .. name, 'w') "
            "w:write 'a' c_write(w, 'b') w:write(('c'):rep(3)) c_write(w, 'd') w:close() "
            "for line in io.lines(name) do log(line) end os.remove(name)");
  run_all(&outside);
  CHECK_TEXT(outside.world.log, "one\n two th ree four\n five nil ab c d efg  abcccd");
  outside_close(&outside);
  CHECK(stdin == own);
}

const struct test standard_tests[] = {
    TEST(refusals_in_lua_s_own_waits_are_errors_and_lose_nothing),
    TEST(c_code_reads_and_writes_what_lua_does),
    {NULL, NULL},
};
