/* SPDX-License-Identifier: MIT
 *
 * Processes in groups, and the guardian.
 */
#include "host/children.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "host/clock.h"
#include "host/process_table.h"
#include "host/signals.h"
#include "host/vfork.h"
#include "unit/system.h"
#include "unit/test.h"

#define LONG_ENOUGH 20.0 /* seconds */
#define SOON 0.01        /* seconds */

struct place {
  struct ta_loop loop;
  struct ta_children children;
  struct ta_group *group;
  int told; /* how often something has changed */
  int out[2];
};

static void on_change(void *data) {
  ((struct place *)data)->told++;
}

static void open_place(struct place *place) {
  *place = (struct place){.told = 0};
  CHECK(ta_loop_open(&place->loop, NULL) == 0);
  ta_signals_open(&place->loop);
  ta_children_open(&place->children, &place->loop, NULL);
  CHECK(pipe(place->out) == 0);
  fcntl(place->out[0], F_SETFD, FD_CLOEXEC);
  fcntl(place->out[1], F_SETFD, FD_CLOEXEC);
}

static void close_place(struct place *place) {
  CHECK(ta_children_close(&place->children, SIGTERM, 0) == 0);
  CHECK(place->loop.members == 0);
  ta_signals_close();
  ta_loop_close(&place->loop);
  close(place->out[0]);
  if (place->out[1] >= 0) close(place->out[1]);
}

/* Starts `sh -c script` in the group, which is made at the first call. */
static int start(struct place *place, const char *script) {
  extern char **environ;
  char copy[500];
  snprintf(copy, sizeof copy, "%s", script);
  char sh[] = "sh", option[] = "-c";
  char *argv[] = {sh, option, copy, NULL};
  struct ta_spawn spawn = {.path = "/bin/sh",
                           .argv = argv,
                           .envp = environ,
                           .fds = {place->out[0], place->out[1], 2},
                           .terminal = -1};
  enum ta_spawn_step step;
  if (!place->group) CHECK(ta_group_new(&place->children, 4, on_change, place, &place->group) == 0);
  return ta_group_start(place->group, &spawn, &step);
}

/* Reads what the processes have said, until there are as many lines. */
static void hear(struct place *place, int lines) {
  char byte;
  while (lines > 0 && read(place->out[0], &byte, 1) == 1) lines -= byte == '\n';
  CHECK(lines == 0);
}

static bool is_over(const struct place *place) {
  return place->group->state == TA_GROUP_OVER;
}

static void run_until_group_is_over(struct place *place, const struct ta_group *group) {
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (group->state != TA_GROUP_OVER && ta_monotonic() < limit)
    ta_loop_wait(&place->loop, LONG_ENOUGH);
  CHECK(group->state == TA_GROUP_OVER);
}

static void run_until_over(struct place *place) {
  run_until_group_is_over(place, place->group);
}

static void forget(struct place *place) {
  ta_group_forget(place->group, SIGTERM, 0);
  place->group = NULL;
}

static void a_process_that_ends_is_told_of_with_its_status(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "exit 7") == 0);
  CHECK(!place.group->members[0].ended);
  run_until_over(&place);
  CHECK(place.told == 1);
  CHECK(WIFEXITED(place.group->members[0].status));
  CHECK(WEXITSTATUS(place.group->members[0].status) == 7);
  CHECK(waitpid(place.group->members[0].pid, NULL, WNOHANG) < 0 && errno == ECHILD);
  forget(&place);
  close_place(&place);
}

static void all_of_a_pipeline_have_to_end(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "exit 1") == 0);
  CHECK(start(&place, "sleep 0.1; exit 2") == 0);
  CHECK(getpgid(place.group->members[1].pid) == place.group->id);
  run_until_over(&place);
  CHECK(WEXITSTATUS(place.group->members[0].status) == 1);
  CHECK(WEXITSTATUS(place.group->members[1].status) == 2);
  forget(&place);
  close_place(&place);
}

static void who_obeys_is_not_killed(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "trap 'exit 3' TERM; echo; while :; do sleep 0.01; done") == 0);
  hear(&place, 1);
  ta_group_stop(place.group, SIGTERM, LONG_ENOUGH, false);
  run_until_over(&place);
  CHECK(WIFEXITED(place.group->members[0].status));
  CHECK(WEXITSTATUS(place.group->members[0].status) == 3);
  forget(&place);
  close_place(&place);
}

