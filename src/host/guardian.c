/* SPDX-License-Identifier: MIT */
#include "host/guardian.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "host/pidfd.h"
#include "host/removal.h"
#include "host/spawn.h"
#include "host/terminal.h"

#define KILLS 3      /* a group is looked at again */
#define PAUSE 10     /* thousandths of a second between two of them */
#define PATIENCE 100 /* thousandths of a second for it to end */
#define NOTES_AT_ONCE 512
#define READ_AT_ONCE 65536 /* all that its pipe can have */
#define REST 10            /* thousandths of a second between two looks at its notes */

enum { BEGINS = 1, ENDS, PATHS }; /* from there on of what enum ta_guarded says */

/* Not larger than PIPE_BUF, with the path that follows: it is written whole or not at all. */
struct note {
  int what;
  int group; /* or the length of the path */
};

/* The terminal as it was found, and the group of those who had it then: what it hears first. */
struct home {
  pid_t group;
  bool has_modes;
  struct termios modes;
};

/* ------------------------------------------------------------- telling it */

int ta_guardian_note_home(int notes) {
  struct home home;
  memset(&home, 0, sizeof home);
  home.group = getpgrp();
  home.has_modes = ta_terminal_modes(&home.modes);
  return write(notes, &home, sizeof home) == (ssize_t)sizeof home ? 0 : -errno;
}

int ta_guardian_note(int notes, pid_t group, bool begins) {
  const struct note note = {.what = begins ? BEGINS : ENDS, .group = group};
  ssize_t done;
  do done = write(notes, &note, sizeof note);
  while (done < 0 && errno == EINTR);
  return done < 0 ? -1 : 0;
}

int ta_guardian_note_path(int notes, enum ta_guarded what, const char *path) {
  char text[PIPE_BUF];
  size_t length = strlen(path);
  const struct note note = {.what = PATHS + (int)what, .group = (int)length};
  if (path[0] != '/') return -EINVAL;
  if (length > sizeof text - sizeof note) return -ENAMETOOLONG;
  memcpy(text, &note, sizeof note);
  memcpy(text + sizeof note, path, length);
  ssize_t done;
  do done = write(notes, text, sizeof note + length);
  while (done < 0 && errno == EINTR);
  return done < 0 ? -errno : 0;
}

static int spawn_guardian(const char *program, int reading, int nowhere, pid_t *pid) {
  char name[] = TA_GUARDIAN_NAME;
  char *argv[] = {name, NULL}, *envp[] = {NULL};
  const struct ta_spawn spawn = {.path = program,
                                 .argv = argv,
                                 .envp = envp,
                                 .fds = {reading, nowhere, nowhere},
                                 .terminal = -1,
                                 .note_to = -1};
  enum ta_spawn_step step;
  return ta_spawn(&spawn, pid, &step);
}

int ta_guardian_start(struct ta_guardian *guardian, const char *program) {
  int fds[2];
  if (guardian->pid) return 0;
  if (pipe2(fds, O_CLOEXEC) != 0) return -errno;
  int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  int error = nowhere < 0 ? -errno : 0;
  fcntl(fds[1], F_SETFL, O_NONBLOCK);
  if (!error) error = ta_guardian_note_home(fds[1]);
  if (!error) error = spawn_guardian(program, fds[0], nowhere, &guardian->pid);
  if (nowhere >= 0) close(nowhere);
  close(fds[0]);
  if (error) guardian->pid = 0;
  if (error)
    close(fds[1]);
  else
    guardian->notes = fds[1];
  return error;
}

static void pause_a_little(int milliseconds) {
  const struct timespec time = {.tv_nsec = milliseconds * 1000000L};
  nanosleep(&time, NULL);
}

void ta_guardian_drop(struct ta_guardian *guardian) {
  if (guardian->pid) kill(guardian->pid, SIGKILL);
  ta_guardian_end(guardian);
}

/* It ends at once, unless it has something to kill. */
void ta_guardian_end(struct ta_guardian *guardian) {
  if (!guardian->pid) return;
  close(guardian->notes);
  for (int i = 0; i < PATIENCE; i++) {
    pid_t ended = waitpid(guardian->pid, NULL, WNOHANG);
    if (ended != 0 && !(ended < 0 && errno == EINTR)) break;
    pause_a_little(1);
  }
  guardian->pid = 0;
}

/* --------------------------------------------------------------- being it */

static bool may_be_one; /* this program asks whether it is meant */

const char *ta_guardian_program(void) {
  return may_be_one ? "/proc/self/exe" : NULL;
}

bool ta_guardian_is_meant(int argc, char **argv) {
  struct stat status;
  may_be_one = true;
  return argc == 1 && strcmp(argv[0], TA_GUARDIAN_NAME) == 0 && fstat(STDIN_FILENO, &status) == 0 &&
         S_ISFIFO(status.st_mode);
}

/* Groups that live, with what holds their number so that nobody else can get it. */
struct wards {
  struct ward {
    pid_t group;
    int fd; /* -1: none was to be had */
  } * list;
  size_t count, room;
  size_t held; /* so many, the first ones */
};

static void add_ward(struct wards *wards, pid_t group) {
  if (wards->count == wards->room) {
    size_t room = wards->room ? wards->room * 2 : NOTES_AT_ONCE;
    struct ward *list = realloc(wards->list, room * sizeof *list);
    if (!list) return;
    wards->list = list;
    wards->room = room;
  }
  wards->list[wards->count++] = (struct ward){group, -1};
}

