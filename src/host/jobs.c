/* SPDX-License-Identifier: MIT */
#include "host/jobs.h"

#include <errno.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/children.h"
#include "host/signals.h"
#include "host/stdio.h"
#include "host/terminal.h"
#include "host/watch.h"

#define CHANGES_AT_ONCE 256
#define GRACE 5.0 /* seconds, of a group that cannot have what it asks for */

static void look(struct ta_listener *listener);

/* ---------------------------------------------------------------- stopping */

/* Those that are left to themselves are not ours to stop, and what leads a session cannot be asked
 * to: the system lets nobody stop there whom it sees nobody look after.  Also in a handler: groups
 * come and go in one store. */
static void signal_all(struct ta_children *children, int number) {
  for (struct ta_group *group = children->groups; group; group = group->next) {
    bool asked = number != SIGTSTP || !group->job.in_session;
    if (!group->detached && !ta_group_is_over(group))
      ta_group_signal(group, asked ? number : SIGSTOP, false);
  }
}

/* Has the terminal, or has it again. */
static void put_in_front(struct ta_jobs *jobs, struct ta_group *group, bool begins) {
  struct ta_job *job = &group->job;
  int error;
  jobs->front = group;
  if (job->user) {
    error = ta_terminal_go_raw();
    job->user->has_it(job->user, true);
  } else {
    error = ta_terminal_lend(begins ? 0 : group->id, job->wants_modes ? &job->modes : NULL);
    job->wants_modes = error != 0;
  }
  jobs->owes_modes = error != 0;
}

/* Nobody has it any more.  Modes that it never got back are those that it wants still. */
static void take_from_front(struct ta_jobs *jobs, bool restores, bool keeps_modes) {
  struct ta_job *job = &jobs->front->job;
  struct termios found;
  if (job->user) job->user->has_it(job->user, false);
  bool is_found = ta_terminal_take_back(restores, keeps_modes ? &found : NULL);
  if (is_found && !job->wants_modes) job->modes = found;
  job->has_modes |= is_found;
  job->wants_modes = job->has_modes;
  jobs->front = NULL;
}

static int be_silent(struct ta_jobs *jobs) {
  int error = ta_terminal_go_silent();
  jobs->owes_modes = error != 0;
  jobs->stops = ta_signals_stops();
  return error;
}

/* Stops all, and then this process, until it goes on.  False: it did not stop. */
static bool stop_all(struct ta_children *children, int number, bool with_group) {
  struct ta_jobs *jobs = &children->jobs;
  struct ta_group *front = jobs->front;
  if (front) take_from_front(jobs, true, !front->job.user);
  if (jobs->silent) ta_terminal_take_back(true, NULL);
  if (!jobs->unstoppable) signal_all(children, SIGTSTP);
  bool stopped = ta_signals_stop(number, with_group);
  jobs->unstoppable = !stopped;
  ta_terminal_settle();
  if (front && ta_terminal_is_ours()) put_in_front(jobs, front, false);
  if (jobs->silent && ta_terminal_is_ours()) be_silent(jobs);
  signal_all(children, SIGCONT);
  ta_loop_wake(children->loop); /* look() */
  return stopped;
}

static void begin_work(struct ta_jobs *jobs) {
  jobs->at_work = jobs->at_work + 1;
}

static void end_work(struct ta_children *children) {
  struct ta_jobs *jobs = &children->jobs;
  if (jobs->at_work == 1 && jobs->stop_comes) {
    jobs->stop_comes = 0;
    stop_all(children, SIGTSTP, false);
  }
  jobs->at_work = jobs->at_work - 1;
}

/* In the handler: Ctrl-Z reached us, and with us our group.  A step that does not end is to be
 * stopped too, so it is done here, unless somebody has to be told. */
static void on_stop(void *data) {
  struct ta_children *children = data;
  struct ta_jobs *jobs = &children->jobs;
  if (!jobs->at_work && !(jobs->front && jobs->front->job.user)) {
    stop_all(children, SIGTSTP, false);
  } else {
    jobs->stop_comes = 1;
    ta_loop_wake(children->loop);
  }
}

