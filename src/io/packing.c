/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/crossing.h"
#include "io/far.h"
#include "io/flat.h"
#include "io/flat_tags.h"

#define SMALLEST_ROOM 256
#define LONGEST_KEY 40 /* bytes: so long Lua has each string but once */

/* -------------------------------------------------------------------- bytes */

static bool reserve(struct ta_flat *flat, size_t size) {
  if (flat->room - flat->size >= size) return true;
  if (size > SIZE_MAX / 4 || flat->room > SIZE_MAX / 4) return false;
  size_t room = flat->room * 2 > flat->size + size ? flat->room * 2 : flat->size + size;
  if (room < SMALLEST_ROOM) room = SMALLEST_ROOM;
  unsigned char *bytes = realloc(flat->bytes, room);
  if (!bytes) return false;
  flat->bytes = bytes;
  flat->room = room;
  return true;
}

static int put(struct ta_flat *flat, enum ta_tag tag, const void *bytes, size_t size) {
  if (!reserve(flat, size + 1)) return -ENOMEM;
  flat->bytes[flat->size++] = (unsigned char)tag;
  if (size > 0) memcpy(flat->bytes + flat->size, bytes, size);
  flat->size += size;
  return 0;
}

/* ------------------------------------------------------------------ packing */

/* A table that is being packed.  On Lua's stack lie the table, the key that was looked at last
 * and its value; and where a key is packed that is a table itself, a copy of that. */
struct level {
  size_t counts; /* where they stand in the bytes */
  uint32_t items, pairs;
  bool in_key;
};

struct packer {
  struct ta_runner *runner;
  lua_State *L;
  struct ta_flat *flat;
  const void **met;  /* tables, by number from 1 on */
  uint32_t *places;  /* their numbers, by address; 0: free */
  size_t place_room; /* a power of two, or 0 */
  uint32_t before;   /* tables that were in it already */
  struct level *levels;
  size_t depth, level_room;
  int root; /* where the value lies that is packed */
  const char *keys[TA_FLAT_KEYS];
  bool loosely; /* what cannot be copied is told in words */
  const char *what;
  int number;
  struct ta_complaint *complaint;
};

/* Tables that lie side by side in memory mostly do so here. */
static size_t first_place(const void *table) {
  uint64_t address = (uintptr_t)table;
  uint64_t group = (address >> 10) * UINT64_C(0x9E3779B97F4A7C15) >> 24;
  return (size_t)(group * 16 + (address >> 6) % 16);
}

/* Where the number of the table lies, or would. */
static uint32_t *find_met(const struct packer *packer, const void *table) {
  size_t mask = packer->place_room - 1;
  size_t place = first_place(table) & mask;
  uint32_t number;
  while ((number = packer->places[place]) > 0 && packer->met[number] != table)
    place = (place + 1) & mask;
  return &packer->places[place];
}

static bool grow_places(struct packer *packer, size_t room) {
  const void **met = realloc(packer->met, (room / 2 + 1) * sizeof(void *)); // NOLINT
  if (!met) return false;
  packer->met = met;
  uint32_t *places = calloc(room, sizeof *places);
  if (!places) return false;
  free(packer->places);
  packer->places = places;
  packer->place_room = room;
  return true;
}

/* Room for one more than there are. */
static bool grow_met(struct packer *packer) {
  size_t room = packer->place_room;
  if (((size_t)packer->flat->tables + 1) * 2 <= room) return true;
  while (((size_t)packer->flat->tables + 1) * 2 > room) room = room ? room * 4 : 64;
  if (!grow_places(packer, room)) return false;
  for (uint32_t i = packer->before + 1; i <= packer->flat->tables; i++)
    *find_met(packer, packer->met[i]) = i;
  return true;
}

