/* SPDX-License-Identifier: MIT
 *
 * output.h -- what commands write, shown so that no line is made of two writers' pieces.
 *
 * A command's bytes come in as they come out of its pipes.  Either each line goes on when it
 * is whole, with the command's label before it; or all of them when the command has ended,
 * and until then they lie here, beyond a size in a temporary file without a name.  Of what
 * was overwritten by carriage returns a file sees the last state; a terminal also sees those
 * between, a few in a second, in a line that is taken back when others write.
 *
 * Lines go to the standard streams (stdio.h), so that those of this program are kept whole
 * as well.  It knows no Lua, no pipes and no processes.
 */
#ifndef TA_HOST_OUTPUT_H
#define TA_HOST_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "host/capture.h"
#include "host/drain.h"
#include "host/loop.h"
#include "host/stdio.h"

#define TA_OUTPUT_TAIL 2000 /* bytes at the end that are remembered */

/* Of standard output, or standard error. */
struct ta_output_side {
  struct ta_output *output;
  int fd;
  bool steers; /* a terminal that obeys */
  bool colours;
  char *bytes; /* of a line: a state that was overwritten since, and then what came after */
  size_t state, size, room;
  bool fresh; /* the state was not shown yet */
  double shown_at;
  struct ta_alarm alarm;  /* shows what has stood there for a while */
  struct ta_drain *drain; /* where it comes from, or NULL */
  uint64_t leaves_at;     /* how much has to have left there, for all of it to have */
};

struct ta_output {
  struct ta_loop *loop;
  char *label; /* NULL: none */
  int colour;
  size_t max_line;
  bool groups;
  struct ta_output_side sides[2];
  int tail_of; /* the side, 1 or 2, whose end is remembered */
  struct ta_capture tail;

  char *bytes; /* of a group: pieces with their sides */
  size_t size, room;
  int spill; /* -1, or a file with those that came before */
  off_t spilt;

  bool hurried; /* nobody may be held up any more */
  struct ta_stdio_listener listener;
};

struct ta_output_settings {
  const char *label; /* NULL: none */
  bool groups;
  size_t max_line; /* bytes; longer lines are shown as several */
  int tail_of;     /* 1 or 2 */
};

/* Opens it; the label is copied.  0, or -ENOMEM. */
int ta_output_open(struct ta_output *output, struct ta_loop *loop,
                   const struct ta_output_settings *settings);

/* Takes what the command has written to `side`, 1 or 2. */
void ta_output_take(struct ta_output *output, int side, const char *bytes, size_t size);

/* What is taken for `side` comes from the drain.  It is paused as long as so much waits to be
 * shown that it should not come, but for a group, which is kept.  The drain lives as long. */
void ta_output_pause(struct ta_output *output, int side, struct ta_drain *drain);

/* From now on nothing is paused: what is left is taken at once. */
void ta_output_hurry(struct ta_output *output);

/* May more be taken: is there room for what is shown of it? */
bool ta_output_has_room(const struct ta_output *output);

/* Has all that was to be shown left us? */
bool ta_output_has_left(const struct ta_output *output);

/* Nothing more will come, as far as anybody knows: shows what is left, unfinished lines with a
 * newline. */
void ta_output_finish(struct ta_output *output);

/* Copies the end of what came to the side that is remembered, from the beginning of a line if
 * there is one; TA_OUTPUT_TAIL bytes at most.  How many. */
size_t ta_output_tail(const struct ta_output *output, char *tail);

/* Finishes it, and frees what it has.  Twice does nothing; nor does one that is zero. */
void ta_output_close(struct ta_output *output);

/* Writes a line of our own about a command to standard error, with the label, unless it is
 * NULL.  The text has no newline. */
void ta_output_note(const char *label, const char *text, size_t size);

#endif