/* The leader's end does not end the escalation. */
static void a_child_that_does_not_obey_is_killed_though_the_leader_has_gone(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "(trap '' TERM; echo; sleep 300; :) & trap 'exit 0' TERM; echo; wait") == 0);
  hear(&place, 2);
  pid_t id = place.group->id;
  ta_group_stop(place.group, SIGTERM, 0.2, false);
  CHECK(!is_over(&place));
  run_until_over(&place);
  CHECK(WIFEXITED(place.group->members[0].status));
  CHECK(!ta_anybody_in_group(id));
  forget(&place);
  close_place(&place);
}

static void the_leader_alone_hears_of_it_where_that_is_wanted(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "trap 'wait $c; exit 4' TERM; "
                      "(trap 'echo TERM; exit' TERM; echo; sleep 0.2; echo left alone) & c=$!; "
                      "echo; wait; wait $c; exit 5") == 0);
  hear(&place, 2);
  ta_group_stop(place.group, SIGTERM, LONG_ENOUGH, true);
  run_until_over(&place);
  char text[20] = "";
  CHECK(read(place.out[0], text, sizeof text - 1) > 0);
  CHECK_TEXT(text, "left alone\n");
  CHECK(WEXITSTATUS(place.group->members[0].status) == 4);
  forget(&place);
  close_place(&place);
}

static void who_is_stopped_by_a_signal_hears_of_the_end(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "trap 'exit 6' TERM; echo; kill -STOP $$; while :; do sleep 0.01; done") ==
        0);
  hear(&place, 1);
  ta_group_stop(place.group, SIGTERM, LONG_ENOUGH, false);
  run_until_over(&place);
  CHECK(WIFEXITED(place.group->members[0].status));
  forget(&place);
  close_place(&place);
}

static void what_lives_on_after_a_normal_end_is_left_alone(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "sleep 300 & echo") == 0);
  hear(&place, 1);
  run_until_over(&place);
  pid_t id = place.group->id;
  forget(&place);
  CHECK(ta_anybody_in_group(id));
  CHECK(kill(-id, SIGKILL) == 0);
  close_place(&place);
}

static void or_killed_where_that_is_wanted(void) {
  struct place place;
  open_place(&place);
  CHECK(ta_group_new(&place.children, 1, on_change, &place, &place.group) == 0);
  place.group->kills_leftovers = true;
  CHECK(start(&place, "trap '' TERM; sleep 300 & echo; exit 9") == 0);
  hear(&place, 1);
  run_until_over(&place);
  CHECK(WEXITSTATUS(place.group->members[0].status) == 9);
  CHECK(!ta_anybody_in_group(place.group->id));
  forget(&place);
  close_place(&place);
}

static void a_forgotten_group_is_reaped_all_the_same(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "trap '' TERM; echo; sleep 300; :") == 0);
  hear(&place, 1);
  pid_t pid = place.group->members[0].pid;
  ta_group_forget(place.group, SIGTERM, SOON);
  double limit = ta_monotonic() + LONG_ENOUGH;
  while (place.children.groups && ta_monotonic() < limit) ta_loop_wait(&place.loop, LONG_ENOUGH);
  CHECK(place.children.groups == NULL && place.told == 0);
  CHECK(waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD);
  close_place(&place);
}

/* It ends as nobody's, and is reaped when it ends by itself. */
static void who_may_not_be_signalled_is_left_behind(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "echo; exec sleep 300") == 0);
  hear(&place, 1);
  pid_t pid = place.group->id;
  system_forbid_signals(true);
  ta_group_stop(place.group, SIGTERM, SOON, false);
  double limit = ta_monotonic() + LONG_ENOUGH / 4;
  while (!is_over(&place) && ta_monotonic() < limit) ta_loop_wait(&place.loop, SOON);
  system_forbid_signals(false);
  CHECK(kill(pid, SIGKILL) == 0);
  CHECK(is_over(&place) && place.group->is_left_behind && place.told == 1);
  CHECK(!place.group->members[0].ended);
  forget(&place);
  limit = ta_monotonic() + LONG_ENOUGH;
  while (place.children.groups && ta_monotonic() < limit) ta_loop_wait(&place.loop, LONG_ENOUGH);
  CHECK(place.children.groups == NULL);
  CHECK(waitpid(pid, NULL, WNOHANG) < 0 && errno == ECHILD);
  close_place(&place);
}

