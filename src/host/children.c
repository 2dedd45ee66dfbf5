/* SPDX-License-Identifier: MIT */
#include "host/children.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/pidfd.h"
#include "host/process_table.h"
#include "host/signals.h"
#include "holder.h"

#define FIRST_INTERVAL 1e-3 /* seconds: a group that is to go is looked at again */
#define LONGEST_INTERVAL 50e-3
#define LOOKS_AT_TABLE 16e-3 /* seconds: from this interval on */
#define BETWEEN_TWO 1.0      /* seconds, guardians of which none can live */
#define LAST_RESORT 1.0      /* seconds for a group to go after it was killed, at the end */

/* -------------------------------------------------------------------- groups */

static void look_at_children(struct ta_listener *listener);
static void guard_anew(struct ta_alarm *alarm);

void ta_children_open(struct ta_children *children, struct ta_loop *loop,
                      const char *guardian_program) {
  *children = (struct ta_children){
      .loop = loop, .guardian_program = guardian_program, .listener = {.woken = look_at_children}};
  children->listener.data = children;
  children->guard.fd = -1;
  children->guard_alarm.ring = guard_anew;
}

static void link_group(struct ta_children *children, struct ta_group *group) {
  group->next = children->groups;
  group->link = &children->groups;
  if (group->next) group->next->link = &group->next;
  atomic_signal_fence(memory_order_seq_cst); /* handlers walk the list */
  children->groups = group;
}

/* True: what ended the group ends this process too.  Who is left behind is reaped all the same. */
static bool close_group(struct ta_group *group) {
  bool interrupted = ta_jobs_leave(group);
  ta_alarm_stop(&group->alarm);
  for (size_t i = 0; i < group->count; i++)
    if (group->members[i].ended) ta_watch_close(&group->members[i].watch);
  return interrupted;
}

static bool reap(struct ta_child *child);

static void free_group(struct ta_group *group) {
  close_group(group);
  for (size_t i = 0; i < group->count; i++) {
    if (!group->members[i].ended) reap(&group->members[i]);
    ta_watch_close(&group->members[i].watch);
  }
  *group->link = group->next;
  if (group->next) group->next->link = group->link;
  atomic_signal_fence(memory_order_seq_cst);
  free(group);
}

static void ring(struct ta_alarm *alarm);

int ta_group_new(struct ta_children *children, size_t room, void (*on_change)(void *data),
                 void *data, struct ta_group **group) {
  struct ta_group *made = calloc(1, sizeof *made + room * sizeof *made->members);
  if (!made) return -ENOMEM;
  made->children = children;
  made->room = room;
  made->on_change = on_change;
  made->data = data;
  made->alarm.ring = ring;
  link_group(children, made);
  *group = made;
  return 0;
}

/* ------------------------------------------------------------------- the guard */

static void drop_guardian(struct ta_children *children) {
  ta_watch_release(&children->guard);
  ta_guardian_drop(&children->guardian);
}

static int tell_guardian(struct ta_group *group, bool begins) {
  struct ta_guardian *guardian = &group->children->guardian;
  if (!guardian->pid || ta_guardian_note(guardian->notes, group->id, begins) == 0) return 0;
  drop_guardian(group->children);
  return -EPIPE;
}

/* Its end of the pipe is closed.  Another one that cannot live either is not replaced at once. */
static void on_guardian(struct ta_watch *watch, unsigned directions) {
  struct ta_children *children = TA_HOLDER(watch, struct ta_children, guard);
  double past = ta_monotonic() - children->replaced_at;
  (void)directions;
  drop_guardian(children);
  if (past >= BETWEEN_TWO)
    guard_anew(&children->guard_alarm);
  else
    ta_loop_set_alarm(children->loop, &children->guard_alarm, BETWEEN_TWO - past);
}

