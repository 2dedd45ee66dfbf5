/* SPDX-License-Identifier: MIT */
#include "words/lineage.h"

#include <string.h>

#include "core/level.h"
#include "core/where.h"
#include "words/names.h"
#include "words/task_name.h"

#define CHAIN_SHOWN 16
#define CHAIN_KEPT (2 * CHAIN_SHOWN)
#define FRAMES_SEARCHED 16

/* The fields of a spawn record. */
enum { RECORD_WHERE = 1, RECORD_ID, RECORD_NAME, RECORD_ABOVE, RECORD_DEPTH };

static lua_Integer depth_of(lua_State *L, int record) {
  if (!lua_istable(L, record)) return 0;
  lua_rawgeti(L, record, RECORD_DEPTH);
  lua_Integer depth = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return depth;
}

/* Replaces the record on top by a copy of its first CHAIN_SHOWN links. */
static void cut_chain(lua_State *L) {
  int source = lua_gettop(L);
  lua_pushnil(L); /* the copy's head */
  int below = 0;  /* the copied link that waits for its RECORD_ABOVE */
  for (int left = CHAIN_SHOWN; left > 0; left--) {
    lua_createtable(L, RECORD_DEPTH, 0);
    for (int field = RECORD_WHERE; field <= RECORD_NAME; field++) {
      lua_rawgeti(L, source, field);
      lua_rawseti(L, -2, field);
    }
    lua_pushinteger(L, left);
    lua_rawseti(L, -2, RECORD_DEPTH);
    lua_pushvalue(L, -1);
    if (below)
      lua_rawseti(L, below, RECORD_ABOVE);
    else
      lua_replace(L, source + 1);
    if (below) lua_replace(L, below);
    below = source + 2;
    lua_rawgeti(L, source, RECORD_ABOVE);
    lua_replace(L, source);
  }
  lua_settop(L, source + 1);
  lua_replace(L, source);
}

/* Pushes the innermost function of L that is a script's and tells its line, or
 * false and -1. */
static int push_spawner(lua_State *L, lua_Debug *ar) {
  for (int level = 0; level < FRAMES_SEARCHED && lua_getstack(L, level, ar); level++) {
    lua_getinfo(L, "Slf", ar);
    if (ta_is_scripts_frame(ar)) return ar->currentline;
    lua_pop(L, 1);
  }
  lua_pushboolean(L, false);
  return -1;
}

/* Is it the spawn of which the record is kept, once more?  As a rule, and so not
 * much is asked of Lua: the innermost function is spawn() itself. */
static bool is_cached(const struct ta_runner *runner, lua_State *L) {
  lua_Debug ar;
  if (runner->record_task != ta_task_id(runner->current) || !lua_getstack(L, 1, &ar)) return false;
  lua_getinfo(L, "lf", &ar);
  bool same = lua_topointer(L, -1) == runner->kinds[TA_REGISTRY_SPAWNER];
  lua_pop(L, 1);
  return same && ar.currentline == runner->record_line;
}

/* Pushes a record of a spawn by the current task from `line` in `ar`. */
static void push_new_record(struct ta_runner *runner, lua_State *L, int line, lua_Debug *ar) {
  lua_createtable(L, RECORD_DEPTH, 0);
  int record = lua_gettop(L);
  if (line > 0) {
    lua_getinfo(L, "S", ar);
    lua_pushfstring(L, "%s:%d", ar->short_src, line);
    lua_rawseti(L, record, RECORD_WHERE);
  }
  lua_pushinteger(L, (lua_Integer)ta_task_id(runner->current));
  lua_rawseti(L, record, RECORD_ID);
  ta_task_push(runner, L, runner->current);
  ta_push_known_name(runner, L, -1);
  lua_rawseti(L, record, RECORD_NAME);
  ta_push_record(runner, L, runner->current);
  if (depth_of(L, -1) >= CHAIN_KEPT) cut_chain(L);
  lua_pushinteger(L, depth_of(L, -1) + 1);
  lua_rawseti(L, record, RECORD_DEPTH);
  lua_rawseti(L, record, RECORD_ABOVE);
  lua_settop(L, record);
}

/* ------------------------------------------------------------------ records by number */

#define FIRST_CAPACITY 16

static bool has_room(const struct ta_records *records) {
  return records->free || records->used + 1 < records->capacity;
}

/* Makes room for one more.  Finalizers run meanwhile, and may do so too. */
static void reserve_record(struct ta_runner *runner, lua_State *L) {
  struct ta_records *records = &runner->records;
  while (!has_room(records)) {
    uint32_t capacity = records->capacity ? 2 * records->capacity : FIRST_CAPACITY;
    uint32_t *counts = lua_newuserdatauv(L, capacity * sizeof *counts, 0);
    ta_check_open(runner, L);
    if (has_room(records) || capacity <= records->capacity) {
      lua_pop(L, 1);
      continue;
    }
    if (records->counts) memcpy(counts, records->counts, records->capacity * sizeof *counts);
    records->counts = counts;
    records->capacity = capacity;
    ta_registry_set(runner, L, TA_REGISTRY_COUNTS);
  }
}

