/* SPDX-License-Identifier: MIT
 *
 * kinship.h -- streams that belong together, as the connections of a server do.
 *
 * A stream is among them, and in no other, until it is closed and the task that attends to it, if
 * any, has ended.  When they are to end, one ends on
 * which nothing is under way: where nothing was read since it was last written to, whoever reads
 * finds the end.
 */
#ifndef TA_IO_KINSHIP_H
#define TA_IO_KINSHIP_H

#include "tinyasync_lib.h"

struct ta_stream_object;

struct ta_kinship {
  struct ta_list streams;
  size_t count;
  void (*left)(struct ta_kinship *kinship); /* one is none of them any more */
  bool ends;
};

void ta_begin_kinship(struct ta_kinship *kinship, void (*left)(struct ta_kinship *kinship));

/* The stream, which is in none, is one of them.  Not one that is closed. */
void ta_join_kinship(struct ta_kinship *kinship, struct ta_stream_object *stream);

/* It is closed when the task ends, at the latest.  0, or -ENOMEM. */
int ta_attend_kin(struct ta_stream_object *stream, struct ta_task *task);

/* Those are closed that no task attends to. */
void ta_close_unattended(struct ta_kinship *kinship);

/* Of a stream that is closed, or about to be: it goes, unless a task attends to it.  Also of one
 * that is in none. */
void ta_leave_kinship(struct ta_stream_object *stream);

/* From now on those end that are idle, or become so. */
void ta_end_idle_kin(struct ta_kinship *kinship);

/* Is nothing under way on it, in which nobody would read from here on?  `at_line`: what is read
 * begins with a line, and where nothing was ever written that is enough. */
bool ta_is_idle_kin(const struct ta_stream_object *stream, bool at_line);

/* All are closed; or none is one of them any more. */
void ta_close_kin(struct ta_kinship *kinship);
void ta_end_kinship(struct ta_kinship *kinship);

#endif