/* Where it cannot be watched the next note tells. */
static void watch_guardian(struct ta_children *children) {
  struct ta_watch *guard = &children->guard;
  if (ta_watch_open(children->loop, TA_LEVEL, children->guardian.notes, on_guardian, guard) == 0)
    ta_watch_want(guard, TA_MAY_READ);
}

static bool is_guarded(const struct ta_group *group) {
  return group->noted && !ta_group_is_over(group);
}

/* One path that it will not hear of is no reason to end it. */
static void tell_of_path(struct ta_children *children, enum ta_guarded what, const char *path) {
  int error =
      children->guardian.pid ? ta_guardian_note_path(children->guardian.notes, what, path) : 0;
  if (error == -EPIPE) drop_guardian(children);
}

/* A guardian that somebody has killed is followed by another, which hears of all. */
static int have_guardian(struct ta_children *children) {
  int error = 0;
  if (!children->guardian_program || children->guardian.pid) return 0;
  ta_alarm_stop(&children->guard_alarm);
  error = ta_guardian_start(&children->guardian, children->guardian_program);
  if (!error) watch_guardian(children);
  for (struct ta_group *group = children->groups; group && !error; group = group->next)
    if (is_guarded(group)) error = tell_guardian(group, true);
  for (struct ta_guarded_path *path = children->paths; path && !error; path = path->next)
    tell_of_path(children, path->what, path->path);
  return error;
}

/* The next command that starts has one in any case. */
static void guard_anew(struct ta_alarm *alarm) {
  struct ta_children *children = TA_HOLDER(alarm, struct ta_children, guard_alarm);
  const struct ta_group *group = children->groups;
  while (group && !is_guarded(group)) group = group->next;
  children->replaced_at = ta_monotonic();
  if ((group || children->paths) && have_guardian(children) != 0)
    ta_loop_set_alarm(children->loop, &children->guard_alarm, BETWEEN_TWO);
}

static void end_guard(struct ta_group *group) {
  bool noted = group->noted;
  group->noted = false;
  if (noted && tell_guardian(group, false) != 0) have_guardian(group->children);
}

void ta_children_guard(struct ta_children *children, enum ta_guarded what, const char *path,
                       struct ta_guarded_path *guarded) {
  bool is_told = children->guardian.pid == 0; /* with all others, when one is started */
  *guarded = (struct ta_guarded_path){
      .next = children->paths, .link = &children->paths, .what = what, .path = path};
  if (guarded->next) guarded->next->link = &guarded->next;
  children->paths = guarded;
  if (have_guardian(children) == 0 && !is_told) tell_of_path(children, what, path);
}

void ta_children_guard_no_more(struct ta_children *children, struct ta_guarded_path *guarded) {
  if (!guarded->link) return;
  *guarded->link = guarded->next;
  if (guarded->next) guarded->next->link = guarded->link;
  guarded->link = NULL;
  tell_of_path(children, TA_GUARDED_NO_MORE, guarded->path);
}

int ta_children_lend_notes(struct ta_children *children) {
  if (have_guardian(children) != 0 || !children->guardian.pid) return -1;
  return fcntl(children->guardian.notes, F_DUPFD_CLOEXEC, 0);
}

/* --------------------------------------------------------------------- its end */

static void tell(struct ta_group *group) {
  if (group->on_change) group->on_change(group->data);
}

/* Nobody asks for it, and nobody has to be reaped. */
static bool is_wanted_no_more(const struct ta_group *group) {
  return group->forgotten && (ta_group_is_over(group) || group->count == 0) &&
         ta_group_has_ended(group);
}

/* Whoever waits for a group that Ctrl-C has ended hears of that when whoever drives the loop has
 * seen Ctrl-C. */
static void be_over(struct ta_group *group) {
  group->state = TA_GROUP_OVER;
  end_guard(group);
  bool interrupted = close_group(group);
  if (is_wanted_no_more(group))
    free_group(group);
  else if (interrupted)
    ta_loop_set_alarm(group->children->loop, &group->alarm, FIRST_INTERVAL);
  else
    tell(group);
}

