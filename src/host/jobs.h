/* SPDX-License-Identifier: MIT
 *
 * jobs.h -- groups and the terminal: who has it, who asks for it, who is stopped.
 *
 * A group that wants the terminal gets it at its start, if it is free.  Any other that uses it
 * is stopped by the system: that is taken for a question, and it gets the terminal when it is
 * free, first come first served, and goes on.  A group has it until it is over.  If Ctrl-C
 * ended it this process is interrupted too; if Ctrl-Z stopped it this process stops, with
 * all that it has started, and they go on when it does.  Watches of inherited descriptors are not
 * told of what is typed for a group.
 *
 * Where this process runs in the background a group that asks stops it, so that whoever
 * started it hears of it.  Where there is no terminal nothing is done here.  It knows no Lua,
 * and not what groups do on the terminal.
 */
#ifndef TA_HOST_JOBS_H
#define TA_HOST_JOBS_H

#include <signal.h>
#include <stdbool.h>
#include <termios.h>

#include "host/loop.h"

struct ta_children;
struct ta_group;

/* Somebody else who uses the terminal, as it is or raw, without a group's leaving it. */
struct ta_terminal_user {
  void (*has_it)(struct ta_terminal_user *user, bool has); /* or not any more */
};

/* A part of a group. */
struct ta_job {
  bool wants_terminal;           /* to be set before its first process is started */
  struct ta_terminal_user *user; /* NULL: its processes.  Else this process reads for them, in
                                    raw mode, and tells the user */
  bool in_session;               /* of its own */
  int stopped;                   /* by this signal, as far as is known; 0: it goes on */
  bool was_interrupted;          /* by a signal of ours, as the terminal sends them */
  bool asks;                     /* what comes here is the room's */
  struct termios modes;          /* of the terminal, when it was stopped there, */
  bool has_modes, wants_modes;   /* if they are known; and they are to be set again */
  struct ta_group *next_asking;
};

/* A part of the children. */
struct ta_jobs {
  struct ta_group *front;  /* who has the terminal; NULL: we */
  struct ta_group *asking; /* the first */
  struct ta_listener listener;
  bool held;                    /* we have it, and nobody else gets it */
  volatile sig_atomic_t silent; /* and what is typed is not shown */
  int refused;                  /* 0; or why we have it no more, a negative errno */
  void (*freed)(void *data);    /* it can be had; NULL: nobody is told */
  void *freed_data;
  bool opened, closed;              /* it was looked for; there is none, or none any more */
  bool more_changes;                /* than were looked at */
  bool unstoppable;                 /* nobody looks after us when we stop */
  volatile sig_atomic_t owes_modes; /* those of who has it could not be set: once more */
  unsigned stops;                   /* how often we had been stopped when they were */
  volatile sig_atomic_t at_work;    /* handlers wait */
  volatile sig_atomic_t stop_comes; /* one that waits */
};

/* Looks for a terminal, and after it.  The first group's start does so; twice does nothing.  0;
 * -ENXIO: there is none; -EMFILE and its like: that is not known, and is looked at again. */
int ta_jobs_open(struct ta_children *children);

/* The group's first process is about to be started.  Gives the descriptor of the terminal in
 * which it is to go in front, or -1.  Then ta_jobs_started() has to be called, whether it was
 * or not. */
int ta_jobs_start(struct ta_group *group);
void ta_jobs_started(struct ta_group *group);

/* The group is over, or is to be forgotten: the terminal goes to the next one.  True: what
 * ended it there has been sent to this process too. */
bool ta_jobs_leave(struct ta_group *group);

/* Takes it for ourselves, as for a question: no group gets it until it is released.  In the
 * background this stops us, as reading would.  0; -EAGAIN: somebody has it, and `freed` is called
 * when that is over; -ENXIO: there is none; another negative errno: it is not to be had, or would
 * show what is to be silent.  That may turn out later as well, as when we go on after a stop: then
 * `refused` tells why, and the loop is woken. */
int ta_jobs_hold(struct ta_children *children, bool silent);
void ta_jobs_release(struct ta_children *children);

/* All groups have gone. */
void ta_jobs_close(struct ta_children *children);

#endif
