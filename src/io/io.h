/* SPDX-License-Identifier: MIT
 *
 * io.h -- what the outside is for one Runner.
 *
 * Whoever drives the Runner has a loop, and hands it over here once.  The struct lies with the
 * host, and lasts until the Lua state is closed.  It knows no command line.
 */
#ifndef TA_IO_IO_H
#define TA_IO_IO_H

#include <lua.h>

#include <stdbool.h>

#include "exported.h"
#include "host/cfile.h"
#include "host/children.h"
#include "host/loop.h"
#include "host/mounts.h"
#include "host/stdio.h"
#include "host/workers.h"
#include "tinyasync_lib.h"

struct ta_stream_object;
struct ta_bar_object;
struct ta_resolver;

/* Bars of progress that are shown, the oldest first. */
struct ta_bars {
  struct ta_bar_object *first;
  char *text;                  /* room for what is drawn, as long as there are any */
  struct ta_alarm alarm;       /* draws them again */
  struct ta_listener listener; /* likewise, when the window has changed */
  unsigned columns, rows;      /* of the window that they were drawn for */
  double drawn_at;             /* on the real clock */
  bool on_terminal;            /* or told of in lines */
};
struct ta_hatch;

/* What threads put into the hatch. */
enum ta_hatch_kind { TA_HATCH_OUT, TA_HATCH_ERR, TA_HATCH_LOG, TA_HATCH_REPORT };

struct ta_budget;
struct ta_crossings;

/* Standard input: one buffer for whoever reads it. */
struct ta_stdin {
  struct ta_stream_object *stream; /* NULL: not yet, or not any more */
  struct ta_cfile cfile;           /* of C's stdin, which reads from there */
  FILE *file, *own;                /* that, and what it was before */
};

/* What scripts have taken over. */
struct ta_io_signals {
  struct ta_list watches;
  struct ta_listener listener;
};

struct ta_io {
  struct ta_runner *runner;
  struct ta_loop *loop;
  struct ta_children children;
  struct ta_workers *workers;     /* NULL: none was needed yet */
  struct ta_resolver *names;      /* likewise */
  struct ta_hatch *hatch;         /* for what threads print; NULL: there was none yet */
  struct ta_crossings *crossings; /* channels that lead to other threads, or NULL */
  struct ta_budget *budget;       /* what Lua states use, threads' included; NULL: no limit */
  size_t memory;                  /* the limit, in bytes */
  double room_made, room_took;    /* when a thread's call has collected, in how many seconds */
  bool is_guest;                  /* of a thread: the hatch is the main one's */
  int log_rank;     /* of async.log's levels the lowest that is shown; 0: none was set */
  unsigned threads; /* that were started so far */
  struct ta_stdin input;
  struct ta_mounts mounts; /* what answers at once */
  struct ta_list errands;  /* all that run, or whose outcome nobody has taken */
  struct ta_list walks;    /* all that have not ended */
  struct {
    uint64_t step;
    unsigned count;
  } changes;            /* of what is on disks, that were made at once in a step */
  struct ta_list shows; /* who waits until something has left that is shown */
  struct ta_io_signals signals;
  struct ta_stdio_listener listener;
  struct ta_bars bars;
  struct ta_list questions; /* who waits until the terminal can be had */

  const char *output;   /* how commands' output is shown: "lines", "group", or NULL: as it is */
  bool prints_commands; /* as they start */

  double (*now)(void *data); /* seconds on the Runner's clock; NULL: the real one */

  /* What the host does: NULL, nothing. */
  void (*flush)(void *data);   /* what was printed so far is to appear before what comes */
  int (*ended_by)(void *data); /* the signal that ended the run, or 0 */
  void (*report)(void *data, const char *text, size_t length);        /* a failure, in lines */
  void (*print)(void *data, int fd, const char *text, size_t length); /* what threads print */
  int (*leads_to)(void *data, const FILE *file);         /* a thread's stream: to 1, 2, or -1 */
  void (*equip)(struct ta_runner *runner, lua_State *L); /* more for the table async on top */
  void *data;
};

/* What a command is stopped with that would be stopped with `number`: what ends the run by
 * Ctrl-C is for it too. */
int ta_io_stop_signal(const struct ta_io *io, int number);

void ta_io_flush(const struct ta_io *io);

/* Threads for what would block; NULL: there is no memory for them. */
struct ta_workers *ta_io_workers(struct ta_io *io);

/* May one of Lua's own functions wait?  Where it may not it blocks, as under Lua: also in the
 * clean-up of a task that was cancelled, as nothing else there can wait.  [-0, +0, -] */
bool ta_io_lets_wait(const struct ta_runner *runner, lua_State *L);

/* Who waits for something to leave that is shown looks again. */
void ta_wake_shows(struct ta_io *io);

/* Keeps it for the Runner.  [-0, +0, m] */
void ta_io_keep(struct ta_io *io, lua_State *L);

/* The Runner's, which has one.  [-0, +0, v] */
TA_FOR_MODULES struct ta_io *ta_io_of(struct ta_runner *runner, lua_State *L);

#endif