/* Does nobody live in it any more?  Who has ended and was not reaped, by a parent that does
 * not look after its children, is dead enough; to find that out costs a look at all
 * processes. */
static bool is_empty(struct ta_group *group) {
  if (!ta_group_has_ended(group)) return false;
  if (ta_pidfd_signal_group(group->members[0].watch.fd, group->id, 0) == -ESRCH) return true;
  return group->interval >= LOOKS_AT_TABLE && !ta_anybody_in_group(group->id);
}

/* Looks again soon, and later and later; but in time to kill. */
static void look_again(struct ta_group *group) {
  double seconds = group->interval;
  group->interval = fmin(2 * group->interval, LONGEST_INTERVAL);
  if (group->state == TA_GROUP_STOPPING) {
    double left = fmax(0, group->kill_at - ta_monotonic());
    seconds = ta_group_has_ended(group) ? fmin(seconds, left) : left;
  }
  if (isinf(seconds)) return;
  ta_loop_set_alarm(group->children->loop, &group->alarm, seconds);
}

static void kill_group(struct ta_group *group) {
  group->state = TA_GROUP_KILLING;
  group->interval = FIRST_INTERVAL;
  ta_group_signal(group, SIGKILL, false);
}

/* Is none of those that are left ours to signal, as programs of another user's are not? */
static bool is_out_of_reach(struct ta_group *group) {
  if (group->state != TA_GROUP_KILLING) return false;
  int error = ta_pidfd_signal_group(group->members[0].watch.fd, group->id, 0);
  group->is_left_behind = error == -EPERM;
  return group->is_left_behind;
}

static void go_on_stopping(struct ta_group *group) {
  bool empty = is_empty(group);
  if (!empty && group->state == TA_GROUP_STOPPING && ta_monotonic() >= group->kill_at)
    kill_group(group);
  if (empty || is_out_of_reach(group))
    be_over(group);
  else
    look_again(group);
}

static void ring(struct ta_alarm *alarm) {
  struct ta_group *group = TA_HOLDER(alarm, struct ta_group, alarm);
  if (ta_group_is_over(group))
    tell(group);
  else
    go_on_stopping(group);
}

/* All have ended by themselves. */
static void end_normally(struct ta_group *group) {
  if (group->kills_leftovers) {
    kill_group(group);
    go_on_stopping(group);
  } else {
    be_over(group);
  }
}

/* ----------------------------------------------------------------- its members */

static double seconds_of(struct timeval time) {
  return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

static void note_end(struct ta_child *child, int status, const struct rusage *usage) {
  child->ended = true;
  child->status = status;
  child->duration = ta_monotonic() - child->began;
  child->cpu = seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime);
  child->max_rss = (size_t)usage->ru_maxrss * 1024;
  child->group->running--;
}

/* Reaps it if it has ended.  Somebody else may have done so: then nobody knows how. */
static bool reap(struct ta_child *child) {
  struct rusage usage = {0};
  int status = 0;
  pid_t ended;
  do ended = wait4(child->pid, &status, WNOHANG, &usage);
  while (ended < 0 && errno == EINTR);
  if (ended == 0 || (ended < 0 && errno != ECHILD)) return false;
  child->unknown = ended < 0;
  note_end(child, status, &usage);
  return true;
}

/* Who has ended: what comes of it. */
static void follow_end(struct ta_group *group) {
  if (ta_group_is_over(group)) {
    if (is_wanted_no_more(group)) free_group(group);
  } else if (!ta_group_has_ended(group)) {
    tell(group);
  } else if (group->state == TA_GROUP_RUNS) {
    end_normally(group);
  } else {
    group->interval = FIRST_INTERVAL;
    go_on_stopping(group);
  }
}

