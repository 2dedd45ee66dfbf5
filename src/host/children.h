/* SPDX-License-Identifier: MIT
 *
 * children.h -- process groups that were started here, until nobody is left in them.
 *
 * A group has one process or, as a pipeline, several.  Each is reaped when it ends,
 * whatever becomes of who wanted it.  A group is stopped as a whole: by a signal, then,
 * after a time of grace, by SIGKILL; and it is gone when nobody lives in it, whoever led
 * it.  Times are real ones, on the loop's alarms.
 *
 * A group is the room's own until it was forgotten and is over.  It knows no Lua, no
 * descriptors of its children, and not what they do.
 */
#ifndef TA_HOST_CHILDREN_H
#define TA_HOST_CHILDREN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/guardian.h"
#include "host/jobs.h"
#include "host/loop.h"
#include "host/spawn.h"
#include "host/watch.h"

struct ta_group;

/* A path that the guardian removes if we cannot; the owner's. */
struct ta_guarded_path {
  struct ta_guarded_path *next, **link; /* NULL: it is not guarded */
  enum ta_guarded what;
  const char *path; /* absolute; lasts as long as it is guarded */
};

struct ta_children {
  struct ta_loop *loop;
  const char *guardian_program; /* NULL: nobody looks after what is left */
  struct ta_guardian guardian;
  struct ta_watch guard;       /* over its pipe: somebody may kill it */
  struct ta_alarm guard_alarm; /* to start another one */
  double replaced_at;          /* when one was killed, on the real clock */
  struct ta_group *groups;
  struct ta_guarded_path *paths;
  struct ta_jobs jobs;
  struct ta_listener listener; /* where there are no pidfds */
  bool listens;
};

/* A process that was started. */
struct ta_child {
  struct ta_watch watch; /* of its pidfd; without one its fd is -1 */
  struct ta_group *group;
  pid_t pid;
  bool ended;
  bool unknown;                /* somebody else has reaped it: nobody knows how it ended */
  int status;                  /* as wait() gives it */
  double began, duration, cpu; /* seconds, the first on the real clock */
  size_t max_rss;              /* bytes */
};

enum ta_group_state {
  TA_GROUP_RUNS,
  TA_GROUP_STOPPING, /* the signal was sent, the grace runs */
  TA_GROUP_KILLING,
  TA_GROUP_OVER /* all its processes have ended, and if it was stopped nobody is in it who may
                   be signalled */
};

struct ta_group {
  struct ta_children *children;
  struct ta_group *next, **link;
  pid_t id; /* 0: nobody was started yet */
  enum ta_group_state state;
  bool detached;        /* neither stopped at the end nor guarded; before the first start */
  bool noted;           /* the guardian knows it */
  bool kills_leftovers; /* who lives on when all have ended is killed */
  bool forgotten;
  bool is_left_behind; /* it is over, but who is in it may not be signalled: another user's */
  struct ta_job job;
  bool left; /* to itself, by ta_group_leave() */
  struct ta_alarm alarm;
  double kill_at;  /* on the real clock */
  double interval; /* seconds, until it is looked at again */

  /* A process has ended, or the group is over: look. */
  void (*on_change)(void *data);
  void *data;

  size_t count, running;
  size_t room;
  struct ta_child members[];
};

/* None yet.  `guardian_program`, as ta_guardian_program() gives it, has to last; a guardian is
 * started with the first group or path. */
void ta_children_open(struct ta_children *children, struct ta_loop *loop,
                      const char *guardian_program);

/* Stops all groups, waits for them, but not longer than the grace and a second, and ends the
 * guardian.  How many would not go: the guardian has killed them. */
size_t ta_children_close(struct ta_children *children, int number, double grace);

/* Before it is made: the guardian is to remove it, and each one that follows this one.  Where none
 * can be had nobody does. */
void ta_children_guard(struct ta_children *children, enum ta_guarded what, const char *path,
                       struct ta_guarded_path *guarded);

/* It has gone, or belongs to somebody else.  Twice does nothing. */
void ta_children_guard_no_more(struct ta_children *children, struct ta_guarded_path *guarded);

/* A descriptor of the caller's by which another thread tells the guardian of paths; or -1. */
int ta_children_lend_notes(struct ta_children *children);

/* Makes a group of up to `room` processes, of whose changes on_change is told.  0, or -ENOMEM. */
int ta_group_new(struct ta_children *children, size_t room, void (*on_change)(void *data),
                 void *data, struct ta_group **group);

/* Starts its next process; `spawn` gets its group, and its guardian.  All of a group's are
 * started before the loop is looked at again.  0, or as ta_spawn(). */
int ta_group_start(struct ta_group *group, struct ta_spawn *spawn, enum ta_spawn_step *step);

/* Signals the group, or its first process alone.  0, or a negative errno: -ESRCH when it has
 * gone. */
int ta_group_signal(struct ta_group *group, int number, bool leader_only);

/* Stops it: with this signal, and SIGKILL after the grace, in seconds.  What is being stopped
 * already gets the signal no more, and the shorter grace. */
void ta_group_stop(struct ta_group *group, int number, double grace, bool leader_only);

/* Nobody wants to hear of it any more.  It is stopped if it still runs, and goes when it is
 * over. */
void ta_group_forget(struct ta_group *group, int number, double grace);

/* Nobody wants to hear of it any more, and it goes on: it goes when it is over. */
void ta_group_leave(struct ta_group *group);

/* How many of those run that were left so. */
size_t ta_children_left(const struct ta_children *children);

/* From now on SIGCHLD tells of those without a pidfd. */
void ta_children_listen(struct ta_children *children);

/* Is there nothing left of it to wait for? */
static inline bool ta_group_is_over(const struct ta_group *group) {
  return group->state == TA_GROUP_OVER;
}

/* The same, and whoever waits for it may hear of that: not while we are to hear first of the
 * signal that has ended it. */
static inline bool ta_group_is_told(const struct ta_group *group) {
  return ta_group_is_over(group) && !group->alarm.link;
}

/* Have all its processes ended? */
static inline bool ta_group_has_ended(const struct ta_group *group) {
  return group->running == 0;
}

#endif
