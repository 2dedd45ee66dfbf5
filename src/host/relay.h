/* SPDX-License-Identifier: MIT
 *
 * relay.h -- our end of a command's own terminal: what it shows goes to one descriptor, and
 * what another one gives is typed.
 *
 * In the loop, and no task has to do it.  Where a person types, the keys are handed on while
 * the command has our terminal, and what leads its session lives.  Else the key that ends the input
 * is typed after the rest, and once more whenever the command has begun to read in another way.
 * Descriptors that others have too are written and read only when they would not block. It knows no
 * Lua, and not what is shown.
 */
#ifndef TA_HOST_RELAY_H
#define TA_HOST_RELAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

#include "host/jobs.h"
#include "host/outlet.h"
#include "host/watch.h"

#define TA_RELAY_CHUNK 4096 /* bytes, as many as a pipe that can be written takes at least */

struct ta_relay_way {
  struct ta_watch watch;
  bool open, always; /* always: a file */
  char bytes[TA_RELAY_CHUNK];
  size_t start, end; /* read, and not written */
};

struct ta_relay {
  struct ta_terminal_user user; /* of a person's terminal; for the group's job */
  struct ta_watch pty;
  struct ta_relay_way out, in; /* their watches are of the descriptors that are not the pty */
  struct ta_outlet shown;      /* where `out` goes, without waiting */
  uint64_t received;
  bool open;
  bool at_end;           /* nobody has it open now, at the other end */
  bool typed;            /* by a person */
  bool has_it;           /* then: our terminal */
  bool was_led;          /* somebody led the session there: who ends then reads no more */
  bool line_begun;       /* what was typed last is no whole line */
  bool read_lines;       /* when the end was typed */
  struct ta_alarm alarm; /* to look at both again */
  struct ta_listener listener;
  struct winsize size;
  void (*on_end)(void *data); /* it is at its end, or was closed, as nobody looks any more */
  void *data;
};

/* Begins.  `pty`, `to` and `from` become the relay's; where this fails they stay the caller's.
 * `to`: -1, what is shown is thrown away; `from`: -1, nothing is typed.  0, or a negative
 * errno. */
int ta_relay_open(struct ta_loop *loop, int pty, int to, int from, bool typed,
                  void (*on_end)(void *data), void *data, struct ta_relay *relay);

/* Hands on what is there now.  True: there was something. */
bool ta_relay_look(struct ta_relay *relay);

/* Closes it: for whoever is on the terminal it is closed too.  Twice does nothing. */
void ta_relay_close(struct ta_relay *relay);

#endif