static void on_exit_of(struct ta_watch *watch, unsigned directions) {
  struct ta_child *child = TA_HOLDER(watch, struct ta_child, watch);
  (void)directions;
  if (!child->ended && reap(child))
    follow_end(child->group);
  else if (!child->ended)
    ta_watch_want(watch, TA_MAY_READ);
}

static bool reap_unwatched(struct ta_group *group) {
  bool any = false;
  for (size_t i = 0; i < group->count; i++) {
    struct ta_child *child = &group->members[i];
    if (child->watch.fd < 0 && !child->ended) any |= reap(child);
  }
  return any;
}

/* What follows may free groups, and add some in front. */
static void look_at_children(struct ta_listener *listener) {
  struct ta_children *children = listener->data;
  struct ta_group *next;
  for (struct ta_group *group = children->groups; group; group = next) {
    next = group->next;
    if (reap_unwatched(group)) follow_end(group);
  }
}

void ta_children_listen(struct ta_children *children) {
  if (children->listens) return;
  children->listens = true;
  ta_signals_watch_children();
  ta_loop_listen(children->loop, &children->listener);
  ta_loop_wake(children->loop); /* it may have ended before the signal was caught */
}

static void watch_child(struct ta_children *children, struct ta_child *child) {
  int fd = ta_pidfd_open(child->pid);
  int error = fd < 0 ? -errno : 0;
  child->watch.fd = -1;
  if (!error) error = ta_watch_open(children->loop, TA_EDGE, fd, on_exit_of, &child->watch);
  if (!error) {
    ta_watch_blocked(&child->watch, TA_MAY_BOTH);
    ta_watch_want(&child->watch, TA_MAY_READ);
    return;
  }
  if (fd >= 0) close(fd);
  child->watch.fd = -1;
  ta_children_listen(children);
}

/* ------------------------------------------------------------------- starting */

static int try_start(struct ta_group *group, struct ta_spawn *spawn, pid_t *pid,
                     enum ta_spawn_step *step) {
  struct ta_children *children = group->children;
  bool guarded = !group->detached && !group->id;
  int error = guarded ? have_guardian(children) : 0;
  *step = TA_SPAWN_GUARD;
  if (error) return error;
  spawn->group = group->id;
  spawn->note_to = guarded && children->guardian.pid ? children->guardian.notes : -1;
  error = ta_spawn(spawn, pid, step);
  if (spawn->note_to >= 0 && error && *step == TA_SPAWN_EXECUTE)
    ta_guardian_note(spawn->note_to, *pid, false);
  return error;
}

static int start_next(struct ta_group *group, struct ta_spawn *spawn, enum ta_spawn_step *step) {
  struct ta_children *children = group->children;
  pid_t pid;
  int error = try_start(group, spawn, &pid, step);
  if (error && *step == TA_SPAWN_GUARD && children->guardian.pid) {
    drop_guardian(children);
    error = try_start(group, spawn, &pid, step);
  }
  if (error) return error;
  struct ta_child *child = &group->members[group->count++];
  *child = (struct ta_child){.group = group, .pid = pid, .began = ta_monotonic()};
  group->running++;
  if (!group->id) {
    group->id = pid;
    group->noted = spawn->note_to >= 0;
  }
  watch_child(children, child);
  return 0;
}

int ta_group_start(struct ta_group *group, struct ta_spawn *spawn, enum ta_spawn_step *step) {
  bool first = !group->id;
  group->job.in_session = spawn->session;
  spawn->terminal = first ? ta_jobs_start(group) : -1;
  int error = start_next(group, spawn, step);
  if (first) ta_jobs_started(group);
  return error;
}

/* ------------------------------------------------------------------- stopping */

/* One of several may have left for a group of its own, as timeout(1) does: it is ours until it is
 * reaped, and takes those along that it leads. */
static int signal_apart(const struct ta_group *group, int number) {
  int error = -ESRCH;
  for (size_t i = 0; i < group->count; i++) {
    const struct ta_child *child = &group->members[i];
    pid_t now_in = child->ended ? group->id : getpgid(child->pid);
    if (now_in < 0 || now_in == group->id) continue;
    if (kill(now_in == child->pid ? -now_in : child->pid, number) == 0) error = 0;
  }
  return error;
}

