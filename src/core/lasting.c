/* SPDX-License-Identifier: MIT */
#include "core/lasting.h"

#include <string.h>

const char ta_lasting_mark;

/* User values of the Runner: the bytes that it keeps, by their addresses, until nothing made by
 * it is there any more; and the object whose finalizer is running. */
enum { KEPT = 1, FINALIZED = TA_RUNNER_KEEPS };

/* The upvalue. */
enum { RUNNER = 1 };

void ta_lasting_setup(struct ta_runner *runner, lua_State *L) {
  ta_push_runner(runner, L);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_setiuservalue(L, -3, KEPT);
  ta_registry_set(runner, L, TA_REGISTRY_KEPT);
  lua_pop(L, 1);
}

/* Up to where the bytes are kept whatever is refused memory is garbage; from there on nothing
 * is refused. */
void *ta_push_lasting(struct ta_runner *runner, lua_State *L, size_t size, int user_values) {
  int metatable = lua_gettop(L);
  struct ta_lasting *lasting = lua_newuserdatauv(L, sizeof *lasting, user_values + 1);
  *lasting = (struct ta_lasting){.mark = &ta_lasting_mark, .bytes_at = user_values + 1};
  ta_registry_push(runner, L, TA_REGISTRY_KEPT);
  void *bytes = lua_newuserdatauv(L, size, 1);
  memset(bytes, 0, size);
  ta_check_open(runner, L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, -3, bytes);
  lua_setiuservalue(L, metatable + 1, lasting->bytes_at);
  lasting->bytes = bytes;
  lua_pushvalue(L, metatable);
  lua_setmetatable(L, metatable + 1);
  lua_copy(L, metatable + 1, metatable);
  lua_settop(L, metatable);
  return bytes;
}

void ta_push_bytes(lua_State *L, int index) {
  const struct ta_lasting *lasting = lua_touserdata(L, index);
  lua_getiuservalue(L, index, lasting->bytes_at);
}

void ta_push_kept_bytes(struct ta_runner *runner, lua_State *L, const void *bytes) {
  ta_registry_push(runner, L, TA_REGISTRY_KEPT);
  lua_rawgetp(L, -1, bytes);
  lua_replace(L, -2);
}

void ta_keep_with_bytes(lua_State *L, int index) {
  ta_push_bytes(L, index);
  lua_insert(L, -2);
  lua_setiuservalue(L, -2, 1);
  lua_pop(L, 1);
}

void ta_end_lasting(lua_State *L, int index) {
  struct ta_lasting *lasting = lua_touserdata(L, index);
  lasting->finalized = true;
  lua_getiuservalue(L, lua_upvalueindex(RUNNER), KEPT);
  lua_pushnil(L);
  lua_rawsetp(L, -2, lasting->bytes);
  lua_pop(L, 1);
}

/* The Runner keeps the object at index 1, and its bytes the one whose finalizer calls this
 * one. */
static void enter_finalizer(lua_State *L) {
  lua_getiuservalue(L, lua_upvalueindex(RUNNER), FINALIZED);
  ta_keep_with_bytes(L, 1);
  lua_pushvalue(L, 1);
  lua_setiuservalue(L, lua_upvalueindex(RUNNER), FINALIZED);
}

/* Leaves the object alone on the stack.  One whose finalizer has raised may be before it. */
static void leave_finalizer(lua_State *L, const struct ta_lasting *lasting) {
  lua_settop(L, 0);
  lua_getiuservalue(L, lua_upvalueindex(RUNNER), FINALIZED);
  while (lua_touserdata(L, 1) != lasting) {
    ta_push_bytes(L, 1);
    lua_getiuservalue(L, 2, 1);
    lua_replace(L, 1);
    lua_settop(L, 1);
  }
  ta_push_bytes(L, 1);
  lua_getiuservalue(L, 2, 1);
  lua_setiuservalue(L, lua_upvalueindex(RUNNER), FINALIZED);
  lua_pushnil(L);
  lua_setiuservalue(L, 2, 1);
  lua_settop(L, 1);
}

/* The function may drop the object, and Lua then free it. */
void ta_call_finalizer(lua_State *L, lua_CFunction finalize) {
  struct ta_lasting *lasting = lua_touserdata(L, 1);
  lasting->finalized = false; /* the function uses it: not anew */
  enter_finalizer(L);
  finalize(L);
  leave_finalizer(L, lasting);
}

/* Lua finalizes what is given its metatable anew. */
void ta_revive_lasting(lua_State *L, int index) {
  index = lua_absindex(L, index);
  struct ta_lasting *lasting = lua_touserdata(L, index);
  lua_getiuservalue(L, lua_upvalueindex(RUNNER), KEPT);
  ta_push_bytes(L, index);
  lua_rawsetp(L, -2, lasting->bytes);
  lua_getmetatable(L, index);
  lua_setmetatable(L, index);
  lua_pop(L, 1);
  lasting->finalized = false;
}