static bool grow_levels(struct packer *packer) {
  if (packer->depth < packer->level_room) return true;
  size_t room = packer->level_room ? packer->level_room * 2 : 16;
  struct level *levels = realloc(packer->levels, room * sizeof *levels);
  if (!levels) return false;
  packer->levels = levels;
  packer->level_room = room;
  return true;
}

/* ------------------------------------------------------------- in words */

static bool is_name(const char *text, size_t length) {
  if (length == 0 || length > 40 || (*text >= '0' && *text <= '9')) return false;
  for (size_t i = 0; i < length; i++) {
    char c = text[i];
    bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!fits && c != '_') return false;
  }
  return true;
}

/* Writes one step of the path: ".name" or "[3]". */
static void write_key(lua_State *L, int index, char *text, size_t size) {
  size_t length = 0;
  const char *word = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &length) : NULL;
  if (word && is_name(word, length))
    snprintf(text, size, ".%s", word);
  else if (word)
    snprintf(text, size, "[\"%.40s\"]", word);
  else if (lua_isinteger(L, index))
    snprintf(text, size, "[%lld]", (long long)lua_tointeger(L, index));
  else if (lua_type(L, index) == LUA_TNUMBER)
    snprintf(text, size, "[%.14g]", lua_tonumber(L, index));
  else if (lua_isboolean(L, index))
    snprintf(text, size, "[%s]", lua_toboolean(L, index) ? "true" : "false");
  else
    snprintf(text, size, "[a %s]", luaL_typename(L, index));
}

/* Appends where the value lies that is being looked at. */
static void write_path(const struct packer *packer, char *text, size_t size) {
  int table = packer->root;
  size_t used = 0;
  *text = '\0';
  for (size_t i = 0; i < packer->depth && used + 64 < size; i++) {
    write_key(packer->L, table + 1, text + used, size - used);
    used += strlen(text + used);
    table += packer->levels[i].in_key ? 3 : 2;
  }
  if (used + 64 >= size) snprintf(text + used, size - used, "...");
}

static int complain(const struct packer *packer, const char *thing) {
  char path[256], number[16] = "";
  write_path(packer, path, sizeof path);
  if (packer->number) snprintf(number, sizeof number, " %d", packer->number);
  snprintf(packer->complaint->text, sizeof packer->complaint->text,
           "cannot copy a %s to another thread: %s%s%s%s", thing, packer->what, number,
           *path ? ", at " : "", path);
  return -EINVAL;
}

/* -------------------------------------------------------------- values */

static int put_number(struct packer *packer, int index) {
  if (!lua_isinteger(packer->L, index)) {
    lua_Number number = lua_tonumber(packer->L, index);
    return put(packer->flat, TA_TAG_FLOAT, &number, sizeof number);
  }
  lua_Integer integer = lua_tointeger(packer->L, index);
  int8_t small = (int8_t)integer;
  if (small == integer) return put(packer->flat, TA_TAG_SMALL, &small, sizeof small);
  return put(packer->flat, TA_TAG_INTEGER, &integer, sizeof integer);
}

static int put_string(struct packer *packer, int index) {
  size_t length;
  const char *text = lua_tolstring(packer->L, index, &length);
  struct ta_flat *flat = packer->flat;
  uint8_t few = (uint8_t)length;
  if (!reserve(flat, length + sizeof length + 1)) return -ENOMEM;
  int error = few == length ? put(flat, TA_TAG_SHORT, &few, sizeof few)
                            : put(flat, TA_TAG_LONG, &length, sizeof length);
  if (length > 0) memcpy(flat->bytes + flat->size, text, length);
  flat->size += length;
  return error;
}

/* (value) -> it as text */
static int l_text(lua_State *L) {
  luaL_tolstring(L, 1, NULL);
  return 1;
}

