/* SPDX-License-Identifier: MIT */
#include "io/walk.h"

#include <errno.h>
#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holder.h"
#include "host/file.h"
#include "host/walker.h"
#include "io/disk.h"
#include "io/refusal.h"
#include "list.h"

enum { IDLE, OUT, FULL }; /* nothing is done; a thread has the walker; it has filled a batch */

struct walk {
  struct ta_work work; /* the first */
  struct ta_walker walker;
  struct ta_io *io;
  struct ta_link link; /* among all of the Runner's */
  struct ta_ticket ticket;
  enum ta_lane lane;
  char *pattern; /* that it looks for; NULL: all */
  int state;
  bool taken;  /* the batch, before we were told of it */
  bool waits;  /* a task does */
  bool turned; /* the turn was given up for this batch */
  bool lacks_memory;
  char *batch; /* that is read */
  size_t size, at, room;

  pthread_mutex_t lock; /* of `filled` */
  pthread_cond_t filling;
  bool filled;
};

/* What Lua has of it. */
struct iterator {
  struct walk *walk; /* NULL: it has ended */
  bool tells;        /* of troubles, and does not raise them */
};

static struct walk *walk_of(struct ta_work *work) {
  return (struct walk *)work;
}

static void free_walk(struct walk *walk) {
  ta_walker_close(&walk->walker);
  pthread_cond_destroy(&walk->filling);
  pthread_mutex_destroy(&walk->lock);
  free(walk->batch);
  free(walk->pattern);
  free(walk);
}

/* -------------------------------------------------------------------- in threads */

static void run(struct ta_work *work) {
  struct walk *walk = walk_of(work);
  ta_walker_fill(&walk->walker);
  pthread_mutex_lock(&walk->lock);
  walk->filled = true;
  pthread_cond_signal(&walk->filling);
  pthread_mutex_unlock(&walk->lock);
}

static void done(struct ta_work *work) {
  struct walk *walk = walk_of(work);
  walk->state = walk->taken ? IDLE : FULL;
  walk->taken = false;
  ta_unpark(walk->io->runner, walk->ticket);
}

/* Of one that we were told of the iterator has it still. */
static void drop(struct ta_work *work) {
  if (walk_of(work)->state == OUT) free_walk(walk_of(work));
}

static int send_out(struct walk *walk) {
  struct ta_workers *workers = ta_io_workers(walk->io);
  walk->filled = false;
  walk->state = OUT;
  int error = workers ? ta_workers_submit(workers, walk->lane, &walk->work) : -ENOMEM;
  if (error) walk->state = IDLE;
  return error;
}

/* ------------------------------------------------------------------ the iterator */

/* What a thread has is dropped by it. */
static void drop_or_leave(struct walk *walk) {
  ta_list_leave(&walk->link);
  if (walk->state != OUT) {
    free_walk(walk);
    return;
  }
  atomic_store(&walk->walker.stop, true);
  ta_work_abandon(walk->io->workers, &walk->work);
}

static void let_go(struct iterator *iterator) {
  struct walk *walk = iterator->walk;
  iterator->walk = NULL;
  if (walk) drop_or_leave(walk);
}

void ta_drop_walks(struct ta_io *io) {
  while (!ta_list_empty(&io->walks))
    drop_or_leave(TA_HOLDER(io->walks.ring.next, struct walk, link));
}

static int l_let_go(lua_State *L);

static const struct ta_function meta[] = {{"__gc", l_let_go}, {"__close", l_let_go}, {NULL, NULL}};
static const struct ta_object_kind iterator_kind = {.name = "Walk", .meta = meta};

static int l_let_go(lua_State *L) {
  let_go(ta_check_object(L, 1, &iterator_kind));
  return 0;
}

/* In what a loop calls. */
static struct iterator *iterator_of(lua_State *L) {
  return ta_object_at(L, lua_upvalueindex(2));
}

static const char *called(const struct walk *walk) {
  return walk->pattern ? walk->pattern : walk->walker.path;
}

static void describe(const void *subject, char *text, size_t size) {
  const struct walk *walk = ((const struct iterator *)subject)->walk;
  snprintf(text, size, "%s", walk ? ta_name_shown(called(walk)) : ".");
}

static void disarm(void *subject) {
  struct walk *walk = ((struct iterator *)subject)->walk;
  if (walk) walk->waits = false;
}

static const struct ta_wait_kind walk_kind = {
    .action = "walk", .describe = describe, .disarm = disarm};
static const struct ta_wait_kind glob_kind = {
    .action = "glob", .describe = describe, .disarm = disarm};

/* ------------------------------------------------------------------- the entries */

#define TYPES 16 /* DT_DIR and its like, which are those of modes */