/* ------------------------------------------------------------------- asking */

static void ask(struct ta_jobs *jobs, struct ta_group *group) {
  struct ta_group **link = &jobs->asking;
  if (group->job.asks) return;
  while (*link) link = &(*link)->job.next_asking;
  *link = group;
  group->job.next_asking = NULL;
  group->job.asks = true;
}

static void ask_no_more(struct ta_jobs *jobs, struct ta_group *group) {
  struct ta_group **link = &jobs->asking;
  if (!group->job.asks) return;
  while (*link != group) link = &(*link)->job.next_asking;
  *link = group->job.next_asking;
  group->job.asks = false;
}

/* In the background we ask as well: by stopping as whoever asks has.  Where nobody sees that
 * the terminal is not to be had, and what waits for it would wait for ever. */
static bool have_terminal(struct ta_children *children, struct ta_group *group) {
  if (ta_terminal_is_ours()) return true;
  if (!ta_terminal_is_gone() && stop_all(children, SIGTTIN, true)) return ta_terminal_is_ours();
  ask_no_more(&children->jobs, group);
  ta_group_stop(group, SIGHUP, GRACE, false);
  ta_loop_wake(children->loop); /* the next one */
  return false;
}

/* What is typed is for the group in front. */
static bool keeps(void *keeper, int fd) {
  const struct ta_children *children = keeper;
  return children->jobs.front && ta_terminal_is_at(fd);
}

/* The terminal is free, as far as is known: who is next? */
static void give_to_next(struct ta_children *children) {
  struct ta_jobs *jobs = &children->jobs;
  struct ta_group *group = jobs->asking;
  if (jobs->held) return;
  if (!jobs->front && group && have_terminal(children, group) && jobs->asking == group) {
    ask_no_more(jobs, group);
    ta_stdio_hide_footer();
    put_in_front(jobs, group, false);
    ta_group_signal(group, SIGCONT, false);
  }
  if (!jobs->front) ta_watch_give_back(children->loop);
  if (!jobs->front && jobs->freed) jobs->freed(jobs->freed_data);
}

/* -------------------------------------------------------------- what happens */

/* It was stopped where it had the terminal: by a key, or because somebody has taken it away. */
static void follow_front(struct ta_children *children, struct ta_group *group, int number) {
  bool asks = number == SIGTTIN || number == SIGTTOU;
  if (asks && !group->job.user && ta_terminal_is_ours())
    put_in_front(&children->jobs, group, false);
  if (asks && tcgetpgrp(ta_terminal_fd()) == group->id)
    ta_group_signal(group, SIGCONT, false);
  else
    stop_all(children, asks ? SIGTTIN : SIGTSTP, true);
}

/* SIGSTOP is somebody's from outside, who will have it go on. */
static void follow_stop(struct ta_children *children, struct ta_group *group, int number) {
  if (group == children->jobs.front)
    follow_front(children, group, number);
  else if (number == SIGTTIN || number == SIGTTOU)
    ask(&children->jobs, group);
  else if (number == SIGTSTP)
    stop_all(children, SIGTSTP, true);
}

static struct ta_group *find_group(const struct ta_children *children, pid_t pid) {
  for (struct ta_group *group = children->groups; group; group = group->next)
    for (size_t i = 0; i < group->count; i++)
      if (group->members[i].pid == pid && !group->members[i].ended) return group;
  return NULL;
}

/* Takes one change of this child's.  False: there is none. */
static bool take_change(struct ta_children *children, idtype_t type, pid_t pid) {
  siginfo_t info = {0};
  if (waitid(type, (id_t)pid, &info, WSTOPPED | WCONTINUED | WNOHANG) != 0 || !info.si_pid)
    return false;
  struct ta_group *group = find_group(children, info.si_pid);
  if (!group) return true;
  group->job.stopped = info.si_code == CLD_STOPPED ? info.si_status : 0;
  if (group->job.stopped && !ta_group_is_over(group)) follow_stop(children, group, info.si_status);
  return true;
}

