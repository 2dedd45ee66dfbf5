/* SPDX-License-Identifier: MIT */
#include "host/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "host/signals.h"

#define ROWS 24
#define COLUMNS 80

enum use { OURS, LENT, RAW, SILENT };

static struct {
  int fd; /* plus one: 0, it is not open */
  pid_t group;
  volatile sig_atomic_t use;
  struct termios modes; /* ours, while it is in another use */
  bool has_modes;
  bool owes_modes; /* they could not be set again */
} terminal;

static void leave(void);

/* Whatever ends the process by exit() gives it back. */
static void leave_at_exit(void) {
  static bool registered;
  if (!registered) registered = atexit(leave) == 0;
}

int ta_terminal_open(void) {
  if (terminal.fd) return 0;
  int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return -errno;
  terminal.fd = fd + 1;
  terminal.group = getpgrp();
  leave_at_exit();
  return 0;
}

/* Refused once, they are asked for once more. */
static int get_modes(struct termios *modes) {
  int fd = ta_terminal_fd();
  return tcgetattr(fd, modes) == 0 || tcgetattr(fd, modes) == 0 ? 0 : -errno;
}

static int set_modes(const struct termios *modes) {
  int result;
  do result = tcsetattr(ta_terminal_fd(), TCSANOW, modes);
  while (result != 0 && errno == EINTR);
  return result == 0 ? 0 : -errno;
}

static void restore_modes(void) {
  terminal.owes_modes = set_modes(&terminal.modes) != 0;
}

static void leave(void) {
  ta_terminal_take_back(true, NULL);
  ta_terminal_settle();
}

void ta_terminal_settle(void) {
  int saved = errno;
  if (terminal.use == OURS && terminal.owes_modes && ta_terminal_is_ours()) restore_modes();
  errno = saved;
}

void ta_terminal_close(void) {
  if (!terminal.fd) return;
  leave();
  terminal.owes_modes = false;
  close(ta_terminal_fd());
  terminal.fd = 0;
}

int ta_terminal_fd(void) {
  return terminal.fd - 1;
}

bool ta_terminal_is_at(int fd) {
  return terminal.fd && tcgetsid(fd) == getsid(0);
}

bool ta_terminal_is_ours(void) {
  return terminal.fd && tcgetpgrp(ta_terminal_fd()) == terminal.group;
}

bool ta_terminal_is_gone(void) {
  return terminal.fd && tcgetpgrp(ta_terminal_fd()) < 0;
}

/* Where they cannot be had those from before are the best that there are. */
static void keep_modes(void) {
  struct termios found;
  ta_terminal_settle();
  if (terminal.use != OURS || terminal.owes_modes || get_modes(&found) != 0) return;
  terminal.modes = found;
  terminal.has_modes = true;
}

int ta_terminal_lend(pid_t group, const struct termios *modes) {
  keep_modes();
  ta_signals_hold_terminal(true);
  terminal.use = LENT;
  if (group) tcsetpgrp(ta_terminal_fd(), group);
  return modes ? set_modes(modes) : 0;
}

int ta_terminal_go_raw(void) {
  keep_modes();
  if (!terminal.has_modes) return -EIO;
  struct termios raw = terminal.modes;
  cfmakeraw(&raw);
  terminal.use = RAW;
  return set_modes(&raw);
}

int ta_terminal_go_silent(void) {
  keep_modes();
  if (!terminal.has_modes) return -EIO;
  sig_atomic_t use = terminal.use;
  struct termios silent = terminal.modes;
  silent.c_lflag &= ~(tcflag_t)ECHO;
  silent.c_lflag |= ECHONL | ICANON;
  terminal.use = SILENT; /* before a handler may have to undo it */
  int error = set_modes(&silent);
  if (error) terminal.use = use;
  return error;
}

/* The shell that leads the session takes it while we are stopped, and may have let us go on
 * in the background. */
static bool is_with_shell(pid_t front) {
  return front != terminal.group && front == getpgid(getsid(0));
}

bool ta_terminal_take_back(bool restores, struct termios *modes) {
  int saved = errno, fd = ta_terminal_fd();
  enum use use = (enum use)terminal.use;
  if (use == OURS) ta_terminal_settle();
  if (use == OURS) return false;
  bool found = modes && get_modes(modes) == 0;
  ta_signals_hold_terminal(true);
  bool ours = !is_with_shell(tcgetpgrp(fd));
  if (ours && use == LENT) tcsetpgrp(fd, terminal.group);
  if (ours && (restores || use == RAW || terminal.owes_modes) && terminal.has_modes)
    restore_modes();
  terminal.use = OURS;
  ta_signals_hold_terminal(false);
  errno = saved;
  return found;
}

bool ta_terminal_modes(struct termios *modes) {
  if (!terminal.fd) return false;
  if (terminal.use == OURS) return tcgetattr(ta_terminal_fd(), modes) == 0;
  *modes = terminal.modes;
  return terminal.has_modes;
}

void ta_terminal_size(struct winsize *size) {
  *size = (struct winsize){0};
  if (terminal.fd) ioctl(ta_terminal_fd(), TIOCGWINSZ, size);
  if (size->ws_row == 0 || size->ws_col == 0)
    *size = (struct winsize){.ws_row = ROWS, .ws_col = COLUMNS};
}