static void closing_ends_them_all(void) {
  struct place place;
  pid_t ids[3];
  open_place(&place);
  for (int i = 0; i < 3; i++) {
    place.group = NULL;
    CHECK(start(&place, i ? "echo; sleep 300; :" : "trap '' TERM; echo; sleep 300; :") == 0);
    ids[i] = place.group->id;
  }
  hear(&place, 3);
  CHECK(ta_children_close(&place.children, SIGTERM, 0.1) == 0);
  for (int i = 0; i < 3; i++) CHECK(!ta_anybody_in_group(ids[i]));
  close_place(&place);
}

static void what_was_detached_outlives_us(void) {
  struct place place;
  open_place(&place);
  CHECK(ta_group_new(&place.children, 1, on_change, &place, &place.group) == 0);
  place.group->detached = true;
  CHECK(start(&place, "echo; exec sleep 300") == 0);
  hear(&place, 1);
  pid_t id = place.group->id;
  CHECK(ta_children_close(&place.children, SIGTERM, 0) == 0);
  CHECK(ta_anybody_in_group(id));
  CHECK(kill(-id, SIGKILL) == 0);
  waitpid(id, NULL, 0);
  close_place(&place);
}

/* As where the kernel has none: SIGCHLD tells. */
static void without_a_pidfd_its_end_is_heard_of(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "echo; exec sleep 0.1") == 0);
  hear(&place, 1);
  ta_watch_close(&place.group->members[0].watch);
  ta_children_listen(&place.children);
  run_until_over(&place);
  CHECK(WIFEXITED(place.group->members[0].status));
  forget(&place);
  close_place(&place);
}

/* By a host that waits for all its children. */
static void who_was_reaped_by_somebody_else_has_not_succeeded(void) {
  struct place place;
  open_place(&place);
  CHECK(start(&place, "exit 0") == 0);
  CHECK(waitpid(place.group->id, NULL, 0) == place.group->id);
  run_until_over(&place);
  CHECK(place.group->members[0].ended && place.group->members[0].unknown);
  forget(&place);
  close_place(&place);
}

/* --------------------------------------------------------------- starting */

static int try_to_start(const char *path, const char *directory, enum ta_spawn_step *step) {
  char word[] = "word";
  char *argv[] = {word, NULL}, *envp[] = {NULL};
  const struct ta_spawn spawn = {.path = path,
                                 .argv = argv,
                                 .envp = envp,
                                 .directory = directory,
                                 .fds = {0, 1, 2},
                                 .terminal = -1,
                                 .note_to = -1};
  pid_t pid;
  int error = ta_spawn(&spawn, &pid, step);
  CHECK(error == 0 || (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD));
  return error;
}

static void what_cannot_start_says_which_step_failed(void) {
  enum ta_spawn_step step;
  CHECK(try_to_start("/nonexistent", NULL, &step) == -ENOENT && step == TA_SPAWN_EXECUTE);
  CHECK(try_to_start("/bin/sh", "/nonexistent", &step) == -ENOENT && step == TA_SPAWN_DIRECTORY);
  CHECK(try_to_start("/", NULL, &step) == -EACCES && step == TA_SPAWN_EXECUTE);
}

struct handlers {
  bool there;
  void (*caught)(int number), (*ignored)(int number), (*of_others)(int number);
};

static void handle_nothing(int number) {
  (void)number;
}

static void look_at_handlers(void *data, bool has_handlers) {
  struct handlers *seen = data;
  struct sigaction action;
  seen->there = has_handlers;
  sigaction(SIGUSR1, NULL, &action);
  seen->caught = action.sa_handler;
  sigaction(SIGRTMAX, NULL, &action);
  seen->of_others = action.sa_handler;
  sigaction(SIGUSR2, NULL, &action);
  seen->ignored = action.sa_handler;
  _exit(3);
}

/* They would run on our memory. */
static void a_child_has_no_handlers_of_ours_or_is_told(void) {
  struct handlers seen = {0};
  int status;
  signal(SIGUSR1, handle_nothing);
  signal(SIGRTMAX, handle_nothing);
  signal(SIGUSR2, SIG_IGN);
  pid_t pid = ta_vfork(look_at_handlers, &seen);
  CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
  CHECK(seen.ignored == SIG_IGN);
  CHECK(seen.caught == (seen.there ? handle_nothing : SIG_DFL) && seen.of_others == seen.caught);
  CHECK(signal(SIGUSR1, SIG_DFL) == handle_nothing); /* here they are still */
}

