/* SPDX-License-Identifier: MIT
 *
 * stopped_test.c -- who is stopped on a terminal and goes on there, where the system refuses to
 * tell or set modes.
 *
 * A child leads a session on a terminal of its own, as a shell does; its child is in front, runs
 * the script, and stops itself.  The shell then has the terminal, with its own modes, and gives it
 * back.
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

#define MOST 500    /* calls; more is a mistake */
#define LONGEST 100 /* seconds; as well */
#define SECRET "hunter2"

enum { OURS, THEIRS };

static struct {
  int terminal[2];
  struct termios modes; /* of the shell */
  bool uses_bg;         /* after Ctrl-Z */
  int stops;            /* by SIGTTIN */
} shell;

/* ---------------------------------------------------------------------- the shell */

/* Standard streams may have been closed. */
static int move_up(int fd) {
  int moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  CHECK(moved >= 0 && close(fd) == 0);
  return moved;
}

static void sit_down(void) {
  CHECK(setsid() >= 0);
  CHECK(openpty(&shell.terminal[OURS], &shell.terminal[THEIRS], NULL, NULL, NULL) == 0);
  for (int i = OURS; i <= THEIRS; i++) shell.terminal[i] = move_up(shell.terminal[i]);
  CHECK(ioctl(shell.terminal[THEIRS], TIOCSCTTY, 0) == 0);
  CHECK(tcgetattr(shell.terminal[THEIRS], &shell.modes) == 0);
  fcntl(shell.terminal[OURS], F_SETFL, O_NONBLOCK);
  signal(SIGTTOU, SIG_IGN);
  setenv("TERM", "xterm", 1);
}

/* Has gone to the front by itself before it is stopped. */
static void go_on(pid_t pid, int number) {
  int fd = shell.terminal[THEIRS];
  CHECK(tcsetpgrp(fd, getpgrp()) == 0 && tcsetattr(fd, TCSANOW, &shell.modes) == 0);
  if (number == SIGTTIN) shell.stops++;
  if (number != SIGTSTP || !shell.uses_bg) CHECK(tcsetpgrp(fd, pid) == 0);
  kill(-pid, SIGCONT);
}

/* True: it has ended well. */
static bool look_after(pid_t pid) {
  int status;
  while (waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status))
    go_on(pid, WSTOPSIG(status));
  tcsetpgrp(shell.terminal[THEIRS], getpgrp());
  return WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* Runs it in front, in a child of the shell.  False: it found something wrong. */
