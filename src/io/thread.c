/* SPDX-License-Identifier: MIT */
#include "io/thread.h"

#include <errno.h>
#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host/clock.h"
#include "host/hatch.h"
#include "host/workers.h"
#include "io/disk.h"
#include "io/flat.h"
#include "io/guest.h"
#include "io/ration.h"

extern const char *const ta_chunk_place[];

enum outcome { REFUSED, RETURNED, RAISED };

/* A call of async.thread. */
struct thread {
  struct ta_errand errand; /* the first */
  struct ta_flat there, back;
  enum outcome outcome;
  int error;                   /* REFUSED: the system's, or another */
  char *traceback;             /* RAISED: from where */
  char what[160];              /* RAISED and nothing came back, or REFUSED: why */
  char place[LUA_IDSIZE + 16]; /* of the call: "file:line: ", or "" */
  char *directory;             /* of the caller's task; NULL: the program's */
  struct ta_io host;

  /* Shared by both threads. */
  pthread_mutex_t lock;
  struct ta_guest *guest; /* NULL: not yet, or not any more */
  bool stopped;
};

/* ------------------------------------------------------------- in the thread */

/* An error object; in words where nothing else can be done. */
static void pack_error(struct thread *thread, struct ta_runner *runner, lua_State *L) {
  struct ta_complaint complaint;
  ta_flat_free(&thread->back);
  if (ta_flat_pack_loosely(runner, L, &thread->back) == 0) return;
  ta_flat_free(&thread->back);
  luaL_tolstring(L, -1, NULL);
  if (ta_flat_pack(runner, L, lua_gettop(L), 1, "error", 0, &thread->back, &complaint) != 0)
    snprintf(thread->what, sizeof thread->what, "not enough memory");
}

/* It has returned, so that no line of it is left: where it begins. */
static int refuse_result(lua_State *L, const struct thread *thread,
                         const struct ta_complaint *complaint) {
  const char *place = strchr(thread->errand.name, '\'') + 1;
  lua_pushlstring(L, place, strlen(place) - 1);
  lua_pushfstring(L, "%s: %s", lua_tostring(L, -1), complaint->text);
  return lua_error(L);
}

/* The function has returned: its results, for as long as it is a task of the guest's. */
static int k_body(lua_State *L, int status, lua_KContext context) {
  struct thread *thread = (struct thread *)context;
  struct ta_complaint complaint;
  (void)status;
  int error = ta_flat_pack(ta_upvalue_runner(L), L, 1, lua_gettop(L), "result", 1, &thread->back,
                           &complaint);
  if (error) ta_flat_free(&thread->back);
  if (error == -ENOMEM) return luaL_error(L, "not enough memory");
  if (error) return refuse_result(L, thread, &complaint);
  thread->outcome = RETURNED;
  return 0;
}

/* The task is where the caller was, for relative paths. */
static void take_directory(struct ta_runner *runner, lua_State *L, const char *directory) {
  luaL_checkstack(L, LUA_MINSTACK, NULL);
  ta_push_chunk(runner, L, ta_chunk_place);
  lua_getfield(L, -1, "set");
  lua_pushstring(L, directory);
  lua_call(L, 1, 0);
  lua_pop(L, 1);
}

/* (function, arguments ...): upvalue 2 is the thread. */
static int l_body(lua_State *L) {
  struct thread *thread = lua_touserdata(L, lua_upvalueindex(2));
  lua_KContext context = (lua_KContext)thread;
  if (thread->directory) take_directory(ta_upvalue_runner(L), L, thread->directory);
  lua_callk(L, lua_gettop(L) - 1, LUA_MULTRET, context, k_body);
  return k_body(L, LUA_OK, context);
}

/* (guest, thread) -> the task that runs the function */
static int l_begin(lua_State *L) {
  struct ta_guest *guest = lua_touserdata(L, 1);
  struct thread *thread = lua_touserdata(L, 2);
  const char *name = strchr(thread->errand.name, '\'') + 1;
  const struct ta_task_options options = {.name = name, .name_length = strlen(name) - 1};
  lua_pushlightuserdata(L, guest->runner);
  lua_pushlightuserdata(L, thread);
  lua_pushcclosure(L, l_body, 2);
  ta_lets_wait(guest->runner, L, l_body);
  int count = ta_flat_move(guest->runner, L, &thread->there);
  guest->body = 1;
  guest->place = thread->place;
  guest->call = l_body;
  ta_add_task(guest->runner, L, count, &options);
  return 1;
}

/* (guest, thread, task): what the failed task raised */
static int l_end(lua_State *L) {
  struct ta_guest *guest = lua_touserdata(L, 1);
  struct thread *thread = lua_touserdata(L, 2);
  lua_getfield(L, 3, "error");
  pack_error(thread, guest->runner, L);
  return 0;
}