static void programs_are_found_as_shells_find_them(void) {
  char path[100];
  CHECK(ta_find_program("sh", "/nonexistent:/bin", NULL, path, sizeof path) == 0);
  CHECK_TEXT(path, "/bin/sh");
  CHECK(ta_find_program("sh", "/nonexistent", NULL, path, sizeof path) == -ENOENT);
  CHECK(ta_find_program("", "/bin", NULL, path, sizeof path) == -ENOENT);
  CHECK(ta_find_program("passwd", "/etc", NULL, path, sizeof path) == -EACCES);
  CHECK(ta_find_program("./sh", NULL, "/bin", path, sizeof path) == 0);
  CHECK_TEXT(path, "./sh");
  CHECK(ta_find_program("/bin", NULL, NULL, path, sizeof path) == -EACCES);
  CHECK(ta_find_program("sh", "/bin", NULL, path, 5) == -ENAMETOOLONG);
}

/* --------------------------------------------------------------- the guardian */

static pid_t start_one_that_waits(void) {
  int said[2];
  char byte;
  CHECK(pipe2(said, O_CLOEXEC) == 0);
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    if (write(said[1], "x", 1) != 1) _exit(1);
    execl("/bin/sleep", "sleep", "60", (char *)NULL); /* and has no notes of a guardian's open */
    _exit(1);
  }
  CHECK(read(said[0], &byte, 1) == 1);
  close(said[0]);
  close(said[1]);
  return pid;
}

/* In a child of the test: this program would be executed as the guardian. */
static pid_t start_guardian(int notes[2]) {
  CHECK(pipe2(notes, O_CLOEXEC) == 0);
  pid_t guardian = fork();
  if (guardian == 0) {
    dup2(notes[0], STDIN_FILENO);
    close(notes[0]);
    close(notes[1]);
    _exit(ta_guardian_be());
  }
  close(notes[0]);
  CHECK(ta_guardian_note_home(notes[1]) == 0);
  return guardian;
}

static int how_it_ended(pid_t pid) {
  int status;
  CHECK(waitpid(pid, &status, 0) == pid);
  return status;
}

static void the_guardian_kills_what_is_left_when_nobody_can_tell_it_more(void) {
  int notes[2];
  pid_t left = start_one_that_waits(), guardian = start_guardian(notes);
  CHECK(ta_guardian_note(notes[1], left, true) == 0);
  CHECK(ta_guardian_note(notes[1], getpid(), true) == 0);
  CHECK(ta_guardian_note(notes[1], getpid(), false) == 0);
  close(notes[1]);
  CHECK(how_it_ended(guardian) == 0);
  CHECK(WTERMSIG(how_it_ended(left)) == SIGKILL);
}

#define MANY 6

/* It looks at its notes from time to time: those of one look, and of several. */
static void the_guardian_spares_those_whose_end_it_has_heard_of(void) {
  int notes[2];
  pid_t all[MANY], guardian = start_guardian(notes);
  const struct timespec pause = {.tv_nsec = 40000000};
  for (int i = 0; i < MANY; i++) {
    all[i] = start_one_that_waits();
    CHECK(ta_guardian_note(notes[1], all[i], true) == 0);
    if (i == MANY / 2) nanosleep(&pause, NULL);
  }
  for (int i = 0; i < MANY; i += 2) CHECK(ta_guardian_note(notes[1], all[i], false) == 0);
  close(notes[1]);
  CHECK(how_it_ended(guardian) == 0);
  for (int i = 1; i < MANY; i += 2) CHECK(WTERMSIG(how_it_ended(all[i])) == SIGKILL);
  for (int i = 0; i < MANY; i += 2) {
    CHECK(waitpid(all[i], NULL, WNOHANG) == 0 && kill(all[i], SIGTERM) == 0);
    CHECK(WTERMSIG(how_it_ended(all[i])) == SIGTERM);
  }
}

/* A guardian that takes its time to end is left alone: not so for the tests that follow. */
static void close_guarded_place(struct place *place) {
  close_place(place);
  while (waitpid(-1, NULL, 0) > 0) continue;
}