/* Nobody else has the record of that number: its place is free. */
static void free_record(struct ta_runner *runner, lua_State *L, uint32_t number) {
  struct ta_records *records = &runner->records;
  ta_registry_push(runner, L, TA_REGISTRY_RECORDS);
  lua_pushnil(L);
  lua_rawseti(L, -2, number);
  lua_pop(L, 1);
  records->counts[number] = records->free;
  records->free = number;
}

static void leave_record(struct ta_runner *runner, lua_State *L, uint32_t number) {
  if (number && --runner->records.counts[number] == 0) free_record(runner, L, number);
}

/* Gives the record on top, which is popped, a number: it is the last one. */
static void number_record(struct ta_runner *runner, lua_State *L) {
  struct ta_records *records = &runner->records;
  uint32_t number = records->free ? records->free : records->used + 1;
  ta_registry_push(runner, L, TA_REGISTRY_RECORDS);
  lua_insert(L, -2);
  lua_rawseti(L, -2, number);
  lua_pop(L, 1);
  if (records->free)
    records->free = records->counts[number];
  else
    records->used++;
  records->counts[number] = 1;
  leave_record(runner, L, records->last);
  records->last = number;
}

uint32_t ta_find_record(struct ta_runner *runner, lua_State *L) {
  lua_Debug ar;
  if (!runner->current || !ta_in_task(runner, L)) return 0;
  if (TA_LIKELY(is_cached(runner, L))) return runner->records.last;
  ta_check_stack(L, LUA_MINSTACK);
  int top = lua_gettop(L);
  int line = push_spawner(L, &ar);
  push_new_record(runner, L, line, &ar);
  reserve_record(runner, L);
  number_record(runner, L);
  ta_registry_set(runner, L, TA_REGISTRY_SPAWNER);
  lua_settop(L, top);
  runner->record_task = ta_task_id(runner->current);
  runner->record_line = line;
  return runner->records.last;
}

void ta_have_record(struct ta_runner *runner, struct ta_task *task, uint32_t record) {
  task->record = record;
  runner->records.counts[record]++;
}

void ta_push_record(struct ta_runner *runner, lua_State *L, const struct ta_task *task) {
  if (!task->record) {
    lua_pushnil(L);
    return;
  }
  ta_registry_push(runner, L, TA_REGISTRY_RECORDS);
  lua_rawgeti(L, -1, task->record);
  lua_replace(L, -2);
}

void ta_forget_origin(struct ta_runner *runner, struct ta_task *task) {
  ta_forget_function(runner, task);
  leave_record(runner, runner->L, task->record);
  task->record = 0;
  if (runner->record_task != ta_task_id(task)) return;
  runner->record_task = 0;
  lua_pushboolean(runner->L, false);
  ta_registry_set(runner, runner->L, TA_REGISTRY_SPAWNER);
}

void ta_lineage_setup(struct ta_runner *runner, lua_State *L) {
  lua_newtable(L);
  ta_registry_set(runner, L, TA_REGISTRY_RECORDS);
}

/* Pushes "spawned at PLACE by #ID NAME" for the record at `record`. */
static void push_link(lua_State *L, int record) {
  lua_rawgeti(L, record, RECORD_WHERE);
  lua_rawgeti(L, record, RECORD_ID);
  lua_rawgeti(L, record, RECORD_NAME);
  ta_name_shown name;
  ta_clean_name(lua_tostring(L, -1), name);
  const char *where = lua_tostring(L, -3);
  lua_pushfstring(L, "spawned%s%s by #%I %s", where ? " at " : "", where ? where : "",
                  (LUAI_UACINT)lua_tointeger(L, -2), name);
  lua_replace(L, -4);
  lua_pop(L, 2);
}

void ta_push_chain(lua_State *L) {
  int record = lua_gettop(L);
  int links = 0;
  ta_check_stack(L, 2 * CHAIN_SHOWN + LUA_MINSTACK);
  while (lua_istable(L, record) && links < CHAIN_SHOWN) {
    if (links++) lua_pushliteral(L, "\n");
    push_link(L, record);
    lua_rawgeti(L, record, RECORD_ABOVE);
    lua_replace(L, record);
  }
  if (links)
    lua_concat(L, 2 * links - 1);
  else
    lua_pushnil(L);
  lua_replace(L, record);
}

lua_Integer ta_record_spawner(lua_State *L, int record) {
  if (!lua_istable(L, record)) return 0;
  lua_rawgeti(L, record, RECORD_ID);
  lua_Integer id = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return id;
}

const char *ta_record_where(lua_State *L, int record) {
  if (!lua_istable(L, record)) return NULL;
  lua_rawgeti(L, record, RECORD_WHERE);
  const char *where = lua_tostring(L, -1);
  lua_pop(L, 1);
  return where;
}