/* What the Runner has no failure for. */
static void be_out_of_memory(struct thread *thread, struct ta_guest *guest) {
  const char *words = lua_tostring(guest->L, -1);
  snprintf(thread->what, sizeof thread->what, "%s", words ? words : "not enough memory");
  thread->outcome = RAISED;
  lua_settop(guest->L, 0);
}

static bool call(struct thread *thread, struct ta_guest *guest, lua_CFunction function,
                 int results) {
  lua_State *L = guest->L;
  lua_pushcfunction(L, function);
  lua_pushlightuserdata(L, guest);
  lua_pushlightuserdata(L, thread);
  if (results == 0) lua_pushvalue(L, 1);
  if (lua_pcall(L, results == 0 ? 3 : 2, results, 0) == LUA_OK) return true;
  be_out_of_memory(thread, guest);
  return false;
}

static void work(struct thread *thread, struct ta_guest *guest) {
  if (!call(thread, guest, l_begin, 1)) return;
  ta_guest_drive(guest);
  if (thread->outcome == RETURNED) return;
  thread->outcome = RAISED;
  if (guest->starved)
    snprintf(thread->what, sizeof thread->what, "not enough memory");
  else if (guest->stuck)
    snprintf(thread->what, sizeof thread->what, "deadlock: nothing can wake the thread's tasks");
  else if (call(thread, guest, l_end, 0))
    thread->traceback = guest->traceback;
  if (thread->traceback) guest->traceback = NULL;
}

/* From now on, or no more, it can be told to end.  False: it was. */
static bool register_guest(struct thread *thread, struct ta_guest *guest) {
  pthread_mutex_lock(&thread->lock);
  bool stopped = thread->stopped;
  thread->guest = guest;
  pthread_mutex_unlock(&thread->lock);
  return !stopped;
}

static void run(struct ta_errand *errand) {
  struct thread *thread = (struct thread *)errand;
  struct ta_guest *guest = malloc(sizeof *guest);
  thread->error = guest ? ta_guest_open(guest, &thread->host) : -ENOMEM;
  if (thread->error) {
    snprintf(thread->what, sizeof thread->what, "%s",
             guest && *guest->what ? guest->what : strerror(-thread->error));
  } else {
    if (register_guest(thread, guest)) work(thread, guest);
    register_guest(thread, NULL);
    ta_guest_close(guest);
  }
  free(guest);
}

/* -------------------------------------------------------------- for the caller */

static void stop(struct ta_errand *errand) {
  struct thread *thread = (struct thread *)errand;
  pthread_mutex_lock(&thread->lock);
  thread->stopped = true;
  if (thread->guest) ta_guest_tell(thread->guest);
  pthread_mutex_unlock(&thread->lock);
}

static void drop(struct ta_errand *errand) {
  struct thread *thread = (struct thread *)errand;
  ta_flat_free(&thread->there);
  ta_flat_free(&thread->back);
  free(thread->traceback);
  free(thread->directory);
  if (thread->host.hatch) ta_hatch_leave(thread->host.hatch);
  ta_budget_leave(thread->host.budget);
  pthread_mutex_destroy(&thread->lock);
}

/* Raises what the function has raised: its frames come first in a report. */
static int raise_failure(lua_State *L, struct thread *thread) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  if (*thread->what)
    lua_pushstring(L, thread->what);
  else
    ta_flat_move(runner, L, &thread->back);
  const char *frames = thread->traceback ? strchr(thread->traceback, '\n') : NULL;
  lua_pushfstring(L, "%s\n\t(thread %s, called from:)", frames ? frames : "", thread->errand.name);
  ta_add_frames(runner, L);
  return lua_error(L);
}

static int give(lua_State *L, struct ta_errand *errand) {
  struct thread *thread = (struct thread *)errand;
  if (!errand->io->is_guest) ta_hatch_take(errand->io->hatch);
  if (thread->outcome == RAISED) return raise_failure(L, thread);
  if (thread->outcome == RETURNED) return ta_flat_move(ta_upvalue_runner(L), L, &thread->back);
  return ta_error(L, "thread: cannot make a Lua state: %s", thread->what);
}

static const struct ta_errand_kind kind = {
    .wait = TA_ERRAND_WAIT("thread"), .run = run, .give = give, .stop = stop, .drop = drop};

static void check_hatch(struct ta_io *io, lua_State *L) {
  ta_guests_setup();
  if (io->hatch || ta_hatch_open(io->loop, ta_guest_say, io, &io->hatch) == 0) return;
  luaL_error(L, "not enough memory");
}