static void fill(int notes) {
  int count = 0;
  while (ta_guardian_note(notes, 1, false) == 0 && count < 1000000) count++;
  CHECK(errno == EAGAIN);
}

/* What it has not been told of the end of would be killed at its end: not when it is replaced. */
static void a_guardian_that_does_not_listen_is_replaced_and_kills_nobody(void) {
  struct place place;
  int status;
  open_place(&place);
  place.children.guardian_program = "/proc/self/exe";
  CHECK(start(&place, "sleep 300; exit") == 0);
  pid_t first = place.children.guardian.pid, id = place.group->id;
  CHECK(first > 0 && kill(first, SIGSTOP) == 0);
  fill(place.children.guardian.notes);
  CHECK(start(&place, "sleep 300; exit") == 0);
  CHECK(start(&place, "sleep 300; exit") == 0);
  CHECK(place.children.guardian.pid == first); /* a group is noted once */
  struct ta_group *group = place.group;
  place.group = NULL;
  CHECK(start(&place, "sleep 300; exit") == 0);
  CHECK(place.children.guardian.pid != first);
  CHECK(waitpid(first, NULL, WNOHANG) < 0 && errno == ECHILD);
  ta_loop_wait(&place.loop, 0.2);
  CHECK(group->running == 3 && kill(-id, 0) == 0);
  /* The next one has heard of both. */
  close(place.children.guardian.notes);
  place.children.guardian.notes = open("/dev/null", O_WRONLY);
  CHECK(waitpid(place.children.guardian.pid, &status, 0) > 0 && status == 0);
  run_until_over(&place);
  run_until_group_is_over(&place, group);
  CHECK(WTERMSIG(group->members[0].status) == SIGKILL);
  ta_group_forget(group, SIGTERM, 0);
  forget(&place);
  close_guarded_place(&place);
}

static void a_guardian_that_was_killed_is_replaced(void) {
  struct place place;
  open_place(&place);
  signal(SIGPIPE, SIG_IGN);
  place.children.guardian_program = "/proc/self/exe";
  CHECK(start(&place, "sleep 300; exit") == 0);
  struct ta_group *group = place.group;
  pid_t first = place.children.guardian.pid;
  place.group = NULL;
  CHECK(start(&place, "sleep 300; exit") == 0);
  CHECK(kill(first, SIGKILL) == 0);
  siginfo_t info;
  CHECK(waitid(P_PID, (id_t)first, &info, WEXITED | WNOWAIT) == 0);
  ta_group_stop(place.group, SIGTERM, LONG_ENOUGH, false);
  run_until_over(&place);
  CHECK(place.children.guardian.pid > 0 && place.children.guardian.pid != first);
  CHECK(group->running == 1);
  ta_group_forget(group, SIGKILL, 0);
  forget(&place);
  close_guarded_place(&place);
}