/* Packs what the value on top says of itself, as a string behind the tag, or as one of its own. */
static int put_text(struct packer *packer, bool named) {
  lua_State *L = packer->L;
  const uint8_t tag = TA_TAG_NAMED;
  if (!lua_checkstack(L, LUA_MINSTACK) || !reserve(packer->flat, 1)) return -ENOMEM;
  lua_pushcfunction(L, l_text);
  lua_pushvalue(L, -2);
  memset(packer->keys, 0, sizeof packer->keys); /* it may collect, and free a string */
  int status = lua_pcall(L, 1, 1, 0);
  if (status == LUA_ERRMEM) return -ENOMEM;
  if (status != LUA_OK) lua_pushstring(L, luaL_typename(L, -2));
  if (named) packer->flat->bytes[packer->flat->size++] = tag;
  int error = put_string(packer, -1);
  lua_settop(L, status == LUA_OK ? -2 : -3);
  return error;
}

/* A short string that is a key. */
static int put_word(struct packer *packer, const char *text, size_t length) {
  struct ta_flat *flat = packer->flat;
  uintptr_t address = (uintptr_t)text;
  uint8_t place = (uint8_t)((address >> 4 ^ address >> 10) % TA_FLAT_KEYS), few = (uint8_t)length;
  if (packer->keys[place] == text) return put(flat, TA_TAG_OLD_KEY, &place, sizeof place);
  int error = reserve(flat, length + 3) ? put(flat, TA_TAG_NEW_KEY, &place, sizeof place) : -ENOMEM;
  if (error) return error;
  flat->bytes[flat->size++] = few;
  memcpy(flat->bytes + flat->size, text, length);
  flat->size += length;
  packer->keys[place] = text;
  flat->has_keys = true;
  return 0;
}

/* The value on top cannot be copied. */
static int refuse(struct packer *packer, const char *thing) {
  return packer->loosely ? put_text(packer, false) : complain(packer, thing);
}

static int put_channel(struct packer *packer, int index) {
  struct ta_flat *flat = packer->flat;
  struct ta_crossing *crossing;
  memset(packer->keys, 0, sizeof packer->keys); /* what collects may free a string */
  int error = ta_share_channel(packer->runner, packer->L, index, &crossing, packer->complaint);
  if (error == -ENOENT) return refuse(packer, "userdata");
  if (error) return error;
  size_t size = ((size_t)flat->channel_count + 1) * sizeof *flat->channels;
  struct ta_crossing **channels = realloc(flat->channels, size);
  if (!channels) {
    ta_crossing_leave(crossing);
    return -ENOMEM;
  }
  flat->channels = channels;
  flat->channels[flat->channel_count++] = crossing;
  uint32_t number = flat->channel_count - 1;
  return put(flat, TA_TAG_CHANNEL, &number, sizeof number);
}

/* Begins the table on top, which was not met before. */
static int open_table(struct packer *packer) {
  struct ta_flat *flat = packer->flat;
  static const uint32_t counts[2];
  if (!grow_levels(packer) || flat->tables == UINT32_MAX) return -ENOMEM;
  if (!lua_checkstack(packer->L, 8)) return complain(packer, "table that lies so deep");
  int error = put(flat, TA_TAG_TABLE, counts, sizeof counts);
  if (error) return error;
  packer->levels[packer->depth++] = (struct level){.counts = flat->size - sizeof counts};
  if (packer->depth > flat->deepest) flat->deepest = (uint32_t)packer->depth;
  flat->tables++;
  lua_pushnil(packer->L); /* before the first key */
  return 1;
}

static int put_table(struct packer *packer) {
  lua_State *L = packer->L;
  bool special = lua_getmetatable(L, -1);
  if (special) lua_pop(L, 1);
  if (special && !packer->loosely) return complain(packer, "table with a metatable");
  if (!grow_met(packer)) return -ENOMEM;
  const void *table = lua_topointer(L, -1);
  uint32_t *number = find_met(packer, table);
  if (*number > 0) {
    packer->flat->shares = true;
    return put(packer->flat, TA_TAG_SEEN, number, sizeof *number);
  }
  *number = packer->flat->tables + 1;
  packer->met[*number] = table;
  int error = special ? put_text(packer, true) : 0;
  return error ? error : open_table(packer);
}