/* Somebody else in this process has children too: theirs are not taken. */
static void look_at_each(struct ta_children *children) {
  struct ta_group *next;
  for (struct ta_group *group = children->groups; group; group = next) {
    next = group->next;
    for (size_t i = 0; i < group->count; i++)
      if (!group->members[i].ended) take_change(children, P_PID, group->members[i].pid);
  }
}

static bool look_at_change(struct ta_children *children) {
  siginfo_t info = {0};
  if (waitid(P_ALL, 0, &info, WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT) != 0) return false;
  if (!info.si_pid) return false;
  if (find_group(children, info.si_pid)) return take_change(children, P_PID, info.si_pid);
  look_at_each(children);
  return false;
}

static void look_at_changes(struct ta_children *children) {
  int left = CHANGES_AT_ONCE;
  bool more = ta_signals_children_changed() || children->jobs.more_changes;
  while (more && left-- > 0) more = look_at_change(children);
  children->jobs.more_changes = more;
  if (more) ta_loop_wake(children->loop);
}

/* -------------------------------------------------------------- going on */

static void refuse(struct ta_children *children, int error) {
  children->jobs.refused = error;
  ta_loop_wake(children->loop);
}

/* We have it for ourselves: in the background that stops us, and what is to be silent is. */
static void look_at_hold(struct ta_children *children, bool was_stopped) {
  struct ta_jobs *jobs = &children->jobs;
  if (jobs->refused) return;
  if (!ta_terminal_is_ours()) {
    bool stopped = !ta_terminal_is_gone() && stop_all(children, SIGTTIN, true);
    if (!stopped) refuse(children, -EIO);
  } else if (jobs->silent && (jobs->owes_modes || was_stopped)) {
    bool tried = jobs->owes_modes;
    int error = be_silent(jobs);
    if (error && tried)
      refuse(children, error);
    else if (error)
      ta_loop_wake(children->loop); /* once more */
  }
}

/* It has the terminal, but not with its modes. */
static void look_at_front(struct ta_jobs *jobs, bool was_stopped) {
  struct ta_group *front = jobs->front;
  bool due = jobs->owes_modes || (front->job.user && was_stopped);
  pid_t group = front->job.user ? getpgrp() : front->id;
  if (due && tcgetpgrp(ta_terminal_fd()) == group) put_in_front(jobs, front, false);
}

/* Whoever had us stop may have set other modes, and some may have been refused. */
static void look_at_modes(struct ta_children *children) {
  struct ta_jobs *jobs = &children->jobs;
  bool was_stopped = jobs->stops != ta_signals_stops();
  jobs->stops = ta_signals_stops();
  ta_terminal_settle();
  if (jobs->front) look_at_front(jobs, was_stopped);
  if (jobs->held) look_at_hold(children, was_stopped);
}

/* After each wake: a child has changed, or we have come to the front. */
static void look(struct ta_listener *listener) {
  struct ta_children *children = listener->data;
  begin_work(&children->jobs);
  look_at_changes(children);
  look_at_modes(children);
  give_to_next(children);
  end_work(children);
}

/* --------------------------------------------------------- starting, ending */

/* Descriptors or memory are short now: that says nothing about terminals. */
static bool may_pass(int error) {
  return error == -EMFILE || error == -ENFILE || error == -ENOMEM || error == -EINTR;
}

int ta_jobs_open(struct ta_children *children) {
  struct ta_jobs *jobs = &children->jobs;
  if (jobs->opened) return jobs->closed ? -ENXIO : 0;
  int error = ta_terminal_open();
  jobs->opened = !may_pass(error);
  jobs->closed = error != 0;
  if (error) return jobs->opened ? -ENXIO : error;
  jobs->listener = (struct ta_listener){.woken = look, .data = children};
  ta_loop_listen(children->loop, &jobs->listener);
  children->loop->keeps = keeps;
  children->loop->keeper = children;
  ta_signals_watch_children();
  ta_signals_watch_terminal(on_stop, children);
  return 0;
}