/* The group's first process has ended and was not reaped: the next one joins it. */
static pid_t empty_group(void) {
  siginfo_t info;
  pid_t pid = fork();
  if (pid == 0) {
    setpgid(0, 0);
    _exit(0);
  }
  CHECK(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
  return pid;
}

static void read_all(int fd) {
  char bytes[4096];
  fcntl(fd, F_SETFL, O_NONBLOCK);
  while (read(fd, bytes, sizeof bytes) > 0) continue;
}

/* Another process: sends the signal to who comes into the group, which waits at the pipe, and
 * lets it go on.  Whoever is not told `done` soon is held for ever, but for this. */
static pid_t stop_who_comes(pid_t group, int number, int notes, const int done[2]) {
  struct pollfd told = {.fd = done[0], .events = POLLIN};
  double limit = ta_monotonic() + LONG_ENOUGH;
  pid_t pid = fork();
  if (pid != 0) return pid;
  close(done[1]);
  while (!ta_anybody_in_group(group) && ta_monotonic() < limit) continue;
  kill(-group, number);
  read_all(notes);
  bool in_time = poll(&told, 1, 5000) == 1;
  if (!in_time) kill(-group, SIGKILL);
  _exit(in_time ? 0 : 1);
}

static void stop_before_it_executes(int number) {
  extern char **environ;
  char sh[] = "sh", option[] = "-c", script[] = "read x; exit 5";
  char *argv[] = {sh, option, script, NULL};
  int notes[2], done[2], input[2], status;
  CHECK(pipe(notes) == 0 && pipe(done) == 0 && pipe(input) == 0);
  fcntl(notes[1], F_SETFL, O_NONBLOCK);
  fill(notes[1]);
  fcntl(notes[1], F_SETFL, 0);
  pid_t group = empty_group(), pid;
  pid_t other = stop_who_comes(group, number, notes[0], done);
  const struct ta_spawn spawn = {.path = "/bin/sh",
                                 .argv = argv,
                                 .envp = environ,
                                 .fds = {input[0], 1, 2},
                                 .group = group,
                                 .terminal = -1,
                                 .note_to = notes[1]};
  enum ta_spawn_step step;
  fcntl(input[1], F_SETFD, FD_CLOEXEC);
  CHECK(ta_spawn(&spawn, &pid, &step) == 0);
  CHECK(write(done[1], "", 1) == 1);
  CHECK(waitpid(other, &status, 0) == other && status == 0);
  CHECK(waitpid(pid, &status, WUNTRACED) == pid);
  CHECK(WIFSTOPPED(status) && WSTOPSIG(status) == number);
  CHECK(kill(pid, SIGCONT) == 0);
  close(input[1]);
  CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
  CHECK(waitpid(group, NULL, 0) == group);
  for (int i = 0; i < 2; i++) close(notes[i]), close(done[i]);
  close(input[0]);
}

static void who_is_stopped_before_it_executes_does_not_hold_us(void) {
  stop_before_it_executes(SIGTSTP);
  stop_before_it_executes(SIGTTIN);
  stop_before_it_executes(SIGTTOU);
}

static void or_without_anything_else_that_happens(void) {
  struct place place;
  open_place(&place);
  signal(SIGPIPE, SIG_IGN);
  place.children.guardian_program = "/proc/self/exe";
  CHECK(start(&place, "echo; exec sleep 300") == 0);
  hear(&place, 1);
  pid_t first = place.children.guardian.pid;
  for (int i = 0; i < 2; i++) {
    CHECK(kill(place.children.guardian.pid, SIGKILL) == 0);
    double limit = ta_monotonic() + LONG_ENOUGH;
    do ta_loop_wait(&place.loop, SOON);
    while ((!place.children.guardian.pid || place.children.guardian.pid == first) &&
           ta_monotonic() < limit);
    CHECK(place.children.guardian.pid && place.children.guardian.pid != first);
    first = place.children.guardian.pid;
  }
  CHECK(!is_over(&place));
  ta_guardian_end(&place.children.guardian); /* as if we had been killed */
  run_until_over(&place);
  CHECK(WTERMSIG(place.group->members[0].status) == SIGKILL);
  forget(&place);
  close_guarded_place(&place);
}

const struct test children_tests[] = {
    TEST(a_process_that_ends_is_told_of_with_its_status),
    TEST(all_of_a_pipeline_have_to_end),
    TEST(who_obeys_is_not_killed),
    TEST(a_child_that_does_not_obey_is_killed_though_the_leader_has_gone),
    TEST(the_leader_alone_hears_of_it_where_that_is_wanted),
    TEST(who_is_stopped_by_a_signal_hears_of_the_end),
    TEST(what_lives_on_after_a_normal_end_is_left_alone),
    TEST(or_killed_where_that_is_wanted),
    TEST(a_forgotten_group_is_reaped_all_the_same),
    TEST(who_may_not_be_signalled_is_left_behind),
    TEST(closing_ends_them_all),
    TEST(what_was_detached_outlives_us),
    TEST(without_a_pidfd_its_end_is_heard_of),
    TEST(who_was_reaped_by_somebody_else_has_not_succeeded),
    TEST(what_cannot_start_says_which_step_failed),
    TEST(a_child_has_no_handlers_of_ours_or_is_told),
    TEST(programs_are_found_as_shells_find_them),
    TEST(the_guardian_kills_what_is_left_when_nobody_can_tell_it_more),
    TEST(the_guardian_spares_those_whose_end_it_has_heard_of),
    TEST(a_guardian_that_does_not_listen_is_replaced_and_kills_nobody),
    TEST(a_guardian_that_was_killed_is_replaced),
    TEST(or_without_anything_else_that_happens),
    TEST(who_is_stopped_before_it_executes_does_not_hold_us),
    TESTS_END,
};
