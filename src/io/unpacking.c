/* SPDX-License-Identifier: MIT */
#include <lauxlib.h>
#include <string.h>

#include "io/far.h"
#include "io/flat.h"
#include "io/flat_tags.h"

/* Bytes from which on the collector rests: it would go over tables that are still being made. */
#define LARGE ((size_t)256 << 10)

/* A table that is being filled: it lies on Lua's stack, and above it perhaps a key. */
struct filling {
  uint32_t items, pairs; /* still to come */
  uint32_t next;         /* the next item's index */
  bool has_key;
};

struct unpacker {
  struct ta_runner *runner;
  const struct ta_flat *flat;
  const unsigned char *at;
  struct filling *levels;
  size_t depth;
  int seen; /* where the list of all tables lies, or 0 */
  int keys; /* where on the stack the first of the keys lies */
  uint32_t tables;
  int count; /* values that were pushed */
};

static void take(struct unpacker *unpacker, void *bytes, size_t size) {
  memcpy(bytes, unpacker->at, size);
  unpacker->at += size;
}

static void push_string(lua_State *L, struct unpacker *unpacker, size_t length) {
  lua_pushlstring(L, (const char *)unpacker->at, length);
  unpacker->at += length;
}

static void push_short(lua_State *L, struct unpacker *unpacker) {
  uint8_t length;
  take(unpacker, &length, sizeof length);
  push_string(L, unpacker, length);
}

static void push_long(lua_State *L, struct unpacker *unpacker) {
  size_t length;
  take(unpacker, &length, sizeof length);
  push_string(L, unpacker, length);
}

static uint8_t take_byte(struct unpacker *unpacker) {
  return *unpacker->at++;
}

static void push_new_key(lua_State *L, struct unpacker *unpacker) {
  int place = unpacker->keys + take_byte(unpacker);
  push_short(L, unpacker);
  lua_copy(L, -1, place);
}

static void push_old_key(lua_State *L, struct unpacker *unpacker) {
  lua_pushvalue(L, unpacker->keys + take_byte(unpacker));
}

static void push_small(lua_State *L, struct unpacker *unpacker) {
  int8_t small;
  take(unpacker, &small, sizeof small);
  lua_pushinteger(L, small);
}

static void push_integer(lua_State *L, struct unpacker *unpacker) {
  lua_Integer integer;
  take(unpacker, &integer, sizeof integer);
  lua_pushinteger(L, integer);
}

static void push_float(lua_State *L, struct unpacker *unpacker) {
  lua_Number number;
  take(unpacker, &number, sizeof number);
  lua_pushnumber(L, number);
}

static void push_seen(lua_State *L, struct unpacker *unpacker) {
  uint32_t number;
  take(unpacker, &number, sizeof number);
  lua_rawgeti(L, unpacker->seen, number);
}

static void push_carried(lua_State *L, struct unpacker *unpacker) {
  uint32_t number;
  take(unpacker, &number, sizeof number);
  ta_push_crossing(unpacker->runner, L, unpacker->flat->channels[number]);
}

static void push_function(lua_State *L, struct unpacker *unpacker) {
  size_t length;
  take(unpacker, &length, sizeof length);
  if (luaL_loadbufferx(L, (const char *)unpacker->at, length, "=?", "b") != LUA_OK) lua_error(L);
  unpacker->at += length;
}

static int hint(uint32_t count) {
  return count > INT32_MAX ? INT32_MAX : (int)count;
}

static void push_table(lua_State *L, struct unpacker *unpacker) {
  uint32_t counts[2];
  take(unpacker, counts, sizeof counts);
  luaL_checkstack(L, 8, "the tables lie too deep in one another");
  lua_createtable(L, hint(counts[0]), hint(counts[1]));
  unpacker->tables++;
  if (unpacker->seen) {
    lua_pushvalue(L, -1);
    lua_rawseti(L, unpacker->seen, unpacker->tables);
  }
  unpacker->levels[unpacker->depth++] =
      (struct filling){.items = counts[0], .pairs = counts[1], .next = 1};
}

