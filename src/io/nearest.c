/* SPDX-License-Identifier: MIT */
#include "io/nearest.h"

#include <lauxlib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define WORD_LIMIT 64 /* longer ones are like nothing else */

static size_t smallest(size_t a, size_t b, size_t c) {
  size_t ab = a < b ? a : b;
  return ab < c ? ab : c;
}

/* How many letters must be added, left out, replaced, or swapped with the next one
 * to make one word of the other. */
static size_t distance(const char *a, const char *b) {
  size_t lines[3][WORD_LIMIT];
  size_t height = strlen(a), width = strlen(b);
  if (width >= WORD_LIMIT || height >= WORD_LIMIT) return SIZE_MAX;
  for (size_t j = 0; j <= width; j++) lines[0][j] = j;
  for (size_t i = 1; i <= height; i++) {
    size_t *row = lines[i % 3], *above = lines[(i - 1) % 3], *two_above = lines[(i + 1) % 3];
    row[0] = i;
    for (size_t j = 1; j <= width; j++) {
      row[j] = smallest(above[j - 1] + (a[i - 1] != b[j - 1]), above[j] + 1, row[j - 1] + 1);
      bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped && two_above[j - 2] + 1 < row[j]) row[j] = two_above[j - 2] + 1;
    }
  }
  return lines[height % 3][width];
}

static const char *find(const char *word, const char *const *names, size_t count, size_t *wrong) {
  const char *best = NULL;
  size_t least = strlen(word) / 3;
  if (least == 0) least = 1;
  for (size_t i = 0; i < count; i++) {
    size_t changes = distance(word, names[i]);
    if (changes > least || (best && changes == least && strcmp(names[i], best) > 0)) continue;
    least = changes;
    best = names[i];
  }
  *wrong = least;
  return best;
}

const char *ta_nearest(const char *word, const char *const *names, size_t count) {
  size_t wrong;
  return find(word, names, count, &wrong);
}

int ta_l_nearest(lua_State *L) {
  const char *word = luaL_checkstring(L, 1);
  luaL_checktype(L, 2, LUA_TTABLE);
  size_t count = lua_rawlen(L, 2);
  const char **names = lua_newuserdatauv(L, (count + 1) * sizeof *names, 0);
  for (size_t i = 0; i < count; i++) {
    lua_rawgeti(L, 2, (lua_Integer)i + 1);
    names[i] = luaL_checkstring(L, -1); /* the list keeps it */
    lua_pop(L, 1);
  }
  size_t wrong;
  const char *best = find(word, names, count, &wrong);
  lua_pushstring(L, best);
  if (!best) return 1;
  lua_pushinteger(L, (lua_Integer)wrong);
  return 2;
}

/* Pushes a list of the keys of the table at `index`. */
static void push_keys(lua_State *L, int index) {
  lua_newtable(L);
  for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
    lua_pushvalue(L, -2);
    lua_rawseti(L, -4, (lua_Integer)lua_rawlen(L, -4) + 1);
  }
}

int ta_l_hint(lua_State *L) {
  lua_settop(L, 2);
  if (lua_type(L, 1) == LUA_TSTRING) {
    luaL_checktype(L, 2, LUA_TTABLE);
    if (lua_rawlen(L, 2) == 0) push_keys(L, 2);
    lua_pushcfunction(L, ta_l_nearest);
    lua_pushvalue(L, 1);
    lua_pushvalue(L, -3);
    lua_call(L, 2, 1);
    if (!lua_isnil(L, -1)) lua_pushfstring(L, ", did you mean '%s'?", lua_tostring(L, -1));
    if (!lua_isnil(L, -1)) return 1;
  }
  lua_pushliteral(L, "");
  return 1;
}