static bool in_front(bool (*work)(void)) {
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    setpgid(0, 0);
    tcsetpgrp(shell.terminal[THEIRS], getpgrp());
    signal(SIGTTOU, SIG_DFL);
    alarm(LONGEST);
    exit(work() ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  return look_after(pid);
}

static void in_a_session(bool (*work)(void)) {
  int status;
  fflush(stdout);
  pid_t pid = fork();
  CHECK(pid >= 0);
  if (pid == 0) {
    sit_down();
    exit(work() ? EXIT_SUCCESS : EXIT_FAILURE);
  }
  CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ------------------------------------------------------------------------ a script */

static struct {
  const char *code;
  enum system_call call; /* that fails, */
  unsigned nth;          /* this one, */
  bool for_ever;         /* and all after it */
  char log[4096], shown[65536];
  bool reached;
  struct termios modes; /* it has left the terminal with them */
} run;

/* (text): as whoever sits there */
static int l_type(lua_State *L) {
  size_t size;
  const char *text = luaL_checklstring(L, 1, &size);
  system_count(false);
  ssize_t done = write(shell.terminal[OURS], text, size);
  system_count(true);
  lua_pushboolean(L, done == (ssize_t)size);
  return 1;
}

/* (number of the signal): stops here, and goes on */
static int l_stop(lua_State *L) {
  system_count(false);
  int number = (int)luaL_checkinteger(L, 1);
  system_count(true);
  kill(getpid(), number);
  return 0;
}

/* From now on no modes are told. */
static int l_tell_no_modes(lua_State *L) {
  (void)L;
  system_fail(SYSTEM_TCGETATTR, 1, EIO);
  system_fail_for_ever();
  return 0;
}

/* Does the terminal show what is typed? */
static int l_echoes(lua_State *L) {
  struct termios modes = {0};
  system_count(false);
  tcgetattr(shell.terminal[THEIRS], &modes);
  system_count(true);
  lua_pushboolean(L, (modes.c_lflag & ECHO) != 0);
  return 1;
}

static void open_place(struct outside *place) {
  static const luaL_Reg functions[] = {{"type", l_type},
                                       {"stop", l_stop},
                                       {"echoes", l_echoes},
                                       {"tell_no_modes", l_tell_no_modes},
                                       {NULL, NULL}};
  outside_open(place, NULL);
  ta_signals_open(&place->loop);
  struct ta_stdio_handlers handlers = {.loop = &place->loop};
  ta_stdio_watch(&handlers);
  lua_getglobal(place->world.L, "async");
  ta_offer_kit(place->world.runner, place->world.L);
  lua_settop(place->world.L, 0);
  lua_pushglobaltable(place->world.L);
  luaL_setfuncs(place->world.L, functions, 0);
  lua_settop(place->world.L, 0);
}

/* What is shown, and left, when the script has ended. */
static void look_at_terminal(void) {
  size_t size = 0;
  ssize_t count;
  while (size < sizeof run.shown - 1 &&
         (count = read(shell.terminal[OURS], run.shown + size, sizeof run.shown - 1 - size)) > 0)
    size += (size_t)count;
  run.shown[size] = '\0';
  tcgetattr(shell.terminal[THEIRS], &run.modes);
  tcflush(shell.terminal[THEIRS], TCIFLUSH);
}

static void run_script(void) {
  struct outside place;
  dup2(shell.terminal[THEIRS], STDIN_FILENO);
  dup2(shell.terminal[THEIRS], STDERR_FILENO);
  ta_stdio_open();
  open_place(&place);
  world_add(&place.world, run.code);
  system_fail(run.call, run.nth, EIO);
  if (run.for_ever) system_fail_for_ever();
  outside_live(&place, NULL);
  run.reached = system_go_well() >= run.nth;
  ta_stdio_watch(NULL);
  snprintf(run.log, sizeof run.log, "%s", place.world.log);
  outside_close(&place);
  ta_signals_close();
  look_at_terminal();
}

static bool is_wrong(const char *what) {
  printf("# call %u of sort %d: %s: %s\n", run.nth, (int)run.call, what, run.log);
  return false;
}

static bool is_as_before(void) {
  return run.modes.c_lflag == shell.modes.c_lflag && run.modes.c_iflag == shell.modes.c_iflag;
}

/* Every call of the sort fails in turn, alone or with all after it. */
static bool sweep(bool (*check)(void), enum system_call call, bool for_ever, unsigned least) {
  run.call = call;
  run.for_ever = for_ever;
  run.nth = 1;
  do {
    run_script();
    if (!check()) return false;
  } while (run.reached && run.nth++ < MOST);
  return run.nth > least && run.nth < MOST ? true : is_wrong("so many calls");
}

/* ----------------------------------------------------------------------- a secret */

static const char ask[] = "spawn(function() "
                          "  sleep(0) while echoes() and not said do sleep(0.001) end "
                          "  stop(HOW) for i = 1, 5 do sleep(0) end sleep(0.001) "
                          "  if not said then type '" SECRET "\\n' end end) "
                          "local word, why = async.prompt('Word', {secret = true}) said = true "
                          "log(word or why)";

static const char no_more[] = "cannot ask on the terminal: input/output error";

static bool check_one(void) {
  bool harmless = run.nth > 1 || run.call == SYSTEM_TCGETATTR || !run.reached;
  if (strcmp(run.log, harmless ? SECRET : no_more) != 0) return is_wrong("another answer");
  if (strstr(run.shown, SECRET)) return is_wrong("it was shown");
  return is_as_before() || is_wrong("the modes are others");
}

static bool check_all(void) {
  bool is_told = strcmp(run.log, SECRET) == 0;
  if (!is_told && (!run.reached || strcmp(run.log, no_more) != 0))
    return is_wrong("another answer");
  return !strstr(run.shown, SECRET) || is_wrong("it was shown");
}

static const char *ask_and_stop(int number) {
  static char code[1000];
  snprintf(code, sizeof code, "HOW = %d %s", number, ask);
  return code;
}

static bool ask_all(void) {
  run.code = ask_and_stop(SIGTSTP);
  return sweep(check_one, SYSTEM_TCSETATTR, false, 3) &&
         sweep(check_one, SYSTEM_TCGETATTR, false, 1) &&
         sweep(check_all, SYSTEM_TCSETATTR, true, 3);
}

static bool ask_after_sigstop(void) {
  run.code = ask_and_stop(SIGSTOP);
  return sweep(check_all, SYSTEM_TCSETATTR, true, 2);
}

static bool ask_once(void) {
  run.code = ask_and_stop(SIGTSTP);
  run.call = SYSTEM_LSEEK;
  run_script();
  return check_all();
}

static bool stop_a_secret(void) {
  return in_front(ask_all);
}

static bool halt_a_secret(void) {
  return in_front(ask_after_sigstop);
}

static bool ask_in_the_background(void) {
  shell.uses_bg = true;
  return in_front(ask_once) && shell.stops == 1;
}

static void a_secret_is_never_shown_after_a_stop(void) {
  in_a_session(stop_a_secret);
}

static void a_secret_is_not_shown_where_a_stop_could_not_be_caught(void) {
  in_a_session(halt_a_secret);
}

static void a_question_in_the_background_stops_again(void) {
  in_a_session(ask_in_the_background);
}

/* ---------------------------------------------------------------------- a command */

static const char lend[] =
    "local child = async.process.spawn{'sh', '-c', 'stty -echo; read x', stdin = 'inherit', "
    "  grace = 0.5} "
    "local function wait() for i = 1, 5000 do if not echoes() then return true end "
    "  sleep(0.001) end end "
    "log(wait() and 'silent') "
    "stop(HOW) log(wait() and 'again') "
    "if FAIL then tell_no_modes() end "
    "stop(HOW) log(wait() and 'still') "
    "child:stop()";

static bool check_command(void) {
  if (strcmp(run.log, "silent again still") != 0) return is_wrong("other modes");
  return is_as_before() || is_wrong("the modes are others");
}

static const char *lend_and_stop(bool tells_none) {
  static char code[1000];
  snprintf(code, sizeof code, "HOW = %d FAIL = %s %s", SIGTSTP, tells_none ? "true" : "false",
           lend);
  return code;
}

static bool lend_all(void) {
  run.code = lend_and_stop(false);
  return sweep(check_command, SYSTEM_TCGETATTR, false, 3) &&
         sweep(check_command, SYSTEM_TCSETATTR, false, 3);
}

static bool lend_and_lose(void) {
  run.code = lend_and_stop(true);
  run.call = SYSTEM_LSEEK;
  run_script();
  return check_command();
}

static bool stop_a_command(void) {
  return in_front(lend_all);
}

static bool stop_a_command_unseen(void) {
  return in_front(lend_and_lose);
}

static void a_command_gets_its_modes_again_after_a_stop(void) {
  in_a_session(stop_a_command);
}

static void modes_that_are_not_told_are_those_from_before(void) {
  in_a_session(stop_a_command_unseen);
}

const struct test stopped_tests[] = {
    TEST(a_secret_is_never_shown_after_a_stop),
    TEST(a_secret_is_not_shown_where_a_stop_could_not_be_caught),
    TEST(a_question_in_the_background_stops_again),
    TEST(a_command_gets_its_modes_again_after_a_stop),
    TEST(modes_that_are_not_told_are_those_from_before),
    TESTS_END,
};
