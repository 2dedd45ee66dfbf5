/* SPDX-License-Identifier: MIT */
#include "library/forloop.h"

#include <lauxlib.h>
#include <string.h>

/* ------------------------------------------------------------- a loop's code */

/* What is read of a function that Lua dumps, block by block.  The code is the block
 * of this number. */
#define CODE_BLOCK 18

struct code {
  int blocks;
  int base;  /* the loop's first register */
  int loops; /* how many begin there */
  int good;  /* how many of them close their value */
};

/* Instructions of Lua 5.4.0 to 5.4.4, where it matters. */
enum { OP_CLOSE_ = 54, OP_TFORPREP_ = 75 };

static unsigned opcode(uint32_t instruction) {
  return instruction & 0x7F;
}

static int register_of(uint32_t instruction) {
  return instruction >> 7 & 0xFF;
}

/* TFORPREP leads to TFORCALL; TFORLOOP follows, and CLOSE from the same register. */
static void read_code(struct code *code, const uint32_t *at, size_t count) {
  for (size_t i = 0; i < count; i++) {
    if (opcode(at[i]) != OP_TFORPREP_ || register_of(at[i]) != code->base) continue;
    size_t close = i + 1 + (at[i] >> 15) + 2;
    code->loops++;
    if (close < count && opcode(at[close]) == OP_CLOSE_ && register_of(at[close]) == code->base)
      code->good++;
  }
}

static int read_block(lua_State *L, const void *block, size_t size, void *data) {
  struct code *code = data;
  (void)L;
  if (++code->blocks < CODE_BLOCK) return 0;
  read_code(code, block, size / sizeof(uint32_t));
  return 1; /* enough */
}

/* Do all loops that begin at that register of the function on top close their
 * value?  Pops it. */
static bool closes(lua_State *L, int base) {
  struct code code = {.base = base};
  lua_dump(L, read_block, &code, 1);
  lua_pop(L, 1);
  return code.loops > 0 && code.good == code.loops;
}

/* ------------------------------------------------------------ which Lua is it? */

enum { NOT_KNOWN, ALWAYS, BY_CODE, NEVER };

#define RIGHT "for _ in f, nil, nil, c do break end"
#define WRONG "for x in f, nil, nil, c do local g = function() return x end break end"

static const char right_loop[] = "local f, c = ... " RIGHT;
static const char wrong_loop[] = "local f, c = ... " WRONG;
static const char test[] = "local setmetatable = ... local closed "
                           "local c = setmetatable({}, {__close = function() closed = true end}) "
                           "local function f() return 1 end " WRONG " return closed";

static void load_text(lua_State *L, const char *text) {
  if (luaL_loadbufferx(L, text, strlen(text), "=(tinyasync)", "t") != LUA_OK) lua_error(L);
}

static int l_setmetatable(lua_State *L) {
  lua_settop(L, 2);
  lua_setmetatable(L, 1);
  return 1;
}

static uint8_t find_out(lua_State *L) {
  load_text(L, test);
  lua_pushcfunction(L, l_setmetatable);
  lua_call(L, 1, 1);
  bool good = lua_toboolean(L, -1);
  lua_pop(L, 1);
  if (good) return ALWAYS;
  load_text(L, right_loop);
  if (!closes(L, 2)) return NEVER; /* its code is not as expected */
  load_text(L, wrong_loop);
  return closes(L, 2) ? NEVER : BY_CODE;
}

/* ---------------------------------------------------------------- the question */

/* How many registers of the frame are in use below the function that it calls. */
static int registers_in_use(lua_State *L, lua_Debug *ar) {
  int count = 0;
  while (lua_getlocal(L, ar, count + 1)) {
    lua_pop(L, 1);
    count++;
  }
  return count;
}

static bool closes_at(lua_State *L, int level) {
  lua_Debug ar;
  if (!lua_getstack(L, level, &ar)) return false;
  int base = registers_in_use(L, &ar);
  lua_getinfo(L, "f", &ar);
  if (!lua_iscfunction(L, -1)) return closes(L, base);
  lua_pop(L, 1);
  return false;
}

int ta_l_for_closes(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (runner->for_closes == NOT_KNOWN) runner->for_closes = find_out(L);
  lua_pushboolean(L, runner->for_closes == ALWAYS ||
                         (runner->for_closes == BY_CODE && closes_at(L, 2)));
  return 1;
}
