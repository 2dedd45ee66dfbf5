/* SPDX-License-Identifier: MIT
 *
 * watch.c -- the module `watch`, for async.fs.watch: handles on directories, and a wait until
 * something has happened there and then nothing more for a while.
 *
 * What has happened is for io/watch.lua to find out, by looking.
 */
#include <errno.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "holder.h"
#include "host/clock.h"
#include "io/io.h"
#include "io/modules.h"
#include "io/refusal.h"
#include "list.h"
#include "watch/hub.h"

#define MOST_DELAYS 10 /* so many times the debounce is the longest that it puts off */

struct watch {
  struct ta_fs_owner owner; /* the first */
  struct ta_runner *runner;
  struct ta_loop *loop;
  struct ta_hub *hub; /* NULL: closed */
  struct ta_alarm alarm;
  struct ta_list waiting;
  struct ta_alarm look; /* for what nobody tells of */
  bool looks, due;      /* it is set; it has rung */
  double debounce;      /* seconds */
  double first, last;   /* hints that were not handed over; of the real clock */
  bool hinted, ready;
  char *path; /* as asked */
};

/* ------------------------------------------------------------------ its time */

static void be_ready(struct watch *watch) {
  watch->ready = true;
  ta_alarm_stop(&watch->alarm);
  ta_wake_first(watch->runner, &watch->waiting);
}

static double quiet_at(const struct watch *watch) {
  double quiet = watch->last + watch->debounce;
  double latest = watch->first + watch->debounce * MOST_DELAYS;
  return quiet < latest ? quiet : latest;
}

static void ring(struct ta_alarm *alarm) {
  struct watch *watch = TA_HOLDER(alarm, struct watch, alarm);
  double rest = quiet_at(watch) - ta_monotonic();
  if (rest > 0)
    ta_loop_set_alarm(watch->loop, alarm, rest);
  else
    be_ready(watch);
}

static void ring_to_look(struct ta_alarm *alarm) {
  struct watch *watch = TA_HOLDER(alarm, struct watch, look);
  watch->looks = false;
  watch->due = true;
  be_ready(watch);
}

static void on_hint(struct ta_fs_owner *owner) {
  struct watch *watch = (struct watch *)owner;
  if (watch->ready) return;
  watch->last = ta_monotonic();
  if (!watch->hinted) watch->first = watch->last;
  if (watch->debounce == 0)
    be_ready(watch);
  else if (!watch->hinted)
    ta_loop_set_alarm(watch->loop, &watch->alarm, watch->debounce);
  watch->hinted = true;
}

/* ----------------------------------------------------------- the Runner's hub */

struct home {
  struct ta_hub *hub; /* NULL: nobody watches */
};

static int l_forget_home(lua_State *L) {
  struct home *home = ta_object_at(L, 1);
  if (home->hub) ta_hub_leave_home(home->hub);
  home->hub = NULL;
  return 0;
}

static const struct ta_function home_meta[] = {{"__gc", l_forget_home}, {NULL, NULL}};
static const struct ta_object_kind home_kind = {.name = "Hub", .meta = home_meta};

/* Under its address in the environment of chunks. */
static const char key;

static struct home *push_home(struct ta_runner *runner, lua_State *L) {
  ta_push_environment(runner, L);
  if (lua_rawgetp(L, -1, &key) != LUA_TUSERDATA) {
    lua_pop(L, 1);
    ta_push_object(runner, L, &home_kind, sizeof(struct home), 0);
    lua_pushvalue(L, -1);
    lua_rawsetp(L, -3, &key);
  }
  lua_remove(L, -2);
  return ta_object_at(L, -1);
}

/* ------------------------------------------------------------------- closing */

static void close_watch(struct watch *watch) {
  struct ta_hub *hub = watch->hub;
  struct ta_link *link;
  if (!hub) return;
  watch->hub = NULL;
  ta_alarm_stop(&watch->alarm);
  ta_alarm_stop(&watch->look);
  while ((link = ta_list_first(&watch->owner.handles)))
    ta_fs_handle_close(TA_HOLDER(link, struct ta_fs_handle, all));
  ta_hub_settle(hub);
  ta_hub_leave(hub);
  while (ta_wake_first(watch->runner, &watch->waiting)) continue;
}

