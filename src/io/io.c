/* SPDX-License-Identifier: MIT */
#include "io/io.h"

#include <lauxlib.h>
#include <signal.h>

#include "io/anchor.h"

/* Under the address of this one in the registry, Runner by Runner. */
static const char instances;

static void push_instances(lua_State *L) {
  if (lua_rawgetp(L, LUA_REGISTRYINDEX, &instances) == LUA_TTABLE) return;
  lua_pop(L, 1);
  lua_newtable(L);
  lua_pushvalue(L, -1);
  lua_rawsetp(L, LUA_REGISTRYINDEX, &instances);
}

struct ta_io *ta_io_of(struct ta_runner *runner, lua_State *L) {
  luaL_checkstack(L, 2, NULL);
  push_instances(L);
  lua_rawgetp(L, -1, runner);
  struct ta_io *io = lua_touserdata(L, -1);
  lua_pop(L, 2);
  if (!io) luaL_error(L, "this Runner has no loop that could wait for the outside");
  return io;
}

int ta_io_stop_signal(const struct ta_io *io, int number) {
  return io->ended_by && io->ended_by(io->data) == SIGINT ? SIGINT : number;
}

void ta_wake_shows(struct ta_io *io) {
  while (ta_wake_first(io->runner, &io->shows)) continue;
}

void ta_io_flush(const struct ta_io *io) {
  if (io->flush) io->flush(io->data);
}

struct ta_workers *ta_io_workers(struct ta_io *io) {
  if (!io->workers) ta_workers_open(io->loop, &io->workers);
  return io->workers;
}

bool ta_io_lets_wait(const struct ta_runner *runner, lua_State *L) {
  bool cleans_up = ta_is_cancelled(runner) && ta_is_unwinding(runner);
  return ta_can_wait(runner, L) && !cleans_up;
}

void ta_io_keep(struct ta_io *io, lua_State *L) {
  ta_set_up_anchors(L);
  push_instances(L);
  lua_pushlightuserdata(L, io);
  lua_rawsetp(L, -2, io->runner);
  lua_pop(L, 1);
}