/* (error object) -> the text that it had */
static int l_named(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

/* An error object, which says what it has said before. */
static void push_named(lua_State *L, struct unpacker *unpacker) {
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  if (*unpacker->at++ == TA_TAG_SHORT)
    push_short(L, unpacker);
  else
    push_long(L, unpacker);
  unpacker->at++; /* TA_TAG_TABLE */
  push_table(L, unpacker);
  lua_createtable(L, 0, 1);
  lua_pushvalue(L, -3);
  lua_pushcclosure(L, l_named, 1);
  lua_setfield(L, -2, "__tostring");
  lua_setmetatable(L, -2);
  lua_remove(L, -2);
}

static void push_nil(lua_State *L, struct unpacker *unpacker) {
  (void)unpacker;
  lua_pushnil(L);
}

static void push_false(lua_State *L, struct unpacker *unpacker) {
  (void)unpacker;
  lua_pushboolean(L, false);
}

static void push_true(lua_State *L, struct unpacker *unpacker) {
  (void)unpacker;
  lua_pushboolean(L, true);
}

/* Pushes the next value; a table is still to be filled. */
static void push_value(lua_State *L, struct unpacker *unpacker) {
  static void (*const by_tag[])(lua_State * L, struct unpacker * unpacker) = {
      [TA_TAG_NIL] = push_nil,         [TA_TAG_NO] = push_false,
      [TA_TAG_YES] = push_true,        [TA_TAG_SMALL] = push_small,
      [TA_TAG_INTEGER] = push_integer, [TA_TAG_FLOAT] = push_float,
      [TA_TAG_SHORT] = push_short,     [TA_TAG_LONG] = push_long,
      [TA_TAG_TABLE] = push_table,     [TA_TAG_SEEN] = push_seen,
      [TA_TAG_CHANNEL] = push_carried, [TA_TAG_FUNCTION] = push_function,
      [TA_TAG_NAMED] = push_named,     [TA_TAG_NEW_KEY] = push_new_key,
      [TA_TAG_OLD_KEY] = push_old_key};
  by_tag[*unpacker->at++](L, unpacker);
}

/* The value on top goes into the innermost table. */
static void store(lua_State *L, struct filling *level) {
  if (level->items > 0) {
    lua_rawseti(L, -2, level->next++);
    level->items--;
  } else if (!level->has_key) {
    level->has_key = true;
  } else {
    lua_rawset(L, -3);
    level->pairs--;
    level->has_key = false;
  }
}

static bool is_full(const struct filling *level) {
  return level->items == 0 && level->pairs == 0;
}

/* The tables on top that are full go into those that they lie in. */
static void store_full(lua_State *L, struct unpacker *unpacker) {
  while (unpacker->depth > 0 && is_full(&unpacker->levels[unpacker->depth - 1]))
    if (--unpacker->depth > 0) store(L, &unpacker->levels[unpacker->depth - 1]);
}

static void push_root(lua_State *L, struct unpacker *unpacker) {
  luaL_checkstack(L, 8, "too many values");
  push_value(L, unpacker);
  store_full(L, unpacker);
  while (unpacker->depth > 0) {
    size_t depth = unpacker->depth;
    push_value(L, unpacker);
    if (unpacker->depth == depth) store(L, &unpacker->levels[depth - 1]);
    store_full(L, unpacker);
  }
}

/* (unpacker) -> values */
static int l_unpack(lua_State *L) {
  struct unpacker *unpacker = lua_touserdata(L, 1);
  const struct ta_flat *flat = unpacker->flat;
  unpacker->levels = lua_newuserdatauv(L, (flat->deepest + 1) * sizeof *unpacker->levels, 0);
  lua_createtable(L, flat->shares ? hint(flat->tables) : 0, 0);
  if (flat->shares) unpacker->seen = lua_gettop(L);
  unpacker->keys = lua_gettop(L) + 1;
  if (!lua_checkstack(L, TA_FLAT_KEYS + LUA_MINSTACK)) return luaL_error(L, "not enough memory");
  if (flat->has_keys) lua_settop(L, lua_gettop(L) + TA_FLAT_KEYS);
  for (uint32_t i = 0; i < flat->values; i++) push_root(L, unpacker);
  return (int)flat->values;
}

/* The collector goes on, and does what it would have done for so many bytes: whoever only
 * receives would else never collect. */
static void make_up(lua_State *L, size_t size) {
  size_t most = (size_t)1 << 20; /* KB */
  size_t kilobytes = size / 1024;
  lua_gc(L, LUA_GCRESTART);
  lua_gc(L, LUA_GCSTEP, (int)(kilobytes < most ? kilobytes : most));
}

int ta_flat_move(struct ta_runner *runner, lua_State *L, struct ta_flat *flat) {
  struct unpacker unpacker = {.runner = runner, .flat = flat, .at = flat->bytes};
  if (!lua_checkstack(L, LUA_MINSTACK)) {
    ta_flat_free(flat);
    return luaL_error(L, "stack overflow");
  }
  bool rests = flat->size >= LARGE && lua_gc(L, LUA_GCISRUNNING);
  int top = lua_gettop(L);
  lua_pushcfunction(L, l_unpack);
  lua_pushlightuserdata(L, &unpacker);
  if (rests) lua_gc(L, LUA_GCSTOP);
  int status = lua_pcall(L, 1, LUA_MULTRET, 0);
  size_t size = flat->size;
  ta_flat_free(flat);
  if (rests) make_up(L, size);
  if (status != LUA_OK) lua_error(L);
  return lua_gettop(L) - top;
}
