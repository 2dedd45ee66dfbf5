/* SPDX-License-Identifier: MIT
 *
 * pty.h -- terminals that are made here, for commands.
 *
 * Two ends: a command has one for its standard streams, and we read and write at the other
 * what a person would see and type.  It knows nobody on either end.
 */
#ifndef TA_HOST_PTY_H
#define TA_HOST_PTY_H

#include <stdbool.h>
#include <sys/ioctl.h>

struct ta_pty {
  int ours; /* non-blocking */
  int theirs;
};

/* Makes one, with a window of the size of ours.  `typed`: a person at our terminal will type
 * there, so that its modes are as ours; else nothing is shown of what is typed, and what is
 * written comes as it is.  0, or a negative errno. */
int ta_pty_open(bool typed, struct ta_pty *pty);

/* Has its window, at our end, the size that ours has now.  `size` is what it has, and is kept. */
void ta_pty_follow_size(int ours, struct winsize *size);

/* Does whoever reads there get whole lines?  Not while every key counts. */
bool ta_pty_reads_lines(int ours);

/* Is there who leads the session on it?  Where the system does not say so: no. */
bool ta_pty_is_led(int ours);

/* The key that ends the input. */
char ta_pty_end_key(int ours);

#endif