static int l_forget(lua_State *L);

static const struct ta_function meta[] = {{"__gc", l_forget}, {NULL, NULL}};
static const struct ta_object_kind watch_kind = {.name = "Watch", .meta = meta};

static int l_close(lua_State *L) {
  close_watch(ta_check_object(L, 1, &watch_kind));
  return 0;
}

static int l_forget(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  close_watch(watch);
  free(watch->path);
  watch->path = NULL;
  return 0;
}

/* ------------------------------------------------------------------- opening */

/* Pushes a watch that is closed yet; its user value has the handles by their numbers. */
static struct watch *push_watch(struct ta_runner *runner, lua_State *L, const char *path) {
  struct ta_io *io = ta_io_of(runner, L);
  struct watch *watch = ta_push_object(runner, L, &watch_kind, sizeof *watch, 1);
  ta_fs_owner_init(&watch->owner, on_hint);
  ta_list_init(&watch->waiting);
  watch->runner = runner;
  watch->loop = io->loop;
  watch->alarm.ring = ring;
  watch->look.ring = ring_to_look;
  watch->path = strdup(path);
  if (!watch->path) luaL_error(L, "not enough memory");
  lua_newtable(L);
  lua_setiuservalue(L, -2, 1);
  return watch;
}

/* (path, debounce) -> watch, or nil, message, code */
static int l_open(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  const char *path = luaL_checkstring(L, 1);
  double debounce = luaL_checknumber(L, 2);
  struct home *home = push_home(runner, L);
  struct watch *watch = push_watch(runner, L, path);
  watch->debounce = debounce;
  int error = 0;
  if (home->hub)
    ta_hub_keep(home->hub);
  else
    error = ta_hub_open(watch->loop, &home->hub);
  if (error) return ta_refuse(L, error, "cannot watch %s", ta_name_shown(path));
  watch->hub = home->hub;
  return 1;
}

/* ------------------------------------------------------------------- handles */

/* inotify has limits of its own, which strerror() takes for others. */
static int refuse_handle(lua_State *L, int error, const struct watch *watch, const char *path) {
  if (error == -ENOSPC)
    lua_pushfstring(L,
                    "cannot watch %s: as many directories are watched as the system allows "
                    "(sysctl fs.inotify.max_user_watches)",
                    watch->path);
  else if (error == -EMFILE)
    lua_pushfstring(L,
                    "cannot watch %s: too many open files, or inotify instances "
                    "(sysctl fs.inotify.max_user_instances)",
                    watch->path);
  else
    return ta_refuse(L, error, "cannot watch %s", ta_name_shown(path));
  return ta_refuse_in_words(L, lua_tostring(L, -1), ta_error_code(-error));
}

/* (watch, path, number, name or nil: only that counts) -> true, or nil, message, code */
static int l_add(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  const char *path = luaL_checkstring(L, 2);
  lua_Integer id = luaL_checkinteger(L, 3);
  const char *only = luaL_optstring(L, 4, NULL);
  if (!watch->hub) return ta_refuse_in_words(L, "closed", "ECANCELED");
  lua_getiuservalue(L, 1, 1);
  lua_pushboolean(L, false);
  lua_rawseti(L, -2, id); /* the place, before there is what could be lost */
  struct ta_fs_handle *handle;
  int error = ta_hub_watch(watch->hub, &watch->owner, path, only, (uint32_t)id, &handle);
  if (error) return refuse_handle(L, error, watch, path);
  lua_pushlightuserdata(L, handle);
  lua_rawseti(L, -2, id);
  lua_pushboolean(L, true);
  return 1;
}

/* (watch, number): nothing more is told of it.  settle() then gives it back to the system. */
static int l_drop(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  lua_Integer id = luaL_checkinteger(L, 2);
  lua_getiuservalue(L, 1, 1);
  if (lua_rawgeti(L, -1, id) == LUA_TLIGHTUSERDATA && watch->hub)
    ta_fs_handle_close(lua_touserdata(L, -1));
  lua_pushnil(L);
  lua_rawseti(L, -3, id);
  return 0;
}

static int l_settle(lua_State *L) {
  const struct watch *watch = ta_check_object(L, 1, &watch_kind);
  if (watch->hub) ta_hub_settle(watch->hub);
  return 0;
}