/* What is held are numbers of those that live still: most commands are over by now. */
static void hold_wards(struct wards *wards) {
  for (; wards->held < wards->count; wards->held++) {
    struct ward *ward = &wards->list[wards->held];
    ward->fd = ta_pidfd_open(ward->group);
  }
}

/* Those that are held come first. */
static void forget_ward(struct wards *wards, size_t i) {
  if (wards->list[i].fd >= 0) close(wards->list[i].fd);
  if (i < wards->held) {
    wards->list[i] = wards->list[--wards->held];
    i = wards->held;
  }
  wards->list[i] = wards->list[--wards->count];
}

static void remove_ward(struct wards *wards, pid_t group) {
  for (size_t i = wards->count; i-- > 0;) {
    if (wards->list[i].group != group) continue;
    forget_ward(wards, i);
    return;
  }
}

static void take_note(struct wards *wards, const struct note *note) {
  if (note->what == BEGINS)
    add_ward(wards, note->group);
  else if (note->what == ENDS)
    remove_ward(wards, note->group);
}

/* What is to be removed, the last first; `what` is that of its note. */
struct leaving {
  struct leaving *next;
  int what;
  char path[];
};

static void add_leaving(struct leaving **leavings, int what, const char *path, size_t length) {
  struct leaving *leaving = malloc(sizeof *leaving + length + 1);
  if (!leaving) return;
  *leaving = (struct leaving){.next = *leavings, .what = what};
  memcpy(leaving->path, path, length);
  leaving->path[length] = '\0';
  *leavings = leaving;
}

static void drop_leaving(struct leaving **leavings, const char *path, size_t length) {
  for (struct leaving **link = leavings; *link; link = &(*link)->next) {
    struct leaving *leaving = *link;
    if (strlen(leaving->path) != length || memcmp(leaving->path, path, length) != 0) continue;
    *link = leaving->next;
    free(leaving);
    return;
  }
}

/* Everything that it is told of. */
struct charge {
  struct wards wards;
  struct leaving *leavings;
  char bytes[READ_AT_ONCE + PIPE_BUF];
  size_t count; /* of bytes that were read and not understood yet */
};

/* The first note among the bytes from `at` on.  How long it is; 0: it has not come whole. */
static size_t take_first(struct charge *charge, size_t at) {
  struct note note;
  size_t left = charge->count - at;
  if (left < sizeof note) return 0;
  memcpy(&note, charge->bytes + at, sizeof note);
  size_t length = note.what < PATHS ? 0 : (size_t)note.group;
  const char *path = charge->bytes + at + sizeof note;
  if (left < sizeof note + length) return 0;
  if (note.what < PATHS)
    take_note(&charge->wards, &note);
  else if (note.what == PATHS + TA_GUARDED_NO_MORE)
    drop_leaving(&charge->leavings, path, length);
  else
    add_leaving(&charge->leavings, note.what, path, length);
  return sizeof note + length;
}

/* More notes wait, whose pipe has room for thousands: it is not worth to wake up for each. */
static void wait_for_end(int milliseconds) {
  struct pollfd end = {.fd = STDIN_FILENO};
  poll(&end, 1, milliseconds);
}

static void take_notes(struct charge *charge) {
  for (;;) {
    size_t at = 0, length;
    ssize_t count =
        read(STDIN_FILENO, charge->bytes + charge->count, sizeof charge->bytes - charge->count);
    if (count == 0 || (count < 0 && errno != EINTR)) return;
    if (count > 0) charge->count += (size_t)count;
    while ((length = take_first(charge, at))) at += length;
    charge->count -= at;
    memmove(charge->bytes, charge->bytes + at, charge->count);
    hold_wards(&charge->wards);
    wait_for_end(REST);
  }
}

/* Of what is not of the kind that was told it is not ours. */
static void remove_leavings(struct leaving *leavings) {
  while (leavings) {
    struct leaving *next = leavings->next;
    if (leavings->what == PATHS + TA_GUARDED_TREE)
      ta_sweep(leavings->path);
    else
      unlink(leavings->path);
    free(leavings);
    leavings = next;
  }
}

static void kill_wards(const struct wards *wards) {
  for (int i = 0; i < KILLS; i++) {
    bool any = false;
    for (size_t j = 0; j < wards->count; j++)
      any |= ta_pidfd_signal_group(wards->list[j].fd, wards->list[j].group, SIGKILL) == 0;
    if (!any) return;
    pause_a_little(PAUSE);
  }
}

/* Those that are there are whole: it came first, and in one piece. */
static void take_home(struct home *home) {
  if (read(STDIN_FILENO, home, sizeof *home) != sizeof *home) *home = (struct home){0};
}

static bool is_ward(const struct wards *wards, pid_t group) {
  for (size_t i = 0; i < wards->count; i++)
    if (wards->list[i].group == group) return true;
  return false;
}

/* Whoever comes after those that were killed must not find the terminal theirs. */
static void return_terminal(const struct wards *wards, const struct home *home) {
  int fd = wards->count && home->has_modes ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
  if (fd < 0) return;
  if (is_ward(wards, tcgetpgrp(fd)) && tcsetpgrp(fd, home->group) == 0)
    tcsetattr(fd, TCSANOW, &home->modes);
  close(fd);
}

static void ignore_signals(void) {
  static const int numbers[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1,
                                SIGUSR2, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], SIG_IGN);
}

int ta_guardian_be(void) {
  static struct charge charge;
  struct home home = {0};
  ignore_signals();
  take_home(&home);
  int ignored = chdir("/");
  (void)ignored;
  take_notes(&charge);
  kill_wards(&charge.wards);
  return_terminal(&charge.wards, &home);
  remove_leavings(charge.leavings);
  free(charge.wards.list);
  return 0;
}