static const char *name_of(unsigned type) {
  return ta_file_type((mode_t)type << 12);
}

static void refuse(lua_State *L, const char *pattern, const char *path, int error) {
  if (error == -TA_NOT_ALLOWED)
    ta_refuse_verdict(L, TA_NO_READ, NULL, path[0] ? path : ".");
  else if (pattern)
    ta_refuse(L, error, "cannot glob %s: cannot walk %s", pattern, path[0] ? path : ".");
  else
    ta_refuse(L, error, "cannot walk %s", ta_name_shown(path));
}

static int give_trouble(lua_State *L, const struct iterator *iterator,
                        const struct ta_walked *entry) {
  lua_pushboolean(L, false);
  lua_pushlstring(L, entry->path, entry->length);
  refuse(L, iterator->walk->pattern, lua_tostring(L, -1), entry->error);
  lua_remove(L, -3);
  return iterator->tells ? 4 : ta_error(L, "%s", lua_tostring(L, -2));
}

static int give_entry(lua_State *L, const struct iterator *iterator,
                      const struct ta_walked *entry) {
  if (entry->type == TA_WALK_TROUBLE) return give_trouble(L, iterator, entry);
  lua_pushlstring(L, entry->path, entry->length);
  lua_pushstring(L, name_of(entry->type));
  return 2;
}

/* The batch that was filled is the one that is read now. */
static void take_batch(struct walk *walk) {
  struct ta_walker *walker = &walk->walker;
  char *bytes = walk->batch;
  size_t room = walk->room;
  walk->batch = walker->bytes;
  walk->room = walker->room;
  walk->size = walker->size;
  walk->at = 0;
  walk->turned = false;
  walker->bytes = bytes;
  walker->room = room;
  walker->size = 0;
  walk->lacks_memory = walker->lacks_memory;
  walker->lacks_memory = false;
}

static int give_first(lua_State *L, struct iterator *iterator) {
  struct walk *walk = iterator->walk;
  struct ta_walked entry;
  if (ta_walked(walk->batch, walk->size, &walk->at, &entry)) return give_entry(L, iterator, &entry);
  if (walk->lacks_memory) {
    walk->lacks_memory = false;
    return give_trouble(L, iterator, &(struct ta_walked){.path = "", .error = -ENOMEM});
  }
  let_go(iterator);
  lua_pushnil(L);
  return 1;
}

/* Where no task can wait.  What no thread has begun does not wait for one. */
static int block(lua_State *L, struct iterator *iterator) {
  struct walk *walk = iterator->walk;
  bool is_out = walk->state == OUT && !walk->taken;
  if (is_out && ta_work_take_back(walk->io->workers, &walk->work)) walk->state = IDLE;
  if (walk->state == OUT && !walk->taken) {
    pthread_mutex_lock(&walk->lock);
    while (!walk->filled) pthread_cond_wait(&walk->filling, &walk->lock);
    pthread_mutex_unlock(&walk->lock);
    walk->taken = true;
  } else if (walk->state == FULL)
    walk->state = IDLE;
  else
    ta_walker_fill(&walk->walker);
  take_batch(walk);
  return give_first(L, iterator);
}

static int k_await(lua_State *L, int status, lua_KContext context);
static int l_next(lua_State *L);

/* The one after that is fetched meanwhile; if it cannot be, whoever asks for it is told. */
static int take(lua_State *L, struct iterator *iterator) {
  struct walk *walk = iterator->walk;
  walk->state = IDLE;
  take_batch(walk);
  if (walk->size > 0) send_out(walk);
  return give_first(L, iterator);
}

static int await_batch(lua_State *L, struct iterator *iterator) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct walk *walk = iterator->walk;
  if (walk->waits) return ta_error(L, "another task is waiting for this walk");
  if (walk->state == FULL && walk->turned) return take(L, iterator);
  walk->turned = true;
  if (walk->state == FULL) return ta_give_turn_before(runner, L, l_next);
  lua_pushvalue(L, lua_upvalueindex(2)); /* the task keeps it */
  struct ta_ticket ticket =
      ta_take_ticket(runner, L, walk->pattern ? &glob_kind : &walk_kind, iterator);
  int error = walk->state == IDLE ? send_out(walk) : 0;
  if (error) return ta_error(L, "cannot start a thread: %s", strerror(-error));
  walk->ticket = ticket;
  walk->waits = true;
  return ta_park(runner, L, ticket, 0, k_await);
}

static int k_await(lua_State *L, int status, lua_KContext context) {
  (void)status, (void)context;
  struct iterator *iterator = iterator_of(L);
  lua_settop(L, 0);
  if (!iterator->walk) return lua_pushnil(L), 1; /* closed meanwhile */
  iterator->walk->waits = false;
  return await_batch(L, iterator);
}