/* --------------------------------------------------------------- what is heard */

/* Of a handle, which a finalizer may close while Lua makes room for this. */
struct hint {
  char **names;
  uint32_t count, id;
  bool whole, is_touched;
};

static void free_names(struct hint *hint) {
  for (uint32_t i = 0; i < hint->count; i++) free(hint->names[i]);
  free(hint->names);
  hint->names = NULL;
  hint->count = 0;
}

static int l_forget_hint(lua_State *L) {
  free_names(ta_object_at(L, 1));
  return 0;
}

static const struct ta_function hint_meta[] = {{"__gc", l_forget_hint}, {NULL, NULL}};
static const struct ta_object_kind hint_kind = {.name = "Hint", .meta = hint_meta};

/* The names are the hint's from now on. */
static void take_hint(struct ta_fs_handle *handle, struct hint *hint) {
  *hint = (struct hint){.names = handle->names,
                        .count = handle->count,
                        .id = handle->id,
                        .whole = handle->whole,
                        .is_touched = handle->is_touched};
  handle->names = NULL;
  handle->count = 0;
  ta_fs_handle_clear(handle);
}

static void push_hint(lua_State *L, const struct hint *hint) {
  lua_newtable(L);
  for (uint32_t i = 0; i < hint->count; i++) {
    lua_pushstring(L, hint->names[i]);
    lua_rawseti(L, -2, (lua_Integer)i + 1);
  }
  lua_pushinteger(L, (lua_Integer)hint->id);
  lua_setfield(L, -2, "id");
  lua_pushboolean(L, hint->whole);
  lua_setfield(L, -2, "whole");
  lua_pushboolean(L, hint->is_touched);
  lua_setfield(L, -2, "touched");
}

/* (watch, list) -> is it time to look at what nobody tells of: what there was since the last time
 * is added to the list, a table for each handle, and forgotten. */
static int l_take(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  struct hint *hint = ta_push_object(watch->runner, L, &hint_kind, sizeof *hint, 0);
  struct ta_link *link;
  while ((link = ta_list_first(&watch->owner.dirty))) {
    take_hint(TA_HOLDER(link, struct ta_fs_handle, hinted), hint);
    push_hint(L, hint);
    lua_rawseti(L, 2, (lua_Integer)lua_rawlen(L, 2) + 1);
    free_names(hint);
  }
  lua_pushboolean(L, watch->due);
  watch->ready = watch->hinted = watch->due = false;
  return 1;
}

/* (watch, seconds): then it is, at the latest. */
static int l_look(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  double seconds = luaL_checknumber(L, 2);
  if (!watch->hub || watch->looks || watch->due) return 0;
  ta_loop_set_alarm(watch->loop, &watch->look, seconds);
  watch->looks = true;
  return 0;
}

static void describe(const void *subject, char *text, size_t size) {
  const struct watch *watch = subject;
  snprintf(text, size, "%s", watch->path ? watch->path : "");
}

static const struct ta_wait_kind wait_kind = {.action = "watch", .describe = describe};

static int k_wait(lua_State *L, int status, lua_KContext context);

static int wait_until_ready(lua_State *L, struct watch *watch) {
  if (watch->hub && !watch->ready)
    return ta_wait_in(watch->runner, L, "watch", &wait_kind, watch, &watch->waiting, k_wait);
  lua_pushboolean(L, watch->hub != NULL);
  return 1;
}

static int k_wait(lua_State *L, int status, lua_KContext context) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  (void)status;
  (void)context;
  ta_check_wait_end(watch->runner, L);
  return wait_until_ready(L, watch);
}

/* (watch) -> true: there is something to be taken; false: it was closed */
static int l_wait(lua_State *L) {
  struct watch *watch = ta_check_object(L, 1, &watch_kind);
  ta_enter(watch->runner, L);
  lua_settop(L, 1);
  return wait_until_ready(L, watch);
}

/* -------------------------------------------------------------------- the module */

static const struct ta_function parts[] = {
    {"open", l_open},     {"close", l_close}, {"add", l_add},   {"drop", l_drop}, {"take", l_take},
    {"settle", l_settle}, {"wait", l_wait},   {"look", l_look}, {NULL, NULL}};

const struct ta_module ta_module_watch = {.version = TA_VERSION, .parts = parts};