static int signal_all(const struct ta_group *group, int number) {
  int error = ta_pidfd_signal_group(group->members[0].watch.fd, group->id, number);
  return signal_apart(group, number) == 0 ? 0 : error;
}

int ta_group_signal(struct ta_group *group, int number, bool leader_only) {
  struct ta_child *leader = group->members;
  if (!group->id || ta_group_is_over(group)) return -ESRCH;
  if (number == SIGINT || number == SIGHUP) group->job.was_interrupted = true;
  if (!leader_only) return signal_all(group, number);
  if (leader->ended) return -ESRCH;
  return kill(leader->pid, number) == 0 ? 0 : -errno;
}

/* Who is stopped, by a terminal or otherwise, hears of nothing until it goes on. */
static void begin_stopping(struct ta_group *group, int number, bool leader_only) {
  group->state = TA_GROUP_STOPPING;
  group->interval = FIRST_INTERVAL;
  ta_group_signal(group, number, leader_only);
  ta_group_signal(group, SIGCONT, false);
}

void ta_group_stop(struct ta_group *group, int number, double grace, bool leader_only) {
  double kill_at = ta_monotonic() + grace;
  if (ta_group_is_over(group) || group->state == TA_GROUP_KILLING) return;
  if (group->state == TA_GROUP_RUNS) {
    group->kill_at = kill_at;
    begin_stopping(group, number, leader_only);
  }
  group->kill_at = fmin(group->kill_at, kill_at);
  if (!group->id || group->count == 0)
    be_over(group);
  else
    go_on_stopping(group);
}

void ta_group_forget(struct ta_group *group, int number, double grace) {
  group->on_change = NULL;
  group->forgotten = true;
  if (is_wanted_no_more(group))
    free_group(group);
  else if (!group->detached && !ta_group_is_over(group))
    ta_group_stop(group, number, grace, false);
}

void ta_group_leave(struct ta_group *group) {
  group->on_change = NULL;
  group->forgotten = group->left = true;
  if (is_wanted_no_more(group)) free_group(group);
}

size_t ta_children_left(const struct ta_children *children) {
  size_t left = 0;
  for (const struct ta_group *group = children->groups; group; group = group->next)
    left += group->left && group->state == TA_GROUP_RUNS;
  return left;
}

/* --------------------------------------------------------------------- the end */

/* Those that were left to themselves do not count. */
static size_t count_left(const struct ta_children *children) {
  size_t left = 0;
  for (const struct ta_group *group = children->groups; group; group = group->next)
    left += !group->detached && !ta_group_is_over(group);
  return left;
}

static void stop_all(struct ta_children *children, int number, double grace) {
  struct ta_group *next;
  for (struct ta_group *group = children->groups; group; group = next) {
    next = group->next;
    if (!group->detached && !ta_group_is_over(group)) ta_group_stop(group, number, grace, false);
  }
}

size_t ta_children_close(struct ta_children *children, int number, double grace) {
  double limit = ta_monotonic() + grace + LAST_RESORT;
  stop_all(children, number, grace);
  while (count_left(children) && ta_monotonic() < limit)
    ta_loop_wait(children->loop, fmax(0, limit - ta_monotonic()));
  size_t left = count_left(children);
  while (children->groups) {
    struct ta_group *group = children->groups;
    if (!ta_group_is_over(group) && !group->detached) ta_group_signal(group, SIGKILL, false);
    free_group(group);
  }
  ta_jobs_close(children);
  if (children->listens) ta_loop_unlisten(children->loop, &children->listener);
  ta_alarm_stop(&children->guard_alarm);
  ta_watch_release(&children->guard);
  ta_guardian_end(&children->guardian);
  return left;
}
