/* SPDX-License-Identifier: MIT
 *
 * disk.h -- system calls that may take their time, for tasks.
 *
 * An errand is what is asked for and what comes of it, in memory of its own.  It is run at
 * once, or by a thread of a lane while the task waits.  Who is cancelled meanwhile hears no
 * more of it: the thread goes on to its end, and drops what it has.
 *
 * Where a task cannot wait (outside of tasks, inside a C function, in the clean-up of one that
 * was cancelled) it is run at once, and blocks.  What errands do is not known here.
 */
#ifndef TA_IO_DISK_H
#define TA_IO_DISK_H

#include <lua.h>
#include <stdatomic.h>

#include "host/workers.h"
#include "io/gate.h"
#include "io/io.h"

struct ta_errand;

/* A kind of errand, a static struct each. */
struct ta_errand_kind {
  struct ta_wait_kind wait; /* as TA_ERRAND_WAIT says */

  /* Does it, in whatever thread: touches the errand alone.  Where `now` it may set `waits`
   * instead of waiting for a disk: it is called again then, by a thread. */
  void (*run)(struct ta_errand *errand);

  /* Pushes what came of it, and returns how many values.  It may be called only once, and may
   * raise.  [-0, +n, v] */
  int (*give)(lua_State *L, struct ta_errand *errand);

  /* Nobody wants it any more while a thread has it, which is to make an end soon.  In the loop's
   * thread.  NULL: it goes on to its end. */
  void (*stop)(struct ta_errand *errand);

  /* Frees what the errand has, not the errand, in whatever thread.  NULL: nothing. */
  void (*drop)(struct ta_errand *errand);
};

#define TA_ERRAND_WAIT(name)                                                                       \
  { .action = (name), .describe = ta_describe_errand, .disarm = ta_disarm_errand }

void ta_describe_errand(const void *subject, char *text, size_t size);
void ta_disarm_errand(void *subject);

/* The first member of a kind's own struct. */
struct ta_errand {
  struct ta_work work; /* the room's own, as what follows up to `name` */
  struct ta_io *io;
  struct ta_ticket ticket;
  const struct ta_errand_kind *kind;
  struct ta_link link; /* among all of the Runner's */
  bool sent, finished;
  char *name;            /* what it is about, for who looks at the waits; a copy, or NULL */
  bool now, waits;       /* for `run` */
  struct ta_guard guard; /* what it needs: where that is not allowed it is not run */
  atomic_bool given_up;  /* nobody wants to know any more: what has not happened need not */
};

/* Pushes an object that has a new errand of `size` bytes, zero but for its kind, and about
 * `name`, which may be NULL; it is dropped with the object.  [-0, +1, v] */
void *ta_push_errand(struct ta_runner *runner, lua_State *L, const struct ta_errand_kind *kind,
                     size_t size, const char *name);

/* Runs the errand of the object on top, at once, and gives what came of it.  Use it as the
 * return of a C function.  [-?, +n, v] */
int ta_run_errand(lua_State *L);

/* Runs it at once and, if it would have to wait, in the lane.  Use it as the return of a C
 * function, of which the first upvalue is the Runner.  [-?, +n, v] */
int ta_try_errand(lua_State *L, enum ta_lane lane);

/* Where what asks for the paths, of which the second may be NULL, is to run: in the lane of those
 * that a server may keep waiting, or in that of the disk. */
enum ta_lane ta_lane_of(struct ta_io *io, const char *path, const char *other);

/* As ta_try_errand() or, in the lane of what is far, as ta_send_errand().  [-?, +n, v] */
int ta_try_errand_in(lua_State *L, enum ta_lane lane);

/* Has it run in the lane, if the task can wait.  Use it as the return of a C function, of which
 * the first upvalue is the Runner: the task then goes on with what `give` pushes.  [-?, +n, v] */
int ta_send_errand(lua_State *L, enum ta_lane lane);

/* All errands are given up, at the end: those that are left have lost their objects. */
void ta_drop_errands(struct ta_io *io);

#endif
