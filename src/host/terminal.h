/* SPDX-License-Identifier: MIT
 *
 * terminal.h -- the terminal that this process is on: who is in front there, and its modes.
 *
 * One group of processes is in front: it reads, and Ctrl-C and Ctrl-Z reach it alone.  Ours
 * is lent out to another one and taken back, and whatever the other has done to the modes is
 * undone.  While it is lent out, writing to it stops us not.  In raw mode it stays ours, and
 * what is typed is handed on as it is.
 * A process has one such terminal, and its handlers look at it: this room keeps static
 * state.  It knows no commands, and not who is to have it.
 */
#ifndef TA_HOST_TERMINAL_H
#define TA_HOST_TERMINAL_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/types.h>
#include <termios.h>

/* Opens it.  0; -ENXIO: there is none; or another negative errno.  Twice does nothing. */
int ta_terminal_open(void);

/* Takes it back, and closes it. */
void ta_terminal_close(void);

/* Modes of ours that could not be restored are tried again, while it is ours; the functions
 * below do so too.  Also from handlers. */
void ta_terminal_settle(void);

/* Its descriptor, -1: it is not open. */
int ta_terminal_fd(void);

/* Is it this descriptor's as well?  False while it is not open. */
bool ta_terminal_is_at(int fd);

/* Is our group in front?  Not where we run in the background, or have lent it out. */
bool ta_terminal_is_ours(void);

/* Has it been closed from outside? */
bool ta_terminal_is_gone(void);

/* Lends it to the group; to 0: to a child that is to be started and takes it.  `modes` are set
 * where they are not NULL.  Ours are kept.  0; or a negative errno: `modes` are not set, and it
 * is to be called again. */
int ta_terminal_lend(pid_t group, const struct termios *modes);

/* Sets raw mode, in which every key is a byte; also a terminal that is raw.  0; or a negative
 * errno: it has the modes that it had, and is to be told again. */
int ta_terminal_go_raw(void);

/* From now on what is typed is not shown, but for the end of a line; it stays ours; also one
 * that is silent.  0; or a negative errno: it is shown as before.  Also from handlers. */
int ta_terminal_go_silent(void);

/* Takes it back; with the modes that it had if it was raw, or `restores`.  `modes`, if
 * not NULL, gets those that it is found with.  It stays with whoever else has got it since, as
 * the shell that started us.  False: it was not lent.  Also from handlers. */
bool ta_terminal_take_back(bool restores, struct termios *modes);

/* The modes that it has while it is ours.  False: there are none. */
bool ta_terminal_modes(struct termios *modes);

/* What a window as ours is, or as windows are where there is none. */
void ta_terminal_size(struct winsize *size);

#endif