static void note_directory(struct ta_runner *runner, lua_State *L, struct thread *thread) {
  ta_push_chunk(runner, L, ta_chunk_place);
  lua_getfield(L, -1, "directory");
  lua_call(L, 0, 1);
  const char *directory = lua_tostring(L, -1);
  thread->directory = directory ? strdup(directory) : NULL;
  if (directory && !thread->directory) luaL_error(L, "not enough memory");
  lua_pop(L, 2);
}

/* Has the script called, and not the library? */
static bool is_scripts_line(lua_State *L) {
  lua_Debug caller;
  return lua_getstack(L, 1, &caller) && lua_getinfo(L, "S", &caller) &&
         strcmp(caller.source, "=(tinyasync)") != 0;
}

static void note_place(lua_State *L, struct thread *thread) {
  luaL_where(L, 1);
  snprintf(thread->place, sizeof thread->place, "%s", lua_tostring(L, -1));
  lua_pop(L, 1);
}

#define PAUSES 2 /* after a collection, so many times what it took */

/* A thread cannot have this state collect: that is done before, where most of it is used. */
static void make_room(struct ta_io *io, lua_State *L) {
  if (!io->budget || ta_budget_used(io->budget) < io->memory / 4 * 3) return;
  double now = ta_monotonic();
  if (now < io->room_made + io->room_took * PAUSES) return;
  lua_gc(L, LUA_GCCOLLECT);
  io->room_made = ta_monotonic();
  io->room_took = io->room_made - now;
}

/* Pushes the errand. */
static struct thread *push_thread(struct ta_runner *runner, lua_State *L) {
  struct ta_io *io = ta_io_of(runner, L);
  lua_Debug about;
  char name[LUA_IDSIZE + 64];
  check_hatch(io, L);
  make_room(io, L);
  lua_pushvalue(L, 1);
  lua_getinfo(L, ">S", &about);
  snprintf(name, sizeof name, "%u '%s:%d'", ++io->threads, about.short_src, about.linedefined);
  struct thread *thread = ta_push_errand(runner, L, &kind, sizeof *thread, name);
  pthread_mutex_init(&thread->lock, NULL);
  thread->host.hatch = ta_hatch_share(io->hatch);
  thread->host.equip = io->equip;
  thread->host.log_rank = io->log_rank;
  thread->host.memory = io->memory;
  thread->host.gate = io->gate;
  thread->host.budget = ta_budget_share(io->budget);
  note_directory(runner, L, thread);
  if (is_scripts_line(L)) note_place(L, thread);
  return thread;
}

/* Raises at the script's line; where the library has called, as map does, that of the function
 * at index 1. */
static int refuse_call(lua_State *L, const char *words) {
  lua_Debug about;
  if (is_scripts_line(L) || !lua_isfunction(L, 1) || lua_iscfunction(L, 1))
    return ta_error(L, "thread: %s", words);
  lua_pushvalue(L, 1);
  lua_getinfo(L, ">S", &about);
  lua_pushfstring(L, "%s:%d: thread: %s", about.short_src, about.linedefined, words);
  return lua_error(L);
}

static void check_packed(lua_State *L, int error, const struct ta_complaint *complaint) {
  if (error == -ENOMEM) luaL_error(L, "not enough memory");
  if (error) refuse_call(L, complaint->text);
}

/* (function, arguments ...) -> results */
static int l_thread(lua_State *L) {
  struct ta_runner *runner = ta_upvalue_runner(L);
  struct ta_complaint complaint;
  int count = lua_gettop(L);
  if (!lua_isfunction(L, 1))
    return luaL_error(L, "thread: expected a function as argument 1, got %s", luaL_typename(L, 1));
  ta_enter(runner, L);
  ta_check_wait(runner, L, "thread");
  struct thread *thread = push_thread(runner, L);
  check_packed(L, ta_flat_pack_function(L, 1, &thread->there, &complaint), &complaint);
  check_packed(L, ta_flat_pack(runner, L, 2, count - 1, "argument", 1, &thread->there, &complaint),
               &complaint);
  int given = ta_send_errand(L, TA_LANE_CODE);
  if (!thread->errand.sent) return refuse_call(L, lua_tostring(L, -2));
  return given;
}

/* () -> how many there are */
static int l_cores(lua_State *L) {
  lua_pushinteger(L, ta_cores());
  return 1;
}

void ta_offer_threads(struct ta_io *io, lua_State *L) {
  static const struct ta_function functions[] = {{"thread", l_thread}, {NULL, NULL}};
  static const struct ta_function for_map[] = {
      {"call_in_thread", l_thread}, {"cores", l_cores}, {NULL, NULL}};
  ta_set_functions(io->runner, L, functions);
  ta_push_environment(io->runner, L);
  ta_set_functions(io->runner, L, for_map);
  lua_pop(L, 1);
  ta_name_action(io->runner, L, "thread");
}