/* () -> path, type; or nil; of one that tells: false, path, message, code */
static int l_next(lua_State *L) {
  struct iterator *iterator = iterator_of(L);
  struct walk *walk = iterator->walk;
  struct ta_walked entry;
  lua_settop(L, 0);
  if (!walk) return lua_pushnil(L), 1;
  if (ta_walked(walk->batch, walk->size, &walk->at, &entry)) return give_entry(L, iterator, &entry);
  if (!ta_io_lets_wait(ta_upvalue_runner(L), L)) return block(L, iterator);
  return await_batch(L, iterator);
}

/* ---------------------------------------------------------------------- beginning */

/* The field of the table at 1, as text of ours; false: there is no memory. */
static bool copy_field(lua_State *L, const char *name, char **text, size_t *length) {
  lua_getfield(L, 1, name);
  const char *bytes = lua_tolstring(L, -1, length);
  if (!bytes) return lua_pop(L, 1), true;
  *text = malloc(*length + 1);
  if (*text) memcpy(*text, bytes, *length + 1);
  lua_pop(L, 1);
  return *text;
}

static lua_Integer number_field(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  lua_Integer number = lua_tointeger(L, -1);
  lua_pop(L, 1);
  return number;
}

static bool flag_field(lua_State *L, const char *name) {
  lua_getfield(L, 1, name);
  bool flag = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return flag;
}

static unsigned types_field(lua_State *L) {
  unsigned types = 0;
  lua_getfield(L, 1, "types");
  if (lua_isnil(L, -1)) return lua_pop(L, 1), ~0U;
  for (unsigned type = 0; type < TYPES; type++) {
    lua_getfield(L, -1, name_of(type));
    if (lua_toboolean(L, -1)) types |= 1U << type;
    lua_pop(L, 1);
  }
  return lua_pop(L, 1), types;
}

static unsigned flags_fields(lua_State *L) {
  static const struct {
    const char *name;
    unsigned flag;
  } all[] = {{"sort", TA_WALK_SORTED},
             {"follow", TA_WALK_FOLLOW},
             {"hidden", TA_WALK_HIDDEN},
             {"directories", TA_WALK_DIRECTORIES},
             {"lenient", TA_WALK_LENIENT}};
  unsigned flags = 0;
  for (size_t i = 0; i < sizeof all / sizeof *all; i++)
    if (flag_field(L, all[i].name)) flags |= all[i].flag;
  return flags;
}

/* The iterator has it from the beginning. */
static struct walk *push_walk(lua_State *L, struct iterator **iterator) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_io *io = ta_io_of(runner, L);
  *iterator = ta_push_object(runner, L, &iterator_kind, sizeof **iterator, 0);
  struct walk *walk = calloc(1, sizeof *walk);
  if (!walk) return NULL;
  walk->work = (struct ta_work){.run = run, .done = done, .drop = drop};
  walk->io = io;
  walk->walker.gate = io->gate;
  pthread_mutex_init(&walk->lock, NULL);
  pthread_cond_init(&walk->filling, NULL);
  ta_list_append(&io->walks, &walk->link);
  return (*iterator)->walk = walk;
}

/* (table: path, place, pattern, parts, part_count, depth, types, flags) -> what a loop calls, and
 * what ends the walk */
static int l_walk(lua_State *L) {
  size_t length;
  struct iterator *iterator;
  struct walk *walk = push_walk(L, &iterator);
  if (!walk) return luaL_error(L, "not enough memory");
  struct ta_walker *walker = &walk->walker;
  bool copied = copy_field(L, "path", &walker->path, &length) &&
                copy_field(L, "place", &walker->place, &length) &&
                copy_field(L, "pattern", &walk->pattern, &length) &&
                copy_field(L, "parts", &walker->parts, &length);
  if (!copied) return luaL_error(L, "not enough memory");
  walk->lane = ta_lane_of(walk->io, walker->place, NULL);
  walker->part_count = (size_t)number_field(L, "part_count");
  walker->depth = (size_t)number_field(L, "depth");
  walker->types = types_field(L);
  walker->flags = flags_fields(L);
  iterator->tells = flag_field(L, "tells");
  lua_pushvalue(L, lua_upvalueindex(1));
  lua_pushvalue(L, -2);
  lua_pushcclosure(L, l_next, 2);
  lua_insert(L, -2);
  return 2;
}

const struct ta_function ta_walk_parts[] = {
    {"walk", l_walk}, {"end_walk", l_let_go}, {"for_closes", ta_l_for_closes}, {NULL, NULL}};
