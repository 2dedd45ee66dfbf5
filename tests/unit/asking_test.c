/* SPDX-License-Identifier: MIT
 *
 * asking_test.c -- bars and questions on a terminal where the system refuses what they ask for.
 *
 * A child leads a session on a terminal of its own, whose other end it has as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "host/signals.h"
#include "host/stdio.h"
#include "kit/kit.h"
#include "unit/outside.h"
#include "unit/system.h"
#include "unit/test.h"

#define MOST 2000 /* calls; more is a mistake */
#define SECRET "hunter2"

enum { OURS, THEIRS };

static int terminal[2];

/* ------------------------------------------------------------------- the terminal */

/* What is shown and nobody has read yet. */
static const char *shown(void) {
  static char text[65536];
  size_t size = 0;
  ssize_t count;
  while (size < sizeof text - 1 &&
         (count = read(terminal[OURS], text + size, sizeof text - 1 - size)) > 0)
    size += (size_t)count;
  text[size] = '\0';
  return text;
}

static struct termios modes_of_terminal(void) {
  struct termios modes = {0};
  CHECK(tcgetattr(terminal[THEIRS], &modes) == 0);
  return modes;
}

/* (text): as whoever sits there */
static int l_type(lua_State *L) {
  size_t size;
  const char *text = luaL_checklstring(L, 1, &size);
  system_count(false);
  CHECK(write(terminal[OURS], text, size) == (ssize_t)size);
  system_count(true);
  return 0;
}

static void sit_down(void) {
  CHECK(setsid() >= 0 && openpty(&terminal[OURS], &terminal[THEIRS], NULL, NULL, NULL) == 0);
  CHECK(ioctl(terminal[THEIRS], TIOCSCTTY, 0) == 0);
  fcntl(terminal[OURS], F_SETFL, O_NONBLOCK);
  setenv("TERM", "xterm", 1);
}

/* Its standard error is the terminal, while something is asked there. */
static void show_there(bool shows) {
  static int saved = -1;
  if (shows) saved = dup(STDERR_FILENO);
  dup2(shows ? terminal[THEIRS] : saved, STDERR_FILENO);
  if (!shows) close(saved);
  ta_stdio_open();
}

/* ------------------------------------------------------------------------ a sweep */

static const char use_all[] =
    "local bar <close> = async.progress{total = 3, label = 'bar'} bar:add() "
    "local function answer(text) spawn(function() sleep(1) type(text) end) end "
    "async.scope(function() "
    "  answer 'ann\\n' local name, why = async.prompt('Name') log(name or why) "
    "  sleep(2) end) "
    "async.scope(function() "
    "  answer '" SECRET "\\n' local word, why = async.prompt('Word', {secret = true}) "
    "  log(word or why) sleep(2) end) "
    "bar:add() "
    "async.scope(function() "
    "  answer 'y\\n' local yes, why = async.confirm('Sure') log(tostring(yes or why)) "
    "  sleep(2) end) "
    "async.scope(function() "
    "  answer '2\\n' local one, why = async.select_one('Which', {'a', 'b'}) log(one or why) "
    "  sleep(2) end) "
    "log 'ended'";

static const char all_well[] = "ann " SECRET " true b ended";

