/* SPDX-License-Identifier: MIT
 *
 * subject.h -- one call of the library in a state of its own, and an action in the
 * middle of it.
 *
 * The state has the Lua module, in a loop of world.lua whose clock is a number.  At
 * one point an action of world.lua's is carried out: at the n-th request for memory,
 * as a finalizer, at the n-th reading of the clock, or at the n-th of the other
 * functions that are Lua's.  Afterwards nothing may be lost.
 */
#ifndef CALLBACK_SUBJECT_H
#define CALLBACK_SUBJECT_H

#include <lua.h>
#include <stdbool.h>
#include <stdint.h>

#include "kit/memory.h"
#include "tinyasync.h"

/* Where foreign Lua may run. */
enum point { POINT_REQUEST, POINT_CLOCK, POINT_CALLBACK, POINT_COUNT };

extern const char *const point_names[POINT_COUNT];

struct subject {
  /* Which call, which action, both counted from 1, and where: `nth` 0 is nowhere. */
  int call;
  int action;
  enum point point;
  uint64_t nth;

  lua_State *L;
  struct ta_runner *runner; /* of the last adapter, kept by the registry */
  struct memory memory;
  bool armed;
  uint64_t seen[POINT_COUNT]; /* points while it was armed */
  char fault[512];            /* what went wrong; empty: nothing */
};

/* Runs it, and looks whether all is as it must be. */
void subject_run(struct subject *subject);

/* Fills lists of names, which last, up to a NULL. */
void subject_names(const char **calls, const char **actions, size_t room);

#endif