/* Packs the value on top, which stays.  1: it is a table, whose values come next. */
static int put_value(struct packer *packer) {
  switch (lua_type(packer->L, -1)) {
  case LUA_TNIL:
    return put(packer->flat, TA_TAG_NIL, NULL, 0);
  case LUA_TBOOLEAN:
    return put(packer->flat, lua_toboolean(packer->L, -1) ? TA_TAG_YES : TA_TAG_NO, NULL, 0);
  case LUA_TNUMBER:
    return put_number(packer, -1);
  case LUA_TSTRING:
    return put_string(packer, -1);
  case LUA_TTABLE:
    return put_table(packer);
  case LUA_TUSERDATA:
    return put_channel(packer, -1);
  case LUA_TFUNCTION:
    return refuse(packer, "function");
  case LUA_TTHREAD:
    return refuse(packer, "coroutine");
  default:
    return refuse(packer, "userdata");
  }
}

/* Packs a key that is no item, below its value.  1: it is a table, a copy of which is on top. */
static int put_key(struct packer *packer) {
  struct level *level = &packer->levels[packer->depth - 1];
  size_t length;
  if (level->pairs == UINT32_MAX) return -ENOMEM;
  level->pairs++;
  if (lua_type(packer->L, -2) == LUA_TSTRING) {
    const char *text = lua_tolstring(packer->L, -2, &length);
    return length <= LONGEST_KEY ? put_word(packer, text, length) : put_string(packer, -2);
  }
  lua_pushvalue(packer->L, -2);
  level->in_key = true;
  int opened = put_value(packer);
  if (opened != 0) return opened;
  lua_pop(packer->L, 1);
  level->in_key = false;
  return 0;
}

/* Is the key below the value on top the next item's, while there were only items? */
static bool is_item(lua_State *L, struct level *level) {
  bool is = level->pairs == 0 && level->items < UINT32_MAX && lua_isinteger(L, -2) &&
            lua_tointeger(L, -2) == (lua_Integer)level->items + 1;
  if (is) level->items++;
  return is;
}

/* The innermost table is done, and on top: goes on with what it lies in. */
static int close_table(struct packer *packer) {
  struct level *level = &packer->levels[--packer->depth];
  uint32_t counts[2] = {level->items, level->pairs};
  memcpy(packer->flat->bytes + level->counts, counts, sizeof counts);
  if (packer->depth == 0) return 0;
  lua_pop(packer->L, 1);
  level = &packer->levels[packer->depth - 1];
  if (!level->in_key) return 0;
  level->in_key = false;
  int opened = put_value(packer);
  if (opened == 0) lua_pop(packer->L, 1);
  return opened;
}

/* Packs the next of the innermost table's. */
static int put_next(struct packer *packer) {
  lua_State *L = packer->L;
  if (!lua_next(L, -2)) return close_table(packer);
  int opened = is_item(L, &packer->levels[packer->depth - 1]) ? 0 : put_key(packer);
  if (opened != 0) return opened;
  opened = put_value(packer);
  if (opened == 0) lua_pop(L, 1);
  return opened;
}

static int pack_root(struct packer *packer, int index) {
  lua_pushvalue(packer->L, index);
  packer->root = lua_gettop(packer->L);
  int error = put_value(packer);
  while (error >= 0 && packer->depth > 0) error = put_next(packer);
  packer->flat->values++;
  return error < 0 ? error : 0;
}

static void free_packer(struct packer *packer) {
  free(packer->met);
  free(packer->places);
  free(packer->levels);
}

