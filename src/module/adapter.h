/* SPDX-License-Identifier: MIT
 *
 * adapter.h -- a Runner whose host is made of the program's call_later() and now().
 *
 * The core's callbacks may come in the middle of any function and must not raise: what
 * they call in Lua they call protected, on the main thread, since a coroutine may be gone
 * by then.  It does not know when the program is asked to come back, which is adapter.lua's
 * affair, nor what the program is given, which is module.c's.
 */
#ifndef TA_MODULE_ADAPTER_H
#define TA_MODULE_ADAPTER_H

#include <lua.h>
#include <math.h>
#include <stdbool.h>

#include "tinyasync_lib.h"

enum ta_phase { TA_OPENING, TA_OPENED, TA_CLOSING, TA_CLOSED };

/* A userdata, which the registry keeps. */
struct ta_adapter {
  struct ta_runner *runner; /* NULL: not made yet, or closed */
  lua_State *L;             /* the main thread */
  enum ta_phase phase;
  bool has_now;
  bool has_on_error;
  bool lost;       /* the program has no handle any more */
  bool in_pass;    /* ta_pass() runs */
  bool reading;    /* now() runs */
  bool complained; /* of what now() returned the last time */
  bool missed;     /* a request came while the core was at work */
  int busy;        /* how many functions of the core are on the C stack */
  double latest;   /* the last good time */
  double wanted;   /* in the pass that runs: when the next one is to be */
};

/* Its user values. */
enum {
  TA_ADAPTER_ASK = 1, /* adapter.lua's */
  TA_ADAPTER_NOW,
  TA_ADAPTER_ON_ERROR,
  TA_ADAPTER_MODULE, /* the module's table */
  TA_ADAPTER_REASON, /* of the first cancel() */
  TA_ADAPTER_USER_VALUES = TA_ADAPTER_REASON
};

#define TA_SOON (-HUGE_VAL) /* a time to come back at: as soon as can be */

/* Pushes the last adapter that was made, or what keeps its place.  NULL: there is none.
 * [-0, +1, -] */
struct ta_adapter *ta_push_adapter(lua_State *L);

/* The same.  [-0, +0, -] */
struct ta_adapter *ta_last_adapter(lua_State *L);

/* Makes what is on top the last adapter; `false` reserves the place.  [-1, +0, m] */
void ta_set_last_adapter(lua_State *L);

/* Pushes one of the last adapter's user values, and returns its type.  [-0, +1, -] */
int ta_push_adapter_value(lua_State *L, int which);

/* A function for Lua: () -> what now() says, or it raises.  [-0, +1, v] */
int ta_read_now(lua_State *L);

/* The time; now() is called, and time stands still while that fails. */
double ta_adapter_now(struct ta_adapter *adapter);

/* A request has come: runs a pass.  Where the core is at work it is put off. */
void ta_run_adapter(lua_State *L, struct ta_adapter *adapter);

/* Makes the Runner, on the main thread.  [-0, +0, v] */
void ta_make_adapter_runner(lua_State *L, struct ta_adapter *adapter);

/* 0, or -EBUSY inside a task or one of the core's functions, or -ENOMEM.  Tasks that are
 * closed may call on whatever there is.  [-0, +0, -] */
int ta_close_adapter(lua_State *L, struct ta_adapter *adapter);

#endif