static bool are_same(const struct termios *a, const struct termios *b) {
  return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
         a->c_lflag == b->c_lflag && memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static void open_place(struct outside *place) {
  outside_open(place, NULL);
  struct ta_stdio_handlers handlers = {.loop = &place->loop};
  ta_stdio_watch(&handlers);
  lua_getglobal(place->world.L, "async");
  ta_offer_kit(place->world.runner, place->world.L);
  lua_settop(place->world.L, 0);
  lua_register(place->world.L, "type", l_type);
}

/* At most one answer is another: an error, and the terminal is as it was. */
static void check(const char *log, bool is_seen, const struct termios *before) {
  struct termios after = modes_of_terminal();
  CHECK(are_same(before, &after));
  CHECK(strstr(log, "ended") && !strstr(log, "there is no terminal"));
  CHECK(!is_seen || !strstr(log, SECRET));
}

/* False: there are not so many calls. */
static bool refuse_at(enum system_call call, unsigned nth, int error, bool is_harmless) {
  struct outside place;
  char log[sizeof place.world.log];
  struct termios before = modes_of_terminal();
  show_there(true);
  open_place(&place);
  world_add(&place.world, use_all);
  system_fail(call, nth, error);
  outside_run(&place);
  bool reached = system_go_well() >= nth;
  ta_stdio_watch(NULL);
  strcpy(log, place.world.log);
  outside_close(&place);
  bool is_seen = strstr(shown(), SECRET) != NULL;
  show_there(false);
  check(log, is_seen, &before);
  if (!reached || is_harmless) CHECK_TEXT(log, all_well);
  tcflush(terminal[THEIRS], TCIFLUSH); /* typed for nobody */
  return reached;
}

static void sweep(enum system_call call, int error, bool is_harmless, unsigned least) {
  unsigned nth = 1;
  while (nth < MOST && refuse_at(call, nth, error, is_harmless)) nth++;
  CHECK(nth > least && nth < MOST);
}

static void refuse_all(void) {
  sit_down();
  sweep(SYSTEM_OPEN, EMFILE, false, 5);
  sweep(SYSTEM_ISATTY, ENOTTY, false, 1);
  sweep(SYSTEM_IOCTL, EINVAL, true, 1);
  sweep(SYSTEM_TCGETATTR, EIO, false, 1);
  sweep(SYSTEM_TCSETATTR, EIO, false, 2);
  sweep(SYSTEM_TCSETATTR, EINTR, true, 2);
  sweep(SYSTEM_TCGETPGRP, ENOTTY, false, 4);
  sweep(SYSTEM_READ, EIO, false, 4);
  sweep(SYSTEM_WRITE, EIO, false, 4);
  sweep(SYSTEM_EPOLL_CTL, ENOSPC, false, 4);
  sweep(SYSTEM_FCNTL, EINVAL, true, 0);
}

/* False: there are not so many calls.  Nobody looks after who leads a session: it does not stop. */
static bool stop_at(enum system_call call, unsigned nth) {
  struct outside place;
  struct termios before = modes_of_terminal();
  show_there(true);
  open_place(&place);
  ta_signals_open(&place.loop);
  world_add(&place.world, use_all);
  system_signal_after(call, nth, SIGTSTP);
  outside_run(&place);
  bool reached = system_go_well() >= nth;
  struct termios after = modes_of_terminal();
  CHECK(are_same(&before, &after));
  CHECK_TEXT(place.world.log, all_well);
  ta_stdio_watch(NULL);
  ta_signals_close();
  outside_close(&place);
  CHECK(!strstr(shown(), SECRET));
  show_there(false);
  return reached;
}

static void stop_everywhere(void) {
  static const enum system_call calls[] = {SYSTEM_TCGETATTR, SYSTEM_TCSETATTR, SYSTEM_TCGETPGRP};
  sit_down();
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    unsigned nth = 1;
    while (nth < MOST && stop_at(calls[i], nth)) nth++;
    CHECK(nth > 1 && nth < MOST);
  }
}

static const char ask_all[] =
    "local asking = async.current() "
    "local function answer(text) "
    "  spawn(function() sleep(1) log(select(2, asking:status())) type(text) end) end "
    "answer 'ann\\n' async.prompt('Name') "
    "answer 'y\\n' async.confirm('Sure') "
    "answer '2\\n' async.select_one('Which', {'a', 'b'})";

static void look_at_waits(void) {
  struct outside place;
  sit_down();
  show_there(true);
  open_place(&place);
  world_add(&place.world, ask_all);
  outside_run(&place);
  ta_stdio_watch(NULL);
  CHECK_TEXT(place.world.log,
             "prompt on the terminal confirm on the terminal select_one on the terminal");
  outside_close(&place);
  show_there(false);
}

static void in_a_child(void (*work)(void)) {
  int status;
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    work();
    exit(EXIT_SUCCESS);
  }
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void a_call_that_fails_while_asking_leaves_the_terminal_as_it_was(void) {
  in_a_child(refuse_all);
}

static void a_stop_while_asking_leaves_the_terminal_as_it_was(void) {
  in_a_child(stop_everywhere);
}

static void who_asks_waits_in_what_was_called(void) {
  in_a_child(look_at_waits);
}

const struct test asking_tests[] = {
    TEST(a_call_that_fails_while_asking_leaves_the_terminal_as_it_was),
    TEST(a_stop_while_asking_leaves_the_terminal_as_it_was),
    TEST(who_asks_waits_in_what_was_called),
    TESTS_END,
};
