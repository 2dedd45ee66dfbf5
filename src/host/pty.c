/* SPDX-License-Identifier: MIT */
#include "host/pty.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "host/terminal.h"

#define NAME_SIZE 64
#define CTRL_D 4

static int open_theirs(int ours) {
  char name[NAME_SIZE];
  if (grantpt(ours) != 0 || unlockpt(ours) != 0) return -1;
  int error = ptsname_r(ours, name, sizeof name);
  if (error != 0) {
    errno = error;
    return -1;
  }
  return open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int set_modes(bool typed, const struct ta_pty *pty) {
  struct termios modes;
  if (typed && tcgetattr(ta_terminal_fd(), &modes) == 0)
    return tcsetattr(pty->theirs, TCSANOW, &modes);
  if (tcgetattr(pty->theirs, &modes) != 0) return -1;
  if (!typed) {
    modes.c_lflag &= ~(tcflag_t)(ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE);
    modes.c_oflag &= ~(tcflag_t)ONLCR;
  }
  return tcsetattr(pty->theirs, TCSANOW, &modes);
}

static int set_size(int ours, const struct winsize *size) {
  return ioctl(ours, TIOCSWINSZ, size);
}

int ta_pty_open(bool typed, struct ta_pty *pty) {
  struct winsize size;
  ta_terminal_size(&size);
  pty->ours = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (pty->ours < 0) return -errno;
  pty->theirs = open_theirs(pty->ours);
  if (pty->theirs >= 0 && set_modes(typed, pty) == 0 && set_size(pty->ours, &size) == 0 &&
      fcntl(pty->ours, F_SETFL, O_RDWR | O_NONBLOCK) == 0)
    return 0;
  int error = -errno;
  if (pty->theirs >= 0) close(pty->theirs);
  close(pty->ours);
  return error;
}

void ta_pty_follow_size(int ours, struct winsize *size) {
  struct winsize now;
  ta_terminal_size(&now);
  if (memcmp(&now, size, sizeof now) == 0) return;
  *size = now;
  set_size(ours, size);
}

bool ta_pty_reads_lines(int ours) {
  struct termios modes;
  return tcgetattr(ours, &modes) == 0 && (modes.c_lflag & ICANON);
}

bool ta_pty_is_led(int ours) {
  return tcgetsid(ours) > 0;
}

char ta_pty_end_key(int ours) {
  struct termios modes;
  return tcgetattr(ours, &modes) == 0 ? (char)modes.c_cc[VEOF] : CTRL_D;
}