int ta_flat_pack(struct ta_runner *runner, lua_State *L, int first, int count, const char *what,
                 int number, struct ta_flat *flat, struct ta_complaint *complaint) {
  struct packer packer = {.runner = runner,
                          .L = L,
                          .flat = flat,
                          .before = flat->tables,
                          .what = what,
                          .number = number,
                          .complaint = complaint};
  int top = lua_gettop(L), error = 0;
  if (!lua_checkstack(L, LUA_MINSTACK)) return -ENOMEM;
  for (int i = 0; i < count && error == 0; i++) {
    error = pack_root(&packer, first + i);
    if (error) break;
    lua_settop(L, top);
    if (packer.number) packer.number++;
  }
  lua_settop(L, top);
  free_packer(&packer);
  return error;
}

/* (packer, value) */
static int l_pack_loosely(lua_State *L) {
  struct packer *packer = lua_touserdata(L, 1);
  packer->L = L;
  lua_pushinteger(L, pack_root(packer, 2));
  return 1;
}

int ta_flat_pack_loosely(struct ta_runner *runner, lua_State *L, struct ta_flat *flat) {
  struct ta_complaint complaint;
  struct packer packer = {.runner = runner,
                          .flat = flat,
                          .before = flat->tables,
                          .what = "value",
                          .complaint = &complaint,
                          .loosely = true};
  if (!lua_checkstack(L, LUA_MINSTACK)) return -ENOMEM;
  lua_pushcfunction(L, l_pack_loosely);
  lua_pushlightuserdata(L, &packer);
  lua_pushvalue(L, -3);
  int error = lua_pcall(L, 2, 1, 0) == LUA_OK ? (int)lua_tointeger(L, -1) : -EINVAL;
  lua_pop(L, 1);
  free_packer(&packer);
  return error;
}

/* ---------------------------------------------------------------- functions */

static int write_code(lua_State *L, const void *bytes, size_t size, void *data) {
  struct ta_flat *flat = data;
  (void)L;
  if (!reserve(flat, size)) return 1;
  if (size > 0) memcpy(flat->bytes + flat->size, bytes, size);
  flat->size += size;
  return 0;
}

/* Are the globals that it uses, on top, those of the state? */
static bool are_globals(lua_State *L) {
  lua_pushglobaltable(L);
  bool are = lua_rawequal(L, -1, -2);
  lua_pop(L, 1);
  return are;
}

static int refuse_globals(struct ta_complaint *complaint) {
  snprintf(complaint->text, sizeof complaint->text,
           "the function has an _ENV of its own, and globals of another thread are others");
  return -EINVAL;
}

/* Has it nothing of its own but globals? */
static int check_function(lua_State *L, int index, struct ta_complaint *complaint) {
  const char *name;
  if (lua_iscfunction(L, index)) {
    snprintf(complaint->text, sizeof complaint->text,
             "a function of C cannot be copied to another thread");
    return -EINVAL;
  }
  for (int i = 1; (name = lua_getupvalue(L, index, i)); i++) {
    bool fits = strcmp(name, "_ENV") == 0 && are_globals(L);
    lua_pop(L, 1);
    if (fits) continue;
    if (strcmp(name, "_ENV") == 0) return refuse_globals(complaint);
    snprintf(complaint->text, sizeof complaint->text,
             "the function uses the local '%.60s' of what is around it, which another thread has "
             "not: hand it over as an argument",
             name);
    return -EINVAL;
  }
  return 0;
}

int ta_flat_pack_function(lua_State *L, int index, struct ta_flat *flat,
                          struct ta_complaint *complaint) {
  size_t length = 0;
  int error = check_function(L, index, complaint);
  if (!error) error = put(flat, TA_TAG_FUNCTION, &length, sizeof length);
  if (error) return error;
  size_t start = flat->size;
  lua_pushvalue(L, index);
  error = lua_dump(L, write_code, flat, 0);
  lua_pop(L, 1);
  if (error) return -ENOMEM;
  length = flat->size - start;
  memcpy(flat->bytes + start - sizeof length, &length, sizeof length);
  flat->values++;
  return 0;
}
