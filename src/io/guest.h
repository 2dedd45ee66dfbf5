/* SPDX-License-Identifier: MIT
 *
 * guest.h -- a Lua state in a thread of its own, with a Runner, a loop and async.
 *
 * It is opened, given a function, driven until its tasks have ended, and closed, all in one
 * thread; nobody else touches it, but to tell it from another thread to end: it is then
 * cancelled, also in the middle of a step, by the debug hook that a signal sets.
 *
 * What it prints goes through the hatch of the main thread, in whole lines.  Processes, signals
 * and standard input belong to that one as well.
 */
#ifndef TA_IO_GUEST_H
#define TA_IO_GUEST_H

#include <lua.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/hatch.h"
#include "host/loop.h"
#include "host/slab.h"
#include "io/io.h"
#include "io/ration.h"

struct ta_text {
  char *bytes; /* ends with a zero that does not count */
  size_t size, room;
};

struct ta_guest {
  lua_State *L;
  struct ta_runner *runner;
  struct ta_loop loop;
  struct ta_slab slab;
  struct ta_ration ration; /* if there is a limit */
  struct ta_io io;
  struct ta_hatch *hatch;
  struct ta_cfile out, err;
  char out_buffer[4096], err_buffer[256];
  FILE *out_file, *err_file;
  struct ta_text line; /* printed, and not ended yet */
  double origin;
  pthread_t thread;
  atomic_bool told;   /* to end */
  bool ending;        /* its tasks are cancelled */
  bool starved;       /* it did little else than to ask for memory in vain */
  bool stuck;         /* they had nothing left that could wake them */
  uint64_t body;      /* the id of the task that runs the function */
  char *traceback;    /* of its failure */
  const char *place;  /* of who has called: "file:line: ", or "" */
  lua_CFunction call; /* what calls the function, in that one's place; may be NULL */
  char what[160];     /* why it could not be opened, if Lua says */
};

/* The struct must stay where it is.  0, or a negative errno. */
int ta_guest_open(struct ta_guest *guest, const struct ta_io *host);

/* Drives its tasks until they have ended.  [-0, +0, -] */
void ta_guest_drive(struct ta_guest *guest);

/* Has it end.  From other threads, while it is open. */
void ta_guest_tell(struct ta_guest *guest);

void ta_guest_close(struct ta_guest *guest);

/* Once, before there is a guest: the signal. */
void ta_guests_setup(void);

/* For the hatch of the main thread: `data` is its struct ta_io. */
void ta_guest_say(void *data, int kind, const char *text, size_t size);

#endif