/* The system tells of none that do not read there themselves. */
static void ask_soon(struct ta_group *group) {
  ask(&group->children->jobs, group);
  ta_loop_wake(group->children->loop);
}

int ta_jobs_start(struct ta_group *group) {
  struct ta_jobs *jobs = &group->children->jobs;
  ta_jobs_open(group->children);
  begin_work(jobs);
  if (jobs->closed || !group->job.wants_terminal) return -1;
  if (!jobs->front && !jobs->asking && !jobs->held && ta_terminal_is_ours())
    put_in_front(jobs, group, true);
  else if (group->job.user)
    ask_soon(group);
  return jobs->front == group && !group->job.user ? ta_terminal_fd() : -1;
}

void ta_jobs_started(struct ta_group *group) {
  if (!group->id) ta_jobs_leave(group);
  end_work(group->children);
}

static bool was_ended_by(const struct ta_group *group, int number) {
  for (size_t i = 0; i < group->count; i++) {
    const struct ta_child *child = &group->members[i];
    if (child->ended && WIFSIGNALED(child->status) &&
        (!number || WTERMSIG(child->status) == number))
      return true;
  }
  return false;
}

/* What the terminal has sent to the group in front alone is for us too. */
static bool pass_on(const struct ta_group *group) {
  int number = 0;
  if (group->job.was_interrupted) return false;
  if (was_ended_by(group, SIGINT)) number = SIGINT;
  if (was_ended_by(group, SIGHUP) && ta_terminal_is_gone()) number = SIGHUP;
  return number && kill(getpid(), number) == 0;
}

bool ta_jobs_leave(struct ta_group *group) {
  struct ta_children *children = group->children;
  struct ta_jobs *jobs = &children->jobs;
  bool interrupted = false;
  begin_work(jobs);
  ask_no_more(jobs, group);
  if (jobs->front == group) {
    interrupted = pass_on(group);
    take_from_front(jobs, was_ended_by(group, 0) || !ta_group_has_ended(group), false);
    ta_loop_wake(children->loop); /* the next one */
  }
  end_work(children);
  return interrupted;
}

static int hold(struct ta_children *children, bool silent) {
  struct ta_jobs *jobs = &children->jobs;
  if (jobs->front || jobs->held) return -EAGAIN;
  while (!ta_terminal_is_ours()) {
    bool stopped = !ta_terminal_is_gone() && stop_all(children, SIGTTIN, true);
    if (!stopped) return -EIO;
  }
  int error = silent ? ta_terminal_go_silent() : 0;
  if (error) return error;
  jobs->held = true;
  jobs->silent = silent;
  jobs->refused = 0;
  jobs->owes_modes = false;
  jobs->stops = ta_signals_stops();
  return 0;
}

int ta_jobs_hold(struct ta_children *children, bool silent) {
  int error = ta_jobs_open(children);
  if (error) return error;
  begin_work(&children->jobs);
  error = hold(children, silent);
  end_work(children);
  return error;
}

void ta_jobs_release(struct ta_children *children) {
  struct ta_jobs *jobs = &children->jobs;
  begin_work(jobs);
  if (jobs->silent) ta_terminal_take_back(true, NULL);
  jobs->silent = 0;
  jobs->held = false;
  ta_loop_wake(children->loop); /* the next one */
  end_work(children);
}

void ta_jobs_close(struct ta_children *children) {
  struct ta_jobs *jobs = &children->jobs;
  if (jobs->opened && !jobs->closed) ta_loop_unlisten(children->loop, &jobs->listener);
  jobs->opened = jobs->closed = true;
  children->loop->keeps = NULL;
  ta_watch_give_back(children->loop);
  ta_terminal_close();
}
